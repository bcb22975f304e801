// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The world: all that a decision may look at. A driver fills it in by observing (a cluster, this
 * machine, the simulator) and never decides; decide() looks and never asks. */
#include "core/profile.h"
#include "core/report.h"
#include "core/task.h"

enum run_state {
    RUN_ABSENT,  /* no such run. Seen live, and never recorded in the status, it was never created
                  * (a finalizer holds it, locally the supervisor is its creator) */
    RUN_WAITING, /* created; its code has not started */
    RUN_ACTIVE,  /* its code runs */
    RUN_ENDED,   /* its code is over, or can never start any more: the facts below are final */
};

enum run_wait { /* what a waiting run waits for: the closed table of waiting reasons */
    WAIT_NONE,
    WAIT_UNSCHEDULABLE,
    WAIT_PULLING,
    WAIT_PULL_ERROR,    /* transient until the grace is over */
    WAIT_IMAGE_INVALID, /* can never be pulled */
    WAIT_START_ERROR,   /* container config, create or run error, init error */
    WAIT_CODE_MISSING,  /* a referenced ConfigMap or key is gone */
};

/* Why it ended, when not by the code itself. FAULT_NONE: see cause; so it is whenever the runner
 * says that the code ended by itself, whatever befell the run after that. */
enum run_fault {
    FAULT_NONE,
    FAULT_OOM_KILLED,
    FAULT_EVICTED,
    FAULT_PREEMPTED,
    FAULT_NODE_LOST,
    FAULT_NODE_SHUTDOWN,
    FAULT_DELETED,   /* somebody else deleted it */
    FAULT_REPLACED,  /* another run of that name, other UID, stands there */
    FAULT_RESTARTED, /* its container ran more than once */
    FAULT_MUTATED,   /* stored otherwise than sent */
    FAULT_DISK_LIMIT,
    FAULT_PROCESS_LIMIT,
    FAULT_START,        /* could not start: `message` says why */
    FAULT_DEADLINE,     /* the platform's own clock ended it (activeDeadlineSeconds) */
    FAULT_CONTRADICTED, /* the runner's report and the container's exit cannot both be true */
    FAULT_SUPERVISOR_LOST,
};

struct run {
    enum run_state state;
    struct run_ref ref;  /* kind and name always: what the run is, or would be, called; uid and node
                          * of what is there */
    bool is_stranger;    /* something of that name exists and is not ours: never touched */
    bool is_stopping;    /* we, or somebody, already asked it to end */
    bool is_deleting;    /* its object is on the way out (deletionTimestamp) */
    bool is_held;        /* it carries our finalizer (locally: its traces are not removed yet) */
    bool is_unmarked;    /* somebody changed the label by which network policies select it */
    bool is_loose;       /* the platform's own clock stands far behind the code's time */
    int64_t stopping_ms; /* since when it is stopping; 0: not known, it ends in any case */
    int64_t created_ms, started_ms, ended_ms;
    enum run_wait wait;
    int64_t wait_since_ms;
    /* RUN_ENDED */
    enum run_fault fault;
    enum run_cause cause; /* CAUSE_NONE: no report; exit_code then from the platform */
    int32_t exit_code, signal;
    struct str message;
};

struct world {
    int64_t now_ms;
    const struct task *task;
    bool is_live;    /* read from the source of truth, not from a cache older than our last write */
    bool is_unready; /* something decisive could not be read: decide nothing, look again later */

    bool profile_known;
    enum reason refusal; /* REASON_NONE, or why it can never run as asked (ProfileNotFound, Invalid,
                          * CodeNotFound, PolicyUnenforceable, BackendUnavailable) */
    struct str refusal_message;
    struct task_effective effective; /* what it would get; valid unless refused */
    bool has_room;
    enum reason waits_for;     /* when there is no room: Queued or QuotaExceeded */
    struct task_queue queue;   /* where it stands when there is no room */
    bool has_policy;           /* the standing deny policy stands and has settled */
    int64_t policy_settled_ms; /* it stands and will have settled then; 0: it does not stand */
    bool has_code;    /* its code object stands, if one is needed; no run starts without it */
    bool code_exists; /* there is such an object of ours: something to drop */
    struct run run;

    /* the output of an ended run */
    bool output_kept; /* captured, all of it or all that can ever be had */
    struct task_result result;
    struct task_logs logs;
    struct task_usage usage;
    struct isolation isolation;
    int64_t artifacts_bytes;
    bool artifacts_too_large;

    int64_t pull_grace_ms; /* how long a transient pull error is borne; default 120 000 */
};

/* Is there a run of this task? What a stranger put in its place is none. */
static inline bool run_is_there(const struct world *world)
{
    return !world->run.is_stranger && world->run.state != RUN_ABSENT;
}

/* Is it another run than the one in the status? Then nothing that it says counts. */
static inline bool run_is_other(const struct world *world)
{
    struct str recorded = world->task->status.run.uid;

    return run_is_there(world) && recorded.size > 0 && !str_equal(recorded, world->run.ref.uid);
}
