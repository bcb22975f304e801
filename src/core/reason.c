// SPDX-License-Identifier: Apache-2.0
#include "core/reason.h"

#include <assert.h>

static const char *const phases[] = {
    [PHASE_NONE] = "",
    [PHASE_PENDING] = "Pending",
    [PHASE_SCHEDULED] = "Scheduled",
    [PHASE_RUNNING] = "Running",
    [PHASE_SUCCEEDED] = "Succeeded",
    [PHASE_FAILED] = "Failed",
    [PHASE_CANCELED] = "Canceled",
};

static const struct {
    const char *word, *text;
} reasons[] = {
    [REASON_NONE] = {"",                    ""                                              },
    [REASON_POD_FAILED] = {"PodFailed",           "the code failed"                               },
    [REASON_TIMEOUT] = {"Timeout",             "its run time was used up"                      },
    [REASON_QUEUE_TIMEOUT] = {"QueueTimeout",        "it could not start within its queue time"      },
    [REASON_IMAGE_PULL_FAILED] = {"ImagePullFailed",     "its image cannot be had"                       },
    [REASON_START_FAILED] = {"StartFailed",         "it could not be started"                       },
    [REASON_OOM_KILLED] = {"OOMKilled",           "it used more memory than its limit"            },
    [REASON_EVICTED] = {"Evicted",             "it was evicted from its node"                  },
    [REASON_PREEMPTED] = {"Preempted",           "it made room for something of higher priority" },
    [REASON_NODE_LOST] = {"NodeLost",            "its node was lost"                             },
    [REASON_NODE_SHUTDOWN] = {"NodeShutdown",        "its node was shut down"                        },
    [REASON_POD_DELETED] = {"PodDeleted",          "its run was deleted or stopped from outside"   },
    [REASON_POD_REPLACED] = {"PodReplaced",         "another object took the place of its run"      },
    [REASON_POD_RESTARTED] = {"PodRestarted",        "its container was started a second time"       },
    [REASON_POD_MUTATED] = {"PodMutated",          "its run was stored otherwise than it was sent" },
    [REASON_NAME_CONFLICT] = {"NameConflict",        "the name of its run is taken by another object"},
    [REASON_DISK_LIMIT] = {"DiskLimit",           "it used more storage than its limit"           },
    [REASON_PROCESS_LIMIT] = {"ProcessLimit",        "it used more processes than its limit"         },
    [REASON_PROFILE_NOT_FOUND] = {"ProfileNotFound",     "there is no such runtime profile"              },
    [REASON_CODE_NOT_FOUND] = {"CodeNotFound",        "its code cannot be found"                      },
    [REASON_INVALID] = {"Invalid",             "it cannot be run as it was asked for"          },
    [REASON_POLICY_UNENFORCEABLE] = {"PolicyUnenforceable",
                     "its isolation cannot be enforced here"                                },
    [REASON_BACKEND_UNAVAILABLE] = {"BackendUnavailable",  "the backend asked for is not here"             },
    [REASON_CANCELED] = {"Canceled",            "it was asked to stop"                          },
    [REASON_SUPERVISOR_LOST] = {"SupervisorLost",      "its supervisor or the machine went down"       },
    [REASON_QUEUED] = {"Queued",              "it waits for room"                             },
    [REASON_QUOTA_EXCEEDED] = {"QuotaExceeded",       "it waits for quota"                            },
    [REASON_POLICY_PENDING] = {"PolicyPending",       "it waits for its network policy to stand"      },
    [REASON_UNSCHEDULABLE] = {"Unschedulable",       "it waits for a node with room for it"          },
    [REASON_IMAGE_PULLING] = {"ImagePulling",        "it waits for its image"                        },
};
static_assert(countof(reasons) == REASON_COUNT, "every reason has its words");

static const char *const verdicts[] = {
    [RESULT_NONE_YET] = "",
    [RESULT_VALID] = "",
    [RESULT_INVALID] = "ResultInvalid",
    [RESULT_TOO_LARGE] = "ResultTooLarge",
    [RESULT_MISSING] = "ResultMissing",
};

const char *phase_word(enum phase phase)
{
    assert(phase < countof(phases));
    return phases[phase];
}

const char *reason_word(enum reason reason)
{
    assert(reason < countof(reasons));
    return reasons[reason].word;
}

const char *reason_text(enum reason reason)
{
    assert(reason < countof(reasons));
    return reasons[reason].text;
}

const char *result_verdict_word(enum result_verdict verdict)
{
    assert(verdict < countof(verdicts));
    return verdicts[verdict];
}

bool phase_parse(struct str word, enum phase *ret)
{
    for (unsigned i = 0; i < countof(phases); i++)
        if (str_is(word, phases[i])) {
            *ret = (enum phase)i;
            return true;
        }
    return false;
}

bool reason_parse(struct str word, enum reason *ret)
{
    for (unsigned i = 0; i < countof(reasons); i++)
        if (str_is(word, reasons[i].word)) {
            *ret = (enum reason)i;
            return true;
        }
    return false;
}

bool phase_is_terminal(enum phase phase)
{
    return phase == PHASE_SUCCEEDED || phase == PHASE_FAILED || phase == PHASE_CANCELED;
}

bool reason_is_ending(enum reason reason)
{
    return reason > REASON_NONE && reason < REASON_QUEUED;
}
