// SPDX-License-Identifier: Apache-2.0
#include "core/verdict.h"

/* Somebody stopped it. Mostly that was us, and the status says why; the rest is an operator that
 * was away, or a stranger. */
static enum reason why_stopped(const struct world *w)
{
    const struct task *task = w->task;

    if (reason_is_ending(task->status.reason))
        return task->status.reason;
    if (task->spec.canceled || task->deleted_ms != 0)
        return REASON_CANCELED;
    if (w->run.fault == FAULT_DEADLINE)
        return w->run.started_ms != 0 ? REASON_TIMEOUT : REASON_QUEUE_TIMEOUT;
    return REASON_POD_DELETED;
}

/* Without a report the exit is the platform's word. It says nothing of who sent the signal: an
 * ending by 128 + n while we were stopping it was our doing. */
static enum reason verdict_unreported(const struct world *w)
{
    if (w->run.exit_code == 0)
        return REASON_NONE;
    if (w->run.is_stopping && (w->run.exit_code == EXIT_UNKNOWN || w->run.exit_code > 128))
        return why_stopped(w);
    return REASON_POD_FAILED;
}

static enum reason verdict_by_cause(const struct world *w)
{
    switch (w->run.cause) {
    case CAUSE_EXITED:
        return w->run.exit_code == 0 ? REASON_NONE : REASON_POD_FAILED;
    case CAUSE_SIGNALED:
        return REASON_POD_FAILED;
    case CAUSE_TIMEOUT:
        return REASON_TIMEOUT;
    case CAUSE_STOPPED:
        return why_stopped(w);
    case CAUSE_START_FAILED:
        return REASON_START_FAILED;
    case CAUSE_UNPROVEN:
        return REASON_POLICY_UNENFORCEABLE;
    case CAUSE_NONE:
        break;
    }
    return verdict_unreported(w);
}

/* The fault comes first: it knows more than the exit that followed from it. */
enum reason verdict_of(const struct world *w)
{
    switch (w->run.state == RUN_ENDED ? w->run.fault : FAULT_DEADLINE) {
    case FAULT_NONE:
        return verdict_by_cause(w);
    case FAULT_DEADLINE: /* the platform's clock is one of our ways to stop it, ... */
    case FAULT_DELETED:  /* ... deleting what never started is another */
        return why_stopped(w);
    case FAULT_OOM_KILLED:
        return REASON_OOM_KILLED;
    case FAULT_EVICTED:
        return REASON_EVICTED;
    case FAULT_PREEMPTED:
        return REASON_PREEMPTED;
    case FAULT_NODE_LOST:
        return REASON_NODE_LOST;
    case FAULT_NODE_SHUTDOWN:
        return REASON_NODE_SHUTDOWN;
    case FAULT_REPLACED:
        return REASON_POD_REPLACED;
    case FAULT_RESTARTED:
        return REASON_POD_RESTARTED;
    case FAULT_MUTATED:
        return REASON_POD_MUTATED;
    case FAULT_DISK_LIMIT:
        return REASON_DISK_LIMIT;
    case FAULT_PROCESS_LIMIT:
        return REASON_PROCESS_LIMIT;
    case FAULT_START:
        return REASON_START_FAILED;
    case FAULT_CONTRADICTED:
        return REASON_POD_FAILED;
    case FAULT_SUPERVISOR_LOST:
        return REASON_SUPERVISOR_LOST;
    }
    return REASON_POD_FAILED; /* not a fault at all: the driver is newer than we are */
}

enum phase verdict_phase(enum reason reason)
{
    if (reason == REASON_NONE)
        return PHASE_SUCCEEDED;
    return reason == REASON_CANCELED ? PHASE_CANCELED : PHASE_FAILED;
}
