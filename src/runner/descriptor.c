// SPDX-License-Identifier: Apache-2.0
#include "runner/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum {
    CLOSE_RANGE = 436, /* the same on every machine; older headers lack it */
    FIRST_OTHER = 3,
    OPEN_FILES_MAX = 1 << 20, /* where the kernel has no close_range */
};

bool descriptor_open(const char *path, int flags, int *ret, struct err *err)
{
    struct str number = str_skip(str_of(path), 3);
    int64_t value;

    if (strncmp(path, "fd:", 3) != 0)
        *ret = open(path, flags | O_CLOEXEC | O_NOCTTY);
    else if (str_to_int(number, &value) && value >= 0 && value < OPEN_FILES_MAX)
        *ret = fcntl((int)value, F_DUPFD_CLOEXEC, FIRST_OTHER);
    else
        return err_set(err, ERR_INVALID, "%s names no descriptor", path);
    return *ret >= 0 || err_sys(err, errno, "open %s", path);
}

bool descriptors_fill(struct err *err)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR | O_NOCTTY);
        if (fd < 0)
            return err_sys(err, errno, "open /dev/null");
    } while (fd < FIRST_OTHER);
    close(fd);
    return true;
}

static void range_close(int first, int last)
{
    struct rlimit limit;

    if (first > last || syscall(CLOSE_RANGE, first, last, 0) == 0)
        return;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > OPEN_FILES_MAX)
        limit.rlim_cur = OPEN_FILES_MAX;
    for (int fd = first; fd <= last && (rlim_t)fd < limit.rlim_cur; fd++)
        close(fd);
}

void descriptors_close_others(int kept, int kept_too)
{
    int low = kept < kept_too ? kept : kept_too;
    int high = kept < kept_too ? kept_too : kept;

    range_close(FIRST_OTHER, low - 1);
    range_close(low + 1, high - 1);
    range_close(high + 1, INT_MAX);
}
