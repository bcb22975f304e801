// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Who is connected, and since when he does what he does. Each stage is a queue of its own, the
 * longest in front: whoever is over time is found without a search. Cutting somebody off shuts his
 * socket down; libmicrohttpd sees the end of it and closes the connection. */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* Who has been at it for less is not sent away for others. */
#define VISITOR_STAY_MS INT64_C(1000)

struct http_server;
struct http_exchange;

enum visitor_stage {
    VISITOR_ASKING,  /* from the handshake, or a head, to the end of the body */
    VISITOR_WAITING, /* for the page: as long as it takes */
    VISITOR_TAKING,  /* the answer */
    VISITOR_IDLE,
    VISITOR_CUT, /* about to be gone */
    VISITOR_STAGES,
};

struct visitor {
    struct visitor *longer, *shorter; /* in the same stage */
    struct http_server *server;
    struct http_exchange *exchange; /* NULL: it has none, or not yet */
    int64_t since_ms;
    size_t unheard_size; /* bytes of it, through TLS, since the last head or piece of a body */
    int fd;
    enum visitor_stage stage;
};

struct visitor_queue {
    struct visitor *longest, *shortest;
};

struct visitors {
    struct visitor_queue queues[VISITOR_STAGES];
    struct visitor_queue unused;
    uint32_t count, count_max;
};

void visitors_init(struct visitors *visitors, struct arena *arena, uint32_t count_max);
/* NULL: there are count_max. Whoever was silent for longest may lose his place. */
struct visitor *visitors_add(struct visitors *visitors, int fd, int64_t now_ms);
void visitors_drop(struct visitors *visitors, struct visitor *visitor);
void visitors_move(struct visitors *visitors, struct visitor *visitor, enum visitor_stage stage,
                   int64_t now_ms);
/* Nobody's handshake began at that time or before. */
bool visitors_are_newer(const struct visitors *visitors, int64_t time_ms);
void visitors_cut(struct visitors *visitors, struct visitor *visitor, int64_t now_ms);
/* Cuts off whoever is over time; returns when to look again, INT64_MAX: nobody is in a hurry. */
int64_t visitors_sweep(struct visitors *visitors, int64_t now_ms);
