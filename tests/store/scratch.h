// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A directory of its own for each test, gone afterwards: cmocka setup and teardown, *state is its
 * path. And a task to put into it. */
#include <ftw.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/task.h"

/* In memory where that can be had: a test that syncs a thousand times is not about the disk. */
static inline int scratch_make(void **state)
{
    char *path = strdup("/dev/shm/agenttask-XXXXXX");

    if (!mkdtemp(path)) {
        free(path);
        path = strdup("/tmp/agenttask-XXXXXX");
        if (!mkdtemp(path))
            return -1;
    }
    *state = path;
    return 0;
}

static inline int scratch_drop(const char *path, const struct stat *stat, int kind, struct FTW *ftw)
{
    (void)stat, (void)kind, (void)ftw;
    return remove(path);
}

static inline int scratch_remove(void **state)
{
    nftw(*state, scratch_drop, 16, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return 0;
}

static inline struct task scratch_task(const char *name, const char *uid)
{
    struct task task = {
        .name = str_of(name),
        .space = STR_LIT("default"),
        .uid = str_of(uid),
        .created_ms = 1790000000000,
        .generation = 1,
        .spec = {.profile = STR_LIT("python3.11"),
                 .source = STR_LIT("print(42)\n"),
                 .timeout_ms = 60000,
                 .ttl_ms = TTL_KEEP},
    };

    task_status_init(&task.status);
    task.status.phase = PHASE_PENDING;
    task.status.queued_ms = task.created_ms;
    return task;
}
