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
#include <time.h>
#include <unistd.h>

#include "probe/finding.h"

enum {
    MEBIBYTE = 1024 * 1024,
    SPINNERS = 4,
    FILE_SIZE = 64, /* MiB in one file: a bound on its size is not the bound on the disk */
    STEP = 16,      /* MiB between two words about memory */
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void load_processes(long count)
{
    static pid_t children[LOAD_PROCESSES_MAX];
    long made = 0;
    int error = 0;

    while (made < count) {
        pid_t child = fork();
        if (child == 0) {
            pause();
            _exit(0);
        }
        if (child < 0) {
            error = errno;
            break;
        }
        children[made++] = child;
    }
    for (long i = 0; i < made; i++)
        kill(children[i], SIGKILL);
    for (long i = 0; i < made; i++)
        waitpid(children[i], NULL, 0);
    finding_print("processes", made, error ? strerror(error) : "as many as were tried");
}

static void spin(int64_t until_ms)
{
    while (now_ms() < until_ms)
        ;
    _exit(0);
}

void load_cpu(long milliseconds)
{
    struct rusage usage;
    int64_t used_ms;

    for (int i = 0; i < SPINNERS; i++)
        if (fork() == 0)
            spin(now_ms() + milliseconds);
    while (wait(NULL) > 0)
        ;
    getrusage(RUSAGE_CHILDREN, &usage);
    used_ms = (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
              (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
    finding_print("cpu", used_ms * 100 / (milliseconds > 0 ? milliseconds : 1),
                  "percent of one processor");
}

/* Said on the way, too: at the bound there may be nobody left to say it. */
void load_memory(long mebibytes)
{
    for (long i = 1; i <= mebibytes; i++) {
        unsigned char *page =
            mmap(NULL, MEBIBYTE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED) {
            finding_print("memory", i - 1, strerror(errno));
            return;
        }
        memset(page, 0x5a, MEBIBYTE);
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

void load_disk(const char *directory, long mebibytes)
{
    static char block[MEBIBYTE];
    long written = 0, files = 0;
    int fd = -1, error = 0;

    memset(block, 0x5a, sizeof(block)); /* no holes, nothing to compress */
    while (written < mebibytes && error == 0) {
        if (written % FILE_SIZE == 0) {
            if (fd >= 0)
                close(fd);
            fd = open_next(directory, files++);
        }
        if (fd < 0 || write(fd, block, sizeof(block)) != (ssize_t)sizeof(block))
            error = errno ? errno : ENOSPC;
        else
            written++;
    }
    finding_print("disk", written, error ? strerror(error) : "MiB, as many as were tried");
    if (fd >= 0)
        close(fd);
    remove_all(directory, files);
}
