// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What a finished task means as an exit code, for `run` and `wait --exit-code`: the code's own if
 * it ended by itself (128 + signal if by a signal), 124 its time was up, 125 the platform failed
 * it or it could not start, 130 canceled, 137 killed at a limit. Pure. */
#include "core/task.h"

enum {
    EXIT_TIMEOUT = 124,
    EXIT_PLATFORM = 125,
    EXIT_SIGNAL = 128, /* + the signal */
    EXIT_INTERRUPTED = 130,
    EXIT_KILLED = 137,
};

/* Of a terminal status only. */
int exitcode_of(const struct task_status *status);
