// SPDX-License-Identifier: Apache-2.0
#include "runner/watch.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runner/descriptor.h"
#include "runner/timer.h"

enum {
    SWEEP_MS = 5000,      /* how long the dead may take to be gone */
    SWEEP_AGAIN_MS = 100, /* between two rounds of KILL */
    POLL_SIGNALS = FLOW_POLLS,
    POLL_INPUT,
    POLL_FAILURE,
    POLLS,
};

struct watch {
    const struct job *job;
    struct code *code;
    int signal_fd;
    struct flow *output;
    struct str input; /* what is still to be fed */
    int64_t started_ms;
    int64_t deadline_ms; /* the code's time is up */
    int64_t kill_ms;     /* its grace is over; TIMER_NEVER: it was not asked to end */
    enum run_cause cause;
    bool is_over;
    int status; /* as from wait4, once it is over */
};

bool watch_signals(int *ret_fd, struct err *err)
{
    sigset_t watched;

    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &watched, NULL) != 0)
        return err_sys(err, errno, "block signals");
    *ret_fd = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    return *ret_fd >= 0 || err_sys(err, errno, "signalfd");
}

/* TERM from outside our PID namespace has no sender that we could name. One from inside has, unless
 * its sender lies about itself with sigqueue; but then si_code cannot be SI_USER. */
static bool is_from_outside(const struct signalfd_siginfo *info)
{
    return info->ssi_signo == SIGTERM && info->ssi_code == SI_USER && info->ssi_pid == 0;
}

static void code_end(struct watch *watch, enum run_cause cause)
{
    if (watch->kill_ms != TIMER_NEVER)
        return; /* the first cause stays */
    watch->cause = cause;
    watch->kill_ms = timer_now() + watch->job->grace_ms;
    if (kill(-watch->code->pid, SIGTERM) != 0)
        kill(watch->code->pid, SIGTERM); /* it has no group of its own yet */
}

static void signals_take(struct watch *watch)
{
    struct signalfd_siginfo info;

    while (read(watch->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        if (is_from_outside(&info))
            code_end(watch, CAUSE_STOPPED);
}

static void reap(struct watch *watch)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != watch->code->pid)
            continue;
        watch->is_over = true;
        watch->status = status;
    }
}

static void clock_check(struct watch *watch)
{
    int64_t now_ms = timer_now();

    if (now_ms >= watch->deadline_ms)
        code_end(watch, CAUSE_TIMEOUT);
    if (now_ms >= watch->kill_ms)
        kill(-1, SIGKILL);
}

static void input_feed(struct watch *watch)
{
    ssize_t got = 0;

    while (watch->input.size > 0 &&
           (got = write(watch->code->input_to, watch->input.at, watch->input.size)) > 0)
        watch->input = str_skip(watch->input, (size_t)got);
    if (watch->input.size == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        descriptor_end(&watch->code->input_to); /* all is fed, or nobody reads it any more */
}

static int64_t wake_ms(const struct watch *watch)
{
    if (watch->kill_ms == TIMER_NEVER)
        return watch->deadline_ms;
    /* after KILL: look again now and then, should the code be beyond it for a while */
    return timer_now() < watch->kill_ms ? watch->kill_ms : timer_now() + SWEEP_AGAIN_MS;
}

/* One turn. False: the code could not start. */
static bool turn(struct watch *watch, struct err *err)
{
    struct pollfd polls[POLLS];

    flow_poll(watch->output, polls);
    polls[POLL_SIGNALS] = (struct pollfd){.fd = watch->signal_fd, .events = POLLIN};
    polls[POLL_INPUT] = (struct pollfd){.fd = watch->code->input_to, .events = POLLOUT};
    polls[POLL_FAILURE] = (struct pollfd){.fd = watch->code->failure_fd, .events = POLLIN};
    if (poll(polls, POLLS, timer_left(wake_ms(watch))) > 0) {
        flow_turn(watch->output, polls);
        if (polls[POLL_INPUT].revents)
            input_feed(watch);
        if (polls[POLL_FAILURE].revents && !code_failure(watch->code, err))
            return false;
    }
    reap(watch); /* before the clock: who is over was in time */
    signals_take(watch);
    if (!watch->is_over)
        clock_check(watch);
    return true;
}

/* Ends and reaps all that is left. Everything in our PID namespace is the code's. */
static void sweep(int signal_fd)
{
    int64_t until_ms = timer_now() + SWEEP_MS;
    struct pollfd poll_fd = {.fd = signal_fd, .events = POLLIN};
    struct signalfd_siginfo info;
    pid_t pid;

    while (timer_now() < until_ms) {
        kill(-1, SIGKILL);
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
            ;
        if (pid < 0)
            return; /* ECHILD: nobody is left */
        if (poll(&poll_fd, 1, SWEEP_AGAIN_MS) > 0)
            while (read(signal_fd, &info, sizeof(info)) > 0)
                ;
    }
}

static void ending_tell(const struct watch *watch, struct report *ret)
{
    ret->cause = watch->cause;
    if (watch->cause != CAUSE_NONE)
        return;
    ret->cause = WIFEXITED(watch->status) ? CAUSE_EXITED : CAUSE_SIGNALED;
    if (WIFEXITED(watch->status))
        ret->exit_code = WEXITSTATUS(watch->status);
    else
        ret->signal = WTERMSIG(watch->status);
}

static void usage_tell(struct report *ret)
{
    struct rusage usage = {0};

    getrusage(RUSAGE_CHILDREN, &usage);
    ret->cpu_us = (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                  usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    ret->memory_peak_bytes = (int64_t)usage.ru_maxrss * 1024;
}

bool watch_run(const struct job *job, struct code *code, int signal_fd, struct flow *output,
               struct report *ret, struct err *err)
{
    bool has_deadline = job->timeout_ms > 0 && !(job->switched_off & CONTROL_BIT(CONTROL_TIMEOUT));
    struct watch watch = {
        .job = job,
        .code = code,
        .signal_fd = signal_fd,
        .output = output,
        .input = job->input,
        .started_ms = timer_now(),
        .kill_ms = TIMER_NEVER,
    };
    bool is_started = true;

    assert(getpid() == 1); /* anywhere else, kill(-1) would reach others */
    watch.deadline_ms = has_deadline ? watch.started_ms + job->timeout_ms : TIMER_NEVER;
    while (is_started && !watch.is_over)
        is_started = turn(&watch, err);
    ret->run_ms = timer_now() - watch.started_ms;
    descriptor_end(&code->input_to);
    /* A child that failed may have been seen to end before its words were read. */
    if (is_started && code->failure_fd >= 0)
        is_started = code_failure(code, err);
    sweep(signal_fd);
    if (!is_started)
        return false;
    ending_tell(&watch, ret);
    usage_tell(ret);
    return true;
}
