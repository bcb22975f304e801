// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "sandbox/cgroup.h"

enum {
    CPU_PERIOD_US = 100 * 1000,
    CPU_QUOTA_MIN_US = 1000, /* the kernel takes no less */
};

static const struct hierarchy {
    const char *controller;
    enum control control;
} hierarchies[CGROUP_DIRECTORIES_MAX] = {
    {"memory", CONTROL_MEMORY_LIMIT },
    {"pids",   CONTROL_PROCESS_LIMIT},
    {"cpu",    CONTROL_CPU_LIMIT    },
};

static bool is_wanted(const struct limits *limits, enum control control)
{
    return (control == CONTROL_MEMORY_LIMIT && limits->memory_max > 0) ||
           (control == CONTROL_PROCESS_LIMIT && limits->processes_max > 0) ||
           (control == CONTROL_CPU_LIMIT && limits->cpu_milli > 0);
}

/* One process more than the code may have: the runner. */
static bool limit_set(const char *directory, const struct limits *limits, enum control control)
{
    int64_t quota_us = limits->cpu_milli * CPU_PERIOD_US / 1000;

    if (control == CONTROL_PROCESS_LIMIT)
        return cgroup_write_int(directory, "pids.max", limits->processes_max + 1);
    if (control == CONTROL_CPU_LIMIT)
        return cgroup_write_int(directory, "cpu.cfs_period_us", CPU_PERIOD_US) &&
               cgroup_write_int(directory, "cpu.cfs_quota_us",
                                quota_us > CPU_QUOTA_MIN_US ? quota_us : CPU_QUOTA_MIN_US);
    if (!cgroup_write_int(directory, "memory.limit_in_bytes", limits->memory_max))
        return false;
    /* With swap, where the kernel counts it; it can only be set above the limit of memory alone. */
    (void)cgroup_write_int(directory, "memory.memsw.limit_in_bytes", limits->memory_max);
    (void)cgroup_write_int(directory, "memory.swappiness", 0);
    return true;
}

static bool hierarchy_open(struct hold *hold, size_t at, const char *mountinfo, const char *name)
{
    enum control control = hierarchies[at].control;
    char *directory = hold->directories[at];
    char above[CGROUP_PATH_MAX], tasks[CGROUP_PATH_MAX + 8];

    if (!cgroup_mount_find(mountinfo, hierarchies[at].controller, above) ||
        access(above, W_OK) != 0 || !cgroup_make(above, name, directory)) {
        directory[0] = '\0';
        return false;
    }
    snprintf(tasks, sizeof(tasks), "%s/tasks", directory);
    hold->join_fds[at] = open(tasks, O_WRONLY | O_CLOEXEC);
    if (hold->join_fds[at] < 0 || !limit_set(directory, &hold->limits, control))
        return false;
    hold->held |= CONTROL_BIT(control);
    return true;
}

bool cgroup1_open(struct hold *hold, const char *mountinfo, const char *name)
{
    for (size_t i = 0; i < CGROUP_DIRECTORIES_MAX; i++)
        if (is_wanted(&hold->limits, hierarchies[i].control))
            (void)hierarchy_open(hold, i, mountinfo, name); /* what is not held is polled */
    return hold->held != 0;
}

void cgroup1_watch(const struct hold *hold, bool *ret_is_oom, int64_t *ret_peak)
{
    const char *directory = hold->directories[0];
    char text[256];
    int64_t peak;

    if (directory[0] == '\0')
        return;
    if (cgroup_read(directory, "memory.oom_control", text, sizeof(text)) &&
        cgroup_number(text, "oom_kill") > 0)
        *ret_is_oom = true;
    if (cgroup_read(directory, "memory.max_usage_in_bytes", text, sizeof(text)) &&
        sscanf(text, "%ld", &peak) == 1 && peak > *ret_peak)
        *ret_peak = peak;
}

void cgroup1_sweep(const char *mountinfo, const char *name)
{
    char above[CGROUP_PATH_MAX], directory[2 * CGROUP_PATH_MAX];

    for (size_t i = 0; i < CGROUP_DIRECTORIES_MAX; i++) {
        if (!cgroup_mount_find(mountinfo, hierarchies[i].controller, above))
            continue;
        snprintf(directory, sizeof(directory), "%s/%s/%s", above, CGROUP_PARENT, name);
        if (access(directory, F_OK) == 0)
            cgroup_remove(directory);
    }
}
