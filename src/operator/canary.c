// SPDX-License-Identifier: Apache-2.0
#include "operator/canary.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/egress.h"
#include "http/listener.h"
#include "sys/loop.h"

enum {
    AT_ONCE = 64, /* before the loop's other business comes again */
    ADDRESS_TEXT = 80,
};

struct canary_port {
    uv_poll_t poll;
    int fd;
};

struct canary { /* open until the process ends */
    struct canary_port open, closed;
};

static void somebody_comes(uv_poll_t *poll, int status, int events)
{
    struct canary_port *port = poll->data;

    (void)status;
    (void)events;
    for (int i = 0; i < AT_ONCE; i++) {
        int fd = accept4(port->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return;
        close(fd); /* the kernel bounds what is left of it */
    }
}

static bool port_listen(const char *address, int number, struct canary_port *ret, struct err *err)
{
    bool is_any = address[0] == '*' && address[1] == '\0';
    char text[ADDRESS_TEXT];
    int size = snprintf(text, sizeof(text), "%s:%d", is_any ? "" : address, number);

    if (size < 0 || (size_t)size >= sizeof(text))
        return err_set(err, ERR_INVALID, "%.64s: too long for an address", address);
    return listener_open(text, &ret->fd, err);
}

static bool port_watch(uv_loop_t *loop, struct canary_port *port, struct err *err)
{
    int error = uv_poll_init(loop, &port->poll, port->fd);

    port->poll.data = port;
    if (error == 0)
        error = uv_poll_start(&port->poll, UV_READABLE, somebody_comes);
    return error == 0 || err_set(err, ERR_RETRY, "watch a port: %s", uv_strerror(error));
}

bool canary_open(struct loop *loop, struct arena *arena, const char *address, struct err *err)
{
    struct canary *canary = arena_alloc(arena, sizeof(*canary));

    canary->open.fd = canary->closed.fd = -1;
    if (!port_listen(address, CANARY_OPEN_PORT, &canary->open, err) ||
        !port_listen(address, CANARY_CLOSED_PORT, &canary->closed, err) ||
        !port_watch(loop_uv(loop), &canary->open, err) ||
        !port_watch(loop_uv(loop), &canary->closed, err))
        return err_wrap(err, "the canary"); /* who cannot start ends, and all of it with him */
    return true;
}
