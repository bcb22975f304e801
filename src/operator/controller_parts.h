// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The controller from inside, for those files that each do one of its jobs: controller.c turns the
 * wheel, intake.c says which keys to look at, work.c reconciles a task, orphan.c clears away the
 * Pod of a task that is gone, survey.c asks what the nodes can do, seed.c creates the first
 * profiles, follow.c saves the output of Pods that others delete, litter.c clears policies away. */
#include "base/map.h"
#include "kube/informer.h"
#include "kube/queue.h"
#include "operator/controller.h"
#include "operator/events.h"
#include "operator/room.h"

struct seed {          /* of the RuntimeProfiles (seed.c) */
    uint32_t next;     /* of those that are shipped: the first that was not created yet */
    uint32_t failures; /* in a row */
    int64_t due_ms;    /* when to try (again); INT64_MAX: never */
    bool has_begun;    /* one may stand because of us */
    bool is_under_way, was_tried;
};

struct guard {        /* of new tasks, by our webhook (guard.c) */
    int64_t since_ms; /* what is younger was let in by it; INT64_MAX: nothing was */
    int64_t due_ms;   /* when to look (again) */
    bool is_under_way, was_looked_at;
};

struct litter {     /* policies that nothing uses any more (litter.c) */
    int64_t due_ms; /* when to look (again) */
    bool is_under_way;
};

struct controller {
    struct arena arena; /* of this struct, and of what lives as long */
    struct controller_spec spec;
    const struct config *config; /* replaced by controller_configure() */
    struct kube_settings settings;
    struct kube_caches caches;
    struct informer *tasks, *pods, *profiles, *policies;
    struct queue *queue; /* of "namespace/task", and of "/namespace/pod" for orphans */
    struct room *room;
    struct events *events;
    struct map memories;  /* by "namespace/task": struct memory (work.c) */
    struct map followers; /* by uid of the Pod: struct follower (follow.c) */
    struct alarm wheel;   /* when the next key is due */
    struct alarm tick;    /* every second; more often until all is synced */
    struct str taken;     /* the key for the worker that is being started */
    uint32_t workers, workers_max, captures;
    uint32_t stuck; /* tasks whose reconciles fail again and again (work.c) */
    uint64_t reconciles;
    int64_t work_since_ms; /* the sum of when the keys being worked on were taken */
    int64_t swept_ms, surveyed_ms;
    int64_t acts_ms; /* whoever leads, from then on */
    struct seed seed;
    struct guard guard;
    struct litter litter;
    bool is_configured, is_leading, is_stopping, is_surveying;
};

enum {
    KEY_TEXT_MAX = 1 + 253 + 1 + 253,
    CAPTURES_MAX = 8, /* outputs taken at a time: each holds some MiB for a moment */
    FOLLOWERS_MAX = 32,
};

/* -- controller.c ------------------------------------------------------------- */

/* Look at it (again) then, at the latest. at_ms: monotonic. */
void controller_look_at(struct controller *controller, struct str space, struct str name,
                        int64_t at_ms);
void controller_look_at_pod(struct controller *controller, struct str space, struct str name,
                            int64_t at_ms);
int64_t controller_now(const struct controller *controller); /* monotonic */
bool controller_is_synced(const struct controller *controller);

/* Whose budget a task counts against: by the config, and by who let it in. */
struct str controller_tenant(const struct controller *controller, const struct task *task);

/* For calls from this fiber; writes are made only while we lead. */
struct kube_client controller_client(const struct controller *controller, struct fiber *fiber);

/* -- the others ---------------------------------------------------------------- */

void intake_open(struct controller *controller); /* makes the informers */
must_use bool intake_start(struct controller *controller);
void intake_stop(struct controller *controller);
void intake_close(struct controller *controller);
void intake_sweep(struct controller *controller);   /* look at every Pod that may be an orphan */
void intake_all(struct controller *controller);     /* look at every task */
void intake_tenants(struct controller *controller); /* whose each of them is may have changed */
/* What a cache holds of a task, decoded. False: it cannot be read. */
must_use bool intake_task(struct arena *arena, const struct cached *entry, struct task *ret);

/* Within a worker's fiber: looks at one key, and says when it is to be looked at again. */
void work_on(struct controller *controller, struct fiber *fiber, struct str key);
/* Was its verdict written, whatever caches say? */
bool work_is_finished(const struct controller *controller, struct str space, struct str name);
/* The Pod of that name, if it carries our finalizer and its task is gone for good. */
must_use bool orphan_clear(struct controller *controller, struct fiber *fiber, struct arena *arena,
                           struct str space, struct str name, struct err *err);
/* Takes the output of that Pod from now on, because its container is about to be removed. */
void follow_start(struct controller *controller, struct str space, struct str pod, struct str uid);
/* What was taken of it so far, or NULL; then: no longer wanted. */
struct kube_capture *follow_find(const struct controller *controller, struct str uid);
void follow_forget(struct controller *controller, struct str uid);
/* Asks the nodes, from a fiber of its own, whether all of them support user namespaces. */
void survey_start(struct controller *controller);
/* Called every second: where tenants are bound by users or groups, asks every GUARD_MS, from a
 * fiber of its own, whether our webhook stands guard over new tasks. What cannot be read guards
 * nothing; when the server does not answer, what was known holds. */
void guard_look(struct controller *controller);
/* Nothing to ask, or asked: tenants are what they are. */
bool guard_is_known(const struct controller *controller);
/* Called every second: deletes, from a fiber of its own, policies of egress rules that no Pod in
 * their namespace has had for minutes. Who comes for one in that moment finds it gone, and makes it
 * anew. */
void litter_look(struct controller *controller);
/* Where no RuntimeProfile is when we begin to lead, creates those that are shipped, from a fiber of
 * its own: who deletes or replaces one later does not see it again. What fails is tried again, for
 * as long as there is none but ours; so it is called every second. No task is looked at before it
 * was tried: that would fail for want of a profile that is to come. */
void seed_look(struct controller *controller);
