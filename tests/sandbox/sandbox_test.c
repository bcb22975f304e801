// SPDX-License-Identifier: Apache-2.0
/* Real sandboxes, with probe.c in the runner's place. Started with an id as second argument it
 * becomes that ordinary user first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/sandbox.h"
#include "sys/clock.h"

#include <cmocka.h>

#define MIB (INT64_C(1024) * 1024)

enum {
    WAIT_MS = 20 * 1000,
    WATCH_MS = 100,
    TEXT_MAX = 64 * 1024,
    SKIPPED = 77,
};

struct world { /* shared by the tests of this binary */
    char runner[64], cgroup_name[64];
    bool is_root;
};

struct outcome {
    int status;
    char output[TEXT_MAX], errors[256], frames[256], report[256];
    struct isolation isolation;
    bool is_oom_killed;
    int64_t memory_peak;
    int host_id;
};

/* -- running a probe -------------------------------------------------------- */

static struct sandbox_spec *spec_make(void **state, const char *code)
{
    static struct sandbox_spec spec; /* large: a job holds arrays */
    const struct world *world = *state;

    spec = (struct sandbox_spec){
        .runner_path = world->runner,
        .code = str_of(code),
        .code_name = "code",
        .interpreter = "/bin/sh",
        .limits = {.cpu_milli = 1000, .memory_bytes = 256 * MIB, .storage_bytes = 16 * MIB},
        .processes_max = 32,
        .cgroup_name = world->cgroup_name,
        .input_fd = -1,
    };
    spec.job.args[0] = STR_LIT("/bin/sh");
    spec.job.arg_count = 1;
    spec.job.timeout_ms = 60000;
    return &spec;
}

static size_t drain(int fd, char *ret, size_t have, size_t size)
{
    ssize_t got = 1;

    while (have < size - 1 && got > 0) {
        got = read(fd, ret + have, size - 1 - have);
        have += got > 0 ? (size_t)got : 0;
    }
    ret[have] = '\0';
    return have;
}

static void follow(struct sandbox *sandbox, struct outcome *ret)
{
    int64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;
    struct pollfd ended = {.fd = sandbox->pid_fd, .events = POLLIN};
    size_t size = 0;

    while (poll(&ended, 1, WATCH_MS) == 0) {
        assert_true(clock_monotonic_ms() < deadline_ms);
        size = drain(sandbox->output_fd, ret->output, size, sizeof(ret->output));
        sandbox_watch(sandbox);
    }
    drain(sandbox->output_fd, ret->output, size, sizeof(ret->output));
    drain(sandbox->errors_fd, ret->errors, 0, sizeof(ret->errors));
    drain(sandbox->frames_fd, ret->frames, 0, sizeof(ret->frames));
}

static void started(const struct sandbox_spec *spec, struct sandbox *ret)
{
    struct err err = {0};

    if (!sandbox_prepare(spec, ret, &err) || !sandbox_release(ret, &err))
        fail_msg("%s", err.text);
}

static void finished(struct sandbox *sandbox, struct outcome *ret)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct err err = {0};

    follow(sandbox, ret);
    assert_true(sandbox_reap(sandbox, &ret->status, &err));
    struct str report = sandbox_report(sandbox, &arena);
    snprintf(ret->report, sizeof(ret->report), "%.*s", STR_ARG(report));
    ret->isolation = sandbox->isolation;
    ret->is_oom_killed = sandbox->is_oom_killed;
    ret->memory_peak = sandbox->memory_peak;
    ret->host_id = sandbox->host_id;
    sandbox_fini(sandbox);
}

static struct outcome *run(const struct sandbox_spec *spec)
{
    static struct outcome outcome;
    struct sandbox sandbox;

    memset(&outcome, 0, sizeof(outcome));
    started(spec, &sandbox);
    finished(&sandbox, &outcome);
    return &outcome;
}

static void assert_has(const char *text, const char *wanted)
{
    if (!strstr(text, wanted))
        fail_msg("no \"%s\" in:\n%s", wanted, text);
}

static void assert_has_not(const char *text, const char *unwanted)
{
    if (strstr(text, unwanted))
        fail_msg("\"%s\" in:\n%s", unwanted, text);
}

static bool is_in_force(const struct outcome *outcome, enum control control)
{
    return (outcome->isolation.controls & CONTROL_BIT(control)) != 0;
}

/* -- what is inside --------------------------------------------------------- */

static void inside_is_only_what_the_run_needs(void **state)
{
    const struct outcome *outcome = run(spec_make(state, "facts"));

    assert_int_equal(outcome->status, 0);
    assert_has(outcome->output, "pid 1\nhostname agenttask\ncwd /\n");
    assert_has(outcome->output, "descriptors 0 1 2 3 4\n");
    assert_has(outcome->output, "directory /dev fd full null random shm stderr stdin stdout "
                                "urandom zero\n");
    assert_has(outcome->output, "directory /workspace artifacts code\n");
    assert_has(outcome->output, "directory /tmp\n");
    assert_has(outcome->output, "directory /workspace/artifacts\n");
    assert_has_not(outcome->output, " home");
    assert_has_not(outcome->output, " root");
    assert_has_not(outcome->output, " shadow");
    assert_has_not(outcome->output, " sys ");
}

static void inside_is_uid_1000_without_capabilities(void **state)
{
    const struct outcome *outcome = run(spec_make(state, "facts"));

    assert_has(outcome->output, "Uid:\t1000\t1000\t1000\t1000\n");
    assert_has(outcome->output, "Gid:\t1000\t1000\t1000\t1000\n");
    assert_has(outcome->output, "CapInh:\t0000000000000000\n");
    assert_has(outcome->output, "CapPrm:\t0000000000000000\n");
    assert_has(outcome->output, "CapEff:\t0000000000000000\n");
    assert_has(outcome->output, "CapBnd:\t0000000000000000\n");
    assert_has(outcome->output, "CapAmb:\t0000000000000000\n");
    assert_has(outcome->output, "SigBlk:\t0000000000004000\n"); /* TERM alone */
    assert_true(is_in_force(outcome, CONTROL_CAPABILITIES));
}

static void mounts_are_sealed(void **state)
{
    const struct outcome *outcome = run(spec_make(state, "facts"));

    assert_has(outcome->output, "mount / ro nosuid nodev\n");
    assert_has(outcome->output, "mount /usr ro nosuid nodev\n");
    assert_has(outcome->output, "mount /proc ro nosuid nodev noexec\n");
    assert_has(outcome->output, "mount /tmp nosuid nodev noexec\n");
    assert_has(outcome->output, "mount /dev/shm nosuid nodev noexec\n");
    assert_has(outcome->output, "mount /workspace/artifacts nosuid nodev noexec\n");
    assert_has(outcome->output, "mount /dev/null ro nosuid noexec\n");
}

static void only_three_places_can_be_written(void **state)
{
    const struct outcome *outcome = run(spec_make(state, "writes"));

    assert_has(outcome->output, "open /new EROFS\n");
    assert_has(outcome->output, "open /etc/new EROFS\n");
    assert_has(outcome->output, "open /usr/new EROFS\n");
    assert_has(outcome->output, "open /workspace/new EROFS\n");
    assert_has(outcome->output, "open /dev/new EROFS\n");
    assert_has(outcome->output, "open /workspace/code E");
    assert_has(outcome->output, "open /agenttask/runner E");
    assert_has_not(outcome->output, "open /proc/sys/kernel/core_pattern ok\n");
    assert_has(outcome->output, "open /tmp/new ok\n");
    assert_has(outcome->output, "open /dev/shm/new ok\n");
    assert_has(outcome->output, "open /workspace/artifacts/new ok\n");
    assert_has(outcome->output, "open /dev/null ok\n");
    assert_true(is_in_force(outcome, CONTROL_READ_ONLY));
}

static void nothing_written_can_be_executed(void **state)
{
    const struct outcome *outcome = run(spec_make(state, "executes"));

    assert_has(outcome->output, "exec EACCES\n");
    assert_true(is_in_force(outcome, CONTROL_NO_EXEC));
}

static void there_is_no_network_but_a_loopback(void **state)
{
    const struct outcome *outcome = run(spec_make(state, "network"));

    assert_string_equal(outcome->output, "interface     lo\n");
    assert_true(is_in_force(outcome, CONTROL_NETWORK_NAMESPACE));
}

static void host_files_are_not_there(void **state)
{
    assert_has(run(spec_make(state, "opens /etc/shadow"))->output, "ENOENT");
    assert_has(run(spec_make(state, "opens /root"))->output, "ENOENT");
    assert_has(run(spec_make(state, "opens /proc/1/root/home"))->output, "ENOENT");
    assert_has(run(spec_make(state, "opens /agenttask/../../etc/shadow"))->output, "ENOENT");
}

static void root_runs_as_a_host_id_of_its_own(void **state)
{
    const struct world *world = *state;
    const struct outcome *outcome = run(spec_make(state, "facts"));

    if (world->is_root) {
        int first = outcome->host_id;
        assert_in_range(first, 0x70000000, 0x7ffeffff);
        assert_has(outcome->output, "Groups:\t \n");
        assert_int_not_equal(run(spec_make(state, "facts"))->host_id, first);
    } else {
        assert_int_equal(outcome->host_id, getuid());
    }
    assert_int_equal(is_in_force(outcome, CONTROL_HOST_IDENTITY), world->is_root);
}

/* -- the runner's ways ------------------------------------------------------ */

static void every_stream_arrives_and_the_report_can_be_rewritten(void **state)
{
    const struct outcome *outcome = run(spec_make(state, "report"));

    assert_true(WIFEXITED(outcome->status));
    assert_int_equal(WEXITSTATUS(outcome->status), 7);
    assert_string_equal(outcome->output, "the output");
    assert_string_equal(outcome->errors, "the errors");
    assert_string_equal(outcome->frames, "the frames");
    assert_string_equal(outcome->report, "the report");
}

static void input_is_what_the_caller_gave_or_nothing(void **state)
{
    struct sandbox_spec *spec = spec_make(state, "input");
    int fds[2];

    assert_string_equal(run(spec)->output, "input \n");
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(write(fds[1], "hello", 5), 5);
    spec->input_fd = fds[0];
    assert_string_equal(run(spec)->output, "input hello\n");
    close(fds[0]);
    close(fds[1]);
}

static void a_stop_before_the_runner_listens_is_not_lost(void **state)
{
    struct outcome outcome = {0};
    struct sandbox sandbox;

    started(spec_make(state, "term"), &sandbox);
    sandbox_stop(&sandbox);
    finished(&sandbox, &outcome);
    assert_string_equal(outcome.output, "signal 15\n");
    assert_int_equal(WEXITSTATUS(outcome.status), 9);
}

static void a_kill_ends_all(void **state)
{
    struct outcome outcome = {0};
    struct sandbox sandbox;

    started(spec_make(state, "sleeps"), &sandbox);
    sandbox_kill(&sandbox);
    finished(&sandbox, &outcome);
    assert_true(WIFSIGNALED(outcome.status));
    assert_int_equal(WTERMSIG(outcome.status), SIGKILL);
}

static void any_descriptor_numbers_will_do(void **state)
{
    int saved = fcntl(0, F_DUPFD_CLOEXEC, 100), extra = open("/", O_RDONLY); /* no CLOEXEC */
    close(0); /* now our own descriptors start at 0 */

    const struct outcome *outcome = run(spec_make(state, "facts"));
    dup2(saved, 0);
    close(saved);
    close(extra);
    assert_has(outcome->output, "descriptors 0 1 2 3 4\n");
}

/* -- limits ----------------------------------------------------------------- */

static void a_memory_hog_is_killed(void **state)
{
    struct sandbox_spec *spec = spec_make(state, "memory");
    const struct outcome *outcome;

    spec->limits.memory_bytes = 64 * MIB;
    outcome = run(spec);
    assert_true(outcome->is_oom_killed);
    assert_true(WIFSIGNALED(outcome->status) && WTERMSIG(outcome->status) == SIGKILL);
    assert_true(outcome->memory_peak > 32 * MIB);
    assert_true(is_in_force(outcome, CONTROL_MEMORY_LIMIT));
}

/* RLIMIT_NPROC is the runner's to set: the probe does not, so only cgroups are tried here. */
static void processes_are_bounded_by_the_cgroup(void **state)
{
    struct sandbox_spec *spec = spec_make(state, "processes");
    const struct outcome *outcome = run(spec);

    if (outcome->isolation.limiter == LIMITER_POLLED)
        skip();
    assert_string_equal(outcome->output, "processes 32 EAGAIN\n");
}

static void cpu_is_bounded(void **state)
{
    struct sandbox_spec *spec = spec_make(state, "cpu");
    const struct outcome *outcome;
    long used_ms = -1, passed_ms = 0;

    spec->limits.cpu_milli = 300;
    outcome = run(spec);
    if (outcome->isolation.limiter == LIMITER_POLLED)
        skip();
    assert_int_equal(sscanf(outcome->output, "cpu %ld of %ld", &used_ms, &passed_ms), 2);
    /* 300 of 1000, and what a first and a last period may add. */
    assert_in_range(used_ms, 1, passed_ms * 3 / 10 + 2 * 100);
}

static void polled_processors_are_given_back(void **state)
{
    const struct outcome *outcome = run(spec_make(state, "processors"));

    if (outcome->isolation.limiter != LIMITER_POLLED || sysconf(_SC_NPROCESSORS_ONLN) < 2)
        skip();
    assert_string_equal(outcome->output, "processors 1\nprocessors 1\n");
}

static void storage_is_bounded_in_bytes_and_files(void **state)
{
    const struct outcome *outcome = run(spec_make(state, "storage"));
    long written = 0, files = 0;

    assert_int_equal(
        sscanf(outcome->output, "bytes %ld ENOSPC\nfiles %ld ENOSPC\n", &written, &files), 2);
    assert_in_range(written, 15 * MIB, 16 * MIB);
    assert_in_range(files, 4000, 4096);
    assert_true(is_in_force(outcome, CONTROL_STORAGE_LIMIT));
}

/* -- controls switched off -------------------------------------------------- */

static const struct outcome *run_without(void **state, const char *code, enum control control)
{
    struct sandbox_spec *spec = spec_make(state, code);

    spec->switched_off = CONTROL_BIT(control);
    const struct outcome *outcome = run(spec);
    assert_false(is_in_force(outcome, control));
    assert_int_equal(outcome->isolation.switched_off, CONTROL_BIT(control));
    return outcome;
}

static void each_control_can_be_switched_off_alone(void **state)
{
    const struct outcome *outcome;

    outcome = run_without(state, "opens /root/..", CONTROL_MOUNT_NAMESPACE);
    assert_has_not(outcome->output, "ENOENT");
    outcome = run_without(state, "writes", CONTROL_READ_ONLY);
    assert_has(outcome->output, "open /new ok\n");
    assert_has(outcome->output, "open /workspace/code ok\n");
    assert_has(outcome->output, "open /usr/new EROFS\n"); /* the host's stays the host's */
    outcome = run_without(state, "executes", CONTROL_NO_EXEC);
    assert_has_not(outcome->output, "exec");
    outcome = run_without(state, "facts", CONTROL_CAPABILITIES);
    assert_has_not(outcome->output, "CapEff:\t0000000000000000\n");
    outcome = run_without(state, "storage", CONTROL_STORAGE_LIMIT);
    assert_has_not(outcome->output, "bytes 16777216 ENOSPC");
    run_without(state, "facts", CONTROL_NETWORK_NAMESPACE);
    run_without(state, "facts", CONTROL_IPC_NAMESPACE);
    run_without(state, "facts", CONTROL_MEMORY_LIMIT);
    outcome = run_without(state, "processes", CONTROL_PROCESS_LIMIT);
    assert_has(outcome->output, "processes 500 all\n");
    run_without(state, "facts", CONTROL_CPU_LIMIT);
}

static void identity_can_be_switched_off_by_root(void **state)
{
    const struct world *world = *state;
    struct sandbox_spec *spec = spec_make(state, "facts");
    struct sandbox sandbox;
    struct err err = {0};

    if (world->is_root) {
        assert_int_equal(run_without(state, "facts", CONTROL_HOST_IDENTITY)->host_id, 0);
        const char *text = run_without(state, "facts", CONTROL_USER_NAMESPACE)->output;
        assert_has(text, "Uid:\t");
        assert_null(strstr(text, "Uid:\t0\t"));
        assert_null(strstr(text, "Uid:\t1000\t"));
        return;
    }
    spec->switched_off = CONTROL_BIT(CONTROL_USER_NAMESPACE);
    assert_false(sandbox_prepare(spec, &sandbox, &err));
    assert_int_equal(err.kind, ERR_REFUSED);
}

/* -- what cannot be --------------------------------------------------------- */

static void assert_refused(const struct sandbox_spec *spec, enum err_kind kind, const char *words)
{
    struct sandbox sandbox;
    struct err err = {0};

    if (sandbox_prepare(spec, &sandbox, &err)) {
        assert_false(sandbox_release(&sandbox, &err));
        sandbox_fini(&sandbox);
    }
    assert_int_equal(err.kind, kind);
    assert_has(err.text, words);
}

static void an_unreachable_interpreter_is_refused(void **state)
{
    struct sandbox_spec *spec = spec_make(state, "facts");
    char path[64];

    snprintf(path, sizeof(path), "/tmp/sandbox-test-%d", getpid());
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    spec->interpreter = path; /* there, but nobody may execute it */
    assert_refused(spec, ERR_REFUSED, "cannot be reached by the sandbox's user");
    unlink(path);
    assert_refused(spec, ERR_ABSENT, path);
}

static void bad_specs_are_refused(void **state)
{
    struct sandbox_spec *spec = spec_make(state, "facts");

    spec->cgroup_name = "../escape";
    assert_refused(spec, ERR_INVALID, "../escape");
    spec = spec_make(state, "facts");
    spec->code_name = "artifacts";
    assert_refused(spec, ERR_INVALID, "artifacts");
    spec = spec_make(state, "facts");
    spec->runner_path = "/nonexistent/runner";
    assert_refused(spec, ERR_ABSENT, "/nonexistent/runner");
    spec = spec_make(state, "facts");
    spec->switched_off = CONTROL_BIT(CONTROL_PID_NAMESPACE);
    assert_refused(spec, ERR_REFUSED, "PID namespace");
}

/* -- dying ------------------------------------------------------------------ */

/* Dead and reaped. Orphans come to us (see main): a machine's own process 1 may take its time. */
static bool is_gone_within(int pid, int64_t ms)
{
    int64_t deadline_ms = clock_monotonic_ms() + ms;

    while (waitpid(pid, NULL, WNOHANG) != pid && kill(pid, 0) == 0) {
        if (clock_monotonic_ms() >= deadline_ms)
            return false;
        usleep(10 * 1000);
    }
    return kill(pid, 0) != 0 && errno == ESRCH;
}

/* A caller that says which process its sandbox is and then waits to be killed. */
static int caller_start(const struct sandbox_spec *spec, bool releases, int *ret_sandbox_pid)
{
    int fds[2];

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    int caller = fork();
    assert_true(caller >= 0);
    if (caller == 0) {
        struct sandbox sandbox;
        struct err err = {0};
        char text[16];
        if (!sandbox_prepare(spec, &sandbox, &err) ||
            (releases && (!sandbox_release(&sandbox, &err) ||
                          poll(&(struct pollfd){.fd = sandbox.output_fd, .events = POLLIN}, 1,
                               WAIT_MS) != 1)) ||
            write(fds[1], &sandbox.pid, sizeof(int)) != sizeof(int))
            _exit(1);
        while (read(sandbox.output_fd, text, sizeof(text)) != 0)
            pause();
        _exit(0);
    }
    close(fds[1]);
    assert_int_equal(read(fds[0], ret_sandbox_pid, sizeof(int)), sizeof(int));
    close(fds[0]);
    return caller;
}

static void caller_is_killed(void **state, bool releases)
{
    const struct sandbox_spec *spec = spec_make(state, "sleeps");
    int pid = 0, caller = caller_start(spec, releases, &pid);

    assert_int_equal(kill(pid, 0), 0);
    assert_int_equal(kill(caller, SIGKILL), 0);
    assert_int_equal(waitpid(caller, NULL, 0), caller);
    assert_true(is_gone_within(pid, 2000));
    sandbox_sweep(spec->cgroup_name);
}

static void a_killed_caller_takes_the_run_with_it(void **state)
{
    caller_is_killed(state, true);
}

static void a_caller_killed_before_the_gate_starts_nothing(void **state)
{
    caller_is_killed(state, false);
}

static bool is_anywhere(const char *name)
{
    static const char *const controllers[] = {"", "memory", "pids", "cpu", "unified"};
    char path[256];

    for (size_t i = 0; i < countof(controllers); i++) {
        snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/agenttask/%s", controllers[i], name);
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

static void a_sweep_removes_what_a_killed_caller_left(void **state)
{
    const struct sandbox_spec *spec = spec_make(state, "sleeps");
    int pid = 0, caller = caller_start(spec, true, &pid);

    assert_int_equal(kill(caller, SIGKILL), 0);
    assert_int_equal(waitpid(caller, NULL, 0), caller);
    if (!is_anywhere(spec->cgroup_name))
        skip(); /* no cgroups of ours on this machine */
    sandbox_sweep(spec->cgroup_name);
    assert_false(is_anywhere(spec->cgroup_name));
    assert_true(is_gone_within(pid, 2000));
}

static unsigned descriptors_count(void)
{
    unsigned count = 0;
    for (int i = 0; i < 1024; i++)
        count += fcntl(i, F_GETFD) >= 0;
    return count;
}

static void nothing_is_left_of_a_run(void **state)
{
    const struct sandbox_spec *spec = spec_make(state, "sleeps");
    unsigned before = descriptors_count();
    struct err err = {0};
    struct sandbox sandbox;

    started(spec, &sandbox);
    int pid = sandbox.pid;
    sandbox_fini(&sandbox); /* in the middle of it */
    assert_true(is_gone_within(pid, 0));
    assert_true(sandbox_prepare(spec, &sandbox, &err));
    pid = sandbox.pid;
    sandbox_fini(&sandbox); /* before the gate */
    assert_true(is_gone_within(pid, 0));
    assert_false(is_anywhere(spec->cgroup_name));
    assert_int_equal(descriptors_count(), before);
    sandbox_fini(&sandbox); /* again: nothing */
}

/* -- main ------------------------------------------------------------------- */

/* The probe may lie where an ordinary user cannot go: it is opened first, and named by its
 * descriptor. */
static bool world_make(struct world *world, const char *probe, const char *id)
{
    int fd = open(probe, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    snprintf(world->runner, sizeof(world->runner), "/proc/self/fd/%d", fd);
    if (id) {
        uid_t uid = (uid_t)strtoul(id, NULL, 10);
        if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid) ||
            prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
            return false;
    }
    snprintf(world->cgroup_name, sizeof(world->cgroup_name), "agenttask-test-%d", getpid());
    world->is_root = geteuid() == 0;
    return true;
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(inside_is_only_what_the_run_needs),
        cmocka_unit_test(inside_is_uid_1000_without_capabilities),
        cmocka_unit_test(mounts_are_sealed),
        cmocka_unit_test(only_three_places_can_be_written),
        cmocka_unit_test(nothing_written_can_be_executed),
        cmocka_unit_test(there_is_no_network_but_a_loopback),
        cmocka_unit_test(host_files_are_not_there),
        cmocka_unit_test(root_runs_as_a_host_id_of_its_own),
        cmocka_unit_test(every_stream_arrives_and_the_report_can_be_rewritten),
        cmocka_unit_test(input_is_what_the_caller_gave_or_nothing),
        cmocka_unit_test(a_stop_before_the_runner_listens_is_not_lost),
        cmocka_unit_test(a_kill_ends_all),
        cmocka_unit_test(any_descriptor_numbers_will_do),
        cmocka_unit_test(a_memory_hog_is_killed),
        cmocka_unit_test(processes_are_bounded_by_the_cgroup),
        cmocka_unit_test(cpu_is_bounded),
        cmocka_unit_test(polled_processors_are_given_back),
        cmocka_unit_test(storage_is_bounded_in_bytes_and_files),
        cmocka_unit_test(each_control_can_be_switched_off_alone),
        cmocka_unit_test(identity_can_be_switched_off_by_root),
        cmocka_unit_test(an_unreachable_interpreter_is_refused),
        cmocka_unit_test(bad_specs_are_refused),
        cmocka_unit_test(a_killed_caller_takes_the_run_with_it),
        cmocka_unit_test(a_caller_killed_before_the_gate_starts_nothing),
        cmocka_unit_test(a_sweep_removes_what_a_killed_caller_left),
        cmocka_unit_test(nothing_is_left_of_a_run),
    };
    struct world world = {.is_root = false};

    if (argc < 2)
        return 1;
    if (argc > 2 && geteuid() != 0)
        return SKIPPED;
    if (!world_make(&world, argv[1], argc > 2 ? argv[2] : NULL) ||
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
        return 1;
    for (size_t i = 0; i < countof(tests); i++)
        tests[i].initial_state = &world;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
