// SPDX-License-Identifier: Apache-2.0
#pragma once

/* An operator of one task, small: caches that follow the cluster, a wake-up, a memory, a unit of
 * work in a fiber. It can be killed at any request and starts again with nothing in mind. */
#include "driver/kube_task.h"
#include "driver/reconcile.h"
#include "fake_cluster.h"

enum {
    LIFE_EVENTS_MAX = 4,
    LIFE_UNITS_MAX = 400,
    LIFE_END = 4096,
};

#define LIFE_STALL_MS INT64_C(600000)

struct life_event { /* done by somebody else at that time */
    int64_t at_ms;  /* from the beginning */
    void (*happen)(struct fake_cluster *cluster);
};

struct operator_of_one {
    struct life *life;
    struct cache *caches[4]; /* tasks, pods, profiles, policies */
    struct kube_caches views;
    struct kube_memory memory;
    struct kube_capture *followed;
    struct fiber *fiber;
    bool is_working, is_due, is_stopped;
    int64_t wake_ms;
    uint32_t failures, units, restarts;
    int places; /* for captures */
    struct err err;
    struct reconcile_result result;
};

struct life {
    struct fake_cluster cluster;
    struct kube_settings settings;
    struct life_event events[LIFE_EVENTS_MAX];
    struct transport transport;
    struct reactor reactor;
    struct fiber_pool *fibers;
    struct kube_room room;
    /* The second one thinks that it leads, too, while the first is stalled. */
    struct operator_of_one operators[2];
    /* From that request on, for so long, the caches of these kinds (bits) show nothing new. */
    uint32_t freeze_at, freeze_kinds;
    int64_t freeze_ms, frozen_until_ms;
    bool is_frozen;
};

void life_init(struct life *life);
void life_fini(struct life *life);
void life_policy(struct life *life);                 /* the standing one, long since */
void life_task(struct life *life, const char *spec); /* members of a task's spec, as JSON */

/* Until nothing will happen any more, or for so long. */
void life_run(struct life *life, int64_t for_ms);
void life_show(const struct life *life); /* what was asked */

/* What came of it, without times, uids and versions, for comparing; and what stands around. */
const char *life_end(struct life *life, char ret[LIFE_END]);
