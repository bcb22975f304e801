// SPDX-License-Identifier: Apache-2.0
#include "driver/capture.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "sys/file.h"

enum {
    READ_SIZE = 64 * 1024,
    COPY_SIZE_MAX = 32 * 1024 * 1024, /* the runner sends at most 4 MiB and two tails; a byte is
                                       * shown as six at the most */
    COPY_PART = 4096,                 /* PIPE_BUF: such a write does not block after POLLOUT */
    FRAMES_SIZE_MAX = 2 * ARTIFACTS_SIZE_MAX + 1024 * 1024,
};

bool capture_init(struct rundir *dir, const struct capture_copies *copies, struct capture *ret,
                  struct err *err)
{
    *ret = (struct capture){
        .copies = {{.fd = copies->stdout_fd}, {.fd = copies->stderr_fd}},
        .show = copies->show,
        .show_ctx = copies->ctx,
    };
    if (!runlog_create(dir, &ret->log, err))
        return false;
    buf_init(&ret->copies[LOG_STDOUT].pending, COPY_SIZE_MAX);
    buf_init(&ret->copies[LOG_STDERR].pending, COPY_SIZE_MAX);
    harvest_init(&ret->harvest, FRAMES_SIZE_MAX);
    return true;
}

void capture_fini(struct capture *capture)
{
    runlog_fini(&capture->log);
    buf_fini(&capture->copies[LOG_STDOUT].pending);
    buf_fini(&capture->copies[LOG_STDERR].pending);
    harvest_fini(&capture->harvest);
}

/* Bytes now, 0 for none now, -1 at the end. */
static ssize_t read_some(int fd, char bytes[READ_SIZE])
{
    ssize_t got = read(fd, bytes, READ_SIZE);

    if (got > 0)
        return got;
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/* -- output ----------------------------------------------------------------- */

void capture_copy_some(struct capture_copy *copy)
{
    size_t part = copy->pending.size < COPY_PART ? copy->pending.size : COPY_PART;
    ssize_t done;

    if (part == 0 || copy->fd < 0)
        return;
    done = write(copy->fd, copy->pending.at, part);
    if (done > 0)
        buf_drop(&copy->pending, (size_t)done);
    else if (done < 0 && errno != EAGAIN && errno != EINTR)
        copy->fd = -1; /* its reader is gone; the log has it all */
}

/* Small outputs to a willing reader go out at once, without another turn of the loop. */
static void copy_add(struct capture *capture, enum log_stream stream, struct str bytes)
{
    struct capture_copy *copy = &capture->copies[stream];
    struct pollfd ready = {.fd = copy->fd, .events = POLLOUT};

    if (copy->fd < 0)
        return;
    if (capture->show)
        capture->show(capture->show_ctx, stream, bytes, &copy->pending);
    else
        buf_add(&copy->pending, bytes);
    while (copy->pending.size > 0 && copy->fd >= 0 && poll(&ready, 1, 0) == 1)
        capture_copy_some(copy);
}

bool capture_output(struct capture *capture, int fd, enum log_stream stream, int64_t now_ms)
{
    char bytes[READ_SIZE];
    ssize_t got = read_some(fd, bytes);
    struct str output = {bytes, got > 0 ? (size_t)got : 0};

    if (got > 0) {
        copy_add(capture, stream, output);
        runlog_add(&capture->log, stream, output, now_ms);
    }
    return got >= 0;
}

void capture_copy_all(struct capture *capture)
{
    for (size_t i = 0; i < countof(capture->copies); i++) {
        struct capture_copy *copy = &capture->copies[i];
        struct err ignored = {0};
        copy_add(capture, (enum log_stream)i, (struct str){0});
        if (copy->fd >= 0) /* a reader that went away is its own business */
            (void)!fd_write_all(copy->fd, buf_str(&copy->pending), &ignored);
        buf_drop(&copy->pending, copy->pending.size);
    }
}

void capture_copy_stop(struct capture *capture)
{
    for (size_t i = 0; i < countof(capture->copies); i++) {
        capture->copies[i].fd = -1;
        buf_drop(&capture->copies[i].pending, capture->copies[i].pending.size);
    }
}

/* -- frames ----------------------------------------------------------------- */

bool capture_frames(struct capture *capture, int fd)
{
    char bytes[READ_SIZE];
    ssize_t got = read_some(fd, bytes);

    if (got > 0)
        harvest_read(&capture->harvest, (struct str){bytes, (size_t)got});
    return got >= 0;
}
