// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The code's stdout and stderr on their way out. Live up to a number of bytes that both share; then
 * one line says so, and of what follows the last FLOW_TAIL bytes of each stream are kept and come
 * at the end. The frame mark is replaced on the way: no line of the code's can be a frame. While
 * live, a slow reader slows the code, as a pipe does; beyond the limit nothing waits. */
#include <poll.h>

#include "runner/outlet.h"

enum {
    FLOW_CHUNK = 64 * 1024,
    FLOW_TAIL = 64 * 1024,
    FLOW_NOTICE = 160,
    FLOW_POLLS = 4, /* descriptors that flow_poll fills in */
};

struct stream {
    int from; /* read end of the code's pipe, non-blocking; -1: at its end */
    struct outlet to;
    char pending[FLOW_CHUNK + FLOW_NOTICE]; /* read and not written yet */
    size_t pending_start, pending_end;
    char tail[FLOW_TAIL]; /* a ring */
    uint64_t tail_bytes;  /* all that ever went in */
};

struct flow {
    struct stream streams[2]; /* stdout, stderr */
    int64_t live_max, live_left;
    int64_t line_cost; /* what each line counts beyond its bytes */
    int64_t bytes;     /* all that the code wrote */
    bool is_limited;
};

/* `flow` is zeroed memory. live_max: INT64_MAX for no limit. line_cost: of a log that puts
 * something before each line, and has a limit of its own. */
void flow_init(struct flow *flow, int stdout_from, int stderr_from, int64_t live_max,
               int64_t line_cost);

void flow_poll(const struct flow *flow, struct pollfd ret[FLOW_POLLS]);
void flow_turn(struct flow *flow, const struct pollfd polls[FLOW_POLLS]);

/* Reads what is left in the pipes and writes all that waits, the tails last; bounded by time.
 * Nobody may hold the pipes' other ends any more. */
void flow_finish(struct flow *flow, int64_t deadline_ms);

bool flow_is_truncated(const struct flow *flow); /* something never came out */
