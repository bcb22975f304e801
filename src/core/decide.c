// SPDX-License-Identifier: Apache-2.0
#include "core/decide.h"

#include <assert.h>

#include "core/deadline.h"
#include "core/verdict.h"

/* -- what the rules ask of the world ---------------------------------------- */

static bool is_unready(const struct world *w)
{
    return w->is_unready;
}

static bool is_over(const struct world *w)
{
    return phase_is_terminal(w->task->status.phase);
}

static bool is_leaving(const struct world *w) /* we decided to stop it, and wrote that down */
{
    return reason_is_ending(w->task->status.reason);
}

static bool was_seen(const struct world *w) /* its run existed: the status knows it */
{
    return w->task->status.run.uid.size > 0 || w->task->status.created_ms != 0;
}

static bool is_intended(const struct world *w)
{
    return w->task->status.attempt != 0;
}

static bool is_unstoppable(const struct world *w)
{
    return is_leaving(w) && w->now_ms >= deadline_of_stop(w);
}

static bool has_ended(const struct world *w)
{
    return run_is_there(w) && (w->run.state == RUN_ENDED || is_unstoppable(w));
}

static bool has_output(const struct world *w)
{
    return has_ended(w) && !run_is_other(w) && !w->output_kept;
}

static bool has_succeeded(const struct world *w)
{
    return has_ended(w) && !run_is_other(w) && verdict_of(w) == REASON_NONE;
}

static bool is_replaced(const struct world *w)
{
    return run_is_other(w) || (w->run.is_stranger && was_seen(w));
}

static bool is_lost(const struct world *w)
{
    return was_seen(w) && !run_is_there(w);
}

static bool is_canceled(const struct world *w)
{
    return w->task->spec.canceled;
}

static bool is_deleted(const struct world *w)
{
    return w->task->deleted_ms != 0;
}

static bool is_refused(const struct world *w) /* what already runs was not refused */
{
    return w->refusal != REASON_NONE && !run_is_there(w);
}

static bool is_late(const struct world *w)
{
    return w->now_ms >= deadline_of_run(w);
}

static bool waits_for(const struct world *w, enum run_wait wait)
{
    return run_is_there(w) && w->run.state == RUN_WAITING && w->run.wait == wait;
}

static bool is_tired(const struct world *w) /* of waiting */
{
    return w->now_ms >= deadline_of_queue(w);
}

static bool has_no_image(const struct world *w)
{
    return waits_for(w, WAIT_IMAGE_INVALID) ||
           (waits_for(w, WAIT_PULL_ERROR) && (w->now_ms >= deadline_of_wait(w) || is_tired(w)));
}

static bool has_no_code(const struct world *w)
{
    return waits_for(w, WAIT_CODE_MISSING) && (w->now_ms >= deadline_of_wait(w) || is_tired(w));
}

static bool cannot_start(const struct world *w)
{
    return waits_for(w, WAIT_START_ERROR);
}

static bool has_no_name(const struct world *w)
{
    return w->now_ms >= deadline_of_name(w);
}

static bool is_running(const struct world *w)
{
    return run_is_there(w) && w->run.state == RUN_ACTIVE;
}

static bool is_quiet(const struct world *w)
{
    return run_is_there(w) && w->now_ms < deadline_of_quiet(w) &&
           deadline_of_quiet(w) != WAKE_NEVER;
}

static bool is_unschedulable(const struct world *w)
{
    return waits_for(w, WAIT_UNSCHEDULABLE);
}

static bool is_pulling(const struct world *w)
{
    return waits_for(w, WAIT_PULLING) || waits_for(w, WAIT_PULL_ERROR);
}

static bool is_starting(const struct world *w)
{
    return run_is_there(w);
}

static bool has_taken_name(const struct world *w)
{
    return w->run.is_stranger;
}

static bool has_no_policy(const struct world *w)
{
    return !w->has_policy;
}

static bool has_no_room(const struct world *w) /* what was let in once keeps its place */
{
    return !w->has_room && !is_intended(w);
}

/* The cluster's quota is asked for each run, whatever place in our queue it has. */
static bool has_no_quota(const struct world *w)
{
    return !w->has_room && w->waits_for == REASON_QUOTA_EXCEEDED;
}

static bool has_no_profile(const struct world *w) /* not refused: nobody could say yet */
{
    return !w->profile_known;
}

static bool otherwise(const struct world *w)
{
    (void)w;
    return true;
}

/* -- what a plan is made of ------------------------------------------------- */

static void add(struct plan *plan, enum action action)
{
    assert(plan->action_count < PLAN_ACTIONS_MAX);
    plan->actions[plan->action_count++] = action;
}

static struct str message_cut(struct str s)
{
    if (s.size <= MESSAGE_SIZE_MAX)
        return s;
    s.size = MESSAGE_SIZE_MAX;
    while (s.size > 0 && ((unsigned char)s.at[s.size] & 0xc0) == 0x80) /* not within a character */
        s.size--;
    return s;
}

/* What the world says of it, where the reason came from there; else our own sentence. */
static struct str message_for(const struct world *w, enum reason reason)
{
    const struct task_status *before = &w->task->status;
    bool is_ours = reason == REASON_CANCELED || reason == REASON_TIMEOUT || reason == REASON_NONE;

    if (reason != REASON_NONE && before->reason == reason && reason_is_ending(reason))
        return before->message; /* said when it was decided */
    if (reason == w->refusal && w->refusal_message.size > 0 && !is_ours)
        return message_cut(w->refusal_message);
    if (run_is_there(w) && w->run.message.size > 0 && !is_ours)
        return message_cut(w->run.message);
    return str_of(reason_text(reason));
}

static void say(const struct world *w, enum phase phase, enum reason reason, struct plan *plan)
{
    struct task_status *status = &plan->status;

    if (phase > status->phase) /* never a step back, whatever an older look says */
        status->phase = phase;
    status->message = message_for(w, reason);
    status->reason = reason;
    status->queue = (struct task_queue){0};
    status->observed_generation = w->task->generation;
}

/* What is seen of the run for the first time. Times and names never change once they are set. */
static void note_run(const struct world *w, struct task_status *status)
{
    status->queued_ms = time_queued(w);
    if (!run_is_there(w) || run_is_other(w))
        return;
    status->created_ms = time_created(w);
    status->started_ms = time_started(w);
    status->attempt = 1;
    if (status->run.uid.size == 0)
        status->run = w->run.ref;
    if (status->run.node.size == 0)
        status->run.node = w->run.ref.node;
    if (status->effective.image_id.size == 0)
        status->effective.image_id = w->effective.image_id;
    if (status->isolation.weakened == WEAKENED_NOT)
        status->isolation.weakened = w->isolation.weakened;
}

static void note_ending(const struct world *w, struct task_status *status)
{
    enum weakening weakened;

    status->finished_ms = time_finished(w);
    if (run_is_other(w))
        return;
    if (has_ended(w) && w->run.state == RUN_ENDED) {
        status->exit_code = w->run.exit_code;
        status->signal = w->run.signal;
    }
    if (!w->output_kept)
        return;
    status->result = w->result;
    status->logs = w->logs;
    status->usage = w->usage;
    weakened = status->isolation.weakened;
    status->isolation = w->isolation;
    status->isolation.weakened = weakened; /* as seen in all its life */
    status->artifacts_bytes = w->artifacts_bytes;
    status->artifacts_too_large = w->artifacts_too_large;
}

static void record(const struct world *w, struct plan *plan)
{
    if (!task_status_equal(&plan->status, &w->task->status))
        add(plan, ACTION_SET_STATUS);
}

/* For as long as there is a run or may be one, not only at its birth. */
static void guard(const struct world *w, struct plan *plan)
{
    if (!w->has_policy && w->policy_settled_ms == 0)
        add(plan, ACTION_PUT_POLICY);
    if (run_is_there(w) && !run_is_other(w) && w->run.is_unmarked && w->run.state != RUN_ENDED)
        add(plan, ACTION_MARK_RUN);
}

static void hold(const struct world *w, struct plan *plan)
{
    if (!w->task->has_finalizer && !is_deleted(w))
        add(plan, ACTION_HOLD_TASK);
}

/* -- courses: the order of their actions is the safety argument ------------- */

static void stand_by(const struct world *w, enum reason reason, struct plan *plan)
{
    (void)reason;
    if (!is_over(w))
        plan->wake_at_ms = deadline_next(w);
    if (plan->wake_at_ms > w->now_ms + LOOK_LATER_MS)
        plan->wake_at_ms = w->now_ms + LOOK_LATER_MS;
}

/* Policy, code, intent, run. The intent is a conditional write: whoever loses it starts nothing,
 * so it is made even if it was made before and its author died. */
static void start(const struct world *w, enum reason reason, struct plan *plan)
{
    struct task_status *status = &plan->status;

    if (status->reason == REASON_QUOTA_EXCEEDED) /* until it was let in, it waits for that */
        reason = REASON_QUOTA_EXCEEDED;

    assert(w->has_policy && !run_is_there(w));
    hold(w, plan);
    if (!w->has_code)
        add(plan, ACTION_PUT_CODE);
    say(w, PHASE_SCHEDULED, reason, plan);
    if (status->attempt == 0) {
        status->attempt = 1;
        status->run = (struct run_ref){.kind = w->run.ref.kind, .name = w->run.ref.name};
        status->effective = w->effective;
    }
    if (status->effective.timeout_ms == 0) /* the intent was forged: what it gets is not */
        status->effective = w->effective;
    add(plan, ACTION_SET_STATUS);
    add(plan, ACTION_START_RUN);
    plan->wake_at_ms = deadline_next(w);
}

static void wait(const struct world *w, enum reason reason, struct plan *plan)
{
    hold(w, plan);
    guard(w, plan);
    say(w, is_intended(w) ? PHASE_SCHEDULED : PHASE_PENDING, reason, plan);
    record(w, plan);
    plan->wake_at_ms = deadline_next(w);
}

static void queue_up(const struct world *w, enum reason reason, struct plan *plan)
{
    hold(w, plan);
    say(w, PHASE_PENDING, reason, plan);
    plan->status.queue = w->queue;
    record(w, plan);
    plan->wake_at_ms = deadline_next(w);
}

static void run_on(const struct world *w, enum reason reason, struct plan *plan)
{
    hold(w, plan);
    guard(w, plan);
    say(w, PHASE_RUNNING, reason, plan);
    record(w, plan);
    plan->wake_at_ms = deadline_next(w);
    if (w->now_ms < deadline_of_loose(w))
        return;
    add(plan, ACTION_BOUND_RUN);
    plan->wake_at_ms = w->now_ms + LOOK_SOON_MS;
}

/* A new run that may be running the next moment: not yet worth a write. */
static void keep_quiet(const struct world *w, enum reason reason, struct plan *plan)
{
    (void)reason;
    plan->status = w->task->status;
    hold(w, plan);
    guard(w, plan);
    plan->wake_at_ms = deadline_next(w);
}

/* Between the images of its containers a run starts for a moment: that is no news while it is said
 * to wait for images. */
static void start_up(const struct world *w, enum reason reason, struct plan *plan)
{
    if (w->task->status.reason == REASON_IMAGE_PULLING)
        keep_quiet(w, reason, plan);
    else
        wait(w, reason, plan);
}

/* The verdict stands. The name of the run is free again only after the code is gone, so that a
 * late creation of the same run cannot start. */
static void take_down(const struct world *w, struct plan *plan)
{
    guard(w, plan);
    if (!w->run.is_deleting)
        add(plan, ACTION_DROP_RUN);
    if (w->code_exists)
        add(plan, ACTION_DROP_CODE);
    if (w->run.is_held)
        add(plan, ACTION_RELEASE_RUN);
    plan->wake_at_ms = w->now_ms + LOOK_LATER_MS;
}

static void wind_down(const struct world *w, enum reason reason, struct plan *plan)
{
    int64_t drop_at_ms = deadline_of_ttl(w->task);

    (void)reason;
    plan->status = w->task->status; /* over is over */
    if (run_is_there(w)) {
        take_down(w, plan);
        return;
    }
    if (w->code_exists)
        add(plan, ACTION_DROP_CODE);
    if (is_deleted(w) && w->task->has_finalizer)
        add(plan, ACTION_RELEASE_TASK);
    if (is_deleted(w))
        return;
    if (w->now_ms >= drop_at_ms)
        add(plan, ACTION_DROP_TASK);
    else
        plan->wake_at_ms = drop_at_ms;
}

/* One write holds the whole verdict, and stands before anything is destroyed. */
static void finish(const struct world *w, enum reason reason, struct plan *plan)
{
    say(w, verdict_phase(reason), reason, plan);
    note_ending(w, &plan->status);
    add(plan, ACTION_SET_STATUS);
    if (run_is_there(w))
        take_down(w, plan);
    else
        plan->wake_at_ms = w->now_ms + LOOK_SOON_MS;
}

static void conclude(const struct world *w, enum reason reason, struct plan *plan)
{
    finish(w, run_is_other(w) ? reason : verdict_of(w), plan);
}

/* The decision to stop is written first: it outlives us, and tells why the run ended. Then the
 * run ends, and keeps its output. Where there is no run, another operator may be about to create
 * one: without its code that one cannot start, and only a look after that is believed. */
static void stop(const struct world *w, enum reason reason, struct plan *plan)
{
    bool was_written = is_leaving(w);

    if (!run_is_there(w) && (!is_intended(w) || (was_written && !w->code_exists))) {
        finish(w, reason, plan);
        return;
    }
    say(w, is_running(w) ? PHASE_RUNNING : PHASE_NONE, reason, plan);
    if (run_is_there(w))
        guard(w, plan);
    record(w, plan);
    if (run_is_there(w) && !w->run.is_stopping)
        add(plan, ACTION_STOP_RUN);
    if (!run_is_there(w) && w->code_exists)
        add(plan, ACTION_DROP_CODE);
    plan->wake_at_ms = w->now_ms + (run_is_there(w) ? STOP_PATIENCE_MS : LOOK_SOON_MS);
    if (run_is_there(w) && deadline_of_stop(w) != WAKE_NEVER)
        plan->wake_at_ms = deadline_of_stop(w);
}

static void stop_as_written(const struct world *w, enum reason reason, struct plan *plan)
{
    (void)reason;
    stop(w, w->task->status.reason, plan);
}

static void refuse(const struct world *w, enum reason reason, struct plan *plan)
{
    (void)reason;
    stop(w, w->refusal, plan);
}

static void keep_output(const struct world *w, enum reason reason, struct plan *plan)
{
    (void)reason;
    plan->status = w->task->status; /* all that is to say is said once, with the verdict */
    guard(w, plan);
    add(plan, ACTION_KEEP_OUTPUT);
    plan->wake_at_ms = w->now_ms + CAPTURE_MAX_MS;
}

/* -- the rules -------------------------------------------------------------- */

/* The first that applies wins. The order is the policy: what happened beats what was asked, what
 * was asked beats what the clock says, and the clock beats what we hoped for. */
static const struct rule {
    const char *because;
    bool (*applies)(const struct world *w);
    void (*then)(const struct world *w, enum reason reason, struct plan *plan);
    enum reason reason;
} rules[] = {
    {"unready",         is_unready,       stand_by,        REASON_NONE             },
    {"over",            is_over,          wind_down,       REASON_NONE             },
    {"ending",          has_output,       keep_output,     REASON_NONE             },
    {"succeeded",       has_succeeded,    conclude,        REASON_NONE             },
    {"ended",           has_ended,        conclude,        REASON_POD_REPLACED     },
    {"stopping",        is_leaving,       stop_as_written, REASON_NONE             },
    {"replaced",        is_replaced,      stop,            REASON_POD_REPLACED     },
    {"lost",            is_lost,          stop,            REASON_POD_DELETED      },
    {"canceled",        is_canceled,      stop,            REASON_CANCELED         },
    {"deleted",         is_deleted,       stop,            REASON_CANCELED         },
    {"refused",         is_refused,       refuse,          REASON_NONE             },
    {"cannot start",    cannot_start,     stop,            REASON_START_FAILED     },
    {"no image",        has_no_image,     stop,            REASON_IMAGE_PULL_FAILED},
    {"no code",         has_no_code,      stop,            REASON_CODE_NOT_FOUND   },
    {"no name",         has_no_name,      stop,            REASON_NAME_CONFLICT    },
    {"queued too long", is_tired,         stop,            REASON_QUEUE_TIMEOUT    },
    {"timed out",       is_late,          stop,            REASON_TIMEOUT          },
    {"running",         is_running,       run_on,          REASON_NONE             },
    {"created",         is_quiet,         keep_quiet,      REASON_NONE             },
    {"unschedulable",   is_unschedulable, wait,            REASON_UNSCHEDULABLE    },
    {"pulling",         is_pulling,       wait,            REASON_IMAGE_PULLING    },
    {"starting",        is_starting,      start_up,        REASON_NONE             },
    {"name taken",      has_taken_name,   wait,            REASON_QUEUED           },
    {"no quota",        has_no_quota,     queue_up,        REASON_QUOTA_EXCEEDED   },
    {"no room",         has_no_room,      queue_up,        REASON_QUEUED           },
    {"profile unread",  has_no_profile,   wait,            REASON_QUEUED           },
    {"no policy",       has_no_policy,    wait,            REASON_POLICY_PENDING   },
    {"new",             otherwise,        start,           REASON_NONE             },
};

/* -- the decision ----------------------------------------------------------- */

/* Building up can be done on old news, and an older version of the task refuses the write. What
 * ends, starts or destroys anything is believed only at the source: absence in a cache is none. */
static bool is_grave(const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->action_count; i++)
        switch (plan->actions[i]) {
        case ACTION_HOLD_TASK:
        case ACTION_PUT_POLICY:
        case ACTION_PUT_CODE:
            break;
        case ACTION_SET_STATUS:
            if (reason_is_ending(plan->status.reason) || phase_is_terminal(plan->status.phase))
                return true;
            break;
        case ACTION_START_RUN:
        case ACTION_MARK_RUN:
        case ACTION_BOUND_RUN: /* not again because a cache stands still */
        case ACTION_STOP_RUN:
        case ACTION_KEEP_OUTPUT: /* dear: not twice because a cache stands still */
        case ACTION_DROP_RUN:
        case ACTION_RELEASE_RUN:
        case ACTION_DROP_CODE:
        case ACTION_RELEASE_TASK:
        case ACTION_DROP_TASK:
        case ACTION_LOOK_AGAIN:
        case ACTION_COUNT:
            return true;
        }
    return false;
}

/* A task that is not held yet is held first: the answer to that write is a look at the source. */
static void look_again(const struct world *w, struct plan *plan)
{
    bool holds = plan->action_count > 0 && plan->actions[0] == ACTION_HOLD_TASK;

    plan->status = w->task->status;
    plan->action_count = 0;
    add(plan, holds ? ACTION_HOLD_TASK : ACTION_LOOK_AGAIN);
    plan->wake_at_ms = w->now_ms;
}

void decide(const struct world *w, struct plan *ret)
{
    const struct rule *rule = rules;

    while (!rule->applies(w))
        rule++; /* the last one always does */
    *ret = (struct plan){
        .because = rule->because,
        .status = w->task->status,
        .wake_at_ms = WAKE_NEVER,
    };
    note_run(w, &ret->status);
    rule->then(w, rule->reason, ret);
    if (!w->is_live && is_grave(ret))
        look_again(w, ret);
}
