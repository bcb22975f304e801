// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Who may act: leader election on a Lease (coordination.k8s.io/v1) as client-go does it, as a pure
 * state machine: it is told what the record says and what time it is here (monotonic), and says
 * what to do next. Clocks of others are never compared: only that the record changed, and when we
 * saw it. A compare-and-swap on the record's version decides between two. */
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define LEASE_DURATION_MS INT64_C(15000) /* others wait that long after the last change they saw */
#define LEASE_RENEW_MS    INT64_C(10000) /* the holder gives up that long after its last renewal */
#define LEASE_RETRY_MS    INT64_C(2000)

enum {
    LEASE_HOLDER_MAX = 253
};

struct lease_record { /* what the server has */
    bool exists;
    struct str holder;  /* empty: free */
    struct str version; /* resourceVersion */
    struct str content; /* of its spec, whole: two that differ were written apart */
    int64_t transitions;
    int64_t duration_ms;
};

enum lease_next {
    LEASE_WAIT,    /* somebody else holds it: look again at lease.next_ms, or when it changes */
    LEASE_ACQUIRE, /* write ourselves into it, on the version just seen */
    LEASE_RENEW,   /* ours: write it again, on the version just seen */
    LEASE_LOST,    /* was ours, is not or may not be any more: stop acting, exit */
};

struct lease {
    char self[LEASE_HOLDER_MAX + 1];
    bool is_held;
    int64_t renewed_ms;  /* when our last successful write was sent */
    int64_t changed_ms;  /* when we saw the record change */
    uint8_t seen[32];    /* digest of the record then */
    int64_t next_ms;
};

void lease_init(struct lease *lease, struct str self);
/* The record was read. */
enum lease_next lease_look(struct lease *lease, const struct lease_record *record, int64_t now_ms);
/* Our write of that moment went through; or it did not (conflict, error, not known). */
void lease_written(struct lease *lease, int64_t sent_ms);
enum lease_next lease_failed(struct lease *lease, int64_t now_ms);
/* May a write be sent at this moment? Asked before every one. */
bool lease_holds(const struct lease *lease, int64_t now_ms);
