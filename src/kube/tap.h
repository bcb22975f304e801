// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Stands between a client and its transport, for one request at a time, and hears what came of it
 * and when. */
#include "kube/transport.h"
#include "sys/reactor.h"

struct tap {
    struct transport door;  /* what the client is given; the tap stays where it is */
    int32_t status;         /* of the last answer; 0: none came */
    int64_t retry_after_ms; /* -1: not said */
    int64_t heard_ms;       /* when the last byte came; at first when the tap was made */

    const struct transport *transport;
    const struct reactor *reactor;
    struct exchange_events events; /* of the client */
    void *ctx;
};

void tap_init(struct tap *tap, const struct transport *transport, const struct reactor *reactor);
