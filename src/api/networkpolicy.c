// SPDX-License-Identifier: Apache-2.0
#include "api/networkpolicy.h"

#include "api/look.h"
#include "api/task_child.h"

enum {
    SELECTOR_MAX = 2048, /* bytes of one that is looked into; a longer one may select anything */
};

/* -- writing --------------------------------------------------------------- */

struct json_value networkpolicy_value(struct arena *arena, struct str space)
{
    struct json_value ret = json_object(), metadata = json_object(), spec = json_object();
    struct json_value selector = json_object(), has_label = json_object();
    struct json_value expressions = json_list(), types = json_list();

    json_put(arena, &has_label, "key", json_text(STR_LIT(LABEL_TASK)));
    json_put(arena, &has_label, "operator", json_text(STR_LIT("Exists")));
    json_add(arena, &expressions, has_label);
    json_put(arena, &selector, "matchExpressions", expressions);
    json_add(arena, &types, json_text(STR_LIT("Ingress")));
    json_add(arena, &types, json_text(STR_LIT("Egress")));
    json_put(arena, &metadata, "name", json_text(STR_LIT(POLICY_NAME)));
    json_put(arena, &metadata, "namespace", json_text(space));
    json_put(arena, &spec, "podSelector", selector);
    json_put(arena, &spec, "policyTypes", types);
    json_put(arena, &ret, "apiVersion", json_text(STR_LIT("networking.k8s.io/v1")));
    json_put(arena, &ret, "kind", json_text(STR_LIT("NetworkPolicy")));
    json_put(arena, &ret, "metadata", metadata);
    json_put(arena, &ret, "spec", spec);
    return ret;
}

/* -- reading --------------------------------------------------------------- */

static bool is_ours(struct str label) /* may stand on a Pod of ours */
{
    return str_is(label, LABEL_TASK) || str_is(label, LABEL_TENANT);
}

/* All our Pods bear both labels, and no other. */
static bool expression_may_hold(const struct json_value *expression)
{
    struct str operator= look_text(expression, "operator");

    if (str_is(operator, "NotIn"))
        return true;
    return str_is(operator, "DoesNotExist") != is_ours(look_text(expression, "key"));
}

static bool selector_may_hold(const struct json_value *selector)
{
    const struct json_value *labels = json_get(selector, "matchLabels");
    const struct json_value *expressions = look_list(selector, "matchExpressions");

    for (uint32_t i = 0; labels && labels->kind == JSON_OBJECT && i < labels->count; i++)
        if (!is_ours(labels->keys[i]))
            return false;
    for (uint32_t i = 0; expressions && i < expressions->count; i++)
        if (!expression_may_hold(&expressions->items[i]))
            return false;
    return true;
}

/* Every Pod with the label: ours, or one that selects still more. */
static bool selector_holds_all(const struct json_value *selector)
{
    const struct json_value *labels = json_get(selector, "matchLabels");
    const struct json_value *expressions = look_list(selector, "matchExpressions");

    if (labels && labels->count > 0)
        return false;
    for (uint32_t i = 0; expressions && i < expressions->count; i++)
        if (!str_is(look_text(&expressions->items[i], "operator"), "Exists") ||
            !str_is(look_text(&expressions->items[i], "key"), LABEL_TASK))
            return false;
    return true; /* none selects all, as an empty one does */
}

static bool has_type(const struct json_value *spec, const char *type)
{
    const struct json_value *types = look_list(spec, "policyTypes");

    for (uint32_t i = 0; types && i < types->count; i++)
        if (str_is(types->items[i].text, type))
            return true;
    return false;
}

static bool allows(const struct json_value *spec, const char *rules, const char *type)
{
    const struct json_value *list = look_list(spec, rules);

    return list && list->count > 0 && has_type(spec, type);
}

void networkpolicy_read(const struct json_value *value, struct networkpolicy *ret)
{
    const struct json_value *spec = json_get(value, "spec");
    const struct json_value *selector = json_get(spec, "podSelector");
    bool allows_any = allows(spec, "ingress", "Ingress") || allows(spec, "egress", "Egress");
    struct child child;

    child_read(value, &child);
    *ret = (struct networkpolicy){
        .space = child.space,
        .name = child.name,
        .uid = child.uid,
        .version = child.version,
        .created_ms = child.created_ms,
        .deleted_ms = child.deleted_ms,
        .is_standing = str_is(child.name, POLICY_NAME),
        .denies_all = selector_holds_all(selector) && has_type(spec, "Ingress") &&
                      has_type(spec, "Egress") && !allows_any,
        .allows = allows_any,
        .selector = selector,
        .opens = allows_any && selector_may_hold(selector),
    };
}

/* -- keeping --------------------------------------------------------------- */

static const struct kept nothing[] = {KEPT(NULL)};
static const struct kept metadata_members[] = {
    KEPT("creationTimestamp"),
    KEPT("deletionTimestamp"),
    KEPT("name"),
    KEPT("namespace"),
    KEPT("resourceVersion"),
    KEPT("uid"),
    KEPT(NULL),
};
static const struct kept policy_members[] = {
    KEPT_OF("metadata", metadata_members),
    KEPT(NULL),
};
static const struct kept rule_members[] = {
    {.name = "egress",  .members = nothing},
    {.name = "ingress", .members = nothing},
    KEPT("policyTypes"),
    KEPT(NULL),
};

/* Only that there are rules is kept, not what they say. */
bool networkpolicy_keep(struct arena *arena, const struct json_value *object, struct buf *ret)
{
    const struct json_value *spec = json_get(object, "spec");
    const struct json_value *selector = json_get(spec, "podSelector");
    struct json_value kept = look_kept(arena, object, policy_members);
    struct json_value rules = spec ? look_kept(arena, spec, rule_members) : json_object();
    auto_end(buf_fini) struct buf text = {0};

    buf_init(&text, SELECTOR_MAX);
    if (selector)
        json_print(selector, JSON_COMPACT, &text);
    if (kept.kind == JSON_OBJECT && rules.kind == JSON_OBJECT) {
        json_put(arena, &rules, "podSelector",
                 selector && !text.is_full ? *selector : json_object());
        json_put(arena, &kept, "spec", rules);
    }
    json_print(&kept, JSON_COMPACT, ret);
    return true;
}
