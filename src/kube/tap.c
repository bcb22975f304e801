// SPDX-License-Identifier: Apache-2.0
#include "kube/tap.h"

static void head(void *ctx, int32_t status, int64_t retry_after_ms)
{
    struct tap *tap = ctx;

    tap->status = status;
    tap->retry_after_ms = retry_after_ms;
    tap->events.head(tap->ctx, status, retry_after_ms);
}

static void bytes(void *ctx, struct str bytes)
{
    struct tap *tap = ctx;

    tap->heard_ms = tap->reactor->monotonic_ms(tap->reactor->self);
    tap->events.bytes(tap->ctx, bytes);
}

static void end(void *ctx, const struct err *failure)
{
    struct tap *tap = ctx;

    tap->events.end(tap->ctx, failure);
}

static struct exchange *start(void *self, const struct kube_request *request,
                              const struct exchange_events *events, void *ctx)
{
    static const struct exchange_events tapped = {head, bytes, end};
    struct tap *tap = self;

    tap->events = *events;
    tap->ctx = ctx;
    tap->status = 0;
    tap->retry_after_ms = -1;
    return tap->transport->start(tap->transport->self, request, &tapped, tap);
}

static void stop(void *self, struct exchange *exchange)
{
    struct tap *tap = self;

    tap->transport->stop(tap->transport->self, exchange);
}

void tap_init(struct tap *tap, const struct transport *transport, const struct reactor *reactor)
{
    *tap = (struct tap){
        .door = {tap, start, stop},
        .retry_after_ms = -1,
        .heard_ms = reactor->monotonic_ms(reactor->self),
        .transport = transport,
        .reactor = reactor,
    };
}
