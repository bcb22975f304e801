// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A descriptor of ours that somebody else reads, perhaps slowly, perhaps not at all. It may share
 * its open file with other processes, so it is never made non-blocking: it is written only when
 * poll says so, and never more than a pipe then takes whole (PIPE_BUF). A reader that went away
 * makes it broken; bytes for a broken outlet vanish. */
#include "base/str.h"

struct outlet {
    int fd;
    bool is_broken;
    bool is_mid_line; /* the last byte written was not a newline */
    int64_t bytes;    /* all that were written */
};

/* How many of the bytes went out without waiting; all, if it is broken. */
size_t outlet_try(struct outlet *outlet, struct str bytes);

/* All of them, or false when the deadline has passed or it is broken. Once late, it is broken. */
bool outlet_write(struct outlet *outlet, struct str bytes, int64_t deadline_ms);
