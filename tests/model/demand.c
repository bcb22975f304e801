// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "life.h"

/* What a decision must allow for the code to end by itself after its time; twice as much is late.
 */
#define LATE_MS INT64_C(20000)

/* Said again here, not asked of the core: the judge is not the accused. */
static bool is_final(enum phase phase)
{
    return phase == PHASE_SUCCEEDED || phase == PHASE_FAILED || phase == PHASE_CANCELED;
}

static bool is_ending(enum reason reason)
{
    return reason >= REASON_POD_FAILED && reason <= REASON_SUPERVISOR_LOST;
}

static bool is_over(const struct toy *toy)
{
    return is_final(toy->facts.status.phase);
}

static bool is_kept(int64_t before, int64_t after)
{
    return before == 0 || before == after;
}

/* -- one step --------------------------------------------------------------- */

static void demand_of_status(struct witness *w, const struct toy *before, const struct toy *after)
{
    const struct toy_status *was = &before->facts.status, *is = &after->facts.status;

    if (is_over(before))
        witness_that(w, S1_TERMINAL_IS_ABSORBING, memcmp(was, is, sizeof(*was)) == 0);
    witness_that(w, S2_PHASES_GO_FORWARD, is->phase >= was->phase);
    witness_that(w, S6_ONLY_THE_RECORDED_RUN, is_kept(was->run_uid, is->run_uid));
    witness_that(
        w, S9_TIMES_SET_ONCE,
        is_kept(was->queued_ms, is->queued_ms) && is_kept(was->created_ms, is->created_ms) &&
            is_kept(was->started_ms, is->started_ms) && is_kept(was->finished_ms, is->finished_ms));
}

/* The one write that holds the verdict. */
static void demand_of_ending(struct witness *w, const struct toy *toy)
{
    const struct toy_status *status = &toy->facts.status;
    const struct toy_run *run = &toy->facts.run;
    bool is_recorded = run->state == RUN_ENDED && run->uid == status->run_uid;
    bool ended_well = is_recorded && run->fault == FAULT_NONE && run->exit_code == 0 &&
                      (run->cause == CAUSE_EXITED || run->cause == CAUSE_NONE);

    if (!toy->was_intruded && !run->is_stopping) /* between the look and the write */
        witness_that(w, S5_SUCCESS_IS_EXIT_0, (status->phase == PHASE_SUCCEEDED) == ended_well);
    witness_that(w, S6_ONLY_THE_RECORDED_RUN,
                 status->output_uid == 0 || status->output_uid == status->run_uid);
    witness_that(w, H18_OUTPUT_BEFORE_THE_END, !is_recorded || status->output_uid == run->uid);
    witness_that(w, S11_CANCEL_BEFORE_THE_END,
                 (status->phase == PHASE_CANCELED) == (status->reason == REASON_CANCELED));
    if (status->phase == PHASE_CANCELED)
        witness_that(w, S11_CANCEL_BEFORE_THE_END, toy->facts.is_canceled || toy->facts.is_deleted);
    if (status->reason == REASON_TIMEOUT)
        witness_that(w, H06_RUN_TIME_IS_WHOLE,
                     status->started_ms != 0 && toy->now_ms >= status->started_ms + TOY_TIMEOUT_MS);
    if (status->reason == REASON_OOM_KILLED && !toy->was_intruded)
        witness_that(w, REASONS_ARE_TRUE, run->fault == FAULT_OOM_KILLED);
    if (status->reason == REASON_EVICTED && !toy->was_intruded)
        witness_that(w, REASONS_ARE_TRUE, run->fault == FAULT_EVICTED);
}

static bool is_settled(const struct toy *toy)
{
    return toy->facts.has_policy && toy->now_ms >= toy->facts.policy_settled_ms;
}

void demand_of_action(struct witness *w, const struct toy_fate *fate, const struct toy *before,
                      const struct toy *after, enum action action)
{
    bool changed = memcmp(&before->facts, &after->facts, sizeof(before->facts)) != 0;

    demand_of_status(w, before, after);
    witness_that(w, S3_AT_MOST_ONE_RUN, after->runs_created - after->runs_late <= 1);
    if (!is_over(before) && is_over(after))
        demand_of_ending(w, after);
    witness_that(w, H31_ONE_END_IS_WRITTEN, after->ends_written <= 1);
    if (after->runs_created > before->runs_created) {
        witness_that(w, H08_INTENT_BEFORE_RUN, before->facts.status.attempt == 1);
        if (before->troubles_left == fate->troubles) /* nobody removed it since the look */
            witness_that(w, X7_NOTHING_WITHOUT_POLICY, is_settled(before));
    }
    if (changed && (action == ACTION_DROP_RUN || action == ACTION_RELEASE_RUN))
        witness_that(w, H18_END_BEFORE_DROP, is_over(before));
    if (changed && action == ACTION_RELEASE_TASK && fate->operators == 1)
        witness_that(w, H13_FINALIZER_LAST,
                     before->facts.run.state == RUN_ABSENT && !before->facts.has_code);
    if (after->drops > before->drops) {
        int64_t due_ms = before->facts.status.finished_ms + fate->ttl_ms;
        witness_that(w, L5_TTL_DROPS_ONCE,
                     after->drops == 1 && fate->ttl_ms != TTL_KEEP && is_over(before) &&
                         after->now_ms >= due_ms &&
                         (after->passed_over || after->now_ms <= due_ms + LATE_MS));
    }
}

void demand_of_event(struct witness *w, const struct toy *before, const struct toy *after,
                     enum toy_event event)
{
    if (event != EVENT_START)
        return;
    if (before->was_intruded) /* who takes our finalizers off gives the name of the run away */
        return;
    witness_that(w, S4_NO_CODE_AFTER_THE_END, !is_over(before));
    witness_that(w, S10_TWO_OPERATORS_ONE_START, after->runs_started <= 1);
}

/* -- a plan ----------------------------------------------------------------- */

static bool has_action(const struct plan *plan, enum action action)
{
    for (uint32_t i = 0; i < plan->action_count; i++)
        if (plan->actions[i] == action)
            return true;
    return false;
}

static bool touches_run(const struct plan *plan)
{
    return has_action(plan, ACTION_STOP_RUN) || has_action(plan, ACTION_DROP_RUN) ||
           has_action(plan, ACTION_RELEASE_RUN) || has_action(plan, ACTION_KEEP_OUTPUT);
}

static bool ends_it(const struct plan *plan)
{
    return has_action(plan, ACTION_SET_STATUS) && is_final(plan->status.phase);
}

/* What may be done on old news: to build, and to say what is no ending. */
static bool is_harmless(const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->action_count; i++) {
        enum action action = plan->actions[i];
        if (action == ACTION_SET_STATUS
                ? is_ending(plan->status.reason)
                : action != ACTION_LOOK_AGAIN && action != ACTION_HOLD_TASK &&
                      action != ACTION_PUT_POLICY && action != ACTION_PUT_CODE)
            return false;
    }
    return !ends_it(plan);
}

/* Reasons that a clock or a refusal gives: what was asked comes before them. */
static bool is_hope_given_up(enum reason reason)
{
    return reason == REASON_TIMEOUT || reason == REASON_QUEUE_TIMEOUT ||
           reason == REASON_IMAGE_PULL_FAILED || reason == REASON_START_FAILED ||
           reason == REASON_CODE_NOT_FOUND || reason == REASON_NAME_CONFLICT ||
           reason == REASON_PROFILE_NOT_FOUND;
}

/* The latest moment at which somebody must look again. */
static int64_t deadline_of(const struct toy_facts *seen)
{
    if (seen->run.state == RUN_ENDED)
        return 0; /* at once, and again while its output is being kept */
    if (seen->run.state == RUN_ACTIVE && seen->run.started_ms != 0)
        return seen->run.started_ms + TOY_TIMEOUT_MS + LATE_MS;
    return TOY_START_MS + TOY_QUEUE_MS + LATE_MS;
}

static void demand_of_wake(struct witness *w, const struct toy *toy, const struct toy_facts *seen,
                           const struct plan *plan)
{
    bool is_done = is_final(plan->status.phase);
    int64_t latest_ms = deadline_of(seen);

    if (seen->is_gone)
        return;
    witness_that(w, H01_WAKES_IN_TIME, plan->wake_at_ms >= toy->now_ms);
    if (is_done)
        return;
    if (latest_ms < toy->now_ms || is_ending(plan->status.reason)) /* being stopped */
        latest_ms = toy->now_ms + LATE_MS + LATE_MS;
    witness_that(w, H01_WAKES_IN_TIME, plan->wake_at_ms <= latest_ms);
}

void demand_of_plan(struct witness *w, const struct toy_fate *fate, const struct toy *toy,
                    const struct toy_facts *seen, const struct plan *plan)
{
    bool is_live = seen == &toy->facts;

    if (!is_live)
        witness_that(w, S7_GRAVE_ONLY_IF_LIVE, is_harmless(plan));
    if (seen->has_stranger)
        witness_that(w, S8_STRANGERS_UNTOUCHED, !touches_run(plan));
    if (seen->is_canceled || seen->is_deleted)
        witness_that(w, S11_CANCEL_BEFORE_THE_END, !has_action(plan, ACTION_START_RUN));
    if (seen->is_canceled && !is_ending(seen->status.reason) && seen->run.state != RUN_ENDED)
        witness_that(w, S11_CANCEL_BEFORE_THE_END, !is_hope_given_up(plan->status.reason));
    if (is_live)
        demand_of_wake(w, toy, seen, plan);
    if (ends_it(plan) && plan->status.reason == REASON_IMAGE_PULL_FAILED &&
        fate->wait == WAIT_PULL_ERROR)
        witness_that(w, L7_PULL_GRACE_IS_BORNE,
                     toy->now_ms >= plan->status.created_ms + TOY_PULL_GRACE_MS);
}

/* -- at rest ---------------------------------------------------------------- */

/* How a life without any trouble must end. */
static enum reason reason_of(const struct toy_fate *fate)
{
    if (fate->refusal != REASON_NONE)
        return fate->refusal;
    if (fate->wait == WAIT_IMAGE_INVALID)
        return REASON_IMAGE_PULL_FAILED;
    if (fate->wait == WAIT_START_ERROR)
        return REASON_START_FAILED;
    if (fate->wait != WAIT_NONE && !fate->wait_passes)
        return fate->wait == WAIT_PULL_ERROR     ? REASON_IMAGE_PULL_FAILED
               : fate->wait == WAIT_CODE_MISSING ? REASON_CODE_NOT_FOUND
                                                 : REASON_QUEUE_TIMEOUT;
    switch (fate->ending) {
    case ENDING_EXIT_0:
        return REASON_NONE;
    case ENDING_EXIT_3:
        return REASON_POD_FAILED;
    case ENDING_OOM:
        return REASON_OOM_KILLED;
    case ENDING_EVICTED:
        return REASON_EVICTED;
    case ENDING_UNPROVEN:
        return REASON_POLICY_UNENFORCEABLE;
    case ENDING_RUNNER_TIMEOUT:
    case ENDING_NEVER:
    case ENDING_COUNT:
        break;
    }
    return REASON_TIMEOUT;
}

void demand_of_rest(struct witness *w, const struct toy_fate *fate, const struct toy *toy)
{
    const struct toy_facts *facts = &toy->facts;
    bool may_recover =
        fate->wait_passes && (fate->wait == WAIT_IMAGE_INVALID || fate->wait == WAIT_START_ERROR);
    bool was_quiet = toy->troubles_left == fate->troubles && !facts->is_canceled &&
                     (!fate->has_stranger || fate->stranger_leaves) && !fate->is_lost &&
                     !may_recover;

    witness_that(w, H30_EVERY_WAIT_ENDS, is_over(toy) || facts->is_gone);
    if (toy->was_intruded)
        witness_that(w, H12_GONE_IS_DONE, is_over(toy) || facts->is_gone);
    witness_that(w, S4_RUN_IS_TAKEN_DOWN, facts->run.state == RUN_ABSENT);
    if (facts->is_deleted)
        witness_that(w, L4_DELETED_LEAVES_NOTHING,
                     facts->is_gone && !facts->has_code && facts->run.state == RUN_ABSENT);
    if (fate->ttl_ms != TTL_KEEP)
        witness_that(w, L5_TTL_DROPS_ONCE, facts->is_deleted);
    if (was_quiet && !toy->passed_over) /* time did not hurry past what was going to happen */
        witness_that(w, REASONS_ARE_TRUE, facts->status.reason == reason_of(fate));
}
