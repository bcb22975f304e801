// SPDX-License-Identifier: Apache-2.0
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/file.h"

static bool process_spawn(const char *const argv[], int output_fd, pid_t *ret, struct err *err)
{
    char *const no_environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    int failed;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return err_sys(err, ENOMEM, "run %s", argv[0]);
    failed = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(&actions, output_fd, 1);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(&actions, output_fd, 2);
    failed = failed
                 ? failed
                 : posix_spawn(ret, argv[0], &actions, NULL, (char *const *)argv, no_environment);
    posix_spawn_file_actions_destroy(&actions);
    return failed == 0 || err_sys(err, failed, "run %s", argv[0]);
}

/* Reads until end of file; false if the time is up first. */
static bool output_collect(int fd, char *bytes, size_t size_max, int64_t until_ms, size_t *ret)
{
    char excess[512];
    size_t size = 0;

    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int64_t left = until_ms - clock_monotonic_ms();
        bool is_full = size == size_max;
        ssize_t got;

        if (left <= 0 || poll(&ready, 1, (int)left) == 0)
            return false;
        got = read(fd, is_full ? excess : bytes + size, is_full ? sizeof(excess) : size_max - size);
        if (got < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (got == 0) {
            *ret = size;
            return true;
        }
        if (got > 0 && !is_full)
            size += (size_t)got;
    }
}

bool process_output(struct arena *arena, const char *const argv[], size_t size_max,
                    int64_t timeout_ms, struct str *ret, struct err *err)
{
    char *bytes = arena_alloc(arena, size_max);
    int ends[2];
    pid_t pid;
    size_t size;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(err, errno, "make a pipe");
    auto_end(fd_end) int read_end = ends[0];
    auto_end(fd_end) int write_end = ends[1];
    if (!process_spawn(argv, write_end, &pid, err))
        return false;
    fd_end(&write_end);
    bool is_whole =
        output_collect(read_end, bytes, size_max, clock_monotonic_ms() + timeout_ms, &size);
    kill(pid, SIGKILL); /* it has said all, or is late; an ended one does not mind */
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (!is_whole)
        return err_set(err, ERR_RETRY, "%s did not answer within %lld ms", argv[0],
                       (long long)timeout_ms);
    *ret = (struct str){bytes, size};
    return true;
}
