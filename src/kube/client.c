// SPDX-License-Identifier: Apache-2.0
#include "kube/client.h"

enum {
    SENDS_MAX = 6,
    PUT_OFF_MS = 1000, /* if the server does not say how long */
    PUT_OFF_MAX_MS = 60000,
    BACKLOG_MAX = 16 * 1024 * 1024, /* of a stream, while `take` waits for something else */
    BUF_KEPT_SIZE = 64 * 1024
};

struct call {
    const struct kube_client *client;
    struct exchange *exchange;
    int32_t status;
    int64_t retry_after_ms;
    struct buf bytes;
    struct err failure;
    bool is_stream, is_waiting, is_ended, is_late;
};

/* Nothing may be touched after: the call stands on the stack that goes on. */
static void wake(struct call *call)
{
    if (call->is_waiting)
        fiber_wake(call->client->fiber);
}

static void head(void *ctx, int32_t status, int64_t retry_after_ms)
{
    struct call *call = ctx;

    call->status = status;
    call->retry_after_ms = retry_after_ms;
}

static void bytes(void *ctx, struct str bytes)
{
    struct call *call = ctx;

    buf_add(&call->bytes, bytes);
    if (call->is_stream)
        wake(call);
}

static void end(void *ctx, const struct err *failure)
{
    struct call *call = ctx;

    call->is_ended = true;
    if (failure)
        call->failure = *failure;
    wake(call);
}

static const struct exchange_events events = {.head = head, .bytes = bytes, .end = end};

static void call_wait(struct call *call)
{
    call->is_waiting = true;
    fiber_wait(call->client->fiber);
    call->is_waiting = false;
}

static bool is_stopped(const struct kube_client *client)
{
    return client->is_stopped && *client->is_stopped;
}

/* Before each sending: the right to act may be gone since. */
static bool may_send(const struct kube_client *client, const struct kube_request *request,
                     struct err *err)
{
    if (is_stopped(client))
        return err_set(err, ERR_RETRY, "stopped");
    if (request->method != HTTP_GET && client->may_write && !client->may_write(client->ctx))
        return err_set(err, ERR_REFUSED, "not sent: the right to write is not ours now");
    return true;
}

static bool call_start(struct call *call, const struct kube_client *client,
                       const struct kube_request *request, bool is_stream, struct err *err)
{
    *call = (struct call){
        .client = client,
        .retry_after_ms = -1,
        .is_stream = is_stream,
    };
    buf_init(&call->bytes, is_stream ? BACKLOG_MAX : request->size_max);
    if (!may_send(client, request, err))
        return false;
    call->exchange = client->transport->start(client->transport->self, request, &events, call);
    return true;
}

static void call_fini(struct call *call)
{
    if (call->exchange && !call->is_ended)
        call->client->transport->stop(call->client->transport->self, call->exchange);
    buf_fini(&call->bytes);
}

static bool call_check(const struct call *call, struct err *err)
{
    if (call->bytes.is_full)
        return err_set(err, ERR_LIMIT, "the answer is larger than %zu bytes", call->bytes.size_max);
    if (call->failure.kind == ERR_NONE)
        return true;
    *err = call->failure;
    return false;
}

static bool send_once(const struct kube_client *client, struct arena *arena,
                      const struct kube_request *request, struct kube_response *ret,
                      struct err *err)
{
    auto_end(call_fini) struct call call;

    if (!call_start(&call, client, request, false, err))
        return false;
    while (!call.is_ended && !is_stopped(client))
        call_wait(&call);
    if (!call.is_ended)
        return err_set(err, ERR_RETRY, "stopped");
    if (!call_check(&call, err))
        return false;
    *ret = (struct kube_response){
        .status = call.status,
        .retry_after_ms = call.retry_after_ms,
        .body = arena_copy(arena, buf_str(&call.bytes)),
    };
    return true;
}

/* Not acted on, and to be sent again: priority and fairness. */
static bool is_put_off(const struct kube_response *response)
{
    return response->status == 429 || (response->status == 503 && response->retry_after_ms >= 0);
}

/* All who were put off at once do not come again at once. */
static int64_t wait_ms(const struct kube_client *client, const struct kube_response *response)
{
    int64_t told_ms = response->retry_after_ms < 0 ? PUT_OFF_MS : response->retry_after_ms;
    uint32_t chance = client->reactor->chance(client->reactor->self);

    if (told_ms > PUT_OFF_MAX_MS)
        told_ms = PUT_OFF_MAX_MS;
    return told_ms + chance % (told_ms / 4 + 100);
}

bool kube_send(const struct kube_client *client, struct arena *arena,
               const struct kube_request *request, struct kube_response *ret, struct err *err)
{
    for (int sends = 1;; sends++) {
        if (!send_once(client, arena, request, ret, err))
            return false;
        if (!is_put_off(ret) || sends == SENDS_MAX)
            return true;
        fiber_sleep(client->fiber, client->reactor, wait_ms(client, ret));
    }
}

/* What cannot be read is not the caller's mistake. */
static bool answer_read(struct arena *arena, struct str body, struct json_value *ret,
                        struct err *err)
{
    struct err reason = {0};

    if (body.size > JSON_SIZE_MAX)
        return err_set(err, ERR_LIMIT, "the answer is larger than %d bytes", JSON_SIZE_MAX);
    if (json_read(arena, body, ret, &reason))
        return true;
    return err_set(err, ERR_RETRY, "the answer cannot be read: %s", reason.text);
}

bool kube_call(const struct kube_client *client, struct arena *arena,
               const struct kube_request *request, const char *what, struct json_value *ret,
               struct err *err)
{
    struct kube_response response;

    if (!kube_send(client, arena, request, &response, err))
        return err_wrap(err, "%s", what);
    if (!response_check(&response, what, err))
        return false;
    return answer_read(arena, response.body, ret, err) || err_wrap(err, "%s", what);
}

static void grow_late(void *ctx)
{
    struct call *call = ctx;

    call->is_late = true;
    wake(call);
}

static void empty(struct buf *buf)
{
    if (buf->room > BUF_KEPT_SIZE) { /* one burst is not held for as long as the stream lives */
        buf_fini(buf);
        buf_init(buf, BACKLOG_MAX);
    }
    buf->size = 0;
}

static bool is_well(const struct call *call)
{
    return call->status >= 200 && call->status < 300;
}

/* False: `take` has had enough. More may come while it waits for something else. */
static bool hand_over(struct call *call, struct buf *taken,
                      bool (*take)(void *ctx, struct str bytes), void *ctx)
{
    struct buf full = call->bytes;

    if (!is_well(call) || full.size == 0)
        return true;
    call->bytes = *taken;
    call->bytes.is_full = full.is_full;
    *taken = full;
    if (!take(ctx, buf_str(taken)))
        return false;
    empty(taken);
    return true;
}

static bool stream(struct call *call, const char *what, bool (*take)(void *ctx, struct str bytes),
                   void *ctx, struct err *err)
{
    auto_end(buf_fini) struct buf taken;

    buf_init(&taken, BACKLOG_MAX);
    for (;;) {
        bool was_ended = call->is_ended;
        if (!hand_over(call, &taken, take, ctx) || call->is_late)
            return true;
        if (is_stopped(call->client))
            return err_set(err, ERR_RETRY, "%s: stopped", what);
        if (was_ended || call->bytes.is_full)
            break;
        if (!call->is_ended && call->bytes.size == 0)
            call_wait(call);
        else if (!is_well(call) && !call->is_ended)
            call_wait(call); /* for the rest of the refusal */
    }
    if (!call_check(call, err))
        return err_wrap(err, "%s", what);
    return response_check(
        &(struct kube_response){.status = call->status, .body = buf_str(&call->bytes)}, what, err);
}

bool kube_stream(const struct kube_client *client, const struct kube_request *request,
                 const char *what, int64_t until_ms, bool (*take)(void *ctx, struct str bytes),
                 void *ctx, struct err *err)
{
    const struct reactor *reactor = client->reactor;
    auto_end(call_fini) struct call call;
    struct alarm alarm = {.ring = grow_late, .ctx = &call};
    bool ret;

    if (!call_start(&call, client, request, true, err))
        return err_wrap(err, "%s", what);
    if (until_ms > 0)
        reactor->arm(reactor->self, &alarm, until_ms);
    ret = stream(&call, what, take, ctx, err);
    reactor->disarm(reactor->self, &alarm);
    return ret;
}
