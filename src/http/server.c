// SPDX-License-Identifier: Apache-2.0
#include "http/server.h"

#include <assert.h>
#include <sys/resource.h>

#include "http/exchange.h"
#include "http/listener.h"
#include "http/tls.h"
#include "sys/clock.h"
#include "sys/file.h"

enum {
    ROUNDS_MAX = 8,   /* of the daemon's before others have their turn */
    REST_MS_MAX = 16, /* while it says that it is not done, and does nothing */
    FILES_KEPT = 256, /* descriptors for everything else */
};

/* -- on the loop ------------------------------------------------------------ */

static void turn(struct http_server *server);

static void later_rang(uv_timer_t *timer)
{
    turn(timer->data);
}

static void at_once_rang(uv_idle_t *idle)
{
    turn(idle->data);
}

static void became_readable(uv_poll_t *poll, int status, int events)
{
    (void)status; /* whatever it is, the daemon finds out for itself */
    (void)events;
    turn(poll->data);
}

void server_wake(struct http_server *server)
{
    server->is_awake = true;
    uv_idle_start(&server->at_once, at_once_rang); /* a timer of no time would starve sockets */
}

/* Without timeouts of its own it knows but "now", and nothing. */
static bool is_pending(const struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;

    return MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES && wait_ms == 0;
}

/* A handshake that waits for its client is pending for the daemon all the same: whoever sends half
 * of one must not keep us busy. */
static int64_t rest(struct http_server *server, bool has_moved)
{
    bool is_sending = server->visitors.queues[VISITOR_TAKING].longest;

    if (has_moved || is_sending)
        server->rest_ms = 1;
    else if (server->rest_ms < REST_MS_MAX)
        server->rest_ms *= 2;
    return server->rest_ms;
}

static void plan(struct http_server *server, bool has_moved)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t wait_ms = visitors_sweep(&server->visitors, now_ms);
    bool is_unfinished = is_pending(server);

    tls_free_retired(server);
    uv_idle_stop(&server->at_once);
    uv_timer_stop(&server->later);
    if (wait_ms != INT64_MAX)
        wait_ms -= now_ms;
    if (server->is_awake || (is_unfinished && has_moved))
        server_wake(server);
    if (is_unfinished && rest(server, has_moved) < wait_ms)
        wait_ms = server->rest_ms;
    if (wait_ms == INT64_MAX)
        return;
    uv_update_time(server->later.loop);
    uv_timer_start(&server->later, later_rang, wait_ms > 0 ? (uint64_t)wait_ms : 1, 0);
}

static void turn(struct http_server *server)
{
    uint64_t steps = server->steps - 1, before = server->steps;

    for (int i = 0; i < ROUNDS_MAX && steps != server->steps; i++) {
        steps = server->steps;
        server->is_awake = false;
        MHD_run(server->daemon);
        if (!is_pending(server) && !server->is_awake)
            break;
    }
    plan(server, before != server->steps);
}

void server_forget(struct http_server *server)
{
    struct arena arena = server->arena;

    if (server->open_handles == 0 && !server->exchanges)
        arena_fini(&arena);
}

static void handle_closed(uv_handle_t *handle)
{
    struct http_server *server = handle->data;

    server->open_handles--;
    server_forget(server);
}

/* -- open and close --------------------------------------------------------- */

static void someone_came_or_went(void *ctx, struct MHD_Connection *connection, void **ret_visitor,
                                 enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = ctx;
    struct visitor *visitor;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    server->steps++;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        visitors_drop(&server->visitors, *ret_visitor);
        return;
    }
    visitor = visitors_add(&server->visitors, info->connect_fd, clock_monotonic_ms());
    assert(visitor); /* the daemon accepts no more */
    visitor->server = server;
    *ret_visitor = visitor;
    if (server->is_tls)
        tls_watch(connection, visitor);
}

static bool start_daemon(struct http_server *server, const struct http_spec *spec, int fd,
                         struct err *err)
{
    uint32_t peer_max = spec->peer_max ? spec->peer_max : HTTP_PEER_MAX;

    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (spec->is_tls ? MHD_USE_TLS : 0), 0, NULL, NULL,
        exchange_take, server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        server->visitors.count_max, MHD_OPTION_PER_IP_CONNECTION_LIMIT, peer_max,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_MEMORY_MAX, MHD_OPTION_STRICT_FOR_CLIENT,
        1, MHD_OPTION_NOTIFY_CONNECTION, someone_came_or_went, server, MHD_OPTION_NOTIFY_COMPLETED,
        exchange_completed, server, MHD_OPTION_HTTPS_PRIORITIES, TLS_PRIORITIES,
        MHD_OPTION_HTTPS_CERT_CALLBACK, tls_lend_pair, MHD_OPTION_END);
    return server->daemon || err_set(err, ERR_REFUSED, "the HTTP server does not start");
}

static bool join_loop(struct http_server *server, uv_loop_t *loop, struct err *err)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    int error;

    server->later.data = server->at_once.data = server->poll.data = server;
    uv_timer_init(loop, &server->later);
    uv_idle_init(loop, &server->at_once);
    server->open_handles = 2;
    error = uv_poll_init(loop, &server->poll, info->epoll_fd);
    if (error != 0)
        return err_set(err, ERR_REFUSED, "HTTP server: %s", uv_strerror(error));
    server->open_handles = 3;
    error = uv_poll_start(&server->poll, UV_READABLE, became_readable);
    return error == 0 || err_set(err, ERR_REFUSED, "HTTP server: %s", uv_strerror(error));
}

/* What clients can take must leave descriptors for the rest of the process. */
static uint32_t bound_by_files(uint32_t wanted)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    if (limit.rlim_cur < wanted + FILES_KEPT && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur =
            wanted + FILES_KEPT < limit.rlim_max ? wanted + FILES_KEPT : limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (wanted + FILES_KEPT <= limit.rlim_cur)
        return wanted;
    return limit.rlim_cur > 2 * FILES_KEPT ? (uint32_t)limit.rlim_cur - FILES_KEPT : FILES_KEPT / 4;
}

static struct http_server *server_new(const struct http_spec *spec)
{
    uint32_t count_max =
        bound_by_files(spec->connections_max ? spec->connections_max : HTTP_CONNECTIONS_MAX);
    struct arena arena = {0};
    struct http_server *server = arena_alloc(&arena, sizeof(*server));
    struct http_exchange *spares = arena_array(&arena, count_max, sizeof(*spares));

    server->pages = spec->pages;
    server->is_tls = spec->is_tls;
    server->bodies_max = spec->bodies_max ? spec->bodies_max : HTTP_BODIES_MAX;
    server->rest_ms = 1;
    visitors_init(&server->visitors, &arena, count_max);
    for (uint32_t i = 0; i < count_max; i++) {
        spares[i].next = server->spares;
        server->spares = &spares[i];
    }
    server->arena = arena;
    return server;
}

bool http_server_open(struct loop *loop, const struct http_spec *spec, struct http_server **ret,
                      struct err *err)
{
    auto_end(fd_end) int fd = -1;
    struct http_server *server;

    if (!listener_open(spec->address, &fd, err))
        return false;
    server = server_new(spec);
    if (!start_daemon(server, spec, fd, err)) {
        server_forget(server);
        return false;
    }
    fd = -1; /* the daemon's */
    if (!join_loop(server, loop_uv(loop), err)) {
        http_server_close(server);
        return false;
    }
    *ret = server;
    return true;
}

uint16_t http_server_port(const struct http_server *server)
{
    return MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void http_server_drain(struct http_server *server)
{
    server->is_draining = true;
}

/* The handles first: the daemon closes the descriptor that one of them looks at. */
void http_server_close(struct http_server *server)
{
    if (!server)
        return;
    if (server->open_handles > 2)
        uv_close((uv_handle_t *)&server->poll, handle_closed);
    uv_close((uv_handle_t *)&server->later, handle_closed);
    uv_close((uv_handle_t *)&server->at_once, handle_closed);
    exchange_drop_all(server);
    MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
    tls_free_pairs(server);
}
