// SPDX-License-Identifier: Apache-2.0
#include "http/server.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "http/address.h"
#include "sys/file.h"

struct http_server {
    struct arena arena; /* of this struct alone */
    const struct http_pages *pages;
    struct MHD_Daemon *daemon;
    uv_poll_t poll; /* of the daemon's own epoll descriptor */
    uv_timer_t timer;
    uint32_t open_handles;
};

/* -- answers ---------------------------------------------------------------- */

static const struct http_page *find(const struct http_pages *pages, const char *path)
{
    for (uint32_t i = 0; i < pages->count; i++)
        if (strcmp(pages->at[i].path, path) == 0)
            return &pages->at[i];
    return NULL;
}

static enum MHD_Result reply(struct MHD_Connection *connection, const struct http_answer *answer)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer->body.size, answer->body.at, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result ret;

    if (!response)
        return MHD_NO; /* the connection is closed */
    ret = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
    if (ret == MHD_YES && answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        ret = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    if (ret == MHD_YES)
        ret = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return ret;
}

static bool is_wanted(const char *method)
{
    return strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

static void make_answer(const struct http_pages *pages, const char *path, const char *method,
                        struct http_answer *ret)
{
    const struct http_page *page = find(pages, path);

    if (!is_wanted(method)) {
        ret->status = MHD_HTTP_METHOD_NOT_ALLOWED;
        buf_add(&ret->body, STR_LIT("method not allowed\n"));
    } else if (!page) {
        ret->status = MHD_HTTP_NOT_FOUND;
        buf_add(&ret->body, STR_LIT("not found\n"));
    } else {
        page->answer(pages->ctx, ret);
    }
}

/* Called with the head of a request, then at its end: answered there, or the daemon would close the
 * connection. What may have a body is not waited for, and the connection goes with the answer. */
static enum MHD_Result take_request(void *ctx, struct MHD_Connection *connection, const char *path,
                                    const char *method, const char *version, const char *body,
                                    size_t *body_size, void **ret_request)
{
    struct http_server *server = ctx;
    struct http_answer answer = {.status = MHD_HTTP_OK,
                                 .content_type = "text/plain; charset=utf-8"};
    enum MHD_Result ret;

    (void)version;
    (void)body;
    if (!*ret_request && is_wanted(method)) {
        *ret_request = server;
        return MHD_YES;
    }
    if (*body_size > 0)
        return MHD_NO;
    buf_init(&answer.body, HTTP_ANSWER_MAX);
    make_answer(server->pages, path, method, &answer);
    ret = reply(connection, &answer);
    buf_fini(&answer.body);
    return ret;
}

/* -- on the loop ------------------------------------------------------------ */

static void turn(struct http_server *server);

static void timer_rang(uv_timer_t *timer)
{
    turn(timer->data);
}

static void became_readable(uv_poll_t *poll, int status, int events)
{
    (void)status; /* whatever it is, the daemon finds out for itself */
    (void)events;
    turn(poll->data);
}

static void turn(struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;

    MHD_run(server->daemon);
    if (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES)
        uv_timer_start(&server->timer, timer_rang, wait_ms, 0);
    else
        uv_timer_stop(&server->timer);
}

static void forget(struct http_server *server)
{
    struct arena arena = server->arena;

    arena_fini(&arena);
}

static void handle_closed(uv_handle_t *handle)
{
    struct http_server *server = handle->data;

    if (--server->open_handles == 0)
        forget(server);
}

/* -- open and close --------------------------------------------------------- */

static bool listen_on(const struct sockaddr *address, socklen_t size, bool is_v6_too, int *ret,
                      struct err *err)
{
    auto_end(fd_end) int fd =
        socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1, v6_only = !is_v6_too;

    if (fd < 0)
        return err_sys(err, errno, "socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->sa_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only));
    if (bind(fd, address, size) != 0)
        return err_sys(err, errno, "bind");
    if (listen(fd, HTTP_CONNECTIONS_MAX) != 0)
        return err_sys(err, errno, "listen");
    *ret = fd;
    fd = -1;
    return true;
}

/* Of both kinds if it may be, but not every kernel has IPv6. */
static bool listen_at(const char *text, int *ret, struct err *err)
{
    struct address address;
    struct err ignored = {0};

    if (!address_parse(text, &address, err))
        return false;
    if (address.has_v6) {
        bool is_optional = address.has_v4;
        if (listen_on((const struct sockaddr *)&address.v6, sizeof(address.v6), is_optional, ret,
                      is_optional ? &ignored : err))
            return true;
        if (!is_optional)
            return err_wrap(err, "listen on %s", text);
    }
    return listen_on((const struct sockaddr *)&address.v4, sizeof(address.v4), false, ret, err) ||
           err_wrap(err, "listen on %s", text);
}

static bool start_daemon(struct http_server *server, int fd, struct err *err)
{
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, take_request, server, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)HTTP_PEER_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)HTTP_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_MEMORY_MAX,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    return server->daemon || err_set(err, ERR_REFUSED, "the HTTP server does not start");
}

static bool join_loop(struct http_server *server, uv_loop_t *loop, struct err *err)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    int error = uv_timer_init(loop, &server->timer);

    server->timer.data = server->poll.data = server;
    server->open_handles = 1;
    if (error == 0)
        error = uv_poll_init(loop, &server->poll, info->epoll_fd);
    if (error != 0)
        return err_set(err, ERR_REFUSED, "HTTP server: %s", uv_strerror(error));
    server->open_handles = 2;
    error = uv_poll_start(&server->poll, UV_READABLE, became_readable);
    return error == 0 || err_set(err, ERR_REFUSED, "HTTP server: %s", uv_strerror(error));
}

bool http_server_open(struct loop *loop, const char *address, const struct http_pages *pages,
                      struct http_server **ret, struct err *err)
{
    struct arena arena = {0};
    struct http_server *server;
    int fd;

    if (!listen_at(address, &fd, err))
        return false;
    server = arena_alloc(&arena, sizeof(*server));
    server->arena = arena;
    server->pages = pages;
    if (!start_daemon(server, fd, err)) {
        close(fd);
        forget(server);
        return false;
    }
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

/* The handles first: the daemon closes the descriptor that one of them looks at. */
void http_server_close(struct http_server *server)
{
    if (!server)
        return;
    if (server->open_handles > 1)
        uv_close((uv_handle_t *)&server->poll, handle_closed);
    uv_close((uv_handle_t *)&server->timer, handle_closed);
    MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
}
