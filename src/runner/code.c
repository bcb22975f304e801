// SPDX-License-Identifier: Apache-2.0
#include "runner/code.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runner/confine.h"
#include "runner/descriptor.h"
#include "runner/flow.h"
#include "runner/landlock.h"

#define CODE_DIRECTORY "/workspace/artifacts"

struct pipe {
    int reader, writer;
};

static void pipe_end(struct pipe *pipe)
{
    descriptor_end(&pipe->reader);
    descriptor_end(&pipe->writer);
}

static bool pipe_open(struct pipe *ret, struct err *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_sys(err, errno, "make a pipe");
    *ret = (struct pipe){ends[0], ends[1]};
    return true;
}

static int pipe_keep(int *end)
{
    int fd = *end;

    *end = -1;
    return fd;
}

static void signals_reset(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* From here to exec in the child. Everything else that is open closes by itself. */
struct child {
    const struct job *job;
    char *const *args, *const *env;
    int ruleset_fd;
    int stdin_fd, stdout_fd, stderr_fd;
};

static bool child_become(const struct child *child, struct err *err)
{
    uint32_t off = child->job->switched_off;
    bool is_empty;
    int errnum;

    setsid();
    if (dup2(child->stdin_fd, STDIN_FILENO) < 0 || dup2(child->stdout_fd, STDOUT_FILENO) < 0 ||
        dup2(child->stderr_fd, STDERR_FILENO) < 0)
        return err_sys(err, errno, "connect the code's output");
    if (chdir(CODE_DIRECTORY) != 0)
        return err_sys(err, errno, "enter " CODE_DIRECTORY);
    if (child->ruleset_fd >= 0 && (errnum = landlock_enter(child->ruleset_fd)) != 0)
        return err_sys(err, errnum, "enter the landlock domain");
    if (!(off & CONTROL_BIT(CONTROL_CAPABILITIES)) && !confine_capabilities(&is_empty, err))
        return false;
    if (!(off & CONTROL_BIT(CONTROL_RLIMITS)) && !confine_limits(child->job, err))
        return false;
    umask(022);
    signals_reset();
    execve(child->args[0], child->args, child->env);
    return err_sys(err, errno, "start %s", child->args[0]);
}

static void child_run(const struct child *child, int failure_fd)
{
    struct err err = {0};

    if (!child_become(child, &err) && write(failure_fd, &err, sizeof(err)) < 0)
        _exit(126);
    _exit(125);
}

bool code_failure(struct code *code, struct err *err)
{
    struct err failure;
    ssize_t got = read(code->failure_fd, &failure, sizeof(failure));

    descriptor_end(&code->failure_fd);
    if (got != (ssize_t)sizeof(failure))
        return true;
    *err = failure;
    return false;
}

static bool nonblocking_set(int fd, struct err *err)
{
    return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 || err_sys(err, errno, "make a pipe non-blocking");
}

/* What the code will read: descriptor 0, a pipe of ours, or nothing. */
static bool input_open(const struct job *job, struct pipe *ret, struct err *err)
{
    switch (job->input_kind) {
    case JOB_INPUT_NONE:
        return descriptor_open("/dev/null", O_RDONLY, &ret->reader, err);
    case JOB_INPUT_TEXT:
        return pipe_open(ret, err) && nonblocking_set(ret->writer, err);
    case JOB_INPUT_STREAM:
        return descriptor_open("fd:0", O_RDONLY, &ret->reader, err);
    }
    return err_set(err, ERR_INVALID, "unknown kind of input");
}

bool code_start(const struct job *job, char *const args[], char *const env[], int ruleset_fd,
                struct code *ret, struct err *err)
{
    auto_end(pipe_end) struct pipe input = {-1, -1}, out = {-1, -1};
    auto_end(pipe_end) struct pipe errors = {-1, -1}, failure = {-1, -1};
    struct child child;
    pid_t pid;

    if (!input_open(job, &input, err) || !pipe_open(&out, err) || !pipe_open(&errors, err) ||
        !pipe_open(&failure, err) || !nonblocking_set(out.reader, err) ||
        !nonblocking_set(errors.reader, err))
        return false;
    child = (struct child){job, args, env, ruleset_fd, input.reader, out.writer, errors.writer};
    pid = fork();
    if (pid < 0)
        return err_sys(err, errno, "fork");
    if (pid == 0)
        child_run(&child, failure.writer);
    *ret = (struct code){
        .pid = pid,
        .stdout_from = pipe_keep(&out.reader),
        .stderr_from = pipe_keep(&errors.reader),
        .input_to = pipe_keep(&input.writer),
        .failure_fd = pipe_keep(&failure.reader),
    };
    return true;
}
