// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The code's stdout and stderr on their way out. Live up to a number of bytes that both share; then
 * one line says so, and of what follows the last OUTPUT_TAIL bytes of each stream are kept and come
 * at the end. The frame mark is replaced on the way: no line of the code's can be a frame. While
 * live, a slow reader slows the code, as a pipe does; beyond the limit nothing waits. */
#include <poll.h>

#include "runner/outlet.h"

enum {
    OUTPUT_CHUNK = 64 * 1024,
    OUTPUT_TAIL = 64 * 1024,
    OUTPUT_NOTICE = 160,
    OUTPUT_POLLS = 4, /* descriptors that output_poll fills in */
};

struct stream {
    int from; /* read end of the code's pipe, non-blocking; -1: at its end */
    struct outlet to;
    char pending[OUTPUT_CHUNK + OUTPUT_NOTICE]; /* read and not written yet */
    size_t pending_start, pending_end;
    char tail[OUTPUT_TAIL]; /* a ring */
    uint64_t tail_bytes;    /* all that ever went in */
};

struct flow {
    struct stream streams[2]; /* stdout, stderr */
    int64_t live_max, live_left;
    int64_t bytes; /* all that the code wrote */
    bool is_limited;
};

/* `output` is zeroed memory. live_max: INT64_MAX for no limit. */
void flow_init(struct flow *output, int stdout_from, int stderr_from, int64_t live_max);

void flow_poll(const struct flow *output, struct pollfd ret[OUTPUT_POLLS]);
void flow_turn(struct flow *output, const struct pollfd polls[OUTPUT_POLLS]);

/* Reads what is left in the pipes and writes all that waits, the tails last; bounded by time.
 * Nobody may hold the pipes' other ends any more. */
void flow_finish(struct flow *output, int64_t deadline_ms);

bool flow_is_truncated(const struct flow *output); /* something never came out */
