// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The files of one local run: <state>/runs/<uid>/ with
 *   lock       held (flock) by the run's supervisor for as long as it lives; its text is the pid
 *   log        the kept output, one line of the kubelet's log format (CRI) per line of output:
 *              "<RFC 3339 nano> stdout|stderr F|P <bytes>\n"; whole while the code runs (bounded by
 *              the runner), afterwards its first LOG_HEAD_SIZE and last LOG_TAIL_SIZE bytes
 *   result     the raw bytes of an accepted result above RESULT_EMBEDDED_MAX, minified
 *   artifacts  the artifacts as frames, digests checked
 * Directory 0700, files 0600; nothing is ever followed through a link. Replaced files are written
 * beside, synced and renamed. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct rundir {
    int fd; /* the directory; -1: none */
};

must_use bool rundir_create(const char *state, struct str uid, struct rundir *ret, struct err *err);
must_use bool rundir_open(const char *state, struct str uid, struct rundir *ret, struct err *err);
void rundir_close(struct rundir *dir);
/* Removes the directory and all in it; one that is not there is success. */
must_use bool rundir_remove(const char *state, struct str uid, struct err *err);
/* Removes directories in <state>/runs whose uid `is_known` denies and that nobody has locked. */
must_use bool rundir_sweep(const char *state, bool (*is_known)(void *ctx, struct str uid),
                           void *ctx, struct err *err);

/* True: we hold the lock now, until the returned descriptor is closed. ERR_PRESENT: a living
 * supervisor has it. */
must_use bool rundir_lock(struct rundir *dir, int *ret_fd, struct err *err);
/* Tells the living supervisor to look again (SIGUSR1, by pidfd, only while it provably holds the
 * lock). ERR_ABSENT: nobody has it. */
must_use bool rundir_wake(const char *state, struct str uid, struct err *err);
bool rundir_is_locked(const char *state, struct str uid);

must_use bool rundir_write(struct rundir *dir, const char *file, struct str bytes, struct err *err);
must_use bool rundir_read(struct rundir *dir, const char *file, struct arena *arena,
                          size_t size_max, struct str *ret, struct err *err);
