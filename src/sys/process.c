// SPDX-License-Identifier: Apache-2.0
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "sys/clock.h"
#include "sys/file.h"

enum {
    READ_SIZE = 16 * 1024,
    PAUSE_MAX_MS = 50 /* how late we may notice that it ended with its stdout left open */
};

/* A program that runs, and what it has said so far. */
struct run {
    pid_t pid;
    bool is_group;  /* it leads one of its own, to be killed as a whole */
    int output_fd;  /* does not block; -1: at its end */
    struct buf buf; /* one byte more than wanted tells that there was more */
    int status;
};

/* A program that asks its user on the terminal must stay in the terminal's foreground group. */
static bool has_terminal(void)
{
    auto_end(fd_end) int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

    return fd >= 0;
}

static int prepare_attributes(posix_spawnattr_t *attributes, bool is_group)
{
    sigset_t signals;
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    int failed;

    sigemptyset(&signals);
    failed = posix_spawnattr_setsigmask(attributes, &signals);
    sigaddset(&signals, SIGPIPE); /* the only one that we may ignore */
    failed = failed ? failed : posix_spawnattr_setsigdefault(attributes, &signals);
    return failed ? failed
                  : posix_spawnattr_setflags(
                        attributes, (short)(is_group ? flags | POSIX_SPAWN_SETPGROUP : flags));
}

static int prepare_streams(posix_spawn_file_actions_t *actions, const struct process *process,
                           int output_fd)
{
    int failed = 0;

    if (!process->has_stdin)
        failed = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(actions, output_fd, 1);
    if (!failed && !process->has_stderr)
        failed = posix_spawn_file_actions_adddup2(actions, output_fd, 2);
    return failed;
}

static bool run_start(struct run *run, const struct process *process, int output_fd,
                      struct err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failed;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return err_sys(err, ENOMEM, "run %s", process->argv[0]);
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return err_sys(err, ENOMEM, "run %s", process->argv[0]);
    }
    failed = prepare_attributes(&attributes, run->is_group);
    failed = failed ? failed : prepare_streams(&actions, process, output_fd);
    failed = failed ? failed
                    : posix_spawn(&run->pid, process->argv[0], &actions, &attributes,
                                  (char *const *)process->argv, (char *const *)process->env);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failed == 0 || err_sys(err, failed, "run %s", process->argv[0]);
}

static bool run_is_cut(const struct run *run)
{
    return run->buf.size == run->buf.size_max;
}

/* What can be had without waiting. */
static void run_take(struct run *run)
{
    ssize_t got = 1;

    while (run->output_fd >= 0 && got > 0 && !run_is_cut(run)) {
        size_t left = run->buf.size_max - run->buf.size;
        size_t size = left < READ_SIZE ? left : READ_SIZE;

        got = read(run->output_fd, buf_reserve(&run->buf, size), size);
        if (got > 0)
            buf_added(&run->buf, (size_t)got);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            fd_end(&run->output_fd);
    }
}

static bool run_has_ended(struct run *run)
{
    return waitpid(run->pid, &run->status, WNOHANG) == run->pid;
}

static void run_kill(struct run *run)
{
    kill(run->is_group ? -run->pid : run->pid, SIGKILL);
    while (waitpid(run->pid, &run->status, 0) < 0 && errno == EINTR)
        ;
}

/* Reads along until it ended, or has said too much; false if the time is up first. Its stdout may
 * end earlier, or, held open by what it left behind, never. */
static bool run_follow(struct run *run, int64_t until_ms)
{
    int64_t pause_ms = 1;

    for (;;) {
        struct pollfd ready = {.fd = run->output_fd, .events = POLLIN};
        int64_t left_ms = until_ms - clock_monotonic_ms();
        bool has_ended = run_has_ended(run);

        run_take(run);
        if (has_ended)
            return true;
        if (left_ms <= 0 || run_is_cut(run)) {
            run_kill(run);
            return run_is_cut(run);
        }
        poll(&ready, 1, (int)(left_ms < pause_ms ? left_ms : pause_ms));
        pause_ms = pause_ms * 2 < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS;
    }
}

static void run_end(struct run *run)
{
    fd_end(&run->output_fd);
    buf_fini(&run->buf);
}

bool process_run(struct arena *arena, const struct process *process, struct process_end *ret,
                 struct err *err)
{
    auto_end(run_end) struct run run = {.is_group = !has_terminal(), .output_fd = -1};
    int64_t until_ms = INT64_MAX;
    struct str output;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(err, errno, "make a pipe");
    run.output_fd = ends[0];
    auto_end(fd_end) int write_end = ends[1];
    if (fcntl(run.output_fd, F_SETFL, O_NONBLOCK) < 0)
        return err_sys(err, errno, "prepare a pipe");
    buf_init(&run.buf, process->size_max + 1);
    if (!run_start(&run, process, write_end, err))
        return false;
    fd_end(&write_end);
    if (process->timeout_ms > 0)
        until_ms = clock_monotonic_ms() + process->timeout_ms;
    if (!run_follow(&run, until_ms))
        return err_set(err, ERR_RETRY, "%s did not answer within %lld ms", process->argv[0],
                       (long long)process->timeout_ms);
    output = buf_str(&run.buf);
    *ret = (struct process_end){
        .is_cut = run_is_cut(&run),
        .exit_code = WIFEXITED(run.status) ? WEXITSTATUS(run.status) : -1,
        .signal = WIFSIGNALED(run.status) ? WTERMSIG(run.status) : 0,
    };
    output.size = ret->is_cut ? process->size_max : output.size;
    ret->output = arena_copy(arena, output);
    return true;
}

/* NAME of NAME=VALUE, with the sign. */
static size_t name_size(const char *variable)
{
    const char *sign = strchr(variable, '=');

    return sign ? (size_t)(sign - variable) + 1 : strlen(variable);
}

static bool is_among(const char *variable, const char *const variables[])
{
    for (size_t i = 0; variables[i]; i++)
        if (name_size(variable) == name_size(variables[i]) &&
            strncmp(variable, variables[i], name_size(variable)) == 0)
            return true;
    return false;
}

const char *const *process_environment(struct arena *arena, const char *const added[])
{
    size_t count = 0, added_count = 0;
    const char **ret;

    while (added[added_count])
        added_count++;
    while (environ && environ[count])
        count++;
    ret = arena_array(arena, count + added_count + 1, sizeof(*ret));
    count = 0;
    for (size_t i = 0; environ && environ[i]; i++)
        if (!is_among(environ[i], added))
            ret[count++] = environ[i];
    for (size_t i = 0; i < added_count; i++)
        if (!is_among(added[i], added + i + 1))
            ret[count++] = added[i];
    return ret;
}

static bool is_program(const char *path)
{
    struct stat found;

    return stat(path, &found) == 0 && S_ISREG(found.st_mode) && access(path, X_OK) == 0;
}

bool process_find(struct arena *arena, const char *name, const char **ret, struct err *err)
{
    struct str rest = str_of(getenv("PATH")), directory;

    if (strchr(name, '/')) {
        if (!is_program(name))
            return err_set(err, ERR_ABSENT, "%s is not there, or is no program", name);
        *ret = name;
        return true;
    }
    while (name[0] && rest.size > 0) {
        const char *path;

        if (!str_cut(rest, ':', &directory, &rest)) {
            directory = rest;
            rest = (struct str){0};
        }
        path = arena_print(arena, "%.*s/%s", STR_ARG(directory), name).at;
        if (str_starts(directory, "/") && is_program(path)) {
            *ret = path;
            return true;
        }
    }
    return err_set(err, ERR_ABSENT, "%s stands in no directory of $PATH", name);
}

bool process_output(struct arena *arena, const char *const argv[], size_t size_max,
                    int64_t timeout_ms, struct str *ret, struct err *err)
{
    const char *const no_environment[] = {NULL};
    struct process process = {
        .argv = argv,
        .env = no_environment,
        .size_max = size_max,
        .timeout_ms = timeout_ms,
    };
    struct process_end end;

    if (!process_run(arena, &process, &end, err))
        return false;
    *ret = end.output;
    return true;
}
