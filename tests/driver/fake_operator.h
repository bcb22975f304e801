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

struct life_event { /* done by somebody else at that time */
    int64_t at_ms;  /* from the beginning */
    void (*happen)(struct fake_cluster *cluster);
};

struct life {
    struct fake_cluster cluster;
    struct kube_settings settings;
    struct life_event events[LIFE_EVENTS_MAX];
    /* the operator */
    struct transport transport;
    struct reactor reactor;
    struct cache *caches[4]; /* tasks, pods, profiles, policies */
    struct kube_caches views;
    struct kube_memory memory;
    struct kube_capture *followed;
    struct fiber_pool *fibers;
    struct fiber *fiber;
    struct kube_room room;
    bool is_working, is_due, is_stopped, caches_stand_still;
    int64_t wake_ms;
    uint32_t failures, units, restarts;
    int places; /* for captures */
    struct err err;
    struct reconcile_result result;
};

void life_init(struct life *life);
void life_fini(struct life *life);
void life_policy(struct life *life); /* the standing one, long since */
void life_task(struct life *life, const char *spec); /* members of a task's spec, as JSON */

/* Until nothing will happen any more, or for so long. */
void life_run(struct life *life, int64_t for_ms);

/* What came of it, without times, uids and versions, for comparing; and what stands around. */
const char *life_end(struct life *life, char ret[LIFE_END]);
