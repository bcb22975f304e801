// SPDX-License-Identifier: Apache-2.0
#include "core/deadline.h"

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

static int64_t later(int64_t a_ms, int64_t b_ms)
{
    return a_ms > b_ms ? a_ms : b_ms;
}

static int64_t after(int64_t from_ms, int64_t wait_ms)
{
    int64_t sum_ms;

    return __builtin_add_overflow(from_ms, wait_ms, &sum_ms) ? WAKE_NEVER : sum_ms;
}

/* Whatever a foreign clock says, kept between what came before and now. */
static int64_t seen(const struct world *w, int64_t said_ms, int64_t before_ms)
{
    return earlier(later(said_ms != 0 ? said_ms : w->now_ms, before_ms), w->now_ms);
}

/* -- times ------------------------------------------------------------------ */

int64_t time_queued(const struct world *w)
{
    const struct task *task = w->task;

    return task->status.queued_ms != 0 ? task->status.queued_ms : seen(w, task->created_ms, 0);
}

int64_t time_created(const struct world *w)
{
    if (w->task->status.created_ms != 0 || !run_is_there(w))
        return w->task->status.created_ms;
    return seen(w, w->run.created_ms, time_queued(w));
}

int64_t time_started(const struct world *w)
{
    bool runs = run_is_there(w) && (w->run.state == RUN_ACTIVE || w->run.started_ms != 0);

    if (w->task->status.started_ms != 0 || !runs)
        return w->task->status.started_ms;
    return seen(w, w->run.started_ms, time_created(w));
}

int64_t time_finished(const struct world *w)
{
    int64_t before_ms = later(time_queued(w), later(time_created(w), time_started(w)));

    return seen(w, run_is_there(w) ? w->run.ended_ms : 0, before_ms);
}

int64_t run_allowance_ms(const struct task_effective *effective)
{
    int64_t slack_ms = CLOCK_SLACK_MS + (effective->egress.count > 0 ? PROOF_MAX_MS : 0);

    return after(effective->timeout_ms, slack_ms);
}

/* -- deadlines -------------------------------------------------------------- */

int64_t deadline_of_queue(const struct world *w)
{
    int64_t wait_ms = w->task->spec.queue_timeout_ms;

    if (time_started(w) != 0)
        return WAKE_NEVER;
    return after(time_queued(w), wait_ms != 0 ? wait_ms : QUEUE_TIMEOUT_DEFAULT_MS);
}

int64_t deadline_of_wait(const struct world *w)
{
    if (!run_is_there(w) || w->run.state != RUN_WAITING)
        return WAKE_NEVER;
    if (w->run.wait == WAIT_PULL_ERROR)
        return after(w->run.wait_since_ms, w->pull_grace_ms);
    if (w->run.wait == WAIT_CODE_MISSING)
        return after(w->run.wait_since_ms, CODE_GRACE_MS);
    return WAKE_NEVER;
}

int64_t deadline_of_name(const struct world *w)
{
    return w->run.is_stranger ? after(time_queued(w), NAME_GRACE_MS) : WAKE_NEVER;
}

int64_t deadline_of_quiet(const struct world *w)
{
    bool is_news = w->run.state == RUN_WAITING && w->task->status.created_ms == 0;

    return run_is_there(w) && is_news ? after(time_created(w), QUIET_MS) : WAKE_NEVER;
}

int64_t deadline_of_run(const struct world *w)
{
    int64_t timeout_ms = w->task->status.effective.timeout_ms;

    if (time_started(w) == 0 || timeout_ms == 0)
        return WAKE_NEVER;
    return after(time_started(w), run_allowance_ms(&w->task->status.effective));
}

int64_t deadline_of_loose(const struct world *w)
{
    bool is_loose = run_is_there(w) && w->run.state == RUN_ACTIVE && w->run.is_loose;

    return is_loose && time_started(w) != 0 ? after(time_started(w), BOUND_AFTER_MS) : WAKE_NEVER;
}

int64_t deadline_of_stop(const struct world *w)
{
    if (!run_is_there(w) || !w->run.is_stopping || w->run.stopping_ms == 0)
        return WAKE_NEVER;
    return after(w->run.stopping_ms, STOP_PATIENCE_MS);
}

int64_t deadline_of_ttl(const struct task *task)
{
    if (task->spec.ttl_ms == TTL_KEEP)
        return WAKE_NEVER;
    return after(task->status.finished_ms, task->spec.ttl_ms);
}

int64_t deadline_next(const struct world *w)
{
    int64_t next_ms = earlier(deadline_of_queue(w), deadline_of_run(w));

    next_ms = earlier(next_ms, earlier(deadline_of_wait(w), deadline_of_name(w)));
    next_ms = earlier(next_ms, earlier(deadline_of_quiet(w), deadline_of_loose(w)));
    if (!w->has_policy && w->policy_settled_ms != 0)
        next_ms = earlier(next_ms, w->policy_settled_ms);
    return later(next_ms, w->now_ms + 1);
}
