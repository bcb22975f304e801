// SPDX-License-Identifier: Apache-2.0
#include "runner/meter.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/str.h"
#include "runner/descriptor.h"

/* The number in the first of two files that is there: of version 2, of version 1. False also for
 * "max". */
static bool number_read(const char *const paths[2], int64_t *ret)
{
    for (size_t i = 0; i < 2; i++) {
        auto_end(descriptor_end) int fd = open(paths[i], O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        char text[32];
        ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text));
        struct str number, rest;

        if (size > 0 && str_cut((struct str){text, (size_t)size}, '\n', &number, &rest))
            return str_to_int(number, ret);
    }
    return false;
}

int64_t meter_memory_peak(void)
{
    static const char *const paths[2] = {"/sys/fs/cgroup/memory.peak",
                                         "/sys/fs/cgroup/memory/memory.max_usage_in_bytes"};
    int64_t peak;

    return number_read(paths, &peak) ? peak : -1;
}

bool meter_has_process_limit(void)
{
    static const char *const paths[2] = {"/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max"};
    int64_t most;

    return number_read(paths, &most);
}
