// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The kept output of a run (file "log" of its run directory). Written by the supervisor, read by
 * `agentctl logs`, also while it grows. One line of the kubelet's log format (CRI) per line of
 * output: "<RFC 3339 nano> stdout|stderr F|P <bytes>\n". The bytes are the code's, 0x00 to 0xff as
 * they are; a line longer than LOG_LINE_MAX is split with tag P, and so is one that never ended.
 *
 * Everything that comes is written (the runner bounds it), but what is not near either end is
 * given back to the file system: once while the file has grown by LOG_FILE_MAX, and at the end.
 * What stays is at least the first LOG_HEAD_SIZE and the last LOG_TAIL_SIZE bytes of output, in
 * whole lines, and between them one line of ours that says how much is missing. Behind that line
 * the file has a hole, bytes of zero that runlog_read() passes over: no byte that stays ever moves,
 * so whoever follows a log keeps his place. A file system without holes keeps everything. */
#include "store/rundir.h"

enum {
    LOG_LINE_MAX = 16 * 1024,
    LOG_FILE_MAX = 32 * 1024 * 1024, /* lines of one byte take 42 in the file */
};

enum log_stream {
    LOG_STDOUT,
    LOG_STDERR,
};

struct runlog {
    int fd;          /* -1: none */
    int64_t bytes;   /* of output, not of the file */
    bool has_failed; /* a write failed (disk full): the rest is counted, not kept */
    struct buf pending[2];
    struct buf lines;     /* to be written before runlog_add returns */
    int64_t lines_output; /* bytes of output in them */
    int64_t size, output; /* of the file; bytes of output that were ever written to it */
    int64_t head_end;     /* where the head ends in the file; 0: it is not full yet */
    int64_t head_output;  /* bytes of output in the head */
    int64_t tail_start;   /* where the file goes on behind the hole; head_end: no hole */
    int64_t omitted;      /* bytes of output that were in the hole */
    int64_t shrink_at;    /* the size at which to look again for what can go */
    int64_t time_ms;      /* of the latest line */
};

must_use bool runlog_create(struct rundir *dir, struct runlog *ret, struct err *err);
/* Never fails: a full disk sets has_failed. Whole lines are written at once; a partial line waits
 * for its rest, for runlog_flush() or for LOG_LINE_MAX. */
void runlog_add(struct runlog *log, enum log_stream stream, struct str bytes, int64_t now_ms);
void runlog_flush(struct runlog *log, int64_t now_ms);
/* Ends it: keeps head and tail only. With fd -1 it ends the log of a dead supervisor, if there is
 * one, and counts its bytes. */
must_use bool runlog_finish(struct rundir *dir, struct runlog *log, bool *ret_truncated,
                            struct err *err);
void runlog_fini(struct runlog *log);

struct runlog_filter {
    int64_t tail_lines; /* -1: all; counts from the first call on, where *offset is 0 */
    int64_t since_ms;   /* 0: all */
};
/* Calls `visit` for every kept piece in order, from `*offset` of the file on, and moves `*offset`
 * behind what it visited: call again to follow. `ends_line`: tag F. What is not a line of the
 * format is passed over. */
must_use bool runlog_read(struct rundir *dir, const struct runlog_filter *filter, int64_t *offset,
                          void (*visit)(void *ctx, int64_t time_ms, enum log_stream stream,
                                        struct str bytes, bool ends_line),
                          void *ctx, struct err *err);
