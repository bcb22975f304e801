// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The closed lists of the life of a task, and their words. Nothing that a user or the code wrote
 * ever becomes one of these words; they are also the only values of metric labels. */
#include "base/str.h"

enum phase {
    PHASE_NONE, /* not looked at yet: no status */
    PHASE_PENDING,
    PHASE_SCHEDULED,
    PHASE_RUNNING,
    PHASE_SUCCEEDED,
    PHASE_FAILED,
    PHASE_CANCELED,
};

enum reason {
    REASON_NONE, /* an empty REASON column: success, or nothing to say */
    /* the task is over */
    REASON_POD_FAILED,
    REASON_TIMEOUT,
    REASON_QUEUE_TIMEOUT,
    REASON_IMAGE_PULL_FAILED,
    REASON_START_FAILED,
    REASON_OOM_KILLED,
    REASON_EVICTED,
    REASON_PREEMPTED,
    REASON_NODE_LOST,
    REASON_NODE_SHUTDOWN,
    REASON_POD_DELETED,
    REASON_POD_REPLACED,
    REASON_POD_RESTARTED,
    REASON_POD_MUTATED,
    REASON_NAME_CONFLICT,
    REASON_DISK_LIMIT,
    REASON_PROCESS_LIMIT,
    REASON_PROFILE_NOT_FOUND,
    REASON_CODE_NOT_FOUND,
    REASON_INVALID,
    REASON_POLICY_UNENFORCEABLE,
    REASON_BACKEND_UNAVAILABLE,
    REASON_CANCELED,
    REASON_SUPERVISOR_LOST,
    /* the task waits */
    REASON_QUEUED,
    REASON_QUOTA_EXCEEDED,
    REASON_POLICY_PENDING,
    REASON_UNSCHEDULABLE,
    REASON_IMAGE_PULLING,
    REASON_COUNT,
};

/* Of a result that was not accepted; never touches phase or reason. */
enum result_verdict {
    RESULT_NONE_YET,
    RESULT_VALID,
    RESULT_INVALID,   /* not a regular file, or not JSON as the result rules demand */
    RESULT_TOO_LARGE, /* above RESULT_SIZE_MAX */
    RESULT_MISSING,   /* the code left none, or it was lost on the way */
};

const char *phase_word(enum phase phase);    /* "" for PHASE_NONE */
const char *reason_word(enum reason reason); /* "" for REASON_NONE */
const char *reason_text(enum reason reason); /* a sentence for people: status.message */
must_use bool phase_parse(struct str word, enum phase *ret);
must_use bool reason_parse(struct str word, enum reason *ret);
const char *result_verdict_word(enum result_verdict verdict); /* "ResultInvalid" …; "" if valid */

/* The one predicate for "over": Succeeded, Failed, Canceled. */
bool phase_is_terminal(enum phase phase);

/* Is it a reason to be over, not one to wait? In a status that is not terminal it is the decision
 * to stop, written before anything is stopped. */
bool reason_is_ending(enum reason reason);
