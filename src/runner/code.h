// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The code as a process: a session of its own, pipes for its output, its environment, directory
 * and limits, and nothing of ours besides. */
#include <sys/types.h>

#include "base/err.h"
#include "core/job.h"

struct code {
    pid_t pid;       /* leader of its session and process group */
    int stdout_from; /* read ends, non-blocking */
    int stderr_from;
    int input_to;   /* write end, non-blocking; -1: nothing to feed */
    int failure_fd; /* end of file: it runs; else code_failure() */
};

/* `ruleset_fd` is runner/landlock.h's, -1 for none. The child may still fail: see failure_fd. */
must_use bool code_start(const struct job *job, char *const args[], char *const env[],
                         int ruleset_fd, struct code *ret, struct err *err);

/* False: the child could not become the code, and why; it has ended or is about to. True: it runs,
 * or was ended by someone before it could say. Call when failure_fd is readable; closes it. */
must_use bool code_failure(struct code *code, struct err *err);
