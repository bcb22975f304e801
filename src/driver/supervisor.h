// SPDX-License-Identifier: Apache-2.0
#pragma once

/* One process supervises one run, from before the task is stored until its verdict is. It prepares
 * the sandbox while the task is being committed, opens the gate only after the commit, copies the
 * output live, keeps it, and reconciles whenever something happened. Killed, it takes the run with
 * it; the next command's sweep records SupervisorLost.
 *
 * Signals while it runs: SIGUSR1 look again (somebody canceled), SIGINT and SIGTERM cancel,
 * SIGHUP stop copying the output. They are blocked and read from a signalfd. */
#include "base/arena.h"
#include "base/err.h"
#include "core/profile.h"
#include "core/task.h"
#include "driver/capture.h"

struct supervisor_spec {
    const char *state; /* state directory */
    const char *runner_path;
    const struct task *task;    /* valid, not stored yet; uid and name are set */
    struct str idempotency_key; /* empty: none */
    const struct profile *profile;
    const char *interpreter;      /* its path on this machine */
    uint32_t switched_off;        /* CONTROL_BIT: --insecure-without */
    int input_fd;                 /* -1: spec.stdin or nothing */
    struct capture_copies copies; /* of the output, live */
    /* Called once, as soon as the task is stored. NULL: nobody asks. */
    void (*stored)(void *ctx);
    /* Called about every second while nothing is copied, and with PHASE_NONE before something is:
     * room for a line of progress. NULL: nobody asks. */
    void (*progress)(void *ctx, enum phase phase, int64_t elapsed_ms);
    void *ctx;
};

/* ERR_PRESENT: name or idempotency key is taken, by the task in ret_present; nothing ran. Other
 * errors: the task could not be stored; nothing ran. True: the verdict is recorded, *ret is the
 * task as stored (views in the arena). */
must_use bool supervisor_run(const struct supervisor_spec *spec, struct arena *arena,
                             char ret_present[NAME_SIZE_MAX + 1], struct task *ret,
                             struct err *err);
