// SPDX-License-Identifier: Apache-2.0
#pragma once

/* One task on a cluster as one reconcile sees it. The cluster's driver: kube_observe.c turns it
 * into a world (from the informers' caches, or live), kube_apply.c carries plans out on it. Runs
 * in a fiber: its calls wait for the API server.
 *
 * A unit of work is: a zeroed kube_task with the first part filled in, then reconcile_task() on
 * kube_driver() for as long as kube_task_goes_on() says so. It is once more after the output was
 * kept, since what was kept lies in the arena: the verdict is written with it at once. */
#include "driver/driver.h"
#include "driver/kube_capture.h"
#include "driver/kube_run.h"
#include "kube/cache.h"
#include "kube/client.h"

struct kube_settings {          /* of an operator; the same for all tasks */
    struct str runner_image;    /* holds /runner; what the init container runs */
    int64_t pull_grace_ms;      /* how long a transient pull error is borne */
    int64_t policy_settle_ms;   /* how long a new network policy is given to be in force */
    bool has_user_namespaces;   /* every node says that its runtime supports them */
    bool allow_config_map_refs; /* somebody else checks whether the author of a task may read what
                                 * it refers to; false: our webhook must have done so */
    struct str webhook_space;   /* the namespace of our webhook's Service, and of our Pods; empty:
                                 * there is none */
    struct str canary;          /* our address, where the canary listens; empty: there is none, and
                                 * so no profile with egress can be run */
};

struct kube_caches { /* of the informers; see their keepers in api/ */
    const struct cache *tasks, *pods, *profiles, *policies;
    bool is_synced; /* each of them was listed once, whole; before that nothing is decided */
};

struct kube_room { /* may this task have a run now? Answers from memory */
    bool has_room;
    enum reason waits_for;   /* REASON_QUEUED or REASON_QUOTA_EXCEEDED */
    int64_t position, ahead; /* in the queue of its tenant, from 1; 0: not known */
};

enum {
    KUBE_VERSION_MAX = 63,
    INVALID_MAX = 3, /* a Pod that was refused as invalid that often always will be */
};

/* What a reconcile leaves for the next one of the same task. Kept by the operator for as long as it
 * knows the task, zeroed at first, and lost with the process: nothing depends on it but patience,
 * and that old news is noticed without asking. */
struct kube_memory {
    char uid[KUBE_VERSION_MAX + 1];      /* of whom all this is remembered */
    char version[KUBE_VERSION_MAX + 1];  /* of the task after our last write */
    enum run_wait wait;                  /* what its run waits for ... */
    int64_t wait_since_ms;               /* ... since we first saw it */
    int64_t unsettled_ms;                /* since when its end is said and not seen; 0: it is not */
    bool is_pod_checked;                 /* it is stored as it was sent */
    char mutated[240];                   /* it was not, in this: it went at once; empty: it was */
    bool has_made_code;                  /* and did not see it dropped */
    char code_uid[KUBE_VERSION_MAX + 1]; /* of the object that we made or found; empty: not known */
    bool has_code_stranger;              /* a foreign object bears the name of its code */
    uint32_t invalid_count;              /* how often the Pod was refused as invalid */
    char invalid[240];                   /* in the server's words */
    int64_t refused_since_ms;            /* it is forbidden, and not by a quota; 0: it was not */
    uint32_t quota_count;                /* how often for want of room in a ResourceQuota */
    int64_t quota_until_ms;              /* not tried again before */
    int64_t keep_since_ms;               /* since when its output is being kept */
};

struct kube_task {
    struct arena *arena; /* of this unit of work */
    struct kube_client client;
    const struct kube_settings *settings;
    const struct kube_caches *caches;
    struct str space, name;
    struct kube_memory *memory;
    /* Whose budget it counts against, as it can be verified: what spec.tenant asks for, or its
     * namespace. From then on that is its spec.tenant, for all that this unit of work does. */
    struct str (*tenant)(void *ctx, const struct task *task);
    void (*room)(void *ctx, const struct task *task, struct kube_room *ret);
    /* At most so many outputs are taken at a time: true when a place is had, false: try again
     * soon. leave() gives it back. */
    bool (*capture_enter)(void *ctx);
    void (*capture_leave)(void *ctx);
    void *ctx;
    struct kube_capture
        *followed; /* what a follower took of the output (kube_capture.h), or NULL */

    /* filled in by observe and apply */
    struct task task;
    struct json_value object; /* the task, as read last or as kept in a cache */
    bool is_whole;            /* it was read live: its spec is all there */
    bool is_fresh;            /* `object` is the answer to our last write, whole: a live look */
    bool has_pod;
    struct pod pod;
    struct json_value pod_object;
    struct kube_run seen; /* of the Pod */
    bool has_profile;     /* and what follows from it; only if a run may be started */
    struct profile profile;
    struct str job;
    int64_t look_at_ms; /* come again then, whatever the plan says; 0: no need */
    bool output_kept;   /* by this unit of work: the facts below are final */
    struct world world; /* output_kept: as it was seen before */
    struct task_result result;
    struct task_logs logs;
    int64_t artifacts_bytes;
    bool artifacts_too_large;
};

struct driver kube_driver(struct kube_task *run);

/* After reconcile_task(): the output was kept and the verdict is not written yet, or the task was
 * held and so looked at. */
bool kube_task_goes_on(const struct kube_task *run);

/* hostUsers: false for this task: where the cluster can, or where the profile insists. */
bool kube_user_namespace(const struct kube_settings *settings, const struct profile *profile);

/* The Pod of this task, with its profile. */
struct json_value kube_pod_value(struct kube_task *run, const struct task_effective *effective,
                                 int64_t deadline_s);

/* The two halves of the driver; see driver.h. */
bool kube_observe(void *self, bool is_live, struct arena *arena, struct world *ret,
                  struct err *err);
bool kube_apply(void *self, const struct world *world, const struct plan *plan, enum action action,
                struct err *err);
