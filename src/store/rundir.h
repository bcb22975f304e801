// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The files of one local run: <state>/runs/<uid>/ with
 *   lock       locked by the run's supervisor for as long as it lives; its text is the pid
 *   log        the kept output (store/runlog.h)
 *   result     the raw bytes of an accepted result above RESULT_EMBEDDED_MAX, minified
 *   artifacts  the artifacts as frames, digests checked
 * Directory 0700, files 0600; nothing is ever followed through a link; a uid is a UUID in lower
 * case before it becomes a path. Replaced files are written beside, synced and renamed.
 *
 * The lock is a POSIX record lock (F_SETLK), not flock: it belongs to the process, so a child on
 * its way to execute the sandbox does not hold it too, it is gone the moment its holder is killed,
 * and the kernel says who holds it, which is what makes rundir_wake() safe. The price: the holder
 * loses it when it closes any descriptor of that file. So a holder that asks about its own run
 * leaves that descriptor open, and must not fork and let the child go on in its place. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum {
    RUNDIR_FRESH_MS = 60 * 1000, /* rundir_sweep leaves alone what was made or changed since */
};

struct rundir {
    int fd; /* the directory; -1: none */
};

/* Makes it, or opens the one that is there: the lock says whose it is. */
must_use bool rundir_create(const char *state, struct str uid, struct rundir *ret, struct err *err);
must_use bool rundir_open(const char *state, struct str uid, struct rundir *ret, struct err *err);
void rundir_close(struct rundir *dir);
/* Removes the directory and all in it; one that is not there is success. */
must_use bool rundir_remove(const char *state, struct str uid, struct err *err);
/* Removes directories in <state>/runs whose uid `is_known` denies, that nobody has locked and that
 * are not fresh: their supervisor may be about to lock them and to store its task. One that cannot
 * be removed does not keep the others; the first error is returned. `forget` is called before each
 * removal: for what such a run has elsewhere. */
must_use bool rundir_sweep(const char *state, bool (*is_known)(void *ctx, struct str uid),
                           void (*forget)(void *ctx, struct str uid), void *ctx, struct err *err);

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
