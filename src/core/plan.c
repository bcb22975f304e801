// SPDX-License-Identifier: Apache-2.0
#include "core/plan.h"

#include <assert.h>

static const char *const words[] = {
    [ACTION_LOOK_AGAIN] = "look-again", [ACTION_HOLD_TASK] = "hold-task",
    [ACTION_PUT_POLICY] = "put-policy", [ACTION_PUT_CODE] = "put-code",
    [ACTION_SET_STATUS] = "set-status", [ACTION_START_RUN] = "start-run",
    [ACTION_MARK_RUN] = "mark-run",     [ACTION_BOUND_RUN] = "bound-run",
    [ACTION_STOP_RUN] = "stop-run",     [ACTION_KEEP_OUTPUT] = "keep-output",
    [ACTION_DROP_RUN] = "drop-run",     [ACTION_RELEASE_RUN] = "release-run",
    [ACTION_DROP_CODE] = "drop-code",   [ACTION_RELEASE_TASK] = "release-task",
    [ACTION_DROP_TASK] = "drop-task",
};
static_assert(countof(words) == ACTION_COUNT, "every action has its word");

const char *action_word(enum action action)
{
    assert(action < ACTION_COUNT);
    return words[action];
}
