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

/* Of a group of tests; *state is a struct loopback. */
int loopback_setup(void **state);
int loopback_teardown(void **state);

/* How to reach it: without TLS, and with its own authority. */
struct kube_access loopback_plain(struct arena *arena, const struct loopback *loopback);
struct kube_access loopback_tls(struct arena *arena, const struct loopback *loopback);

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
void visit_as(const struct loopback *loopback, const struct kube_access *access,
              void (*main)(struct visit *visit), const void *ctx);

/* One request as data. */
struct kube_request visit_request(enum http_method method, const char *path);
/* The object that came back; fails the test otherwise. */
struct json_value visit_get(struct visit *visit, const char *path);
/* Sends it and expects this kind of error (ERR_NONE: this status). */
void visit_expect(struct visit *visit, const struct kube_request *request, enum err_kind kind,
                  int32_t status);

/* What an answer of server.py says. */
bool answer_is(const struct json_value *answer, const char *key, const char *wanted);
long answer_number(const struct json_value *answer, const char *key);
bool answer_has_header(const struct json_value *echo, const char *header);
bool answer_names_header(const struct json_value *echo, const char *name);
