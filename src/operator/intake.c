// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "api/agenttask_kept.h"
#include "api/names.h"
#include "api/networkpolicy.h"
#include "api/pod.h"
#include "kube/resource.h"
#include "operator/controller_parts.h"

/* -- what caches hold ----------------------------------------------------------- */

static bool decode(struct arena *arena, const struct cached *entry, struct json_value *ret)
{
    struct err ignored = {0}; /* a keeper wrote it */

    return json_read(arena, entry->kept, ret, &ignored);
}

bool intake_task(struct arena *arena, const struct cached *entry, struct task *ret)
{
    struct json_value value;
    struct err ignored = {0}; /* whoever looks at the task itself says what is wrong with it */

    return decode(arena, entry, &value) &&
           agenttask_read(arena, &value, NULL, API_LENIENT, ret, &ignored);
}

static bool read_pod(struct arena *arena, const struct cached *entry, struct pod *ret)
{
    struct json_value value;

    if (!entry || !decode(arena, entry, &value))
        return false;
    pod_read(&value, ret);
    return true;
}

/* -- tasks -------------------------------------------------------------------------- */

static void task_changed(void *ctx, const struct cached *was, const struct cached *now)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct controller *controller = ctx;
    const struct cached *entry = now ? now : was;
    struct room_task in_room;
    struct task task;

    if (!now) {
        room_forget(controller->room, was->space, was->name, controller_now(controller));
        if (intake_task(&arena, was, &task)) /* it may have left its Pod behind */
            controller_look_at_pod(controller, was->space, run_pod_name(&arena, &task),
                                   controller_now(controller));
    } else if (intake_task(&arena, now, &task)) {
        in_room = room_task_of(&task, controller_tenant(controller, &task));
        room_note(controller->room, &in_room, controller_now(controller));
    }
    controller_look_at(controller, entry->space, entry->name, controller_now(controller));
}

/* -- Pods ---------------------------------------------------------------------------- */

static bool has_task(const struct controller *controller, const struct pod *pod)
{
    struct cached task;

    return cache_find(controller->caches.tasks, pod->space, pod->owner_name, &task) &&
           str_equal(task.uid, pod->owner_uid);
}

/* Somebody else wants it gone while its code runs: when that has ended, the output goes too. */
static void follow_if_deleted(struct controller *controller, const struct pod *was,
                              const struct pod *now)
{
    bool is_new = now->deleted_ms != 0 && (!was || was->deleted_ms == 0);
    bool has_output = now->task.is_running || now->task.is_terminated;

    if (controller->is_leading && is_new && now->is_held && has_output &&
        has_task(controller, now) && !work_is_finished(controller, now->space, now->owner_name))
        follow_start(controller, now->space, now->name, now->uid);
}

static void pod_changed(void *ctx, const struct cached *was_kept, const struct cached *now_kept)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct controller *controller = ctx;
    struct pod was = {0}, now = {0};
    bool has_was = read_pod(&arena, was_kept, &was), has_now = read_pod(&arena, now_kept, &now);
    const struct pod *pod = has_now ? &now : &was;

    controller->spec.metrics->pods_held += (has_now && now.is_held) - (has_was && was.is_held);
    if (pod->owner_name.size > 0)
        controller_look_at(controller, pod->space, pod->owner_name, controller_now(controller));
    if (!has_now && !has_task(controller, &was))
        follow_forget(controller, was.uid);
    if (has_now) {
        follow_if_deleted(controller, has_was ? &was : NULL, &now);
        if (now.is_held && controller->caches.is_synced && !has_task(controller, &now))
            controller_look_at_pod(controller, now.space, now.name, controller_now(controller));
    }
}

struct sweep {
    struct controller *controller;
    struct str space; /* empty: all */
    bool is_for_tasks;
};

static void sweep_pod(void *ctx, const struct cached *entry)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct sweep *sweep = ctx;
    struct controller *controller = sweep->controller;
    struct pod pod;

    if (sweep->space.size > 0 && !str_equal(sweep->space, entry->space))
        return;
    if (!read_pod(&arena, entry, &pod))
        return;
    if (sweep->is_for_tasks && pod.owner_name.size > 0)
        controller_look_at(controller, pod.space, pod.owner_name, controller_now(controller));
    if (!sweep->is_for_tasks && pod.is_held && !has_task(controller, &pod))
        controller_look_at_pod(controller, pod.space, pod.name, controller_now(controller));
}

void intake_sweep(struct controller *controller)
{
    struct sweep sweep = {.controller = controller};

    cache_each(controller->caches.pods, sweep_pod, &sweep);
}

/* -- profiles and policies ------------------------------------------------------------- */

struct waiting {
    struct controller *controller;
    struct str profile; /* empty: any */
    struct str space;   /* empty: any */
};

static void wake_waiting(void *ctx, struct str space, struct str name)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct waiting *waiting = ctx;
    struct controller *controller = waiting->controller;
    struct cached entry;
    struct task task;

    if (waiting->space.size > 0 && !str_equal(space, waiting->space))
        return;
    if (waiting->profile.size > 0 &&
        (!cache_find(controller->caches.tasks, space, name, &entry) ||
         !intake_task(&arena, &entry, &task) || !str_equal(task.spec.profile, waiting->profile)))
        return;
    controller_look_at(controller, space, name, controller_now(controller));
}

static void profile_changed(void *ctx, const struct cached *was, const struct cached *now)
{
    struct waiting waiting = {.controller = ctx, .profile = now ? now->name : was->name};

    room_each(waiting.controller->room, wake_waiting, &waiting);
}

static void read_policy(struct arena *arena, const struct cached *entry, struct networkpolicy *ret)
{
    struct json_value value;

    *ret = (struct networkpolicy){0};
    if (entry && decode(arena, entry, &value))
        networkpolicy_read(&value, ret);
}

/* What it means to our Pods, in one number. */
static int meaning(const struct networkpolicy *policy)
{
    return policy->is_standing | policy->denies_all << 1 | policy->opens << 2 |
           (policy->deleted_ms != 0) << 3;
}

/* A Pod may still be there when its task has ended: the policy stays as long. */
static void policy_changed(void *ctx, const struct cached *was_kept, const struct cached *now_kept)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct controller *controller = ctx;
    struct str space = now_kept ? now_kept->space : was_kept->space;
    struct waiting waiting = {.controller = controller, .space = space};
    struct sweep sweep = {.controller = controller, .space = space, .is_for_tasks = true};
    struct networkpolicy was, now;

    read_policy(&arena, was_kept, &was);
    read_policy(&arena, now_kept, &now);
    if (meaning(&was) == meaning(&now) && was.egress_id.size + now.egress_id.size == 0)
        return;
    room_each(controller->room, wake_waiting, &waiting);
    cache_each(controller->caches.pods, sweep_pod, &sweep);
}

/* -- the informers ------------------------------------------------------------------------ */

static void troubled(void *ctx, const struct kube_resource *resource, const struct err *err)
{
    const struct controller *controller = ctx;

    log_write(controller->spec.log, &(struct log_line){.level = LEVEL_WARN,
                                                       .logger = "informer",
                                                       .message = "has to try again",
                                                       .detail = str_of(resource->plural),
                                                       .err = err});
}

static struct informer *open_one(struct controller *controller, struct informer_spec spec)
{
    spec.ctx = controller;
    spec.troubled = troubled;
    if (spec.resource->is_namespaced)
        spec.space = controller->spec.space;
    return informer_new(&spec, controller->spec.transport, controller->spec.reactor);
}

void intake_open(struct controller *controller)
{
    controller->tasks = open_one(controller, (struct informer_spec){
                                                 .resource = &resource_agenttasks,
                                                 .keep = agenttask_keep,
                                                 .changed = task_changed,
                                             });
    controller->pods = open_one(controller, (struct informer_spec){
                                                .resource = &resource_pods,
                                                .label_selector = STR_LIT(LABEL_TASK),
                                                .keep = pod_keep,
                                                .changed = pod_changed,
                                            });
    controller->profiles = open_one(controller, (struct informer_spec){
                                                    .resource = &resource_runtimeprofiles,
                                                    .keep = runtimeprofile_keep,
                                                    .changed = profile_changed,
                                                });
    controller->policies = open_one(controller, (struct informer_spec){
                                                    .resource = &resource_networkpolicies,
                                                    .keep = networkpolicy_keep,
                                                    .changed = policy_changed,
                                                });
    controller->caches = (struct kube_caches){
        .tasks = informer_cache(controller->tasks),
        .pods = informer_cache(controller->pods),
        .profiles = informer_cache(controller->profiles),
        .policies = informer_cache(controller->policies),
    };
}

bool intake_start(struct controller *controller)
{
    struct fiber_pool *fibers = controller->spec.fibers;

    return informer_start(controller->profiles, fibers) &&
           informer_start(controller->policies, fibers) &&
           informer_start(controller->tasks, fibers) && informer_start(controller->pods, fibers);
}

void intake_stop(struct controller *controller)
{
    informer_stop(controller->tasks);
    informer_stop(controller->pods);
    informer_stop(controller->profiles);
    informer_stop(controller->policies);
}

void intake_close(struct controller *controller)
{
    informer_free(controller->tasks);
    informer_free(controller->pods);
    informer_free(controller->profiles);
    informer_free(controller->policies);
}

static void look_at_entry(void *ctx, const struct cached *entry)
{
    struct controller *controller = ctx;

    controller_look_at(controller, entry->space, entry->name, controller_now(controller));
}

void intake_all(struct controller *controller)
{
    cache_each(controller->caches.tasks, look_at_entry, controller);
}

static void note_entry(void *ctx, const struct cached *entry)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct controller *controller = ctx;
    struct room_task in_room;
    struct task task;

    if (!intake_task(&arena, entry, &task))
        return;
    in_room = room_task_of(&task, controller_tenant(controller, &task));
    room_note(controller->room, &in_room, controller_now(controller));
}

void intake_tenants(struct controller *controller)
{
    cache_each(controller->caches.tasks, note_entry, controller);
}
