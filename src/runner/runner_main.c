// SPDX-License-Identifier: Apache-2.0
/* The runner: process 1 of every run. `runner JOBFILE` reads one job (core/job.h), shuts itself in,
 * runs the code, and writes one report (core/report.h) when everything is dead. It exits with the
 * code's status, 128 + its signal, 124 when its time was up, 143 when it was stopped from outside,
 * 125 when it could not start. `runner --install PATH` copies it there: how it comes into a Pod. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runner/code.h"
#include "runner/confine.h"
#include "runner/descriptor.h"
#include "runner/filter.h"
#include "runner/flow.h"
#include "runner/keep.h"
#include "runner/landlock.h"
#include "runner/meter.h"
#include "runner/program.h"
#include "runner/proof.h"
#include "runner/timer.h"
#include "runner/watch.h"

#define ARTIFACTS "/workspace/artifacts"

enum {
    EXIT_TIMEOUT = 124,
    EXIT_NOT_STARTED = 125,
    EXIT_STOPPED = 143,
    END_MS = 5000,      /* after the code: for a slow reader, before the report */
    LOG_LINE_COST = 48, /* a container's log puts time and stream before each line */
};

struct runner {
    struct job job;
    char text[JOB_SIZE_MAX + 1]; /* the job's; its strings are made C strings in place */
    char program[PATH_MAX];
    char *args[JOB_ARGS_MAX + 1];
    char *env[JOB_ENV_MAX + 1];
    int report_fd, frames_fd, signal_fd;
    bool is_in_log;       /* frames go behind the output: a container's log holds both */
    struct outlet frames; /* else */
    struct flow output;
    struct keeper keeper;
    struct report report;
    struct err err;
};

static bool text_read(struct runner *runner, const char *path, struct str *ret, struct err *err)
{
    auto_end(descriptor_end) int fd = -1;
    size_t size = 0;
    ssize_t got = 1;

    if (!descriptor_open(path, O_RDONLY, &fd, err))
        return false;
    lseek(fd, 0, SEEK_SET); /* whoever wrote it stands at its end */
    while (size < sizeof(runner->text) &&
           (got = read(fd, runner->text + size, sizeof(runner->text) - size)) > 0)
        size += (size_t)got;
    if (got < 0)
        return err_sys(err, errno, "read %s", path);
    *ret = (struct str){runner->text, size};
    return true;
}

/* In the job's text a newline follows every value: it becomes the NUL of a C string. */
static char *string_of(struct runner *runner, struct str value)
{
    char *start = runner->text + (value.at - runner->text);

    start[value.size] = '\0';
    return start;
}

static bool job_load(struct runner *runner, const char *path, struct err *err)
{
    struct str text;

    if (!text_read(runner, path, &text, err))
        return false;
    if (!job_decode(text, &runner->job))
        return err_set(err, ERR_INVALID, "%s is not a job", path);
    for (uint32_t i = 0; i < runner->job.arg_count; i++)
        runner->args[i] = string_of(runner, runner->job.args[i]);
    for (uint32_t i = 0; i < runner->job.env_count; i++)
        runner->env[i] = string_of(runner, runner->job.env[i]);
    return true;
}

/* After this, descriptors are 0, 1, 2, those of report and frames, and what is opened from now on,
 * none of it for the code. */
static bool descriptors_take(struct runner *runner, struct err *err)
{
    const char *report = string_of(runner, runner->job.report_path);
    const char *frames = string_of(runner, runner->job.frames_path);

    if (!descriptor_open(report, O_WRONLY, &runner->report_fd, err) ||
        !descriptor_open(frames, O_WRONLY, &runner->frames_fd, err))
        return false;
    runner->is_in_log = strcmp(frames, "fd:1") == 0;
    runner->frames.fd = runner->frames_fd;
    runner->keeper.outlet = runner->is_in_log ? &runner->output.streams[0].to : &runner->frames;
    runner->keeper.beside = runner->is_in_log ? &runner->output.streams[1].to : NULL;
    descriptors_close_others(runner->report_fd, runner->frames_fd);
    return true;
}

static bool is_on(const struct runner *runner, enum control control)
{
    return !(runner->job.switched_off & CONTROL_BIT(control));
}

static bool filter_choose(struct runner *runner, struct err *err)
{
    bool calls = is_on(runner, CONTROL_SECCOMP);
    bool network = is_on(runner, CONTROL_SECCOMP_NETWORK) && !runner->job.network_allowed;
    enum filter_kind kind = !network ? FILTER_CALLS : calls ? FILTER_CALLS_NETWORK : FILTER_NETWORK;

    if ((calls || network) && !filter_load(kind, err))
        return false;
    runner->report.controls |= calls ? CONTROL_BIT(CONTROL_SECCOMP) : 0;
    runner->report.controls |= network ? CONTROL_BIT(CONTROL_SECCOMP_NETWORK) : 0;
    return true;
}

/* Of the controls that the child puts on itself: without them it does not start. */
static bool controls_tell(struct runner *runner, int landlock_fd, struct err *err)
{
    const struct job *job = &runner->job;
    bool is_empty = false;

    if (is_on(runner, CONTROL_CAPABILITIES) && !confine_capabilities(&is_empty, err))
        return false;
    runner->report.controls |= is_empty ? CONTROL_BIT(CONTROL_CAPABILITIES) : 0;
    runner->report.controls |= landlock_fd >= 0 ? CONTROL_BIT(CONTROL_LANDLOCK) : 0;
    runner->report.controls |= is_on(runner, CONTROL_RLIMITS) ? CONTROL_BIT(CONTROL_RLIMITS) : 0;
    if ((is_on(runner, CONTROL_RLIMITS) && job->processes_max > 0) || meter_has_process_limit())
        runner->report.controls |= CONTROL_BIT(CONTROL_PROCESS_LIMIT);
    runner->report.controls |=
        is_on(runner, CONTROL_OUTPUT_LIMIT) ? CONTROL_BIT(CONTROL_OUTPUT_LIMIT) : 0;
    runner->report.controls |=
        is_on(runner, CONTROL_TIMEOUT) && job->timeout_ms > 0 ? CONTROL_BIT(CONTROL_TIMEOUT) : 0;
    return true;
}

/* Right before the code: what is proven then holds from its first instruction on. False: it does
 * not start. */
static bool network_prove(struct runner *runner, struct err *err)
{
    struct report *report = &runner->report;

    if (!runner->job.network_allowed)
        return true;
    report->cause = proof_find(&runner->job, runner->signal_fd, err);
    if (report->cause == CAUSE_NONE)
        report->controls |= CONTROL_BIT(CONTROL_NETWORK_POLICY);
    return report->cause == CAUSE_NONE;
}

/* Filters come before the fork: the code never runs an instruction without them. Capabilities go
 * after it: without no_new_privs (switched off) filters and Landlock need one. */
static bool code_run(struct runner *runner, struct err *err)
{
    auto_end(descriptor_end) int landlock_fd = -1;
    bool is_limited = is_on(runner, CONTROL_OUTPUT_LIMIT);
    struct code code;

    runner->keeper.directory_fd = open(ARTIFACTS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (runner->keeper.directory_fd < 0)
        return err_sys(err, errno, "open " ARTIFACTS);
    if (!program_find(runner->args[0], runner->env, runner->program, err))
        return false;
    runner->args[0] = runner->program;
    if (!watch_signals(&runner->signal_fd, err) ||
        !confine_self(runner->job.switched_off, &runner->report.controls, err) ||
        (is_on(runner, CONTROL_LANDLOCK) &&
         !landlock_make(runner->args[0], &landlock_fd, &runner->report.landlock_abi, err)) ||
        !filter_choose(runner, err) || !network_prove(runner, err) ||
        !code_start(&runner->job, runner->args, runner->env, landlock_fd, &code, err))
        return false;
    flow_init(&runner->output, code.stdout_from, code.stderr_from,
              is_limited ? runner->job.output_size_max : INT64_MAX,
              runner->is_in_log ? LOG_LINE_COST : 0);
    return controls_tell(runner, landlock_fd, err) &&
           watch_run(&runner->job, &code, runner->signal_fd, &runner->output, &runner->report, err);
}

/* The group knows of all processes together, the code's children only of the largest. */
static void peak_tell(struct report *ret)
{
    int64_t peak = meter_memory_peak();

    if (peak > ret->memory_peak_bytes)
        ret->memory_peak_bytes = peak;
}

static void flow_keep(struct runner *runner, bool has_run)
{
    runner->keeper.deadline_ms = timer_now() + END_MS;
    if (has_run) {
        flow_finish(&runner->output, runner->keeper.deadline_ms);
        runner->report.output_bytes = runner->output.bytes;
        runner->report.output_sent =
            runner->output.streams[0].to.bytes + runner->output.streams[1].to.bytes;
        peak_tell(&runner->report);
        keep_all(&runner->keeper, &runner->report);
        runner->report.output_truncated = flow_is_truncated(&runner->output);
    } else {
        if (runner->report.cause == CAUSE_NONE)
            runner->report.cause = CAUSE_START_FAILED;
        runner->report.controls = 0;
        runner->report.message = str_of(runner->err.text);
    }
    keep_end(&runner->keeper);
}

/* One write: who reads it sees nothing or all of it. */
static bool report_write(const struct runner *runner)
{
    char text[REPORT_SIZE_MAX];
    size_t size = report_encode(&runner->report, text);

    if (ftruncate(runner->report_fd, 0) == 0) /* a pipe cannot be, and need not */
        lseek(runner->report_fd, 0, SEEK_SET);
    return write(runner->report_fd, text, size) == (ssize_t)size;
}

static int exit_of(const struct report *report)
{
    switch (report->cause) {
    case CAUSE_EXITED:
        return report->exit_code;
    case CAUSE_SIGNALED:
        return 128 + report->signal;
    case CAUSE_TIMEOUT:
        return EXIT_TIMEOUT;
    case CAUSE_STOPPED:
        return EXIT_STOPPED;
    case CAUSE_NONE:
    case CAUSE_START_FAILED:
    case CAUSE_UNPROVEN:
        return EXIT_NOT_STARTED;
    }
    return EXIT_NOT_STARTED;
}

static int refuse(const char *why)
{
    dprintf(STDERR_FILENO, "runner: %s\n", why);
    return EXIT_NOT_STARTED;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    /* Mapped, not on the stack: only what is used is ever touched. */
    struct runner *runner =
        mmap(NULL, sizeof(*runner), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (argc == 3 && strcmp(argv[1], "--install") == 0)
        return program_install(argv[2], &err) ? 0 : refuse(err.text);
    if (argc != 2 || runner == MAP_FAILED)
        return refuse("usage: runner JOBFILE | runner --install PATH");
    if (getpid() != 1)
        return refuse("must be process 1 of a PID namespace: it ends every other process in it");
    runner->report.exit_code = EXIT_UNKNOWN;
    if (!descriptors_fill(&err) || !job_load(runner, argv[1], &err) ||
        !descriptors_take(runner, &err))
        return refuse(err.text);
    flow_keep(runner, code_run(runner, &runner->err));
    if (!report_write(runner))
        return refuse("cannot write the report");
    return exit_of(&runner->report);
}
