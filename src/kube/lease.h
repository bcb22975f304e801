// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Who may act: leader election on a Lease (coordination.k8s.io/v1) as client-go does it, as a pure
 * state machine: it is told what the record says and what time it is here (monotonic), and says
 * what to do next. Clocks of others are never compared: only that the record changed, and when we
 * saw it. A compare-and-swap on the record's version decides between two. Never do two hold it at
 * once as long as no clock runs faster than another by more than LEASE_DURATION_MS /
 * LEASE_RENEW_MS, however many answers are lost or late. */
#include <stdbool.h>
#include <stdint.h>

#include "base/sha256.h"

#define LEASE_DURATION_MS                                                                          \
    INT64_C(15000)                    /* others wait that long after the last change they saw      \
                                       */
#define LEASE_RENEW_MS INT64_C(10000) /* the holder gives up that long after its last renewal */
#define LEASE_RETRY_MS INT64_C(2000)

enum {
    LEASE_HOLDER_MAX = 253
};

struct lease_record { /* what the server has */
    bool exists;
    struct str holder;  /* empty: free */
    struct str version; /* resourceVersion */
    struct str content; /* of its spec, whole: two that differ were written apart */
    int64_t transitions;
};

/* What a record that was there and is gone means: somebody deleted it by hand, and its holder will
 * write it again; others wait as if it had changed. */
enum lease_next {
    LEASE_WAIT,    /* somebody else holds it: look again at lease.next_ms, or when it changes */
    LEASE_ACQUIRE, /* write ourselves into it, on the version just seen */
    LEASE_RENEW,   /* ours: write it again, on the version just seen */
    LEASE_LOST,    /* was ours, is not or may not be any more: stop acting, exit */
};

struct lease {
    char self[LEASE_HOLDER_MAX + 1];
    bool is_held;
    int64_t renewed_ms;        /* when our last successful write was sent */
    bool has_seen;             /* there was a record once */
    int64_t changed_ms;        /* when we saw the record change */
    char seen[SHA256_HEX + 1]; /* digest of the record then; empty: there was none */
    int64_t next_ms;           /* when to look again */
};

void lease_init(struct lease *lease, struct str self);
/* The record was read. */
enum lease_next lease_look(struct lease *lease, const struct lease_record *record, int64_t now_ms);
/* Our write, sent at that moment, went through. */
void lease_written(struct lease *lease, int64_t sent_ms);
/* It did not, or that is not known; or the record could not be read. LEASE_WAIT or LEASE_LOST. */
enum lease_next lease_failed(struct lease *lease, int64_t now_ms);
/* May a write be sent at this moment? Asked before every one. */
bool lease_holds(const struct lease *lease, int64_t now_ms);
/* From here on it is not ours: before it is written that it is free. False: it was not ours. */
bool lease_leave(struct lease *lease, int64_t now_ms);
