// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The kept output of a run (file "log" of its run directory). Written by the supervisor, read by
 * `agentctl logs`, also while it grows. A line longer than LOG_LINE_MAX is split with tag P. */
#include "store/rundir.h"

enum {
    LOG_LINE_MAX = 16 * 1024
};

enum log_stream {
    LOG_STDOUT,
    LOG_STDERR,
};

struct runlog {
    int fd;
    int64_t bytes;   /* of output, not of the file */
    bool has_failed; /* a write failed (disk full): the rest is counted, not kept */
    struct buf pending[2];
};

must_use bool runlog_create(struct rundir *dir, struct runlog *ret, struct err *err);
/* Never fails: a full disk sets has_failed. Whole lines are written at once; a partial line waits
 * for its rest, for runlog_flush() or for LOG_LINE_MAX. */
void runlog_add(struct runlog *log, enum log_stream stream, struct str bytes, int64_t now_ms);
void runlog_flush(struct runlog *log, int64_t now_ms);
/* Ends it: keeps head and tail only (an omission line of ours between them). */
must_use bool runlog_finish(struct rundir *dir, struct runlog *log, bool *ret_truncated,
                            struct err *err);
void runlog_fini(struct runlog *log);

struct runlog_filter {
    int64_t tail_lines; /* -1: all */
    int64_t since_ms;   /* 0: all */
};
/* Calls `visit` for every kept piece in order, from `*offset` of the file on, and moves `*offset`
 * behind what it visited: call again to follow. `ends_line`: tag F. */
must_use bool runlog_read(struct rundir *dir, const struct runlog_filter *filter, int64_t *offset,
                          void (*visit)(void *ctx, int64_t time_ms, enum log_stream stream,
                                        struct str bytes, bool ends_line),
                          void *ctx, struct err *err);
