// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A small HTTP/1.1 server (libmicrohttpd) on our event loop: answers GET and HEAD of a few pages,
 * from memory, at once. For probes and metrics: no TLS, no bodies taken, nothing learned from the
 * request but its path. Bounds: HTTP_CONNECTIONS_MAX connections, HTTP_PEER_MAX of one address,
 * each with HTTP_MEMORY_MAX bytes of request and HTTP_IDLE_S seconds of silence. */
#include "base/buf.h"
#include "base/err.h"
#include "sys/loop.h"

enum {
    HTTP_CONNECTIONS_MAX = 64,
    HTTP_PEER_MAX = 16,
    HTTP_MEMORY_MAX = 16 * 1024,
    HTTP_IDLE_S = 15,
    HTTP_ANSWER_MAX = 1024 * 1024,
};

struct http_answer {
    uint32_t status;          /* 200 at first */
    const char *content_type; /* "text/plain; charset=utf-8" at first; outlives the answer */
    struct buf body;
};

struct http_page {
    const char *path;
    void (*answer)(void *ctx, struct http_answer *ret);
};

struct http_pages { /* outlives the server; other paths are 404 */
    const struct http_page *at;
    uint32_t count;
    void *ctx;
};

struct http_server;

/* address: "host:port", ":port" for every address of this machine, "[::1]:port"; numbers only.
 * ERR_INVALID: it is none; others: it cannot be listened on. */
must_use bool http_server_open(struct loop *loop, const char *address,
                               const struct http_pages *pages, struct http_server **ret,
                               struct err *err);
uint16_t http_server_port(const struct http_server *server); /* the real one, if 0 was asked for */
/* NULL is fine. Open connections are dropped; its memory goes when the loop has seen the end. */
void http_server_close(struct http_server *server);
