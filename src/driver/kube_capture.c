// SPDX-License-Identifier: Apache-2.0
#include "driver/kube_capture.h"

#include "api/pod.h"

#define EXCUSE "unable to retrieve container logs for "

enum {
    EXCUSE_MAX = 256
};

static void take_text(void *ctx, struct str bytes)
{
    struct kube_capture *capture = ctx;
    size_t room = LOG_HEAD_SIZE - capture->head.size;
    size_t size = bytes.size < room ? bytes.size : room;

    capture->text_bytes += (int64_t)bytes.size;
    buf_add(&capture->head, (struct str){bytes.at, size});
    bytes = str_skip(bytes, size);
    if (bytes.size > LOG_TAIL_SIZE)
        bytes = str_skip(bytes, bytes.size - LOG_TAIL_SIZE);
    if (capture->tail.size + bytes.size > capture->tail.size_max)
        buf_drop(&capture->tail, capture->tail.size - (LOG_TAIL_SIZE - bytes.size));
    buf_add(&capture->tail, bytes);
}

struct kube_capture *kube_capture_new(void)
{
    struct arena arena = {0};
    struct kube_capture *ret = arena_alloc(&arena, sizeof(*ret));

    ret->arena = arena;
    harvest_init(&ret->harvest, KUBE_ARTIFACTS_MAX);
    ret->harvest.text = take_text;
    ret->harvest.ctx = ret;
    buf_init(&ret->head, LOG_HEAD_SIZE);
    buf_init(&ret->tail, (size_t)2 * LOG_TAIL_SIZE);
    return ret;
}

struct kube_capture *kube_capture_free(struct kube_capture *capture)
{
    struct arena arena = capture ? capture->arena : (struct arena){0};

    if (!capture)
        return NULL;
    harvest_fini(&capture->harvest);
    buf_fini(&capture->head);
    buf_fini(&capture->tail);
    arena_fini(&arena); /* it stands in there itself */
    return NULL;
}

bool kube_capture_is_excuse(const struct kube_capture *capture, int64_t sent)
{
    return capture->text_bytes <= EXCUSE_MAX && capture->text_bytes != sent &&
           str_starts(buf_str(&capture->head), EXCUSE);
}

void kube_capture_clear(struct kube_capture *capture)
{
    buf_drop(&capture->head, capture->head.size);
    buf_drop(&capture->tail, capture->tail.size);
    capture->text_bytes = capture->stream_bytes = 0;
    capture->is_over = false;
}

/* The mark stands for a frame wherever it is: the runner lets none through from the code, and a log
 * joins what was no whole line on stderr with what comes next on stdout. */
void kube_capture_add(struct kube_capture *capture, struct str bytes)
{
    while (bytes.size > 0) {
        const char *mark = memchr(bytes.at + 1, FRAME_MARK, bytes.size - 1);
        size_t size = mark ? (size_t)(mark - bytes.at) : bytes.size;
        if (bytes.at[0] == FRAME_MARK && !capture->harvest.reader.in_frame)
            capture->harvest.reader.at_line_start = true;
        harvest_read(&capture->harvest, (struct str){bytes.at, size});
        bytes = str_skip(bytes, size);
    }
}

struct str kube_capture_tail(const struct kube_capture *capture)
{
    struct str tail = buf_str(&capture->tail);

    return tail.size > LOG_TAIL_SIZE ? str_skip(tail, tail.size - LOG_TAIL_SIZE) : tail;
}

static bool take(void *ctx, struct str bytes)
{
    struct kube_capture *capture = ctx;

    capture->stream_bytes += (int64_t)bytes.size;
    kube_capture_add(capture, bytes);
    return capture->stream_bytes < KUBE_STREAM_MAX;
}

bool kube_capture_read(struct kube_capture *capture, const struct kube_client *client,
                       struct str space, struct str pod, bool follow, int64_t until_ms,
                       struct err *err)
{
    const struct log_query query = {
        .container = CONTAINER_TASK,
        .follow = follow,
        .tail_lines = -1,
        .limit_bytes = KUBE_STREAM_MAX,
    };
    struct arena arena = {0};
    struct kube_request request = request_log(&arena, space, pod, &query);
    const char *what =
        arena_print(&arena, "read the log of pod %.*s/%.*s", STR_ARG(space), STR_ARG(pod)).at;
    int64_t now_ms;
    bool ret;

    ret = kube_stream(client, &request, what, until_ms, take, capture, err);
    now_ms = client->reactor->monotonic_ms(client->reactor->self);
    capture->is_over =
        ret && capture->stream_bytes < KUBE_STREAM_MAX && (until_ms == 0 || now_ms < until_ms);
    arena_fini(&arena);
    return ret;
}
