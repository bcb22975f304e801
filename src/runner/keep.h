// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Taking what the code left in /workspace/artifacts, after everything is dead: its result, inside
 * the report or as frames, and its artifacts as frames. Whatever stands there was made by an enemy:
 * nothing is followed, nothing blocks, and size, depth and number are bounded. */
#include "base/base64.h"
#include "core/report.h"
#include "core/task.h"
#include "runner/outlet.h"

struct keeper {
    int directory_fd;                          /* opened before the code ran */
    struct outlet *outlet;                     /* where frames go */
    struct outlet *beside;                     /* stderr, where the outlet is stdout; else NULL */
    int64_t deadline_ms;                       /* for the outlet's reader */
    bool has_framed;                           /* something was sent */
    char text[BASE64_SIZE(REPORT_RESULT_MAX)]; /* report.result_text lies here */
    char bytes[RESULT_SIZE_MAX + 1];
};

/* Fills in the report's result and artifacts and sends the frames that belong to it. */
void keep_all(struct keeper *keeper, struct report *ret);

/* No more frames: behind output only if there were any, so that a plain log stays clean. */
void keep_end(struct keeper *keeper);
