// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A toy world: one task, its code, its policy, one place for a run, and all that can happen to
 * them. It knows plan.h and world.h, the words in which a decision is asked for and given, and
 * nothing of how it is made. Everything is small, plain and comparable, so that every life can be
 * lived. */
#include "core/plan.h"

enum {
    OPERATORS_MAX = 2,
    TOY_START_MS = 1000000,
    TOY_QUEUE_MS = 200000,
    TOY_TIMEOUT_MS = 60000,
    TOY_PULL_GRACE_MS = 20000,
    TOY_TTL_MS = 30000,
    TOY_SETTLE_MS = 5000,
    TOY_KUBELET_MS = 30000, /* by then a living node knows that a run shall stop */
};

enum toy_ending { /* how the code ends if nobody stops it */
    ENDING_EXIT_0,
    ENDING_EXIT_3,
    ENDING_OOM,
    ENDING_EVICTED,
    ENDING_RUNNER_TIMEOUT,
    ENDING_UNPROVEN, /* before it began: its network policy was not seen in force */
    ENDING_NEVER,
    ENDING_COUNT,
};

struct toy_fate { /* what is given from the start and never changes */
    enum run_wait wait;
    bool wait_passes;
    enum toy_ending ending;
    bool is_lost;     /* the node is dead: nothing that is asked of the run happens */
    bool is_reported; /* the runner can still say that it was stopped */
    int64_t ttl_ms;
    int64_t settle_ms; /* of a policy */
    enum reason refusal;
    bool has_policy, has_room, has_stranger, stranger_leaves;
    uint32_t operators;
    bool is_orderly;   /* no troubles but crashes, and a cancel on top of them */
    uint32_t troubles; /* crashes, cancels, deletions, intruders, stale looks: at most so many */
};

struct toy_status {
    enum phase phase;
    enum reason reason;
    struct str message;
    uint32_t attempt, run_uid, output_uid, observed_generation;
    int32_t exit_code;
    int64_t queued_ms, created_ms, started_ms, finished_ms;
    bool has_effective;
};

struct toy_run {
    enum run_state state;
    uint32_t uid;
    bool is_stopping, is_deleting, is_held, is_unmarked;
    enum run_wait wait;
    enum run_fault fault;
    enum run_cause cause;
    int32_t exit_code;
    int64_t created_ms, started_ms, ended_ms, wait_since_ms, stopping_ms;
};

struct toy_facts { /* what an operator can see */
    struct toy_status status;
    uint32_t version, generation;
    bool is_canceled, is_deleted, is_held, is_gone;
    bool has_policy, has_room, has_stranger, has_code;
    uint32_t kept_uid; /* the run whose output was kept */
    int64_t deleted_ms, policy_settled_ms;
    struct toy_run run;
};

struct toy_operator { /* what it has in mind: nothing, or the rest of a plan */
    uint32_t count, next;
    uint32_t version, run_uid, runs_created; /* as it saw them */
    bool backs_off;                          /* refused: it waits until something is new */
    enum action actions[PLAN_ACTIONS_MAX];
    struct toy_status wanted;
};

enum toy_cache {
    CACHE_FRESH,
    CACHE_STANDS,     /* all that it shows is `news` */
    RUN_CACHE_STANDS, /* the task is shown as it is, the run is that of `news` */
};

struct toy {
    int64_t now_ms;
    struct toy_facts facts, news; /* news: what a cache that stands still shows */
    enum toy_cache cache;
    bool passed_over;  /* time hurried past what was going to happen */
    bool was_intruded; /* somebody else deleted, removed or replaced the run */
    uint32_t runs_created, runs_late, runs_started, ends_written, drops, troubles_left;
    struct toy_operator operators[OPERATORS_MAX];
};

struct toy_view { /* a world and what it points to */
    struct task task;
    struct world world;
};

enum toy_event { /* what happens without an operator */
    EVENT_ROOM,
    EVENT_STRANGER_LEAVES,
    EVENT_WAIT_PASSES,
    EVENT_START,
    EVENT_STOPPED,
    EVENT_END,
    EVENT_VANISH, /* nothing holds the run any more */
    EVENT_SWEEP,  /* the task is gone: owner references, and the sweeper */
    /* troubles, from here on */
    EVENT_CANCEL,
    EVENT_DELETE,
    EVENT_POLICY_REMOVED,
    EVENT_LABEL_REMOVED, /* by which policies select the run */
    EVENT_RUN_DELETED,
    EVENT_RUN_REMOVED, /* by one who takes our finalizer off */
    EVENT_RUN_REPLACED,
    EVENT_CACHE_STOPS,
    EVENT_RUN_CACHE_STOPS, /* of runs alone: the task is seen as it is */
    EVENT_COUNT,
};

void toy_init(const struct toy_fate *fate, struct toy *ret);

/* What the caches show. */
struct toy_facts toy_glance(const struct toy *toy);

/* What is observed of `facts`: toy->facts (then it is live), or toy_glance(). */
void toy_observe(const struct toy *toy, const struct toy_fate *fate, const struct toy_facts *facts,
                 struct toy_view *ret);

/* Makes a plan, made from `facts`, what the operator has in mind. */
void toy_intend(struct toy *toy, uint32_t who, const struct toy_facts *facts,
                const struct plan *plan);

/* Carries out one action; false: it was refused, and the plan ends there. */
bool toy_apply(struct toy *toy, const struct toy_fate *fate, const struct toy_operator *who,
               enum action action);

const char *toy_event_word(enum toy_event event);
bool toy_happen(struct toy *toy, const struct toy_fate *fate, enum toy_event event);
