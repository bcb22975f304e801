// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The plan: all that a decision may say. Data: it can be printed, compared, fuzzed and refused.
 * The order of its actions is the safety argument; applying stops at the first failure. */
#include "core/world.h"

enum action {          /* what, never how: a driver knows how. Every one is idempotent */
    ACTION_LOOK_AGAIN, /* observe live, decide again: nothing else is in such a plan */
    ACTION_HOLD_TASK,  /* put our finalizer on the task */
    ACTION_PUT_POLICY,
    ACTION_PUT_CODE,
    ACTION_SET_STATUS, /* write plan.status, on condition that the task is the version observed */
    ACTION_START_RUN,
    ACTION_MARK_RUN,     /* put back the label by which network policies select it */
    ACTION_BOUND_RUN,    /* move the platform's own clock close behind the code's time */
    ACTION_STOP_RUN,     /* ask the code to end; its output stays */
    ACTION_KEEP_OUTPUT,  /* take result, logs and artifacts into keeping */
    ACTION_DROP_RUN,     /* delete the run's object or traces, by UID */
    ACTION_RELEASE_RUN,  /* take our finalizer off the run */
    ACTION_DROP_CODE,    /* without it no run of this task can start any more */
    ACTION_RELEASE_TASK, /* take our finalizer off the task */
    ACTION_DROP_TASK,    /* its ttl is over: delete it, by UID */
    ACTION_COUNT,
};

enum {
    PLAN_ACTIONS_MAX = 8
};
#define WAKE_NEVER INT64_MAX /* only an event can change anything */

struct plan {
    const char *because;       /* the rule that fired: same word in log, event, metric and test */
    struct task_status status; /* what the status should be after this plan */
    enum action actions[PLAN_ACTIONS_MAX];
    uint32_t action_count;
    int64_t wake_at_ms; /* look again then, at the latest */
};

const char *action_word(enum action action); /* "set-status" … */
