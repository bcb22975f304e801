// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The other half of the launcher: the process that carries the steps out and becomes the runner. It
 * is a copy of the caller made by clone3 behind libc's back, so it makes system calls and nothing
 * else: no allocation, no locks, no streams. */
#include "sandbox/limiter.h"
#include "sandbox/steps.h"

enum {
    RUNNER_REPORT_FD = 3, /* what the runner finds open besides 0, 1 and 2 */
    RUNNER_FRAMES_FD = 4,
    CHILD_FAILED = 125, /* its exit status if it never became the runner */
};

struct child {
    const struct steps *steps;
    uint32_t switched_off;
    int control_fd;           /* a socket: words in both directions */
    int input_fd;             /* -1: /dev/null */
    int output_fd, errors_fd; /* write ends */
    int report_fd, frames_fd, runner_fd;
    int join_fds[CGROUP_DIRECTORIES_MAX];
    uint32_t uid, gid; /* what it becomes */
    bool drops_groups; /* it was root: no group but gid stays */
};

/* Caller to child, one byte each. End of file instead: the caller died, and so does the child. */
#define CHILD_MAPPED 'm' /* the ids are mapped */
#define CHILD_GO     'g' /* the gate is open */

/* Child to caller, once: ready for the gate (errnum 0), or what went wrong. */
struct child_word {
    int32_t errnum;
    uint32_t kind;     /* enum step_kind of the step that failed */
    uint32_t controls; /* CONTROL_BIT of what is in force, asked of the kernel afterwards */
    char target[244];  /* of the step that failed */
};

_Noreturn void child_run(const struct child *child);
