// SPDX-License-Identifier: Apache-2.0
#include "cli/front.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/exitcode.h"
#include "sys/file.h"

enum {
    EXIT_HANGUP = EXIT_SIGNAL + SIGHUP
};

static sigset_t front_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

static int status_of(int wait_status)
{
    return WIFSIGNALED(wait_status) ? EXIT_SIGNAL + WTERMSIG(wait_status)
                                    : WEXITSTATUS(wait_status);
}

static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return EXIT_PLATFORM;
    return status_of(status);
}

/* Takes signals one at a time, so nothing is lost between a look and a wait. */
static int front_wait(pid_t pid, const char *name, bool is_quiet, const sigset_t *set)
{
    bool has_canceled = false;
    int status;

    for (;;) {
        int number = sigwaitinfo(set, NULL);
        if (number == SIGCHLD) {
            if (waitpid(pid, &status, WNOHANG) == pid)
                return status_of(status);
        } else if (number == SIGHUP || (number > 0 && has_canceled)) {
            kill(pid, SIGHUP);
            if (!is_quiet)
                fprintf(stderr, "%s is left to itself; see agentctl get %s\n", name, name);
            return number == SIGHUP ? EXIT_HANGUP : EXIT_INTERRUPTED;
        } else if (number > 0) {
            kill(pid, SIGINT);
            has_canceled = true;
            if (!is_quiet)
                fprintf(stderr, "canceling %s (again: leave it to itself)\n", name);
        }
    }
}

bool front_split(const char *name, bool is_quiet, enum front_role *ret, int *ret_status,
                 struct err *err)
{
    sigset_t set = front_signals(), before;
    pid_t pid;

    /* Blocked from before the split on: a signal waits until somebody listens. */
    if (sigprocmask(SIG_BLOCK, &set, &before) < 0)
        return err_sys(err, errno, "block signals");
    pid = fork();
    if (pid < 0)
        return err_sys(err, errno, "start the supervisor");
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        setsid();
        *ret = FRONT_SUPERVISOR;
        return true;
    }
    *ret = FRONT_PARENT;
    *ret_status = front_wait(pid, name, is_quiet, &set);
    return true;
}

static void point_to_null(int fd, int flags)
{
    auto_end(fd_end) int null_fd = open("/dev/null", flags | O_CLOEXEC);

    if (null_fd >= 0)
        dup2(null_fd, fd);
}

bool front_detach(int *ret_stored_fd, enum front_role *ret, int *ret_status, struct err *err)
{
    int ends[2];
    char word;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(err, errno, "make a pipe");
    pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return err_sys(err, errno, "start the supervisor");
    }
    if (pid == 0) {
        close(ends[0]);
        setsid();
        point_to_null(STDIN_FILENO, O_RDONLY);
        point_to_null(STDOUT_FILENO, O_WRONLY);
        *ret_stored_fd = ends[1];
        *ret = FRONT_SUPERVISOR;
        return true;
    }
    close(ends[1]);
    *ret = FRONT_PARENT;
    *ret_status = read(ends[0], &word, 1) == 1 ? 0 : wait_for(pid);
    close(ends[0]);
    return true;
}

void front_stored(int stored_fd)
{
    (void)!write(stored_fd, "s", 1); /* a parent that went away has no question left */
    close(stored_fd);
    point_to_null(STDERR_FILENO, O_WRONLY);
}
