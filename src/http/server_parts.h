// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The server from inside, for the files of this room. Its memory goes when its handles are closed
 * and its last exchange is answered. */
#include <microhttpd.h>

#include "http/keypair.h"
#include "http/server.h"
#include "http/visitor.h"

struct http_exchange {
    struct http_exchange *next; /* of those that live, or of those that are spare */
    struct http_exchange **place;
    struct http_server *server;
    struct MHD_Connection *connection; /* NULL: nobody waits any more */
    struct visitor *visitor;
    const struct http_page *page;
    struct http_request request;
    struct buf text; /* of its headers */
    struct buf body, answer;
    size_t body_size; /* as declared */
    size_t charged;   /* of the server's bodies */
    const char *content_type;
    uint32_t status;
    bool is_full; /* there was no room for its body */
    bool is_served, is_being_served, is_answered;
};

struct http_server {
    struct arena arena; /* of this struct, visitors and exchanges */
    const struct http_pages *pages;
    struct MHD_Daemon *daemon;
    uv_poll_t poll; /* of the daemon's own epoll descriptor */
    uv_timer_t later;
    uv_idle_t at_once;
    uint32_t open_handles;
    bool is_tls, is_draining;
    bool is_awake; /* somebody was answered since the daemon looked */
    struct visitors visitors;
    struct http_exchange *exchanges, *spares;
    struct keypair *pair; /* NULL: no handshake succeeds */
    size_t bodies_size, bodies_max;
    uint64_t steps; /* that requests have made */
    int64_t rest_ms;
};

void server_wake(struct http_server *server);   /* there is something to be done, soon */
void server_forget(struct http_server *server); /* if nothing needs it any more */
