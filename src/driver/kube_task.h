// SPDX-License-Identifier: Apache-2.0
#pragma once

/* One task on a cluster as one reconcile sees it. The cluster's driver: kube_observe.c turns it
 * into a world (from the informers' caches, or live), kube_apply.c carries plans out on it. Runs
 * in a fiber: its calls wait for the API server. */
#include "driver/driver.h"
#include "kube/cache.h"
#include "kube/client.h"

struct kube_settings {       /* of an operator; the same for all tasks */
    struct str runner_image; /* holds /runner; what the init container runs */
    int64_t pull_grace_ms;   /* how long a transient pull error is borne */
    int64_t policy_settle_ms; /* how long a new network policy is given to be in force */
    bool has_user_namespaces; /* every node says that its runtime supports them */
};

struct kube_caches { /* of the informers; see their keepers in api/ */
    const struct cache *tasks, *pods, *profiles, *policies;
};

struct kube_room { /* may this task have a run now? Answers from memory */
    bool has_room;
    enum reason waits_for;     /* REASON_QUEUED or REASON_QUOTA_EXCEEDED */
    int64_t position, ahead;   /* in the queue of its tenant, from 1; 0: not known */
};

struct kube_task {
    struct arena *arena; /* of this reconcile */
    struct kube_client client;
    const struct kube_settings *settings;
    const struct kube_caches *caches;
    struct str space, name;
    void (*room)(void *ctx, const struct task *task, struct kube_room *ret);
    /* At most so many outputs are taken at a time: true when a place is had, false: try again
     * soon. leave() gives it back. */
    bool (*capture_enter)(void *ctx);
    void (*capture_leave)(void *ctx);
    void *ctx;
    /* filled in by observe */
    struct task task;
    bool is_whole;     /* the task was read live: its spec is all there */
    bool output_kept;  /* by this reconcile: the facts below are final */
    struct task_result result;
    struct task_logs logs;
    int64_t artifacts_bytes;
};

struct driver kube_driver(struct kube_task *run);

/* The two halves of the driver; see driver.h. */
bool kube_observe(void *self, bool is_live, struct arena *arena, struct world *ret,
                  struct err *err);
bool kube_apply(void *self, const struct world *world, const struct plan *plan, enum action action,
                struct err *err);
