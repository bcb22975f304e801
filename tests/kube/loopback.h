// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A server on the loopback (server.py), the transport that speaks to it, and a fiber to do so. */
#include "kube/client.h"
#include "kube/curl_transport.h"

struct loopback {
    char directory[64];
    int to_server; /* closed: it ends */
    long pid;
    int plain, tls, tls_client, tls_named, proxy, silent; /* ports */
};

void loopback_start(struct loopback *loopback, const char *script);
void loopback_stop(struct loopback *loopback);

/* Texts last as long as the arena; `file` is one of the server's directory. */
struct str loopback_file(struct arena *arena, const struct loopback *loopback, const char *file);
void loopback_write(const struct loopback *loopback, const char *file, const char *text);
struct str loopback_url(struct arena *arena, const char *scheme, int port);

struct visit { /* one session of a client with the server, within a fiber */
    const struct loopback *loopback;
    const struct kube_access *access;
    struct loop *loop;
    struct curl_transport *curl;
    struct transport transport;
    struct reactor reactor;
    struct fiber_pool *fibers;
    struct kube_client client;
    struct arena arena;
    void (*main)(struct visit *visit);
    const void *ctx; /* of main */
};

/* Runs main in a fiber until it returns, then takes all down again. */
void visit_make(struct visit *visit);

/* One request as data. */
struct kube_request visit_request(enum http_method method, const char *path);
/* The object that came back; fails the test otherwise. */
struct json_value visit_get(struct visit *visit, const char *path);
/* Sends it and expects this kind of error (ERR_NONE: this status). */
void visit_expect(struct visit *visit, const struct kube_request *request, enum err_kind kind,
                  int32_t status);
