// SPDX-License-Identifier: Apache-2.0
#include "cli/exitcode.h"

#include <assert.h>

static int own_exit_code(const struct task_status *status)
{
    if (status->signal > 0)
        return EXIT_SIGNAL + status->signal;
    return status->exit_code > 0 ? status->exit_code : 1; /* failed, and never as if with 0 */
}

static int failure_code(const struct task_status *status)
{
    switch (status->reason) {
    case REASON_POD_FAILED:
        return own_exit_code(status);
    case REASON_TIMEOUT:
        return EXIT_TIMEOUT;
    case REASON_OOM_KILLED:
    case REASON_DISK_LIMIT:
    case REASON_PROCESS_LIMIT:
        return EXIT_KILLED;
    case REASON_CANCELED:
        return EXIT_INTERRUPTED;
    case REASON_NONE:
    case REASON_QUEUE_TIMEOUT:
    case REASON_IMAGE_PULL_FAILED:
    case REASON_START_FAILED:
    case REASON_EVICTED:
    case REASON_PREEMPTED:
    case REASON_NODE_LOST:
    case REASON_NODE_SHUTDOWN:
    case REASON_POD_DELETED:
    case REASON_POD_REPLACED:
    case REASON_POD_RESTARTED:
    case REASON_POD_MUTATED:
    case REASON_NAME_CONFLICT:
    case REASON_PROFILE_NOT_FOUND:
    case REASON_CODE_NOT_FOUND:
    case REASON_INVALID:
    case REASON_POLICY_UNENFORCEABLE:
    case REASON_BACKEND_UNAVAILABLE:
    case REASON_SUPERVISOR_LOST:
    case REASON_QUEUED:
    case REASON_QUOTA_EXCEEDED:
    case REASON_POLICY_PENDING:
    case REASON_UNSCHEDULABLE:
    case REASON_IMAGE_PULLING:
    case REASON_COUNT:
        break;
    }
    return EXIT_PLATFORM;
}

int exitcode_of(const struct task_status *status)
{
    assert(phase_is_terminal(status->phase));
    if (status->phase == PHASE_SUCCEEDED)
        return 0;
    if (status->phase == PHASE_CANCELED)
        return EXIT_INTERRUPTED;
    return failure_code(status);
}
