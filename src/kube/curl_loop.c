// SPDX-License-Identifier: Apache-2.0
#include "kube/curl_loop.h"

#include <stdlib.h>

#include "base/arena.h"

struct socket_watch { /* one socket of libcurl's that it waits for */
    uv_poll_t poll;
    struct curl_loop *owner;
    curl_socket_t fd;
    struct socket_watch *next_free;
};

struct curl_loop {
    struct arena arena; /* holds this and all watches */
    uv_loop_t *uv;
    struct reactor reactor;
    CURLM *multi;
    struct alarm alarm;
    void (*acted)(void *ctx);
    void *ctx;
    struct socket_watch *free;
    uint32_t open_count; /* of handles that libuv knows */
    bool is_closing;
};

static void act(struct curl_loop *curl_loop, curl_socket_t fd, int events)
{
    int running;

    curl_multi_socket_action(curl_loop->multi, fd, events, &running);
    curl_loop->acted(curl_loop->ctx);
}

static void ready(uv_poll_t *poll, int status, int events)
{
    struct socket_watch *watch = poll->data;
    int flags = (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
                (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0) | (status < 0 ? CURL_CSELECT_ERR : 0);

    act(watch->owner, watch->fd, flags);
}

static void give_memory_back(struct curl_loop *curl_loop)
{
    struct arena arena = curl_loop->arena;

    arena_fini(&arena);
}

static void watch_closed(uv_handle_t *handle)
{
    struct socket_watch *watch = handle->data;
    struct curl_loop *owner = watch->owner;

    watch->next_free = owner->free;
    owner->free = watch;
    owner->open_count--;
    if (owner->is_closing && owner->open_count == 0)
        give_memory_back(owner);
}

static struct socket_watch *watch_open(struct curl_loop *curl_loop, curl_socket_t fd)
{
    struct socket_watch *watch = curl_loop->free;

    if (watch)
        curl_loop->free = watch->next_free;
    else
        watch = arena_alloc(&curl_loop->arena, sizeof(*watch));
    watch->owner = curl_loop;
    watch->fd = fd;
    if (uv_poll_init_socket(curl_loop->uv, &watch->poll, fd) < 0)
        abort(); /* a descriptor that cannot be waited for: libcurl makes none such */
    watch->poll.data = watch;
    curl_loop->open_count++;
    curl_multi_assign(curl_loop->multi, fd, watch);
    return watch;
}

/* libcurl says which socket it waits for, and for what. It closes a socket only after this. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *watch_of_socket)
{
    struct curl_loop *curl_loop = ctx;
    struct socket_watch *watch = watch_of_socket;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (!watch)
            return 0;
        curl_multi_assign(curl_loop->multi, fd, NULL);
        uv_poll_stop(&watch->poll);
        uv_close((uv_handle_t *)&watch->poll, watch_closed);
        return 0;
    }
    if (!watch)
        watch = watch_open(curl_loop, fd);
    uv_poll_start(
        &watch->poll,
        (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0), ready);
    return 0;
}

static void time_is_up(void *ctx)
{
    act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

static int set_timer(CURLM *multi, long wait_ms, void *ctx)
{
    struct curl_loop *curl_loop = ctx;
    const struct reactor *reactor = &curl_loop->reactor;

    (void)multi;
    if (wait_ms < 0)
        reactor->disarm(reactor->self, &curl_loop->alarm);
    else
        reactor->arm(reactor->self, &curl_loop->alarm,
                     reactor->monotonic_ms(reactor->self) + wait_ms);
    return 0;
}

struct curl_loop *curl_loop_open(struct loop *loop, CURLM *multi, void (*acted)(void *ctx),
                                 void *ctx)
{
    struct arena arena = {0};
    struct curl_loop *curl_loop = arena_alloc(&arena, sizeof(*curl_loop));

    *curl_loop = (struct curl_loop){
        .arena = arena,
        .uv = loop_uv(loop),
        .reactor = loop_reactor(loop),
        .multi = multi,
        .alarm = {.ring = time_is_up, .ctx = curl_loop},
        .acted = acted,
        .ctx = ctx,
    };
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, curl_loop);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, curl_loop);
    return curl_loop;
}

void curl_loop_close(struct curl_loop *curl_loop)
{
    const struct reactor *reactor = &curl_loop->reactor;

    reactor->disarm(reactor->self, &curl_loop->alarm);
    curl_loop->is_closing = true;
    if (curl_loop->open_count == 0)
        give_memory_back(curl_loop);
}
