// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include "driver/local_run.h"
#include "sys/clock.h"

struct str local_run_name(struct arena *arena, const struct task *task)
{
    return arena_print(arena, "%.*s-pod", STR_ARG(task->name));
}

const char *local_cgroup_name(struct arena *arena, const struct task *task)
{
    return arena_print(arena, "agenttask-%.*s", STR_ARG(task->uid)).at;
}

/* What others may have changed: the cancel flag, the ttl and with them the version. */
static bool task_refresh(struct local_run *run, struct err *err)
{
    struct store_mutable stored;

    if (!store_read_mutable(run->store, run->task.uid, &stored, err))
        return false;
    run->task.spec.canceled = stored.canceled;
    run->task.spec.ttl_ms = stored.ttl_ms;
    run->task.version = arena_print(run->arena, "%lld", (long long)stored.version);
    run->is_outdated = false;
    return true;
}

/* The exit as the platform saw it: from the report, else from the runner's own end. */
static void run_exit(const struct local_run *run, struct run *ret)
{
    if (run->has_report) {
        ret->cause = run->report.cause;
        ret->exit_code = run->report.exit_code;
        ret->signal = run->report.signal;
        if (ret->cause == CAUSE_SIGNALED)
            ret->exit_code = 128 + ret->signal; /* as a container's exit code has it */
        return;
    }
    ret->cause = CAUSE_NONE;
    ret->exit_code = EXIT_UNKNOWN;
    if (run->wait_status >= 0 && WIFSIGNALED(run->wait_status))
        ret->exit_code = 128 + WTERMSIG(run->wait_status);
    else if (run->wait_status >= 0 && WIFEXITED(run->wait_status))
        ret->exit_code = WEXITSTATUS(run->wait_status);
}

static struct str node_name(struct arena *arena)
{
    char node[256] = "";

    (void)gethostname(node, sizeof(node) - 1); /* a machine without a name is no reason to stop */
    return arena_copy(arena, str_of(node));
}

static struct run run_of(const struct local_run *run, struct arena *arena)
{
    struct run ret = {
        .state = run->run_state,
        .is_stopping = run->stopping_ms != 0,
        .stopping_ms = run->stopping_ms,
        .is_held = run->is_held,
        .created_ms = run->created_ms,
        .started_ms = run->started_ms,
        .ended_ms = run->ended_ms,
        .fault = run->fault,
        .message = run->message,
        .exit_code = EXIT_UNKNOWN,
    };
    ret.ref = (struct run_ref){
        .kind = STR_LIT("LocalRun"),
        .name = local_run_name(arena, &run->task),
    };
    if (run->run_state == RUN_ABSENT)
        return ret;
    ret.ref.uid = run->task.uid; /* it has one run, ever */
    ret.ref.node = node_name(arena);
    if (run->run_state == RUN_ENDED)
        run_exit(run, &ret);
    return ret;
}

static struct task_usage usage_of(const struct local_run *run)
{
    struct task_usage usage = {.cpu_ms = -1, .memory_peak_bytes = -1};

    if (run->sandbox && run->sandbox->memory_peak > 0)
        usage.memory_peak_bytes = run->sandbox->memory_peak;
    if (!run->has_report)
        return usage;
    usage.cpu_ms = run->report.cpu_us / 1000;
    if (run->report.memory_peak_bytes > usage.memory_peak_bytes)
        usage.memory_peak_bytes = run->report.memory_peak_bytes;
    return usage;
}

/* The launcher's part and the runner's part; without a report only the first is known. */
static struct isolation isolation_of(const struct local_run *run)
{
    struct isolation isolation = {0};

    if (!run->sandbox)
        return run->task.status.isolation;
    isolation = run->sandbox->isolation;
    isolation.is_known = true;
    if (run->has_report) {
        isolation.controls |= run->report.controls;
        isolation.landlock_abi = run->report.landlock_abi;
    }
    return isolation;
}

bool local_observe(void *self, bool is_live, struct arena *arena, struct world *ret,
                   struct err *err)
{
    struct local_run *run = self;

    if (run->is_stored && (is_live || run->is_outdated) && !task_refresh(run, err))
        return false;
    *ret = (struct world){
        .now_ms = clock_now_ms(),
        .task = &run->task,
        .is_live = is_live || !run->is_stored,
        .profile_known = true,
        .effective = run->effective,
        .has_room = true,
        .has_policy = true, /* the sandbox has no network to begin with */
        .has_code = true,
        .run = run_of(run, arena),
        .output_kept = run->output_kept,
        .result = run->result,
        .logs = run->logs,
        .usage = usage_of(run),
        .isolation = isolation_of(run),
        .artifacts_bytes = run->artifacts_bytes,
        .artifacts_too_large = run->has_report && run->report.artifacts_too_large,
    };
    return true;
}
