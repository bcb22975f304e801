// SPDX-License-Identifier: Apache-2.0
#include "operator/footprint.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "sys/file.h"

enum {
    STATM_MAX = 256
};

static int64_t time_ms(struct timeval time)
{
    return time.tv_sec * 1000 + time.tv_usec / 1000;
}

/* statm: sizes in pages, all of it first, what is resident second. */
static void read_memory(struct process_facts *ret)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct err ignored = {0};
    struct str text, total, rest, resident, others;
    int64_t pages, page = sysconf(_SC_PAGESIZE);

    if (!file_read(&arena, "/proc/self/statm", STATM_MAX, &text, &ignored) ||
        !str_cut(text, ' ', &total, &rest) || !str_cut(rest, ' ', &resident, &others))
        return;
    if (str_to_int(total, &pages))
        ret->virtual_bytes = pages * page;
    if (str_to_int(resident, &pages))
        ret->resident_bytes = pages * page;
}

static void count_fds(struct process_facts *ret)
{
    DIR *directory = opendir("/proc/self/fd");
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        ret->max_fds = (int64_t)limit.rlim_cur;
    if (!directory)
        return;
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        ret->open_fds += entry->d_name[0] != '.';
    ret->open_fds--; /* the directory's own */
    closedir(directory);
}

void footprint_read(int64_t started_ms, struct process_facts *ret)
{
    struct rusage usage;

    *ret = (struct process_facts){.started_ms = started_ms};
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        ret->cpu_ms = time_ms(usage.ru_utime) + time_ms(usage.ru_stime);
    read_memory(ret);
    count_fds(ret);
}
