// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What comes out of a sandbox while its code runs: two streams of output, kept in the run's log and
 * copied live, and frames that carry a large result and the artifacts. Never blocks on a slow
 * reader of the copies and never holds more than the runner may send (COPY_SIZE_MAX a stream). */
#include "base/buf.h"
#include "driver/harvest.h"
#include "sandbox/sandbox.h"
#include "store/runlog.h"

/* What is shown of the output is not always its bytes (cli/escape.h). Appends to `ret` what to show
 * for the next bytes of a stream; called with none at the end. */
typedef void capture_show(void *ctx, enum log_stream stream, struct str bytes, struct buf *ret);

struct capture_copies {       /* where to, and how; show NULL: the bytes as they are */
    int stdout_fd, stderr_fd; /* -1: nowhere */
    capture_show *show;
    void *ctx;
};

struct capture_copy {
    int fd; /* -1: nowhere, or the reader is gone */
    struct buf pending;
};

struct capture {
    struct runlog log;
    struct capture_copy copies[2]; /* by enum log_stream */
    capture_show *show;
    void *show_ctx;
    struct harvest harvest; /* frames have a descriptor of their own: no text among them */
};

must_use bool capture_init(struct rundir *dir, const struct capture_copies *copies,
                           struct capture *ret, struct err *err);
void capture_fini(struct capture *capture);

/* Takes what there is to read from one descriptor of the sandbox. False: it is at its end. */
bool capture_output(struct capture *capture, int fd, enum log_stream stream, int64_t now_ms);
bool capture_frames(struct capture *capture, int fd);

/* Gives readers of the copies what they take without blocking: call when poll says POLLOUT. */
void capture_copy_some(struct capture_copy *copy);
/* … and the rest at the end, however long they take. */
void capture_copy_all(struct capture *capture);
void capture_copy_stop(struct capture *capture); /* nobody reads them any more */
