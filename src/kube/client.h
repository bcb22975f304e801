// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Asking the API server from within a fiber: each call waits for its answer without holding up
 * the loop. Nothing is retried here but a read or write that the server itself put off (429, and
 * 503 with Retry-After) and did not act on: what else failed is looked at anew by the caller, for
 * whom a lost answer means that the write may have happened. */
#include "kube/response.h"
#include "kube/transport.h"
#include "sys/reactor.h"

struct kube_client {
    const struct transport *transport;
    const struct reactor *reactor;
    struct fiber *fiber; /* in which the calls are made */
    /* Asked before every write; false: it is not made, ERR_REFUSED. NULL: anybody may write. */
    bool (*may_write)(void *ctx);
    void *ctx;
    /* NULL: never. Who sets it to true and then wakes the fiber ends the call that it waits in:
     * ERR_RETRY, and what was under way may have happened. */
    const bool *is_stopped;
};

/* The whole answer, whatever its status; errors are those of the way there and back. The body
 * stands in the arena. */
must_use bool kube_send(const struct kube_client *client, struct arena *arena,
                        const struct kube_request *request, struct kube_response *ret,
                        struct err *err);

/* The object that came back. `what` names the request in the error: "get pod a/b". */
must_use bool kube_call(const struct kube_client *client, struct arena *arena,
                        const struct kube_request *request, const char *what,
                        struct json_value *ret, struct err *err);

/* `take` gets the bytes as they come, in this fiber, and ends the call by returning false. Of a
 * request that is no stream, too: then its timeout is for the whole.
 * True: the stream ended well, by the server or by `take`. ERR_RETRY: it broke, or was silent for
 * request->timeout_ms; other kinds as response_check(). until_ms (monotonic; 0: none): ended then,
 * true. */
must_use bool kube_stream(const struct kube_client *client, const struct kube_request *request,
                          const char *what, int64_t until_ms,
                          bool (*take)(void *ctx, struct str bytes), void *ctx, struct err *err);
