// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "sandbox/cgroup.h"

enum {
    CPU_PERIOD_US = 100 * 1000,
    CPU_QUOTA_MIN_US = 1000,
    SMALL_TEXT_MAX = 4096,
    PROCESSES_MOVED_MAX = 64,
};

/* -- where ------------------------------------------------------------------ */

/* The directories we may look at, nearest first: above our own cgroup, up to the mount. */
static bool path_shorten(char path[CGROUP_PATH_MAX], size_t mount_size)
{
    char *slash = strrchr(path, '/');

    if (strlen(path) <= mount_size || !slash)
        return false;
    *slash = '\0';
    return strlen(path) >= mount_size;
}

static bool own_path(const char *mount, char ret[CGROUP_PATH_MAX])
{
    char text[SMALL_TEXT_MAX], own[CGROUP_PATH_MAX];

    if (!cgroup_read("/proc/self", "cgroup", text, sizeof(text)) || !cgroup2_own_find(text, own))
        return false;
    return snprintf(ret, CGROUP_PATH_MAX, "%s%s", mount, own[1] ? own : "") < CGROUP_PATH_MAX;
}

static bool has_word(const char *text, const char *word)
{
    struct str rest = str_of(text), one;

    if (rest.size > 0 && rest.at[rest.size - 1] == '\n')
        rest.size--;
    while (str_cut(rest, ' ', &one, &rest))
        if (str_is(one, word))
            return true;
    return str_is(rest, word);
}

/* Memory and processes must be had; without cpu the rest still is better than polling it. */
static bool controllers_enable(const char *directory)
{
    char text[SMALL_TEXT_MAX];

    if (!cgroup_read(directory, "cgroup.controllers", text, sizeof(text)) ||
        !has_word(text, "memory") || !has_word(text, "pids"))
        return false;
    bool has_cpu = has_word(text, "cpu");
    if (cgroup_read(directory, "cgroup.subtree_control", text, sizeof(text)) &&
        has_word(text, "memory") && has_word(text, "pids") && (has_word(text, "cpu") || !has_cpu))
        return true;
    if (has_cpu && cgroup_write(directory, "cgroup.subtree_control", "+cpu +memory +pids"))
        return true;
    return cgroup_write(directory, "cgroup.subtree_control", "+memory +pids");
}

/* Writable cgroup.procs: the kernel asks that of the common ancestor of where a process is and
 * where it goes. */
static bool is_delegated(const char *directory)
{
    char procs[CGROUP_PATH_MAX + 16];

    snprintf(procs, sizeof(procs), "%s/cgroup.procs", directory);
    return access(directory, W_OK) == 0 && access(procs, W_OK) == 0;
}

/* A delegated cgroup that holds processes cannot give controllers to children: its processes, all
 * of them given to us with it, move to a leaf. */
static bool processes_move(const char *own)
{
    char leaf[CGROUP_PATH_MAX + 16], text[SMALL_TEXT_MAX];
    char *at = text, *end;

    snprintf(leaf, sizeof(leaf), "%s/supervisor", own);
    if ((mkdir(leaf, 0755) && errno != EEXIST) ||
        !cgroup_read(own, "cgroup.procs", text, sizeof(text)))
        return false;
    for (unsigned i = 0; i < PROCESSES_MOVED_MAX; i++) {
        long pid = strtol(at, &end, 10);
        if (end == at)
            return true;
        at = end;
        if (!cgroup_write_int(leaf, "cgroup.procs", pid) && errno != ESRCH)
            return false;
    }
    return false;
}

/* -- making ----------------------------------------------------------------- */

static bool limits_set(struct hold *hold)
{
    const char *directory = hold->directories[0];
    const struct limits *limits = &hold->limits;
    int64_t quota_us = limits->cpu_milli * CPU_PERIOD_US / 1000;
    char text[64];

    if (limits->memory_max > 0 && cgroup_write_int(directory, "memory.max", limits->memory_max)) {
        hold->held |= CONTROL_BIT(CONTROL_MEMORY_LIMIT);
        (void)cgroup_write(directory, "memory.swap.max", "0"); /* absent without swap accounting */
        (void)cgroup_write(directory, "memory.oom.group", "1");
    }
    if (limits->processes_max > 0 &&
        cgroup_write_int(directory, "pids.max", limits->processes_max + 1))
        hold->held |= CONTROL_BIT(CONTROL_PROCESS_LIMIT);
    snprintf(text, sizeof(text), "%lld %d",
             (long long)(quota_us > CPU_QUOTA_MIN_US ? quota_us : CPU_QUOTA_MIN_US), CPU_PERIOD_US);
    if (limits->cpu_milli > 0 && cgroup_write(directory, "cpu.max", text))
        hold->held |= CONTROL_BIT(CONTROL_CPU_LIMIT);
    return hold->held != 0;
}

static bool group_make(struct hold *hold, const char *above, const char *name)
{
    char parent[CGROUP_PATH_MAX + sizeof(CGROUP_PARENT) + 1];
    char *directory = hold->directories[0];

    if (!is_delegated(above) || !controllers_enable(above) ||
        !cgroup_make(above, name, directory)) {
        directory[0] = '\0';
        return false;
    }
    snprintf(parent, sizeof(parent), "%s/%s", above, CGROUP_PARENT);
    if (controllers_enable(parent) && limits_set(hold))
        hold->clone_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (hold->clone_fd >= 0)
        return true;
    cgroup_remove(directory);
    directory[0] = '\0';
    hold->held = 0;
    return false;
}

bool cgroup2_open(struct hold *hold, const char *mountinfo, const char *name)
{
    char mount[CGROUP_PATH_MAX], own[CGROUP_PATH_MAX], path[CGROUP_PATH_MAX];

    if (!cgroup_mount_find(mountinfo, NULL, mount) || !own_path(mount, own))
        return false;
    if (geteuid() == 0 && group_make(hold, mount, name))
        return true;
    memcpy(path, own, sizeof(path));
    while (path_shorten(path, strlen(mount)))
        if (group_make(hold, path, name))
            return true;
    if (group_make(hold, own, name))
        return true;
    return strlen(own) > strlen(mount) && is_delegated(own) && processes_move(own) &&
           group_make(hold, own, name);
}

/* -- looking and removing --------------------------------------------------- */

void cgroup2_watch(const struct hold *hold, bool *ret_is_oom, int64_t *ret_peak)
{
    const char *directory = hold->directories[0];
    char text[SMALL_TEXT_MAX];
    int64_t peak;

    if (cgroup_read(directory, "memory.events", text, sizeof(text)) &&
        cgroup_number(text, "oom_kill") > 0)
        *ret_is_oom = true;
    /* memory.peak came with Linux 5.19; before that the largest value that we happened to see. */
    if (!cgroup_read(directory, "memory.peak", text, sizeof(text)) &&
        !cgroup_read(directory, "memory.current", text, sizeof(text)))
        return;
    if (sscanf(text, "%ld", &peak) == 1 && peak > *ret_peak)
        *ret_peak = peak;
}

void cgroup2_sweep(const char *mountinfo, const char *name)
{
    char mount[CGROUP_PATH_MAX], path[CGROUP_PATH_MAX], directory[2 * CGROUP_PATH_MAX];

    if (!cgroup_mount_find(mountinfo, NULL, mount) || !own_path(mount, path))
        return;
    do {
        snprintf(directory, sizeof(directory), "%s/%s/%s", path, CGROUP_PARENT, name);
        if (access(directory, F_OK) == 0)
            cgroup_remove(directory);
    } while (path_shorten(path, strlen(mount)));
}
