// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <string.h>

#include "toy.h"

static const char *const words[EVENT_COUNT] = {
    [EVENT_ROOM] = "room",
    [EVENT_STRANGER_LEAVES] = "the stranger leaves",
    [EVENT_WAIT_PASSES] = "the wait passes",
    [EVENT_START] = "the code starts",
    [EVENT_STOPPED] = "the stop works",
    [EVENT_END] = "the code ends",
    [EVENT_VANISH] = "the run vanishes",
    [EVENT_SWEEP] = "sweep",
    [EVENT_CANCEL] = "CANCEL",
    [EVENT_DELETE] = "DELETE",
    [EVENT_POLICY_REMOVED] = "POLICY REMOVED",
    [EVENT_LABEL_REMOVED] = "LABEL REMOVED",
    [EVENT_RUN_DELETED] = "RUN DELETED",
    [EVENT_RUN_REMOVED] = "RUN REMOVED",
    [EVENT_RUN_REPLACED] = "RUN REPLACED",
    [EVENT_CACHE_STOPS] = "CACHE STOPS",
    [EVENT_RUN_CACHE_STOPS] = "RUN CACHE STOPS",
};

const char *toy_event_word(enum toy_event event)
{
    assert(event < EVENT_COUNT);
    return words[event];
}

static bool run_can_change(const struct toy *toy, const struct toy_fate *fate)
{
    return !fate->is_lost && !toy->facts.has_stranger &&
           (toy->facts.run.state == RUN_WAITING || toy->facts.run.state == RUN_ACTIVE);
}

static bool wait_pass(struct toy *toy, const struct toy_fate *fate)
{
    struct toy_run *run = &toy->facts.run;

    if (run->state != RUN_WAITING || run->wait == WAIT_NONE || !fate->wait_passes || fate->is_lost)
        return false;
    run->wait = WAIT_NONE;
    return true;
}

/* A kubelet may not know yet that a run shall stop or go. Without its code it cannot start it. */
static bool run_begin(struct toy *toy, const struct toy_fate *fate)
{
    struct toy_run *run = &toy->facts.run;
    bool knows = run->is_stopping && toy->now_ms >= run->stopping_ms + TOY_KUBELET_MS;

    if (!run_can_change(toy, fate) || run->state != RUN_WAITING || run->wait != WAIT_NONE ||
        !toy->facts.has_code || knows)
        return false;
    run->state = RUN_ACTIVE;
    run->started_ms = toy->now_ms;
    toy->runs_started++;
    return true;
}

static bool run_end(struct toy *toy, enum run_fault fault, enum run_cause cause, int32_t exit_code)
{
    struct toy_run *run = &toy->facts.run;

    run->state = RUN_ENDED;
    run->fault = fault;
    run->cause = cause;
    run->exit_code = exit_code;
    run->ended_ms = toy->now_ms;
    return true;
}

static bool run_stopped(struct toy *toy, const struct toy_fate *fate)
{
    const struct toy_run *run = &toy->facts.run;

    if (!run_can_change(toy, fate) || !(run->is_stopping || run->is_deleting))
        return false;
    if (run->state == RUN_WAITING)
        return run_end(toy, fate->is_reported ? FAULT_DELETED : FAULT_DEADLINE, CAUSE_NONE,
                       EXIT_UNKNOWN);
    if (fate->is_reported)
        return run_end(toy, FAULT_NONE, CAUSE_STOPPED, 143);
    return run_end(toy, FAULT_NONE, CAUSE_NONE, 137);
}

static bool run_finish(struct toy *toy, const struct toy_fate *fate)
{
    const struct toy_run *run = &toy->facts.run;

    if (!run_can_change(toy, fate) || run->state != RUN_ACTIVE)
        return false;
    switch (fate->ending) {
    case ENDING_EXIT_0:
        return run_end(toy, FAULT_NONE, CAUSE_EXITED, 0);
    case ENDING_EXIT_3:
        return run_end(toy, FAULT_NONE, CAUSE_EXITED, 3);
    case ENDING_OOM:
        return run_end(toy, FAULT_OOM_KILLED, CAUSE_NONE, 137);
    case ENDING_EVICTED:
        return run_end(toy, FAULT_EVICTED, CAUSE_STOPPED, EXIT_UNKNOWN);
    case ENDING_RUNNER_TIMEOUT: /* its clock needs no event: time passes over it */
        if (toy->now_ms < run->started_ms + TOY_TIMEOUT_MS)
            toy->now_ms = run->started_ms + TOY_TIMEOUT_MS;
        return run_end(toy, FAULT_NONE, CAUSE_TIMEOUT, 124);
    case ENDING_UNPROVEN:
        return run_end(toy, FAULT_NONE, CAUSE_UNPROVEN, EXIT_UNKNOWN);
    case ENDING_NEVER:
    case ENDING_COUNT:
        break;
    }
    return false;
}

static bool run_vanish(struct toy *toy, const struct toy_fate *fate)
{
    struct toy_run *run = &toy->facts.run;
    bool is_dead = run->state == RUN_ENDED || run->state == RUN_WAITING || fate->is_lost;

    if (run->state == RUN_ABSENT || !run->is_deleting || run->is_held || !is_dead)
        return false;
    memset(run, 0, sizeof(*run));
    return true;
}

static bool sweep(struct toy *toy)
{
    struct toy_facts *facts = &toy->facts;

    if (!facts->is_gone || (!facts->has_code && facts->run.state == RUN_ABSENT))
        return false;
    facts->has_code = false;
    memset(&facts->run, 0, sizeof(facts->run));
    return true;
}

/* -- troubles --------------------------------------------------------------- */

static bool run_delete(struct toy *toy, const struct toy_fate *fate)
{
    if (!run_can_change(toy, fate) || toy->facts.run.is_deleting)
        return false;
    toy->was_intruded = toy->facts.run.is_deleting = true;
    return run_end(toy, FAULT_DELETED, toy->facts.run.state == RUN_ACTIVE ? CAUSE_STOPPED : 0, 143);
}

/* Only a run that the status knows: before that, its absence could not be told from never. */
static bool run_remove(struct toy *toy, bool is_replaced)
{
    struct toy_run *run = &toy->facts.run;

    if (run->state == RUN_ABSENT || toy->facts.status.run_uid != run->uid)
        return false;
    toy->was_intruded = true;
    memset(run, 0, sizeof(*run));
    if (is_replaced)
        *run = (struct toy_run){.state = RUN_ENDED,
                                .uid = 6,
                                .is_held = true,
                                .cause = CAUSE_EXITED,
                                .created_ms = toy->now_ms,
                                .started_ms = toy->now_ms,
                                .ended_ms = toy->now_ms};
    return true;
}

static bool trouble(struct toy *toy, const struct toy_fate *fate, enum toy_event event)
{
    struct toy_facts *facts = &toy->facts;

    switch ((int)event) {
    case EVENT_CANCEL:
        if (facts->is_canceled || facts->is_gone)
            return false;
        facts->is_canceled = true;
        facts->generation++;
        facts->version++;
        return true;
    case EVENT_DELETE:
        if (facts->is_deleted)
            return false;
        facts->is_deleted = true;
        facts->deleted_ms = toy->now_ms;
        facts->is_gone = !facts->is_held;
        facts->version++;
        return true;
    case EVENT_POLICY_REMOVED:
        if (!facts->has_policy)
            return false;
        facts->has_policy = false;
        facts->policy_settled_ms = 0;
        return true;
    case EVENT_LABEL_REMOVED:
        if (!run_can_change(toy, fate) || facts->run.is_unmarked)
            return false;
        facts->run.is_unmarked = true;
        return true;
    case EVENT_RUN_DELETED:
        return run_delete(toy, fate);
    case EVENT_RUN_REMOVED:
    case EVENT_RUN_REPLACED:
        return run_remove(toy, event == EVENT_RUN_REPLACED);
    case EVENT_CACHE_STOPS:
    case EVENT_RUN_CACHE_STOPS:
        if (toy->cache != CACHE_FRESH)
            return false;
        toy->cache = event == EVENT_CACHE_STOPS ? CACHE_STANDS : RUN_CACHE_STANDS;
        if (toy->cache == CACHE_STANDS)
            toy->news = *facts;
        toy->news.run = facts->run;
        return true;
    default:
        return false;
    }
}

bool toy_happen(struct toy *toy, const struct toy_fate *fate, enum toy_event event)
{
    struct toy_facts *facts = &toy->facts;

    if (event >= EVENT_CANCEL) {
        bool is_free = fate->is_orderly && event == EVENT_CANCEL;
        bool is_due = fate->is_orderly ? is_free : toy->troubles_left > 0;
        if (!is_due || !trouble(toy, fate, event))
            return false;
        toy->troubles_left -= !is_free;
        return true;
    }
    switch ((int)event) {
    case EVENT_ROOM:
        return !facts->has_room && (facts->has_room = true);
    case EVENT_STRANGER_LEAVES:
        if (!facts->has_stranger || !fate->stranger_leaves)
            return false;
        facts->has_stranger = false;
        return true;
    case EVENT_WAIT_PASSES:
        return wait_pass(toy, fate);
    case EVENT_START:
        return run_begin(toy, fate);
    case EVENT_STOPPED:
        return run_stopped(toy, fate);
    case EVENT_END:
        return run_finish(toy, fate);
    case EVENT_VANISH:
        return run_vanish(toy, fate);
    case EVENT_SWEEP:
        return sweep(toy);
    default:
        return false;
    }
}
