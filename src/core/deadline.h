// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The times of a task and the operator's clocks over them. Pure. Waiting is charged to the queue
 * allowance, never to the run time, which counts from the moment the code starts. */
#include "core/plan.h"

/* The runner is the first clock: it ends the code at its timeout and needs the grace to do so. */
#define CLOCK_SLACK_MS   (GRACE_MS + 5000)
#define PROOF_MAX_MS     INT64_C(30000) /* before the code of a task with egress: see core/job.h */
#define STOP_PATIENCE_MS INT64_C(40000) /* a run that does not end by then is given up */
#define CODE_GRACE_MS    INT64_C(30000) /* how long missing code is borne: it may be on its way */
#define NAME_GRACE_MS    INT64_C(60000) /* how long a taken name is: its owner may be leaving */
#define CAPTURE_MAX_MS   INT64_C(30000) /* how long keeping the output takes at most */
#define QUIET_MS         INT64_C(2000)  /* a run that starts faster is recorded once, as running */
#define BOUND_AFTER_MS   INT64_C(60000) /* a run that takes longer is worth a write to bound it */
#define LOOK_SOON_MS     INT64_C(1000)  /* for what we did ourselves to show */
#define LOOK_LATER_MS    INT64_C(30000) /* for what others have to do first */

/* How long after a run has started its time is up for the platform and for the operator. */
int64_t run_allowance_ms(const struct task_effective *effective);

/* As recorded; else as seen, and then never before what came before it nor after now: clocks of
 * other machines choose no deadline. 0: it has not happened. */
int64_t time_queued(const struct world *world);
int64_t time_created(const struct world *world);
int64_t time_started(const struct world *world);
int64_t time_finished(const struct world *world);

/* WAKE_NEVER where they do not apply; sums saturate. */
int64_t deadline_of_queue(const struct world *world); /* to have started by */
int64_t deadline_of_wait(const struct world *world);  /* for what it waits for, if that may pass */
int64_t deadline_of_name(const struct world *world);  /* for a stranger to get out of the way */
int64_t deadline_of_quiet(const struct world *world); /* for a new run to be worth recording */
int64_t deadline_of_run(const struct world *world);   /* for the code to end */
int64_t deadline_of_loose(const struct world *world); /* for a loose run to be bounded */
int64_t deadline_of_stop(const struct world *world);  /* for a run that is being stopped to end */
int64_t deadline_of_ttl(const struct task *task);     /* for a finished task to go */

/* The first of those that wait for a task which is neither over nor being stopped. */
int64_t deadline_next(const struct world *world);
