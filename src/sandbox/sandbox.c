// SPDX-License-Identifier: Apache-2.0
#include "sandbox/sandbox.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/report.h"
#include "sandbox/child.h"
#include "sandbox/identity.h"
#include "sandbox/refusal.h"
#include "sys/file.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

enum {
    SETUP_MAX_MS = 30 * 1000, /* a host whose files hang must not hang us */
    DEATH_MAX_MS = 5 * 1000,
    OUTPUT_PIPE_SIZE = 256 * 1024, /* fewer switches between runner and supervisor */
};

static bool is_off(const struct sandbox_spec *spec, enum control control)
{
    return (spec->switched_off & CONTROL_BIT(control)) != 0;
}

static int64_t limit_of(const struct sandbox_spec *spec, enum control control, int64_t limit)
{
    return is_off(spec, control) ? 0 : limit;
}

/* -- descriptors ------------------------------------------------------------ */

struct ends { /* the child's ends, ours to close once it has them */
    int control_fd, output_fd, errors_fd, frames_fd, runner_fd;
};

static void ends_end(struct ends *ends)
{
    fd_end(&ends->control_fd);
    fd_end(&ends->output_fd);
    fd_end(&ends->errors_fd);
    fd_end(&ends->frames_fd);
    fd_end(&ends->runner_fd);
}

static bool pipe_open(int size, int *ret_read, int *ret_write, struct err *err)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC))
        return err_sys(err, errno, "make a pipe");
    *ret_read = fds[0];
    *ret_write = fds[1];
    if (fcntl(fds[0], F_SETFL, O_NONBLOCK))
        return err_sys(err, errno, "make a pipe non-blocking");
    if (size > 0)
        (void)fcntl(fds[0], F_SETPIPE_SZ, size); /* a user's pipes may be used up: smaller, then */
    return true;
}

/* A file without a name: the runner can truncate it, and it is there after the runner is not. */
static bool report_open(int *ret, struct err *err)
{
    *ret = memfd_create("report", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    if (*ret < 0 && errno == EINVAL) /* before Linux 6.3 */
        *ret = memfd_create("report", MFD_CLOEXEC);
    return *ret >= 0 || err_sys(err, errno, "make the report's file");
}

static bool descriptors_open(const struct sandbox_spec *spec, struct sandbox *sandbox,
                             struct ends *ends, struct err *err)
{
    int pair[2];

    ends->runner_fd = open(spec->runner_path, O_RDONLY | O_CLOEXEC);
    if (ends->runner_fd < 0)
        return err_sys(err, errno, "open the runner %s", spec->runner_path);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return err_sys(err, errno, "make the gate");
    sandbox->gate_fd = pair[0];
    ends->control_fd = pair[1];
    return pipe_open(OUTPUT_PIPE_SIZE, &sandbox->output_fd, &ends->output_fd, err) &&
           pipe_open(0, &sandbox->errors_fd, &ends->errors_fd, err) &&
           pipe_open(0, &sandbox->frames_fd, &ends->frames_fd, err) &&
           report_open(&sandbox->report_fd, err);
}

/* -- preparing -------------------------------------------------------------- */

static bool spec_check(const struct sandbox_spec *spec, struct err *err)
{
    if (!cgroup_name_is_safe(spec->cgroup_name))
        return err_set(err, ERR_INVALID, "%s: not a name for a run", spec->cgroup_name);
    if (is_off(spec, CONTROL_USER_NAMESPACE) && geteuid() != 0)
        return err_set(err, ERR_REFUSED, "only root can do without a user namespace");
    if (is_off(spec, CONTROL_PID_NAMESPACE))
        return err_set(err, ERR_REFUSED,
                       "the PID namespace cannot be switched off: the runner must be process 1, "
                       "so that nothing outlives it");
    return true;
}

static void hold_make(const struct sandbox_spec *spec, struct sandbox *sandbox)
{
    const struct limits limits = {
        .memory_max = limit_of(spec, CONTROL_MEMORY_LIMIT, spec->limits.memory_bytes),
        .processes_max = limit_of(spec, CONTROL_PROCESS_LIMIT, spec->processes_max),
        .cpu_milli = limit_of(spec, CONTROL_CPU_LIMIT, spec->limits.cpu_milli),
    };

    hold_open(&sandbox->hold, spec->cgroup_name, limits);
    sandbox->memory_max = limits.memory_max;
}

/* What the launcher tells the runner about descriptors and limits; the rest is the caller's. */
static void job_complete(const struct sandbox *sandbox, struct sandbox_spec *spec)
{
    const struct hold *hold = &sandbox->hold;
    bool is_held = (hold->held & CONTROL_BIT(CONTROL_PROCESS_LIMIT)) != 0;

    spec->job.report_path = STR_LIT("fd:3");
    spec->job.frames_path = STR_LIT("fd:4");
    static_assert(RUNNER_REPORT_FD == 3 && RUNNER_FRAMES_FD == 4, "as the job says");
    spec->job.switched_off = spec->switched_off;
    /* One more than the code may have: the runner. */
    spec->job.processes_max =
        is_held || hold->limits.processes_max == 0 ? 0 : hold->limits.processes_max + 1;
}

static uint32_t controls_of_caller(const struct sandbox *sandbox, const struct sandbox_spec *spec,
                                   const struct identity *identity)
{
    const struct limits *limits = &sandbox->hold.limits;
    uint32_t controls = 0;

    if (identity->is_privileged && !is_off(spec, CONTROL_HOST_IDENTITY))
        controls |= CONTROL_BIT(CONTROL_HOST_IDENTITY);
    if (limits->memory_max > 0)
        controls |= CONTROL_BIT(CONTROL_MEMORY_LIMIT);
    if (limits->processes_max > 0)
        controls |= CONTROL_BIT(CONTROL_PROCESS_LIMIT);
    if (limits->cpu_milli > 0)
        controls |= CONTROL_BIT(CONTROL_CPU_LIMIT);
    return controls;
}

/* The other namespaces are made by the child itself: a network namespace alone takes longer than
 * all that the caller has to do meanwhile. */
static int child_clone(const struct sandbox_spec *spec, struct sandbox *sandbox)
{
    struct clone_args args = {
        .flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND | CLONE_NEWPID,
        .pidfd = (uint64_t)(uintptr_t)&sandbox->pid_fd,
        .exit_signal = SIGCHLD,
    };

    if (!is_off(spec, CONTROL_USER_NAMESPACE))
        args.flags |= CLONE_NEWUSER;
    if (sandbox->hold.clone_fd >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)sandbox->hold.clone_fd;
    }
    return (int)syscall(SYS_clone3, &args, sizeof(args));
}

static struct child child_of(const struct sandbox_spec *spec, const struct sandbox *sandbox,
                             const struct ends *ends, const struct steps *steps,
                             const struct identity *identity)
{
    bool is_mapped = !is_off(spec, CONTROL_USER_NAMESPACE);
    struct child child = {
        .steps = steps,
        .switched_off = spec->switched_off,
        .control_fd = ends->control_fd,
        .input_fd = spec->input_fd,
        .output_fd = ends->output_fd,
        .errors_fd = ends->errors_fd,
        .report_fd = sandbox->report_fd,
        .frames_fd = ends->frames_fd,
        .runner_fd = ends->runner_fd,
        .uid = is_mapped ? IDENTITY_INSIDE : identity->uid,
        .gid = is_mapped ? IDENTITY_INSIDE : identity->gid,
        .drops_groups = identity->is_privileged,
    };

    memcpy(child.join_fds, sandbox->hold.join_fds, sizeof(child.join_fds));
    return child;
}

static bool child_map(const struct sandbox_spec *spec, const struct sandbox *sandbox,
                      const struct identity *identity, struct err *err)
{
    struct err own = {0};
    const char word = CHILD_MAPPED;

    if (!is_off(spec, CONTROL_USER_NAMESPACE) && !identity_map(identity, sandbox->pid, &own))
        return refusal_of_map(err, &own);
    if (send(sandbox->gate_fd, &word, 1, MSG_NOSIGNAL) != 1)
        return err_sys(err, errno, "the sandbox's first process is gone");
    return true;
}

static bool child_start(const struct sandbox_spec *spec, const struct steps *steps,
                        struct sandbox *sandbox, struct ends *ends, struct err *err)
{
    struct identity identity;

    if (!identity_choose(is_off(spec, CONTROL_HOST_IDENTITY), &identity, err))
        return false;
    const struct child child = child_of(spec, sandbox, ends, steps, &identity);
    int pid = child_clone(spec, sandbox);
    if (pid < 0)
        return refusal_of_clone(errno, err);
    if (pid == 0)
        child_run(&child);
    sandbox->pid = pid;
    sandbox->host_id = (int)identity.uid;
    sandbox->isolation.controls = controls_of_caller(sandbox, spec, &identity);
    return child_map(spec, sandbox, &identity, err);
}

static bool prepare(const struct sandbox_spec *asked, struct sandbox *sandbox, struct arena *arena,
                    struct err *err)
{
    auto_end(ends_end) struct ends ends = {-1, -1, -1, -1, -1};
    struct sandbox_spec spec = *asked;
    struct steps steps;

    if (!spec_check(&spec, err) || !descriptors_open(&spec, sandbox, &ends, err))
        return false;
    hold_make(&spec, sandbox);
    job_complete(sandbox, &spec);
    if (!steps_make(&spec, arena, &steps, err) || !child_start(&spec, &steps, sandbox, &ends, err))
        return false;
    hold_end_join(&sandbox->hold);
    sandbox->isolation.switched_off = spec.switched_off;
    sandbox->isolation.limiter = sandbox->hold.kind;
    return true;
}

bool sandbox_prepare(const struct sandbox_spec *spec, struct sandbox *ret, struct err *err)
{
    auto_end(arena_fini) struct arena arena = {0};

    *ret = (struct sandbox){
        .pid_fd = -1,
        .output_fd = -1,
        .errors_fd = -1,
        .frames_fd = -1,
        .report_fd = -1,
        .gate_fd = -1,
    };
    hold_open_polled(&ret->hold, (struct limits){0});
    if (prepare(spec, ret, &arena, err))
        return true;
    sandbox_fini(ret);
    return false;
}

/* -- running ---------------------------------------------------------------- */

static bool is_readable(int fd, int wait_ms)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    int got;

    do
        got = poll(&wanted, 1, wait_ms);
    while (got < 0 && errno == EINTR);
    return got > 0;
}

bool sandbox_release(struct sandbox *sandbox, struct err *err)
{
    struct child_word word = {0};
    const char go = CHILD_GO;

    if (!is_readable(sandbox->gate_fd, SETUP_MAX_MS))
        return err_set(err, ERR_RETRY, "the sandbox was not set up within %d seconds",
                       SETUP_MAX_MS / 1000);
    if (recv(sandbox->gate_fd, &word, sizeof(word), 0) != (ssize_t)sizeof(word))
        return err_set(err, ERR_RETRY, "the sandbox's first process died during its set-up");
    if (word.errnum)
        return refusal_of_step(&word, err);
    sandbox->isolation.controls |= word.controls;
    sandbox->isolation.is_known = true;
    hold_watch(&sandbox->hold, sandbox->pid, &sandbox->is_oom_killed, &sandbox->memory_peak);
    if (send(sandbox->gate_fd, &go, 1, MSG_NOSIGNAL) != 1)
        return err_sys(err, errno, "the sandbox's first process is gone");
    fd_end(&sandbox->gate_fd);
    return true;
}

static void signal_send(const struct sandbox *sandbox, int signal)
{
    if (sandbox->pid_fd >= 0) /* a descriptor, not a number: it cannot mean somebody else */
        (void)syscall(SYS_pidfd_send_signal, sandbox->pid_fd, signal, NULL, 0);
}

void sandbox_stop(struct sandbox *sandbox)
{
    signal_send(sandbox, SIGTERM);
}

void sandbox_kill(struct sandbox *sandbox)
{
    signal_send(sandbox, SIGKILL);
    hold_kill(&sandbox->hold);
}

void sandbox_watch(struct sandbox *sandbox)
{
    bool was_killed = sandbox->is_oom_killed;

    hold_watch(&sandbox->hold, sandbox->pid, &sandbox->is_oom_killed, &sandbox->memory_peak);
    if (sandbox->is_oom_killed && !was_killed)
        sandbox_kill(sandbox);
}

bool sandbox_reap(struct sandbox *sandbox, int *ret_status, struct err *err)
{
    int status;
    pid_t got;

    do
        got = waitpid(sandbox->pid, &status, 0);
    while (got < 0 && errno == EINTR);
    if (got != sandbox->pid)
        return err_sys(err, errno, "wait for the runner");
    sandbox->pid = 0;
    sandbox_watch(sandbox); /* what happened since the last look */
    /* Nothing is in the cgroups any more. They go before the verdict is recorded: a supervisor
     * killed right after that would leave them to a sweep that has no reason to look. */
    hold_close(&sandbox->hold);
    *ret_status = status;
    return true;
}

struct str sandbox_report(struct sandbox *sandbox, struct arena *arena)
{
    char *bytes = arena_alloc(arena, REPORT_SIZE_MAX);
    ssize_t got = pread(sandbox->report_fd, bytes, REPORT_SIZE_MAX, 0);

    return (struct str){bytes, got > 0 ? (size_t)got : 0};
}

/* -- ending ----------------------------------------------------------------- */

void sandbox_fini(struct sandbox *sandbox)
{
    struct err ignored = {0}; /* it was killed: what it says no longer matters */
    int status;

    if (sandbox->pid > 0) {
        sandbox_kill(sandbox);
        if (is_readable(sandbox->pid_fd, DEATH_MAX_MS))
            (void)!sandbox_reap(sandbox, &status, &ignored);
    }
    hold_close(&sandbox->hold);
    fd_end(&sandbox->gate_fd);
    fd_end(&sandbox->pid_fd);
    fd_end(&sandbox->output_fd);
    fd_end(&sandbox->errors_fd);
    fd_end(&sandbox->frames_fd);
    fd_end(&sandbox->report_fd);
}

void sandbox_sweep(const char *cgroup_name)
{
    hold_sweep(cgroup_name);
}
