// SPDX-License-Identifier: Apache-2.0
#include "api/networkpolicy.h"
#include "api/pod.h"
#include "kube/resource.h"
#include "operator/controller_parts.h"

#define LITTER_LOOK_MS INT64_C(10000)

enum {
    LITTER_MAX = 32, /* at a time; the rest with the next look */
};

struct litter_search {
    struct controller *controller;
    struct arena *arena; /* of what was found */
    struct networkpolicy found[LITTER_MAX];
    uint32_t count;
    int64_t now_ms; /* wall clock */
};

struct use { /* of a set of rules in a namespace */
    struct str space, egress_id;
    bool is_used;
};

static void look_at_pod(void *ctx, const struct cached *entry)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct use *use = ctx;
    struct json_value object;
    struct child child;

    if (use->is_used || !str_equal(entry->space, use->space))
        return;
    use->is_used = true; /* also by what cannot be read */
    if (!json_read(&arena, entry->kept, &object, &(struct err){0}))
        return;
    child_read(&object, &child);
    use->is_used = str_equal(child.egress_label, use->egress_id);
}

static bool is_used(const struct controller *controller, const struct networkpolicy *policy)
{
    struct use use = {.space = policy->space, .egress_id = policy->egress_id};

    cache_each(controller->caches.pods, look_at_pod, &use);
    return use.is_used;
}

static void look_at_policy(void *ctx, const struct cached *entry)
{
    struct litter_search *search = ctx;
    struct json_value object;
    struct networkpolicy policy;

    if (search->count == LITTER_MAX || !str_starts(entry->name, POLICY_EGRESS_PREFIX) ||
        !json_read(search->arena, arena_copy(search->arena, entry->kept), &object,
                   &(struct err){0}))
        return;
    networkpolicy_read(&object, &policy);
    if (policy.egress_id.size > 0 && policy.deleted_ms == 0 &&
        search->now_ms >= policy.created_ms + search->controller->config->egress_keep_ms &&
        !is_used(search->controller, &policy))
        search->found[search->count++] = policy;
}

static void tell(const struct controller *controller, struct str name, const struct err *err)
{
    log_write(controller->spec.log, &(struct log_line){
                                        .level = err ? LEVEL_WARN : LEVEL_INFO,
                                        .logger = "litter",
                                        .message = err ? "a policy that nothing uses stays"
                                                       : "a policy that nothing used is gone",
                                        .detail = name,
                                        .err = err,
                                    });
}

/* As it was seen: whoever gave it a task meanwhile, or wrote to it, keeps it. */
static void drop(struct controller *controller, const struct kube_client *client,
                 const struct networkpolicy *policy)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_request request = request_delete(&arena, &resource_networkpolicies, policy->space,
                                                 policy->name, policy->uid, policy->version, -1);
    struct json_value left;
    struct err err = {0};
    bool is_gone;

    if (is_used(controller, policy))
        return;
    is_gone = kube_call(client, &arena, &request, "delete network policy", &left, &err);
    if (is_gone || (err.kind != ERR_ABSENT && err.kind != ERR_STALE))
        tell(controller, policy->name, is_gone ? NULL : &err);
}

static void sweep(struct fiber *fiber, void *ctx)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct controller *controller = ctx;
    const struct reactor *reactor = controller->spec.reactor;
    struct kube_client client = controller_client(controller, fiber);
    struct litter_search *search = arena_alloc(&arena, sizeof(*search));

    search->controller = controller;
    search->arena = &arena;
    search->now_ms = reactor->now_ms(reactor->self);
    cache_each(controller->caches.policies, look_at_policy, search);
    for (uint32_t i = 0; i < search->count && !controller->is_stopping; i++)
        drop(controller, &client, &search->found[i]);
    controller->litter.is_under_way = false;
}

void litter_look(struct controller *controller)
{
    struct litter *litter = &controller->litter;
    int64_t now_ms = controller_now(controller);

    if (litter->is_under_way || now_ms < litter->due_ms)
        return;
    litter->is_under_way = true;
    litter->due_ms = now_ms + LITTER_LOOK_MS;
    if (!fiber_start(controller->spec.fibers, sweep, controller))
        litter->is_under_way = false;
}
