// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The real transport: libcurl's multi interface on our loop. HTTP/2 where offered for short
 * requests, at most TRANSPORT_FLIGHT_MAX in flight; a connection of its own for every stream.
 * Keepalive and TCP_USER_TIMEOUT notice dead peers, the idle timeout of a request the rest. A
 * token file is read again every minute, and after a 401; an exec plugin is asked anew after one.
 */
#include "kube/kubeconfig.h"
#include "kube/transport.h"
#include "sys/loop.h"

enum {
    TRANSPORT_FLIGHT_MAX = 64
};

struct curl_transport;

/* `access` must outlive it. agent: the User-Agent, "agenttask-operator/0.1.0". */
must_use bool curl_transport_open(struct loop *loop, const struct kube_access *access,
                                  const char *agent, struct curl_transport **ret, struct err *err);
void curl_transport_close(struct curl_transport *transport); /* stops what is under way */
struct transport curl_transport_door(struct curl_transport *transport);

/* For metrics: called once per answer, status 0 if none came. May be NULL. */
void curl_transport_observe(struct curl_transport *transport,
                            void (*answered)(void *ctx, enum http_method method, int32_t status),
                            void *ctx);
