// SPDX-License-Identifier: Apache-2.0
#include "toy.h"

#include <assert.h>
#include <string.h>

static const char *const uids[] = {"", "uid-1", "uid-2", "uid-3", "uid-4", "uid-5", "uid-6"};

void toy_init(const struct toy_fate *fate, struct toy *ret)
{
    memset(ret, 0, sizeof(*ret)); /* padding too: states are compared as bytes */
    ret->now_ms = TOY_START_MS;
    ret->troubles_left = fate->troubles;
    ret->facts.version = 1;
    ret->facts.generation = 1;
    ret->facts.status.exit_code = EXIT_UNKNOWN;
    ret->facts.has_policy = fate->has_policy;
    ret->facts.policy_settled_ms = fate->has_policy ? TOY_START_MS : 0;
    ret->facts.has_room = fate->has_room;
    ret->facts.has_stranger = fate->has_stranger;
}

/* -- observing -------------------------------------------------------------- */

static struct str uid_text(uint32_t uid)
{
    assert(uid < countof(uids));
    return str_of(uids[uid]);
}

static uint32_t uid_number(struct str text)
{
    for (uint32_t i = 0; i < countof(uids); i++)
        if (str_is(text, uids[i]))
            return i;
    assert(false); /* a uid that was never given */
    return 0;
}

/* What was kept of a run bears its number, wherever it is written. */
static void output_write(uint32_t uid, struct task_result *result, struct task_logs *logs,
                         struct task_usage *usage)
{
    result->verdict = uid != 0 ? RESULT_VALID : RESULT_NONE_YET;
    result->bytes = uid;
    logs->is_known = uid != 0;
    logs->bytes = uid;
    usage->cpu_ms = uid != 0 ? (int64_t)uid : -1;
}

static void status_write(const struct toy_status *status, struct task_status *ret)
{
    task_status_init(ret);
    ret->phase = status->phase;
    ret->reason = status->reason;
    ret->message = status->message;
    ret->attempt = status->attempt;
    ret->exit_code = status->exit_code;
    ret->queued_ms = status->queued_ms;
    ret->created_ms = status->created_ms;
    ret->started_ms = status->started_ms;
    ret->finished_ms = status->finished_ms;
    ret->observed_generation = status->observed_generation;
    ret->run.uid = uid_text(status->run_uid);
    if (status->attempt != 0)
        ret->run.name = STR_LIT("task-pod");
    if (status->has_effective)
        ret->effective = (struct task_effective){.timeout_ms = TOY_TIMEOUT_MS};
    output_write(status->output_uid, &ret->result, &ret->logs, &ret->usage);
}

static void status_read(const struct task_status *status, struct toy_status *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->phase = status->phase;
    ret->reason = status->reason;
    ret->message = status->message;
    ret->attempt = status->attempt;
    ret->exit_code = status->exit_code;
    ret->queued_ms = status->queued_ms;
    ret->created_ms = status->created_ms;
    ret->started_ms = status->started_ms;
    ret->finished_ms = status->finished_ms;
    ret->observed_generation = (uint32_t)status->observed_generation;
    ret->run_uid = uid_number(status->run.uid);
    ret->has_effective = status->effective.timeout_ms != 0;
    ret->output_uid = (uint32_t)status->result.bytes;
    assert(status->result.bytes == status->logs.bytes);
}

static struct run run_write(const struct toy_run *run, bool is_stranger)
{
    if (is_stranger) /* it looks like any other, and is not ours */
        return (struct run){
            .state = RUN_ACTIVE,
            .ref = {.name = STR_LIT("task-pod"), .uid = uid_text(5)},
            .is_stranger = true,
            .is_held = true,
            .started_ms = TOY_START_MS
        };
    return (struct run){
        .state = run->state,
        .ref = {.name = STR_LIT("task-pod"), .uid = uid_text(run->uid)},
        .is_stopping = run->is_stopping,
        .is_deleting = run->is_deleting,
        .is_held = run->is_held,
        .is_unmarked = run->is_unmarked,
        .created_ms = run->created_ms,
        .started_ms = run->started_ms,
        .ended_ms = run->ended_ms,
        .stopping_ms = run->stopping_ms,
        .wait = run->state == RUN_WAITING ? run->wait : WAIT_NONE,
        .wait_since_ms = run->wait_since_ms,
        .fault = run->fault,
        .cause = run->cause,
        .exit_code = run->exit_code,
    };
}

struct toy_facts toy_glance(const struct toy *toy)
{
    struct toy_facts facts = toy->cache == CACHE_STANDS ? toy->news : toy->facts;

    if (toy->cache == RUN_CACHE_STANDS)
        facts.run = toy->news.run;
    return facts;
}

void toy_observe(const struct toy *toy, const struct toy_fate *fate, const struct toy_facts *facts,
                 struct toy_view *ret)
{
    bool has_settled = facts->has_policy && toy->now_ms >= facts->policy_settled_ms;

    *ret = (struct toy_view){
        .task = {.name = STR_LIT("task"), .uid = STR_LIT("task-uid")}
    };
    ret->task.created_ms = TOY_START_MS;
    ret->task.deleted_ms = facts->deleted_ms;
    ret->task.generation = facts->generation;
    ret->task.has_finalizer = facts->is_held;
    ret->task.spec.queue_timeout_ms = TOY_QUEUE_MS;
    ret->task.spec.ttl_ms = fate->ttl_ms;
    ret->task.spec.canceled = facts->is_canceled;
    status_write(&facts->status, &ret->task.status);
    ret->world = (struct world){
        .now_ms = toy->now_ms,
        .task = &ret->task,
        .is_live = facts == &toy->facts,
        .profile_known = true,
        .refusal = fate->refusal,
        .effective = {.timeout_ms = TOY_TIMEOUT_MS},
        .has_room = facts->has_room,
        .waits_for = REASON_QUEUED,
        .has_policy = has_settled,
        .policy_settled_ms = facts->has_policy && !has_settled ? facts->policy_settled_ms : 0,
        .has_code = facts->has_code,
        .code_exists = facts->has_code,
        .run = run_write(&facts->run, facts->has_stranger),
        .output_kept = facts->kept_uid != 0 && facts->kept_uid == facts->run.uid,
        .artifacts_bytes = -1,
        .pull_grace_ms = TOY_PULL_GRACE_MS,
    };
    output_write(ret->world.output_kept ? facts->kept_uid : 0, &ret->world.result, &ret->world.logs,
                 &ret->world.usage);
    ret->world.usage.memory_peak_bytes = -1;
}

/* -- acting ----------------------------------------------------------------- */

void toy_intend(struct toy *toy, uint32_t who, const struct toy_facts *facts,
                const struct plan *plan)
{
    struct toy_operator *mind = &toy->operators[who];

    memset(mind, 0, sizeof(*mind));
    if (plan->action_count == 0)
        return;
    mind->count = plan->action_count;
    mind->version = facts->version;
    mind->run_uid = facts->run.uid;
    mind->runs_created = toy->runs_created;
    for (uint32_t i = 0; i < plan->action_count; i++)
        mind->actions[i] = plan->actions[i];
    status_read(&plan->status, &mind->wanted);
}

static bool status_set(struct toy_facts *facts, const struct toy_operator *who)
{
    if (facts->is_gone || facts->version != who->version)
        return false; /* conflict: somebody was faster */
    if (memcmp(&facts->status, &who->wanted, sizeof(facts->status)) == 0)
        return true; /* nothing to write: the version stays, as on a cluster */
    facts->status = who->wanted;
    facts->version++;
    return true;
}

/* Is this a request of another age? It was on its way while the run that it names came and went.
 * Leases make that rare and cannot exclude it: such a run is made, and must never start. */
static bool is_overtaken(const struct toy *toy, const struct toy_operator *who)
{
    return who->runs_created < toy->runs_created;
}

static bool run_start(struct toy *toy, const struct toy_fate *fate, const struct toy_operator *who)
{
    struct toy_run *run = &toy->facts.run;

    if (toy->facts.has_stranger)
        return false;
    if (run->state != RUN_ABSENT)
        return true; /* it is there, and ours */
    toy->runs_late += is_overtaken(toy, who);
    toy->runs_created++;
    memset(run, 0, sizeof(*run));
    run->state = RUN_WAITING;
    run->uid = toy->runs_created;
    run->is_held = true;
    run->wait = fate->wait;
    run->exit_code = EXIT_UNKNOWN;
    run->created_ms = run->wait_since_ms = toy->now_ms;
    return true;
}

static bool run_is_meant(const struct toy *toy, const struct toy_operator *who)
{
    return toy->facts.run.state != RUN_ABSENT && toy->facts.run.uid == who->run_uid;
}

/* Of a run that is not there, or not the one meant: it is done. */
static bool run_change(struct toy *toy, const struct toy_operator *who, enum action action)
{
    struct toy_run *run = &toy->facts.run;

    if (!run_is_meant(toy, who))
        return true;
    if (action == ACTION_STOP_RUN && !run->is_stopping) {
        run->is_stopping = true;
        run->stopping_ms = toy->now_ms;
    }
    if (action == ACTION_KEEP_OUTPUT)
        toy->facts.kept_uid = run->uid;
    if (action == ACTION_DROP_RUN)
        run->is_deleting = true;
    if (action == ACTION_RELEASE_RUN)
        run->is_held = false;
    if (action == ACTION_MARK_RUN)
        run->is_unmarked = false;
    return true;
}

static bool task_change(struct toy *toy, enum action action)
{
    struct toy_facts *facts = &toy->facts;

    if (facts->is_gone)
        return action != ACTION_HOLD_TASK;
    if (action == ACTION_HOLD_TASK) {
        if (facts->is_deleted)
            return false; /* the server adds no finalizer to what is being deleted */
        facts->is_held = true;
    }
    if (action == ACTION_RELEASE_TASK)
        facts->is_held = false;
    if (action == ACTION_DROP_TASK && !facts->is_deleted) {
        toy->drops++;
        facts->is_deleted = true;
        facts->deleted_ms = toy->now_ms;
    }
    facts->is_gone = facts->is_deleted && !facts->is_held;
    return true;
}

bool toy_apply(struct toy *toy, const struct toy_fate *fate, const struct toy_operator *who,
               enum action action)
{
    struct toy_facts *facts = &toy->facts;

    switch (action) {
    case ACTION_HOLD_TASK:
    case ACTION_RELEASE_TASK:
    case ACTION_DROP_TASK:
        return task_change(toy, action);
    case ACTION_PUT_POLICY:
        if (!facts->has_policy)
            facts->policy_settled_ms = toy->now_ms + fate->settle_ms;
        facts->has_policy = true;
        return true;
    case ACTION_PUT_CODE:
    case ACTION_DROP_CODE:
        facts->has_code = action == ACTION_PUT_CODE;
        return true;
    case ACTION_SET_STATUS:
        return status_set(facts, who);
    case ACTION_START_RUN:
        return run_start(toy, fate, who);
    case ACTION_MARK_RUN:
    case ACTION_STOP_RUN:
    case ACTION_KEEP_OUTPUT:
    case ACTION_DROP_RUN:
    case ACTION_RELEASE_RUN:
        return run_change(toy, who, action);
    case ACTION_BOUND_RUN: /* no toy run is loose */
    case ACTION_LOOK_AGAIN:
    case ACTION_COUNT:
        break;
    }
    return false;
}
