// SPDX-License-Identifier: Apache-2.0
#include "sandbox/polled.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>

#include "sandbox/cgroup.h"

enum {
    SMAPS_TEXT_MAX = 4096,
    CHILDREN_TEXT_MAX = 16 * 1024,
};

struct census { /* the processes of a run, parents before children */
    int pids[POLLED_PROCESSES_MAX];
    int count;
};

/* -- finding ---------------------------------------------------------------- */

static void children_add(struct census *census, int pid, const char *thread)
{
    char directory[64], text[CHILDREN_TEXT_MAX];
    char *at = text, *end;

    snprintf(directory, sizeof(directory), "/proc/%d/task/%.20s", pid, thread);
    if (!cgroup_read(directory, "children", text, sizeof(text)))
        return;
    for (long child = strtol(at, &end, 10); end != at; child = strtol(at, &end, 10)) {
        at = end;
        if (*end == ' ' && census->count < POLLED_PROCESSES_MAX)
            census->pids[census->count++] = (int)child;
    }
}

static void directory_end(DIR **directory)
{
    if (*directory)
        closedir(*directory);
}

static DIR *threads_open(int pid)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    return opendir(path);
}

static void census_take(struct census *census, int pid)
{
    const struct dirent *thread;

    census->pids[0] = pid;
    census->count = 1;
    for (int i = 0; i < census->count; i++) {
        auto_end(directory_end) DIR *threads = threads_open(census->pids[i]);
        while (threads && (thread = readdir(threads)))
            if (thread->d_name[0] != '.')
                children_add(census, census->pids[i], thread->d_name);
    }
}

/* -- memory ----------------------------------------------------------------- */

/* "Pss:                 104 kB" */
static int64_t process_memory(int pid)
{
    char directory[64], text[SMAPS_TEXT_MAX];
    const char *line;
    long kib;

    snprintf(directory, sizeof(directory), "/proc/%d", pid);
    if (!cgroup_read(directory, "smaps_rollup", text, sizeof(text)))
        return 0;
    line = strstr(text, "\nPss:");
    return line && sscanf(line, " Pss: %ld", &kib) == 1 ? (int64_t)kib * 1024 : 0;
}

static int64_t scratch_memory(int pid)
{
    struct statfs facts;
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/root/tmp", pid);
    if (statfs(path, &facts) || facts.f_blocks == 0)
        return 0;
    return (int64_t)(facts.f_blocks - facts.f_bfree) * (int64_t)facts.f_bsize;
}

int64_t polled_memory(int pid)
{
    struct census census;
    int64_t sum = scratch_memory(pid);

    census_take(&census, pid);
    for (int i = 0; i < census.count; i++)
        sum += process_memory(census.pids[i]);
    return sum;
}

/* -- cpu -------------------------------------------------------------------- */

/* `count` of the processors we may use ourselves; which ones depends on the pid, so that runs
 * spread. False: we have no more than that anyway. */
static bool processors_choose(int pid, int count, cpu_set_t *ret)
{
    cpu_set_t ours;

    if (sched_getaffinity(0, sizeof(ours), &ours) || CPU_COUNT(&ours) <= count)
        return false;
    CPU_ZERO(ret);
    for (int i = pid % CPU_SETSIZE; CPU_COUNT(ret) < count; i = (i + 1) % CPU_SETSIZE)
        if (CPU_ISSET(i, &ours))
            CPU_SET(i, ret);
    return true;
}

static void process_bind(int pid, const cpu_set_t *wanted)
{
    auto_end(directory_end) DIR *threads = threads_open(pid);
    const struct dirent *thread;
    cpu_set_t now;

    while (threads && (thread = readdir(threads))) {
        pid_t tid = (pid_t)strtol(thread->d_name, NULL, 10);
        if (tid > 0 && sched_getaffinity(tid, sizeof(now), &now) == 0 && !CPU_EQUAL(&now, wanted))
            sched_setaffinity(tid, sizeof(*wanted), wanted);
    }
}

void polled_cpu(int pid, int64_t cpu_milli)
{
    struct census census;
    cpu_set_t wanted;
    int64_t count = (cpu_milli + 999) / 1000;

    if (count >= CPU_SETSIZE || !processors_choose(pid, (int)count, &wanted))
        return;
    census_take(&census, pid);
    for (int i = 0; i < census.count; i++)
        process_bind(census.pids[i], &wanted);
}
