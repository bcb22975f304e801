// SPDX-License-Identifier: Apache-2.0
#pragma once

/* How requests travel to one API server: the one thing a simulator or a faulting server puts
 * itself in place of. Authentication, TLS, proxies and connections are inside. */
#include "base/err.h"
#include "kube/request.h"

struct exchange; /* one request under way */

struct exchange_events { /* called from the loop, never from inside start() or stop() */
    /* The head of the answer. retry_after_ms: -1 if the server does not say. */
    void (*head)(void *ctx, int32_t status, int64_t retry_after_ms);
    void (*bytes)(void *ctx, struct str bytes);
    /* The last call. failure NULL: the answer came whole. Else ERR_RETRY (connection, timeout,
     * reset: whether the server acted is not known), ERR_REFUSED (TLS, credentials), ERR_LIMIT. */
    void (*end)(void *ctx, const struct err *failure);
};

struct transport {
    void *self;
    /* The request's texts are copied. Requests above the bound of those in flight wait inside,
     * in order; streams (request->is_stream) have connections of their own and never wait. */
    struct exchange *(*start)(void *self, const struct kube_request *request,
                              const struct exchange_events *events, void *ctx);
    void (*stop)(void *self, struct exchange *exchange); /* no more calls come */
};
