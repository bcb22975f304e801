// SPDX-License-Identifier: Apache-2.0
#include "driver/kube_policy.h"

#include "api/networkpolicy.h"
#include "driver/kube_object.h"

/* One of those that are needed. */
struct needed {
    struct str name;
    const struct strs *rules; /* NULL: the standing one */
};

static struct needed needed_egress(const struct kube_task *run, const struct strs *rules)
{
    return (struct needed){networkpolicy_egress_name(run->arena, rules), rules};
}

static struct json_value needed_value(const struct kube_task *run, const struct needed *needed)
{
    if (!needed->rules)
        return networkpolicy_value(run->arena, run->space);
    return networkpolicy_egress_value(run->arena, run->space, needed->rules,
                                      run->settings->webhook_space);
}

/* Does this object do what it is for? */
static bool is_good(const struct kube_task *run, const struct needed *needed,
                    const struct json_value *object)
{
    struct networkpolicy policy;

    if (needed->rules)
        return networkpolicy_is_egress(run->arena, object, needed->rules,
                                       run->settings->webhook_space);
    networkpolicy_read(object, &policy);
    return policy.denies_all;
}

/* When it will have settled, by the cache; 0: it does not stand. */
static int64_t settled_ms(const struct kube_task *run, const struct needed *needed)
{
    struct cached cached;
    struct networkpolicy policy;
    struct json_value object;

    if (!cache_find(run->caches->policies, run->space, needed->name, &cached) ||
        !json_read(run->arena, arena_copy(run->arena, cached.kept), &object, &(struct err){0}) ||
        !is_good(run, needed, &object))
        return 0;
    networkpolicy_read(&object, &policy);
    return policy.created_ms + run->settings->policy_settle_ms;
}

void kube_policy_look(const struct kube_task *run, struct world *ret)
{
    const struct strs *rules = &ret->effective.egress;
    const struct needed standing = {.name = STR_LIT(POLICY_NAME)};
    int64_t all_ms = settled_ms(run, &standing);

    if (rules->count > 0 && all_ms != 0) {
        const struct needed egress = needed_egress(run, rules);
        int64_t egress_ms = settled_ms(run, &egress);
        all_ms = egress_ms == 0 || egress_ms > all_ms ? egress_ms : all_ms;
    }
    ret->has_policy = all_ms != 0 && ret->now_ms >= all_ms;
    ret->policy_settled_ms = ret->has_policy ? 0 : all_ms;
}

static bool put_one(struct kube_task *run, const struct needed *needed, struct err *err)
{
    struct json_value value = needed_value(run, needed), object;
    enum object_made made;

    if (settled_ms(run, needed) != 0)
        return true;
    if (!object_make(run, &resource_networkpolicies, needed->name, &value, &made, &object, err))
        return false;
    return made == OBJECT_NEW || is_good(run, needed, &object) ||
           object_replace(run, &resource_networkpolicies, needed->name, &value, err);
}

/* First what denies. */
bool kube_policy_put(struct kube_task *run, const struct world *world, struct err *err)
{
    const struct strs *rules = &world->effective.egress;
    const struct needed standing = {.name = STR_LIT(POLICY_NAME)};
    struct needed egress;

    if (!put_one(run, &standing, err))
        return false;
    if (rules->count == 0)
        return true;
    egress = needed_egress(run, rules);
    return put_one(run, &egress, err);
}

bool kube_policy_is_own(const struct kube_task *run, struct str name,
                        const struct json_value *object)
{
    const struct strs *rules = &run->task.status.effective.egress;
    struct needed egress;

    if (rules->count == 0 || !str_starts(name, POLICY_EGRESS_PREFIX))
        return false;
    egress = needed_egress(run, rules);
    return str_equal(egress.name, name) && is_good(run, &egress, object);
}
