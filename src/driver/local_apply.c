// SPDX-License-Identifier: Apache-2.0
#include <assert.h>

#include "driver/local_run.h"
#include "sys/clock.h"

#define CAPTURE_MAX_MS INT64_C(30000)

struct driver local_driver(struct local_run *run)
{
    return (struct driver){.self = run, .observe = local_observe, .apply = local_apply};
}

/* -- status ----------------------------------------------------------------- */

static bool status_put(struct local_run *run, const struct task_status *status, struct err *err)
{
    struct task task = run->task;
    int64_t version;

    task.status = *status;
    if (!run->is_stored) { /* the first word of a task: itself and its intent, in one commit */
        if (!store_create(run->store, &task, run->idempotency_key, run->present, err))
            return false;
        run->is_stored = true;
        run->is_outdated = true; /* its version was given by the store */
    } else {
        bool is_durable = phase_is_terminal(status->phase);
        if (!store_put_status(run->store, &task, is_durable, &version, err)) {
            run->is_outdated = true;
            return false;
        }
        task.version = arena_print(run->arena, "%lld", (long long)version);
    }
    run->task = task;
    return true;
}

/* -- start ------------------------------------------------------------------ */

static bool run_start(struct local_run *run)
{
    struct err refused = {0};

    run->created_ms = clock_now_ms();
    run->is_held = true;
    if (sandbox_release(run->sandbox, &refused)) {
        run->started_ms = clock_now_ms();
        run->run_state = RUN_ACTIVE;
        return true;
    }
    /* The task exists by now, so that is its ending, not our error. */
    run->message = arena_copy(run->arena, str_of(refused.text));
    run->fault = FAULT_START;
    run->run_state = RUN_ENDED;
    run->ended_ms = clock_now_ms();
    return true;
}

/* -- output ----------------------------------------------------------------- */

static bool result_keep(struct local_run *run, struct err *err)
{
    const struct harvest *harvest = run->capture ? &run->capture->harvest : NULL;
    struct str json;

    run->result = harvest_result(run->arena, harvest, run->has_report ? &run->report : NULL, &json);
    if (run->result.verdict != RESULT_VALID)
        return true;
    if (json.size > RESULT_EMBEDDED_MAX)
        return rundir_write(&run->dir, "result", json, err);
    run->result.json = json;
    return true;
}

static bool artifacts_keep(struct local_run *run, struct err *err)
{
    const struct harvest *harvest = run->capture ? &run->capture->harvest : NULL;

    run->artifacts_bytes = -1;
    if (!harvest || !harvest->has_artifacts_end)
        return true;
    run->artifacts_bytes = harvest->artifacts_bytes;
    if (harvest->artifacts_count == 0)
        return true;
    return rundir_write(&run->dir, "artifacts", buf_str(&harvest->artifacts), err);
}

/* A log that could not be finished (a full disk) must not keep a verdict from being recorded. */
static void log_keep(struct local_run *run)
{
    struct runlog orphaned = {.fd = -1};
    struct runlog *log = run->capture ? &run->capture->log : &orphaned;
    struct err ignored = {0};
    bool is_truncated = false;
    bool is_finished = runlog_finish(&run->dir, log, &is_truncated, &ignored);

    run->logs = (struct task_logs){
        .is_known = true,
        .bytes = run->has_report ? run->report.output_bytes : log->bytes,
        .is_truncated = is_truncated || (run->has_report && run->report.output_truncated),
        .is_complete = is_finished && run->has_report && !log->has_failed,
    };
}

/* Tried again while the disk is full, but a verdict does not wait for ever: what could not be kept
 * by then is recorded as missing. */
static bool output_keep(struct local_run *run, struct err *err)
{
    bool is_late = clock_now_ms() - run->ended_ms > CAPTURE_MAX_MS;
    struct err lost = {0};

    if (!result_keep(run, is_late ? &lost : err)) {
        if (!is_late)
            return false;
        run->result = (struct task_result){.verdict = RESULT_MISSING};
    }
    if (!artifacts_keep(run, is_late ? &lost : err) && !is_late)
        return false;
    log_keep(run);
    run->output_kept = true;
    return true;
}

/* -- end -------------------------------------------------------------------- */

static void run_drop(struct local_run *run)
{
    if (run->sandbox)
        sandbox_fini(run->sandbox);
    else
        sandbox_sweep(local_cgroup_name(run->arena, &run->task));
    run->run_state = RUN_ABSENT;
}

static bool task_drop(struct local_run *run, struct err *err)
{
    return rundir_remove(run->state, run->task.uid, err) &&
           store_drop(run->store, run->task.uid, err);
}

bool local_apply(void *self, const struct world *world, const struct plan *plan, enum action action,
                 struct err *err)
{
    struct local_run *run = self;

    (void)world;
    switch (action) {
    case ACTION_SET_STATUS:
        return status_put(run, &plan->status, err);
    case ACTION_START_RUN:
        return run_start(run);
    case ACTION_STOP_RUN:
        sandbox_stop(run->sandbox);
        run->stopping_ms = clock_now_ms();
        return true;
    case ACTION_KEEP_OUTPUT:
        return output_keep(run, err);
    case ACTION_DROP_RUN:
        run_drop(run);
        return true;
    case ACTION_RELEASE_RUN:
        run->is_held = false;
        return true;
    case ACTION_DROP_TASK:
        return task_drop(run, err);
    case ACTION_HOLD_TASK: /* nothing here takes a task away under us */
    case ACTION_MARK_RUN:  /* and nothing here is selected by labels */
    case ACTION_BOUND_RUN: /* the supervisor's clock is close behind the runner's from the start */
    case ACTION_PUT_POLICY:
    case ACTION_PUT_CODE:
    case ACTION_DROP_CODE:
    case ACTION_RELEASE_TASK:
        return true;
    case ACTION_LOOK_AGAIN: /* reconcile's own business */
    case ACTION_COUNT:
        break;
    }
    assert(false); /* an action that no local plan holds */
    return false;
}
