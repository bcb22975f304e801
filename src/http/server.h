// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A small HTTP/1.1 server (libmicrohttpd, GnuTLS) on our event loop, plain or TLS 1.2 and 1.3: GET
 * and HEAD of some pages, POST with a body to others. A page answers at once or later, in any
 * order, exactly once. Everything here happens on the loop's thread.
 *
 * What a client may cost, however hostile it is:
 *   connections_max connections, peer_max of one address: one more of that address is closed at
 *   once, one more of all waits in the kernel. From 7/8 of them on each newcomer costs the place
 *   of whoever has been silent for longest;
 *   HTTP_ASK_MS for a handshake, from the first byte of a request to the end of its body (plain:
 *   from the end of its head, but for the first one), and to take the answer, however often a byte
 *   comes or goes;
 *   HTTP_IDLE_MS between requests. It is longer than the 90 s after which a Go client closes: it
 *   does not send a POST again that met a closed door;
 *   HTTP_MEMORY_MAX bytes for the head of a request (431), body_max for its body (413, as declared,
 *   before it is sent), bodies_max for the bodies and answers of all (503);
 *   no body without Content-Length (411); none where none is taken (400).
 * A connection over TLS holds 13 KiB when it is silent, 35 KiB after a POST, 64 KiB at worst; a
 * body up to twice its size, while it grows. A thousand handshakes at once take the loop 0.12 s.
 * An answer of 400 and above closes its connection. */
#include "base/buf.h"
#include "base/err.h"
#include "sys/loop.h"

#define HTTP_ASK_MS  INT64_C(10000)
#define HTTP_IDLE_MS INT64_C(110000)

enum {
    HTTP_CONNECTIONS_MAX = 64, /* unless the spec says more; for probes and metrics */
    HTTP_PEER_MAX = 16,
    HTTP_BODIES_MAX = 8 * 1024 * 1024,
    HTTP_MEMORY_MAX = 16 * 1024,
    HTTP_UNHEARD_MAX = 24 * 1024,  /* bytes of TLS that say nothing, before they are too many */
    HTTP_ANSWER_MAX = 1024 * 1024, /* what a page should keep to */
};

#define HTTP_TEXT "text/plain; charset=utf-8"

struct http_exchange; /* one request that waits for its answer */

struct http_request {
    const char *method, *path;              /* of the page: nothing of the client's */
    struct str content_type, authorization; /* at NULL: there is none */
    struct str body;
};

struct http_page {
    const char *path; /* what follows a '?' is not looked at */
    bool takes_post;  /* POST with a body; else GET and HEAD */
    size_t body_max;  /* above: 413 */
    /* Calls http_answer(), now or later, exactly once. */
    void (*serve)(void *ctx, struct http_exchange *exchange);
};

struct http_pages { /* outlives the server; other paths are 404 */
    const struct http_page *at;
    uint32_t count;
    void *ctx;
};

/* Good until it is answered, even if client and server are gone by then. */
const struct http_request *http_request_of(const struct http_exchange *exchange);
/* The end of the exchange. The type is a literal, the body is copied; it may be the request's.
 * Whoever went away meanwhile is not told. */
void http_answer(struct http_exchange *exchange, uint32_t status, const char *content_type,
                 struct str body);

struct http_spec {
    /* "host:port", ":port" for every address of this machine, "[::1]:port"; numbers only. */
    const char *address;
    const struct http_pages *pages;
    bool is_tls;                        /* handshakes fail until http_server_identify() */
    uint32_t connections_max, peer_max; /* 0: as above */
    size_t bodies_max;
};

struct http_server;

/* ERR_INVALID: the address is none; others: it cannot be listened on. */
must_use bool http_server_open(struct loop *loop, const struct http_spec *spec,
                               struct http_server **ret, struct err *err);
uint16_t http_server_port(const struct http_server *server); /* the real one, if 0 was asked for */
/* From the next connection on this is the server's certificate (PEM, its own one first) and key;
 * connections that stand keep theirs. ERR_INVALID: they are none, or do not fit; nothing changes.
 * Both are copied. */
must_use bool http_server_identify(struct http_server *server, struct str certificate_pem,
                                   struct str key_pem, struct err *err);
/* From now on every answer is the last of its connection: clients go elsewhere, none is cut off. */
void http_server_drain(struct http_server *server);
/* NULL is fine. Open connections are dropped; what waits for an answer is still to be answered. Its
 * memory goes when the loop has seen the end. Not from inside a page. */
void http_server_close(struct http_server *server);
