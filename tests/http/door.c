// SPDX-License-Identifier: Apache-2.0
/* A server to be attacked from outside: door CONNECTIONS PEER BODIES [CERTIFICATE KEY]. Says its
 * port on a line of its own. SIGHUP: reads the pair again; SIGTERM: closes, and ends when every
 * page has answered. A pair of "-" is never read. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/server.h"
#include "sys/clock.h"
#include "sys/file.h"

enum {
    BODY_MAX = 1024 * 1024,
    PEM_MAX = 64 * 1024,
};

struct door {
    struct loop *loop;
    struct reactor reactor;
    struct http_server *server;
    const char *certificate, *key;
    struct http_exchange *held; /* of /relay */
    uint32_t waiting;
    bool is_closed;
};

struct visit { /* to /later */
    struct door *door;
    struct http_exchange *exchange;
    struct alarm alarm;
};

static void serve_hello(void *ctx, struct http_exchange *exchange)
{
    (void)ctx;
    http_answer(exchange, 200, HTTP_TEXT, STR_LIT("hello\n"));
}

static void serve_echo(void *ctx, struct http_exchange *exchange)
{
    (void)ctx;
    http_answer(exchange, 200, "application/json", http_request_of(exchange)->body);
}

static void serve_long(void *ctx, struct http_exchange *exchange)
{
    auto_end(buf_fini) struct buf body = {0};

    (void)ctx;
    buf_init(&body, HTTP_ANSWER_MAX);
    for (int i = 0; i < 40000; i++)
        buf_add(&body, STR_LIT("twenty bytes a line\n"));
    http_answer(exchange, 200, HTTP_TEXT, buf_str(&body));
}

static void leave_if_done(struct door *door)
{
    if (door->is_closed && door->waiting == 0)
        loop_stop(door->loop);
}

static void answer_later(void *ctx)
{
    struct visit *visit = ctx;
    struct door *door = visit->door;

    http_answer(visit->exchange, 200, "application/json", http_request_of(visit->exchange)->body);
    free(visit);
    door->waiting--;
    leave_if_done(door);
}

/* The body says after how many milliseconds. */
static void serve_later(void *ctx, struct http_exchange *exchange)
{
    struct visit *visit = calloc(1, sizeof(*visit));
    int64_t wait_ms = 0;

    if (!visit || !str_to_int(http_request_of(exchange)->body, &wait_ms))
        abort();
    visit->door = ctx;
    visit->exchange = exchange;
    visit->alarm = (struct alarm){.ring = answer_later, .ctx = visit};
    visit->door->waiting++;
    visit->door->reactor.arm(visit->door->reactor.self, &visit->alarm,
                             clock_monotonic_ms() + wait_ms);
}

/* Each one answers the one before, from inside the server's own turn, and waits for the next. */
static void serve_relay(void *ctx, struct http_exchange *exchange)
{
    struct door *door = ctx;

    if (door->held)
        http_answer(door->held, 200, HTTP_TEXT, STR_LIT("relayed"));
    door->held = exchange;
}

static const struct http_page pages[] = {
    {"/hello", false, 0,        serve_hello},
    {"/long",  false, 0,        serve_long },
    {"/echo",  true,  BODY_MAX, serve_echo },
    {"/later", true,  BODY_MAX, serve_later},
    {"/relay", true,  BODY_MAX, serve_relay},
};

static void identify(void *ctx)
{
    struct door *door = ctx;
    struct arena arena = {0};
    struct err err = {0};
    struct str certificate, key;

    if (strcmp(door->certificate, "-") != 0 &&
        (!file_read(&arena, door->certificate, PEM_MAX, &certificate, &err) ||
         !file_read(&arena, door->key, PEM_MAX, &key, &err) ||
         !http_server_identify(door->server, certificate, key, &err)))
        fprintf(stderr, "door: %s\n", err.text);
    arena_fini(&arena);
}

static void was_asked_to_stop(void *ctx)
{
    struct door *door = ctx;

    door->is_closed = true;
    http_server_close(door->server);
    if (door->held)
        http_answer(door->held, 200, HTTP_TEXT, STR_LIT("nobody came after you"));
    leave_if_done(door);
}

static bool open_door(struct door *door, const struct http_spec *spec, struct err *err)
{
    if (!loop_open(&door->loop, err))
        return false;
    door->reactor = loop_reactor(door->loop);
    return http_server_open(door->loop, spec, &door->server, err) &&
           loop_signal(door->loop, SIGHUP, identify, door, err) &&
           loop_signal(door->loop, SIGTERM, was_asked_to_stop, door, err);
}

int main(int argc, char **argv)
{
    struct door door = {0};
    struct http_pages all = {pages, countof(pages), &door};
    struct http_spec spec = {.address = "127.0.0.1:0", .pages = &all};
    struct err err = {0};

    if (argc != 4 && argc != 6)
        return 2;
    spec.connections_max = (uint32_t)atoi(argv[1]);
    spec.peer_max = (uint32_t)atoi(argv[2]);
    spec.bodies_max = (size_t)atoi(argv[3]);
    spec.is_tls = argc == 6;
    if (!open_door(&door, &spec, &err)) {
        fprintf(stderr, "door: %s\n", err.text);
        return 1;
    }
    if (spec.is_tls) {
        door.certificate = argv[4];
        door.key = argv[5];
        identify(&door);
    }
    printf("%u\n", http_server_port(door.server));
    fflush(stdout);
    loop_run(door.loop);
    loop_close(door.loop);
    return 0;
}
