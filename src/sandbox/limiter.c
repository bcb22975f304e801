// SPDX-License-Identifier: Apache-2.0
#include "sandbox/limiter.h"

#include "sandbox/cgroup.h"
#include "sandbox/polled.h"
#include "sys/file.h"

void hold_open_polled(struct hold *hold, struct limits limits)
{
    bool is_limited = limits.memory_max > 0 || limits.processes_max > 0 || limits.cpu_milli > 0;

    *hold = (struct hold){
        .kind = is_limited ? LIMITER_POLLED : LIMITER_NONE,
        .limits = limits,
        .join_fds = {-1, -1, -1},
        .clone_fd = -1,
    };
}

/* The word is that of whoever holds the memory: it is what ends runs. */
void hold_open(struct hold *hold, const char *name, struct limits limits)
{
    char mountinfo[CGROUP_TEXT_MAX];

    hold_open_polled(hold, limits);
    if (hold->kind == LIMITER_NONE || !cgroup_name_is_safe(name) ||
        !cgroup_read("/proc/self", "mountinfo", mountinfo, sizeof(mountinfo)))
        return;
    if (cgroup2_open(hold, mountinfo, name))
        hold->kind = LIMITER_CGROUP2;
    else if (cgroup1_open(hold, mountinfo, name))
        hold->kind = LIMITER_CGROUP1;
}

void hold_end_join(struct hold *hold)
{
    for (size_t i = 0; i < countof(hold->join_fds); i++)
        fd_end(&hold->join_fds[i]);
    fd_end(&hold->clone_fd);
}

static bool is_polled(const struct hold *hold, int64_t limit, enum control control)
{
    return limit > 0 && !(hold->held & CONTROL_BIT(control));
}

void hold_watch(struct hold *hold, int pid, bool *ret_is_oom, int64_t *ret_peak)
{
    if (hold->kind == LIMITER_CGROUP2)
        cgroup2_watch(hold, ret_is_oom, ret_peak);
    else if (hold->kind == LIMITER_CGROUP1)
        cgroup1_watch(hold, ret_is_oom, ret_peak);
    if (pid > 0 && is_polled(hold, hold->limits.cpu_milli, CONTROL_CPU_LIMIT))
        polled_cpu(pid, hold->limits.cpu_milli);
    if (pid > 0 && is_polled(hold, hold->limits.memory_max, CONTROL_MEMORY_LIMIT)) {
        int64_t used = polled_memory(pid);
        if (used > *ret_peak)
            *ret_peak = used;
        if (used > hold->limits.memory_max)
            *ret_is_oom = true;
    }
}

void hold_kill(struct hold *hold)
{
    for (size_t i = 0; i < countof(hold->directories); i++)
        if (hold->directories[i][0])
            cgroup_kill(hold->directories[i]);
}

void hold_close(struct hold *hold)
{
    hold_end_join(hold);
    for (size_t i = 0; i < countof(hold->directories); i++) {
        if (hold->directories[i][0])
            cgroup_remove(hold->directories[i]);
        hold->directories[i][0] = '\0';
    }
    hold->kind = LIMITER_NONE;
}

void hold_sweep(const char *name)
{
    char mountinfo[CGROUP_TEXT_MAX];

    if (!cgroup_name_is_safe(name) ||
        !cgroup_read("/proc/self", "mountinfo", mountinfo, sizeof(mountinfo)))
        return;
    cgroup1_sweep(mountinfo, name);
    cgroup2_sweep(mountinfo, name);
}
