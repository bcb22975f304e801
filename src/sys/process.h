// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Running another program for what it prints: by argument vector, never through a shell. It holds
 * up the caller. Signals are as at the start of a program (none ignored or blocked). */
#include "base/arena.h"
#include "base/err.h"

struct process {
    const char *const *argv; /* argv[0] is the path; ends with NULL */
    const char *const *env;  /* NAME=VALUE, ends with NULL */
    bool has_stdin;          /* it shares ours; else it has none */
    bool has_stderr;         /* it shares ours; else it is taken together with stdout */
    size_t size_max;         /* of what is taken; who says more is killed */
    int64_t timeout_ms;      /* 0: as long as it takes */
};

struct process_end {
    struct str output;
    bool is_cut;   /* there was more */
    int exit_code; /* -1: a signal ended it */
    int signal;    /* 0: none */
};

/* Until it ended, whatever holds its stdout then. After timeout_ms it is killed, with what it
 * started unless the user's terminal is shared: ERR_RETRY. */
must_use bool process_run(struct arena *arena, const struct process *process,
                          struct process_end *ret, struct err *err);

/* Our environment with `added` (NAME=VALUE, ends with NULL) in it, a later one before an earlier.
 */
const char *const *process_environment(struct arena *arena, const char *const added[]);

/* The path of a program: itself if it has a slash, else where $PATH has it; of $PATH only absolute
 * directories count. ERR_ABSENT. */
must_use bool process_find(struct arena *arena, const char *name, const char **ret,
                           struct err *err);

/* Runs argv[0] (absolute path, argv ends with NULL) with an empty environment and no stdin, takes
 * its stdout and stderr together, at most size_max bytes (more is dropped). Killed, and ERR_RETRY,
 * after timeout_ms. The exit status does not matter. */
must_use bool process_output(struct arena *arena, const char *const argv[], size_t size_max,
                             int64_t timeout_ms, struct str *ret, struct err *err);
