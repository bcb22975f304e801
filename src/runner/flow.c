// SPDX-License-Identifier: Apache-2.0
#include "runner/flow.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "core/frame.h"
#include "runner/timer.h"

void flow_init(struct flow *flow, int stdout_from, int stderr_from, int64_t live_max,
               int64_t line_cost)
{
    flow->streams[0].from = stdout_from;
    flow->streams[0].to.fd = STDOUT_FILENO;
    flow->streams[1].from = stderr_from;
    flow->streams[1].to.fd = STDERR_FILENO;
    flow->live_max = flow->live_left = live_max;
    flow->line_cost = line_cost;
}

static bool has_pending(const struct stream *stream)
{
    return stream->pending_start < stream->pending_end;
}

/* While live, a stream is read only when all of it has been written: then the code waits for the
 * reader. Beyond the limit it is always read. */
static bool wants_bytes(const struct flow *flow, const struct stream *stream)
{
    return stream->from >= 0 && (flow->is_limited || !has_pending(stream));
}

void flow_poll(const struct flow *flow, struct pollfd ret[FLOW_POLLS])
{
    for (size_t i = 0; i < countof(flow->streams); i++) {
        const struct stream *stream = &flow->streams[i];
        ret[2 * i] =
            (struct pollfd){.fd = wants_bytes(flow, stream) ? stream->from : -1, .events = POLLIN};
        ret[2 * i + 1] =
            (struct pollfd){.fd = has_pending(stream) ? stream->to.fd : -1, .events = POLLOUT};
    }
}

static void pending_flush(struct stream *stream)
{
    struct str bytes = {stream->pending + stream->pending_start,
                        stream->pending_end - stream->pending_start};

    stream->pending_start += outlet_try(&stream->to, bytes);
}

static void pending_add(struct stream *stream, struct str bytes)
{
    memcpy(stream->pending + stream->pending_end, bytes.at, bytes.size);
    stream->pending_end += bytes.size;
}

static void tail_add(struct stream *stream, struct str bytes)
{
    while (bytes.size > 0) {
        size_t start = (size_t)(stream->tail_bytes % FLOW_TAIL);
        size_t size = FLOW_TAIL - start < bytes.size ? FLOW_TAIL - start : bytes.size;
        memcpy(stream->tail + start, bytes.at, size);
        stream->tail_bytes += size;
        bytes = str_skip(bytes, size);
    }
}

static void limit_say(struct flow *flow, struct stream *stream)
{
    char notice[FLOW_NOTICE];
    bool is_mid_line = stream->pending_end > stream->pending_start
                           ? stream->pending[stream->pending_end - 1] != '\n'
                           : stream->to.is_mid_line;
    int size = snprintf(notice, sizeof(notice),
                        "%sagenttask: output limit of %lld bytes reached; the last %d bytes of "
                        "each stream follow at the end\n",
                        is_mid_line ? "\n" : "", (long long)flow->live_max, FLOW_TAIL);

    flow->is_limited = true;
    pending_add(stream, (struct str){notice, (size_t)size});
}

static void mark_replace(char *bytes, size_t size)
{
    char *end = bytes + size;

    for (char *at = bytes; (at = memchr(at, FRAME_MARK, (size_t)(end - at))); at++)
        *at = '?';
}

/* How many of the bytes still go out live. */
static size_t live_take(struct flow *flow, struct str bytes)
{
    size_t taken = 0;

    while (taken < bytes.size && flow->live_left > 0) {
        struct str rest = str_skip(bytes, taken);
        const char *end = flow->line_cost ? memchr(rest.at, '\n', rest.size) : NULL;
        size_t size = end ? (size_t)(end - rest.at) + 1 : rest.size;
        bool is_whole = (int64_t)size <= flow->live_left;

        size = is_whole ? size : (size_t)flow->live_left;
        flow->live_left -= (int64_t)size + (end && is_whole ? flow->line_cost : 0);
        taken += size;
    }
    if (flow->live_left < 0)
        flow->live_left = 0;
    return taken;
}

static void bytes_take(struct flow *flow, struct stream *stream, char *bytes, size_t size)
{
    size_t live = live_take(flow, (struct str){bytes, size});

    mark_replace(bytes, size);
    flow->bytes += (int64_t)size;
    if (live > 0) { /* then nothing is pending: wants_bytes() */
        stream->pending_start = stream->pending_end = 0;
        pending_add(stream, (struct str){bytes, live});
    }
    if (live == size)
        return;
    if (!flow->is_limited) {
        if (!has_pending(stream))
            stream->pending_start = stream->pending_end = 0;
        limit_say(flow, stream);
    }
    tail_add(stream, (struct str){bytes + live, size - live});
}

/* False: nothing more to read now, or ever. */
static bool stream_read(struct flow *flow, struct stream *stream)
{
    char bytes[FLOW_CHUNK];
    ssize_t got = read(stream->from, bytes, sizeof(bytes));

    if (got > 0) {
        bytes_take(flow, stream, bytes, (size_t)got);
        return true;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(stream->from);
        stream->from = -1;
    }
    return false;
}

void flow_turn(struct flow *flow, const struct pollfd polls[FLOW_POLLS])
{
    for (size_t i = 0; i < countof(flow->streams); i++) {
        struct stream *stream = &flow->streams[i];
        if (polls[2 * i + 1].revents)
            pending_flush(stream);
        if (polls[2 * i].revents && wants_bytes(flow, stream)) {
            stream_read(flow, stream);
            pending_flush(stream);
        }
    }
}

static bool flow_is_over(const struct flow *flow)
{
    bool is_over = true;

    for (size_t i = 0; i < countof(flow->streams); i++)
        is_over &= flow->streams[i].from < 0 && !has_pending(&flow->streams[i]);
    return is_over;
}

/* How many of its last bytes cost, as lines, no more than it holds. */
static size_t tail_size(const struct stream *stream, int64_t line_cost)
{
    size_t kept = stream->tail_bytes < FLOW_TAIL ? (size_t)stream->tail_bytes : FLOW_TAIL;
    int64_t left = FLOW_TAIL;
    size_t size = 0;

    for (; size < kept; size++) {
        bool is_end = stream->tail[(stream->tail_bytes - size - 1) % FLOW_TAIL] == '\n';
        left -= 1 + (is_end ? line_cost : 0);
        if (left < 0)
            break;
    }
    return size;
}

static void tail_write(struct stream *stream, int64_t line_cost, int64_t deadline_ms)
{
    size_t size = tail_size(stream, line_cost);
    size_t start = (size_t)((stream->tail_bytes - size) % FLOW_TAIL);
    size_t first = FLOW_TAIL - start < size ? FLOW_TAIL - start : size;

    outlet_write(&stream->to, (struct str){stream->tail + start, first}, deadline_ms);
    outlet_write(&stream->to, (struct str){stream->tail, size - first}, deadline_ms);
}

void flow_finish(struct flow *flow, int64_t deadline_ms)
{
    struct pollfd polls[FLOW_POLLS];

    while (!flow_is_over(flow) && timer_left(deadline_ms) > 0) {
        flow_poll(flow, polls);
        if (poll(polls, FLOW_POLLS, timer_left(deadline_ms)) > 0)
            flow_turn(flow, polls);
    }
    for (size_t i = 0; i < countof(flow->streams); i++) {
        struct stream *stream = &flow->streams[i];
        if (has_pending(stream)) /* the reader was too slow: what would follow has a hole before */
            stream->to.is_broken = true;
        tail_write(stream, flow->line_cost, deadline_ms);
    }
}

bool flow_is_truncated(const struct flow *flow)
{
    bool is_truncated = false;

    for (size_t i = 0; i < countof(flow->streams); i++) {
        const struct stream *stream = &flow->streams[i];
        is_truncated |= tail_size(stream, flow->line_cost) < stream->tail_bytes;
        is_truncated |= stream->to.is_broken;
    }
    return is_truncated;
}
