// SPDX-License-Identifier: Apache-2.0
#include "kube/curl_transport.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

#include "base/buf.h"
#include "kube/curl_loop.h"
#include "kube/curl_setup.h"
#include "kube/curl_socket.h"

enum {
    HEAD_SIZE_MAX = 256 * 1024,
    NEWS_KEPT_SIZE = 64 * 1024
};

struct link { /* of a ring, whose first one stands for no exchange */
    struct link *before, *after;
};

enum exchange_state {
    EXCHANGE_QUEUED,
    EXCHANGE_FLYING, /* libcurl has it */
    EXCHANGE_OVER,   /* not told yet */
};

struct exchange {
    struct link place;  /* among those of its state; the ring does not matter once it is over */
    struct link news;   /* of those that have something to tell */
    struct arena arena; /* holds this and the request's texts */
    struct curl_transport *transport;
    struct kube_request request;
    struct exchange_events events;
    void *ctx;
    enum exchange_state state;
    CURL *easy;
    struct curl_lists lists;
    char curl_error[CURL_ERROR_SIZE];
    uint32_t credential_number;
    bool is_second, is_refused; /* after a 401; there will be a second try, this one is not told */
    bool has_news, is_telling, is_stopped, is_oversize;
    bool has_head, head_is_told, says_retry;
    int32_t status;
    int64_t retry_after_ms;
    size_t head_size, body_size;
    struct buf bytes; /* not told yet */
    struct err failure;
    int64_t started_ms, heard_ms;
    struct alarm alarm;
};

/* Connections that may stand in for each other. Those of streams are apart: libcurl 7.88 puts a
 * request that may share an HTTP/2 connection on one of HTTP/1.1 that is in use, if only that is
 * there. */
struct line {
    CURLM *multi;
    struct curl_loop *curl_loop;
};

struct curl_transport {
    struct arena arena; /* holds the transport itself */
    struct reactor reactor;
    const struct kube_access *access;
    struct curl_setup setup;
    struct credential_cache credentials;
    struct line lines[2]; /* of short requests, and of streams */
    struct curl_sockets sockets;
    struct link queued, flying, news;
    uint32_t flight_count; /* without streams */
    int64_t heard_ms;      /* by any of those */
    struct alarm tell_soon;
    void (*answered)(void *ctx, enum http_method method, int32_t status);
    void *ctx;
};

static void ring_init(struct link *ring)
{
    *ring = (struct link){ring, ring};
}

static void link_add(struct link *ring, struct link *link) /* at its end */
{
    *link = (struct link){ring->before, ring};
    ring->before->after = link;
    ring->before = link;
}

static void link_drop(struct link *link)
{
    link->before->after = link->after;
    link->after->before = link->before;
    ring_init(link);
}

static struct exchange *exchange_at(struct link *place)
{
    return (struct exchange *)(void *)((char *)place - offsetof(struct exchange, place));
}

static struct exchange *exchange_of_news(struct link *news)
{
    return (struct exchange *)(void *)((char *)news - offsetof(struct exchange, news));
}

static int64_t monotonic_ms(const struct curl_transport *transport)
{
    return transport->reactor.monotonic_ms(transport->reactor.self);
}

static void news_add(struct exchange *exchange)
{
    if (exchange->has_news)
        return;
    exchange->has_news = true;
    link_add(&exchange->transport->news, &exchange->news);
}

static void alarm_set(struct exchange *exchange, int64_t at_ms)
{
    const struct reactor *reactor = &exchange->transport->reactor;

    if (exchange->request.timeout_ms > 0)
        reactor->arm(reactor->self, &exchange->alarm, at_ms);
}

static CURLM *multi_of(const struct exchange *exchange)
{
    return exchange->transport->lines[exchange->request.is_stream].multi;
}

/* Takes it from libcurl; its place in the flight is free. */
static void land(struct exchange *exchange)
{
    struct curl_transport *transport = exchange->transport;

    if (!exchange->easy)
        return;
    curl_multi_remove_handle(multi_of(exchange), exchange->easy);
    curl_easy_cleanup(exchange->easy);
    curl_lists_fini(&exchange->lists);
    exchange->easy = NULL;
    if (!exchange->request.is_stream)
        transport->flight_count--;
}

static void conclude(struct exchange *exchange, const struct err *failure)
{
    struct curl_transport *transport = exchange->transport;

    land(exchange);
    transport->reactor.disarm(transport->reactor.self, &exchange->alarm);
    if (failure)
        exchange->failure = *failure;
    link_drop(&exchange->place);
    exchange->state = EXCHANGE_OVER;
    news_add(exchange);
}

static size_t take_head(char *line, size_t one, size_t size, void *ctx)
{
    struct exchange *exchange = ctx;
    struct curl_transport *transport = exchange->transport;
    curl_off_t retry_s = 0;
    long status = 0;

    (void)one;
    exchange->heard_ms = monotonic_ms(transport);
    if (!exchange->request.is_stream)
        transport->heard_ms = exchange->heard_ms;
    exchange->head_size += size;
    exchange->is_oversize = exchange->head_size > HEAD_SIZE_MAX;
    if (exchange->is_oversize)
        return 0;
    if (size >= 12 && strncasecmp(line, "retry-after:", 12) == 0)
        exchange->says_retry = true;
    if (exchange->has_head || (line[0] != '\r' && line[0] != '\n')) /* or it is a trailer */
        return size;
    curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(exchange->easy, CURLINFO_RETRY_AFTER, &retry_s);
    if (status < 200) /* "continue": the real one follows */
        return size;
    exchange->has_head = true;
    exchange->status = (int32_t)status;
    exchange->retry_after_ms = exchange->says_retry ? (int64_t)retry_s * 1000 : -1;
    exchange->is_refused = status == 401 && !exchange->is_second &&
                           (transport->access->has_exec || transport->access->token_file.size > 0);
    if (!exchange->is_refused)
        news_add(exchange);
    return size;
}

static size_t take_body(char *bytes, size_t one, size_t size, void *ctx)
{
    struct exchange *exchange = ctx;
    struct curl_transport *transport = exchange->transport;

    (void)one;
    exchange->heard_ms = monotonic_ms(transport);
    if (!exchange->request.is_stream)
        transport->heard_ms = exchange->heard_ms;
    exchange->body_size += size;
    exchange->is_oversize = (!exchange->request.is_stream || exchange->is_refused) &&
                            exchange->body_size > exchange->request.size_max;
    if (exchange->is_oversize)
        return 0;
    if (exchange->is_refused)
        return size;
    buf_add(&exchange->bytes, (struct str){bytes, size});
    news_add(exchange);
    return size;
}

static bool prepare(struct exchange *exchange, struct err *err)
{
    struct curl_transport *transport = exchange->transport;
    const struct reactor *reactor = &transport->reactor;
    struct credential credential;

    if (!credential_current(&transport->credentials, transport->access,
                            reactor->now_ms(reactor->self), &credential, err))
        return false;
    exchange->credential_number = transport->credentials.number;
    exchange->easy = curl_easy_init();
    if (!exchange->easy)
        abort(); /* out of memory */
    curl_easy_setopt(exchange->easy, CURLOPT_PRIVATE, exchange);
    curl_easy_setopt(exchange->easy, CURLOPT_ERRORBUFFER, exchange->curl_error);
    curl_easy_setopt(exchange->easy, CURLOPT_HEADERFUNCTION, take_head);
    curl_easy_setopt(exchange->easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(exchange->easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(exchange->easy, CURLOPT_WRITEDATA, exchange);
    curl_sockets_join(&transport->sockets, exchange->easy, exchange->request.is_stream);
    if (curl_setup_apply(&transport->setup, &exchange->request, &credential, exchange->easy,
                         &exchange->lists, err))
        return true;
    curl_easy_cleanup(exchange->easy);
    exchange->easy = NULL;
    return false;
}

static void launch(struct exchange *exchange)
{
    struct curl_transport *transport = exchange->transport;
    struct err err = {0};

    link_drop(&exchange->place);
    link_add(&transport->flying, &exchange->place);
    exchange->state = EXCHANGE_FLYING;
    if (!prepare(exchange, &err)) {
        if (err.kind != ERR_RETRY && err.kind != ERR_LIMIT)
            err.kind = ERR_REFUSED; /* it is the credential that is not there, not the object */
        conclude(exchange, &err);
        transport->reactor.arm(transport->reactor.self, &transport->tell_soon, 0);
        return;
    }
    if (!exchange->request.is_stream)
        transport->flight_count++;
    if (curl_multi_add_handle(multi_of(exchange), exchange->easy) != CURLM_OK)
        abort(); /* out of memory */
}

static void launch_queued(struct curl_transport *transport)
{
    while (transport->flight_count < TRANSPORT_FLIGHT_MAX &&
           transport->queued.after != &transport->queued)
        launch(exchange_at(transport->queued.after));
}

static enum err_kind kind_of(CURLcode code)
{
    switch ((unsigned)code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return ERR_REFUSED;
    default:
        return ERR_RETRY;
    }
}

static void failure_of(const struct exchange *exchange, CURLcode code, struct err *ret)
{
    const char *text = exchange->curl_error[0] ? exchange->curl_error : curl_easy_strerror(code);

    if (exchange->is_oversize)
        err_set(ret, ERR_LIMIT, "the answer is larger than %zu bytes",
                exchange->head_size > HEAD_SIZE_MAX ? (size_t)HEAD_SIZE_MAX
                                                    : exchange->request.size_max);
    else
        err_set(ret, kind_of(code), "%.*s: %s", STR_ARG(exchange->transport->access->server), text);
}

static void observe(const struct exchange *exchange)
{
    const struct curl_transport *transport = exchange->transport;

    if (transport->answered)
        transport->answered(transport->ctx, exchange->request.method, exchange->status);
}

/* Once more, with what stands in the token file now, or the plugin says now. */
static void try_again(struct exchange *exchange)
{
    struct curl_transport *transport = exchange->transport;

    observe(exchange);
    credential_refresh(&transport->credentials, exchange->credential_number);
    land(exchange);
    exchange->is_second = true;
    exchange->is_refused = exchange->has_head = exchange->says_retry = false;
    exchange->head_size = exchange->body_size = 0;
    exchange->status = 0;
    launch(exchange);
}

static void finish(struct exchange *exchange, CURLcode code)
{
    struct err failure = {0};

    if (exchange->is_refused) {
        try_again(exchange);
        return;
    }
    if (code == CURLE_OK) {
        conclude(exchange, NULL);
        return;
    }
    failure_of(exchange, code, &failure);
    conclude(exchange, &failure);
}

static void exchange_free(struct exchange *exchange)
{
    struct arena arena = exchange->arena;

    land(exchange);
    exchange->transport->reactor.disarm(exchange->transport->reactor.self, &exchange->alarm);
    link_drop(&exchange->place);
    link_drop(&exchange->news);
    buf_fini(&exchange->bytes);
    arena_fini(&arena);
}

static void tell_bytes(struct exchange *exchange)
{
    exchange->events.bytes(exchange->ctx, buf_str(&exchange->bytes));
    if (exchange->bytes.room > NEWS_KEPT_SIZE) {
        buf_fini(&exchange->bytes);
        buf_init(&exchange->bytes, SIZE_MAX / 2);
    }
    exchange->bytes.size = 0;
}

/* Whoever is told may stop this exchange, and start and stop others. */
static void tell(struct exchange *exchange)
{
    exchange->is_telling = true;
    if (exchange->has_head && !exchange->head_is_told) {
        exchange->head_is_told = true;
        observe(exchange);
        exchange->events.head(exchange->ctx, exchange->status, exchange->retry_after_ms);
    }
    if (!exchange->is_stopped && exchange->bytes.size > 0)
        tell_bytes(exchange);
    if (!exchange->is_stopped && exchange->state == EXCHANGE_OVER) {
        if (!exchange->has_head)
            observe(exchange);
        exchange->is_stopped = true;
        exchange->events.end(exchange->ctx,
                             exchange->failure.kind == ERR_NONE ? NULL : &exchange->failure);
    }
    exchange->is_telling = false;
    if (exchange->is_stopped)
        exchange_free(exchange);
}

static void finish_all(CURLM *multi)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi, &left))) {
        struct exchange *exchange = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
        finish(exchange, message->data.result);
    }
}

/* After libcurl has done something: what is over makes room, and everybody hears of it. */
static void settle(void *ctx)
{
    struct curl_transport *transport = ctx;

    for (size_t i = 0; i < countof(transport->lines); i++)
        finish_all(transport->lines[i].multi);
    launch_queued(transport);
    while (transport->news.after != &transport->news) {
        struct exchange *exchange = exchange_of_news(transport->news.after);
        link_drop(&exchange->news);
        exchange->has_news = false;
        tell(exchange);
    }
}

/* If no short request heard anything for as long as this one waited, their connections are dead,
 * whatever the sockets say: with HTTP/2, the next requests would be put on them, too. */
static void break_dead_connections(const struct exchange *exchange)
{
    const struct curl_transport *transport = exchange->transport;

    if (exchange->easy && !exchange->request.is_stream &&
        transport->heard_ms <= exchange->started_ms)
        curl_sockets_break(&transport->sockets);
}

static void run_out_of_time(void *ctx)
{
    struct exchange *exchange = ctx;
    struct curl_transport *transport = exchange->transport;
    int64_t end_ms = exchange->heard_ms + exchange->request.timeout_ms;
    struct err failure = {0};

    if (exchange->request.is_stream && monotonic_ms(transport) < end_ms) {
        alarm_set(exchange, end_ms);
        return;
    }
    break_dead_connections(exchange);
    err_set(&failure, ERR_RETRY, "%.*s: no %s for %" PRId64 " ms",
            STR_ARG(transport->access->server), exchange->request.is_stream ? "byte" : "answer",
            exchange->request.timeout_ms);
    conclude(exchange, &failure);
    settle(transport);
}

static struct exchange *start(void *self, const struct kube_request *request,
                              const struct exchange_events *events, void *ctx)
{
    struct curl_transport *transport = self;
    struct arena arena = {0};
    struct exchange *exchange = arena_alloc(&arena, sizeof(*exchange));

    exchange->request = *request;
    exchange->request.path = arena_copy(&arena, request->path);
    exchange->request.body = arena_copy(&arena, request->body);
    exchange->request.accept = arena_copy(&arena, request->accept);
    exchange->arena = arena;
    exchange->transport = transport;
    exchange->events = *events;
    exchange->ctx = ctx;
    exchange->started_ms = exchange->heard_ms = monotonic_ms(transport);
    exchange->alarm = (struct alarm){.ring = run_out_of_time, .ctx = exchange};
    exchange->state = EXCHANGE_QUEUED;
    ring_init(&exchange->news);
    buf_init(&exchange->bytes, SIZE_MAX / 2);
    link_add(&transport->queued, &exchange->place);
    alarm_set(exchange, exchange->started_ms + request->timeout_ms);
    if (request->is_stream)
        launch(exchange);
    else
        launch_queued(transport);
    return exchange;
}

static void stop(void *self, struct exchange *exchange)
{
    struct curl_transport *transport = self;

    exchange->is_stopped = true;
    if (!exchange->is_telling)
        exchange_free(exchange);
    launch_queued(transport);
}

struct transport curl_transport_door(struct curl_transport *transport)
{
    return (struct transport){.self = transport, .start = start, .stop = stop};
}

void curl_transport_observe(struct curl_transport *transport,
                            void (*answered)(void *ctx, enum http_method method, int32_t status),
                            void *ctx)
{
    transport->answered = answered;
    transport->ctx = ctx;
}

static void line_open(struct loop *loop, struct curl_transport *transport, struct line *line)
{
    line->multi = curl_multi_init();
    if (!line->multi)
        abort(); /* out of memory */
    curl_multi_setopt(line->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(line->multi, CURLMOPT_MAXCONNECTS, (long)TRANSPORT_FLIGHT_MAX);
    line->curl_loop = curl_loop_open(loop, line->multi, settle, transport);
}

bool curl_transport_open(struct loop *loop, const struct kube_access *access, const char *agent,
                         struct curl_transport **ret, struct err *err)
{
    struct arena arena = {0};
    struct curl_transport *transport = arena_alloc(&arena, sizeof(*transport));

    if (!curl_setup_init(&arena, access, arena_text(&arena, str_of(agent)), &transport->setup,
                         err)) {
        arena_fini(&arena);
        return false;
    }
    transport->arena = arena;
    transport->reactor = loop_reactor(loop);
    transport->access = access;
    transport->tell_soon = (struct alarm){.ring = settle, .ctx = transport};
    curl_sockets_init(&transport->sockets);
    ring_init(&transport->queued);
    ring_init(&transport->flying);
    ring_init(&transport->news);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort(); /* out of memory */
    for (size_t i = 0; i < countof(transport->lines); i++)
        line_open(loop, transport, &transport->lines[i]);
    *ret = transport;
    return true;
}

static void ring_end(struct link *ring)
{
    while (ring->after != ring)
        exchange_free(exchange_at(ring->after));
}

void curl_transport_close(struct curl_transport *transport)
{
    struct arena arena;

    if (!transport)
        return;
    ring_end(&transport->queued);
    ring_end(&transport->flying);
    while (transport->news.after != &transport->news)
        exchange_free(exchange_of_news(transport->news.after));
    transport->reactor.disarm(transport->reactor.self, &transport->tell_soon);
    for (size_t i = 0; i < countof(transport->lines); i++) {
        curl_multi_cleanup(transport->lines[i].multi);
        curl_loop_close(transport->lines[i].curl_loop);
    }
    curl_sockets_fini(&transport->sockets);
    credential_cache_fini(&transport->credentials);
    curl_global_cleanup();
    arena = transport->arena;
    arena_fini(&arena);
}
