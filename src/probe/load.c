// SPDX-License-Identifier: Apache-2.0
#include "probe/load.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe/finding.h"
#include "sys/clock.h"

enum {
    MEBIBYTE = 1024 * 1024,
    SPINNERS = 4,
    FILE_SIZE = 8, /* MiB in one file: a bound on its size is not the bound on the disk */
    STEP = 16,     /* MiB between two words about memory */
};

/* All of them in one group, to be ended together. */
void load_processes(long count)
{
    pid_t group = 0;
    long made = 0;
    int error = 0;

    while (made < count && error == 0) {
        pid_t child = fork();
        if (child == 0) {
            pause();
            _exit(0);
        }
        error = child < 0 ? errno : 0;
        if (child > 0) {
            group = group ? group : child;
            setpgid(child, group);
            made++;
        }
    }
    if (group)
        kill(-group, SIGKILL);
    while (wait(NULL) > 0)
        ;
    finding_print("processes", made, error ? strerror(error) : "as many as were tried");
}

static void spin(int64_t until_ms)
{
    while (clock_monotonic_ms() < until_ms)
        ;
    _exit(0);
}

void load_cpu(long milliseconds)
{
    struct rusage usage;
    int64_t used_ms;

    for (int i = 0; i < SPINNERS; i++)
        if (fork() == 0)
            spin(clock_monotonic_ms() + milliseconds);
    while (wait(NULL) > 0)
        ;
    getrusage(RUSAGE_CHILDREN, &usage);
    used_ms = (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
              (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
    finding_print("cpu", used_ms * 100 / (milliseconds > 0 ? milliseconds : 1),
                  "percent of one processor");
}

static unsigned char *block_new(void)
{
    unsigned char *block =
        mmap(NULL, MEBIBYTE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (block == MAP_FAILED)
        return NULL;
    memset(block, 0x5a, MEBIBYTE); /* no holes, nothing to compress */
    return block;
}

/* Said on the way, too: at the bound there may be nobody left to say it. */
void load_memory(long mebibytes)
{
    for (long i = 1; i <= mebibytes; i++) {
        if (!block_new()) {
            finding_print("memory", i - 1, strerror(errno));
            return;
        }
        if (i % STEP == 0 || i == mebibytes)
            finding_print("memory", i, "MiB in use");
    }
}

static int open_next(const char *directory, long number)
{
    char path[512];
    int fd;

    snprintf(path, sizeof(path), "%s/agenttask-probe.%ld", directory, number);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd;
}

static void remove_all(const char *directory, long count)
{
    char path[512];

    for (long i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/agenttask-probe.%ld", directory, i);
        unlink(path);
    }
}

void load_disk(const char *directory, long mebibytes, long seconds)
{
    const unsigned char *block = block_new();
    long written = 0, files = 0;
    int fd = -1, error = block ? 0 : errno;

    while (written < mebibytes && error == 0) {
        if (written % FILE_SIZE == 0) {
            if (fd >= 0)
                close(fd);
            fd = open_next(directory, files++);
        }
        if (fd < 0 || write(fd, block, MEBIBYTE) != MEBIBYTE)
            error = errno ? errno : ENOSPC;
        else
            written++;
    }
    finding_print("disk", written, error ? strerror(error) : "MiB, as many as were tried");
    if (fd >= 0)
        close(fd);
    sleep((unsigned)seconds); /* for those who only look from time to time */
    remove_all(directory, files);
}
