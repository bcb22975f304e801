// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What holds a run to its memory, processes and cpu: a cgroup of its own where this machine lets us
 * make one, else we ourselves, by looking every 100 ms (sandbox/polled.h). A limit that the cgroup
 * cannot hold (a missing controller) is polled, whatever holds the others. */
#include "base/err.h"
#include "core/isolation.h"

enum {
    CGROUP_PATH_MAX = 512,
    CGROUP_DIRECTORIES_MAX = 3, /* version 1: memory, pids, cpu */
    CGROUP_NAME_MAX = 127,
};

struct limits { /* 0: not limited */
    int64_t memory_max, processes_max, cpu_milli;
};

/* Zero value, with all descriptors -1: nothing is held. */
struct hold {
    enum limiter kind;
    struct limits limits;
    uint32_t held; /* CONTROL_BIT of the limits that a cgroup holds */
    char directories[CGROUP_DIRECTORIES_MAX][CGROUP_PATH_MAX];
    int join_fds[CGROUP_DIRECTORIES_MAX]; /* version 1: the child writes "0" to each */
    int clone_fd;                         /* version 2: the child is born in it */
};

/* Makes the run's cgroups and sets their limits. Never fails: what no cgroup holds is polled. */
void hold_open(struct hold *hold, const char *name, struct limits limits);
/* The same, without looking for cgroups. */
void hold_open_polled(struct hold *hold, struct limits limits);
void hold_end_join(struct hold *hold); /* the child has joined: closes what only it needed */
/* Enforces what is polled on the run whose first process is `pid` (0: it is over) and looks at
 * what happened. ret_is_oom and ret_peak only grow. */
void hold_watch(struct hold *hold, int pid, bool *ret_is_oom, int64_t *ret_peak);
void hold_kill(struct hold *hold);  /* all that is in the cgroup */
void hold_close(struct hold *hold); /* kills it and removes the cgroups; bounded */
void hold_sweep(const char *name);  /* the same for the cgroups that a dead caller left */

/* A plain name: it becomes a directory below ours. */
bool cgroup_name_is_safe(const char *name);
