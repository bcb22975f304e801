// SPDX-License-Identifier: Apache-2.0
#include "api/networkpolicy.h"

#include "api/look.h"
#include "api/task_child.h"

enum {
    SELECTOR_MAX = 2048,   /* bytes of one that is looked into; a longer one may select anything */
    RULES_MAX = 64 * 1024, /* of a policy that bears a name of ours; a longer one is none of ours */
};

/* -- writing --------------------------------------------------------------- */

static struct json_value policy_value(struct arena *arena, struct str name, struct str space,
                                      struct json_value spec)
{
    struct json_value ret = json_object(), metadata = json_object();

    json_put(arena, &metadata, "name", json_text(name));
    json_put(arena, &metadata, "namespace", json_text(space));
    json_put(arena, &ret, "apiVersion", json_text(STR_LIT("networking.k8s.io/v1")));
    json_put(arena, &ret, "kind", json_text(STR_LIT("NetworkPolicy")));
    json_put(arena, &ret, "metadata", metadata);
    json_put(arena, &ret, "spec", spec);
    return ret;
}

struct json_value networkpolicy_value(struct arena *arena, struct str space)
{
    struct json_value spec = json_object();
    struct json_value selector = json_object(), has_label = json_object();
    struct json_value expressions = json_list(), types = json_list();

    json_put(arena, &has_label, "key", json_text(STR_LIT(LABEL_TASK)));
    json_put(arena, &has_label, "operator", json_text(STR_LIT("Exists")));
    json_add(arena, &expressions, has_label);
    json_put(arena, &selector, "matchExpressions", expressions);
    json_add(arena, &types, json_text(STR_LIT("Ingress")));
    json_add(arena, &types, json_text(STR_LIT("Egress")));
    json_put(arena, &spec, "podSelector", selector);
    json_put(arena, &spec, "policyTypes", types);
    return policy_value(arena, STR_LIT(POLICY_NAME), space, spec);
}

static struct json_value one(struct arena *arena, const char *key, struct json_value value)
{
    struct json_value ret = json_object();

    json_put(arena, &ret, key, value);
    return ret;
}

static struct json_value list_of(struct arena *arena, struct json_value item)
{
    struct json_value ret = json_list();

    json_add(arena, &ret, item);
    return ret;
}

static void add_ports(struct arena *arena, struct json_value *ports, const struct egress_span *span)
{
    struct json_value port = json_object();

    if (span->last > span->first)
        json_put(arena, &port, "endPort", json_number(arena, span->last));
    json_put(arena, &port, "port", json_number(arena, span->first));
    json_put(arena, &port, "protocol", json_text(str_of(egress_protocol_word(span->protocol))));
    json_add(arena, ports, port);
}

/* Without ports it would allow all of them. */
static void add_rule(struct arena *arena, struct json_value *rules, struct json_value ports,
                     struct json_value peer)
{
    struct json_value rule = json_object();

    if (ports.count == 0)
        return;
    json_put(arena, &rule, "ports", ports);
    json_put(arena, &rule, "to", list_of(arena, peer));
    json_add(arena, rules, rule);
}

static void add_canary(struct arena *arena, struct json_value *rules, struct str operator_space)
{
    static const struct egress_span open = {EGRESS_TCP, CANARY_OPEN_PORT, CANARY_OPEN_PORT};
    struct json_value labels = json_object(), peer = json_object(), ports = json_list();
    struct json_value space = one(arena, "kubernetes.io/metadata.name", json_text(operator_space));

    json_put(arena, &labels, OPERATOR_LABEL_NAME, json_text(STR_LIT(OPERATOR_NAME)));
    json_put(arena, &labels, OPERATOR_LABEL_PLANE, json_text(STR_LIT(OPERATOR_PLANE)));
    json_put(arena, &peer, "namespaceSelector", one(arena, "matchLabels", space));
    json_put(arena, &peer, "podSelector", one(arena, "matchLabels", labels));
    add_ports(arena, &ports, &open);
    add_rule(arena, rules, ports, peer);
}

static struct json_value egress_value(struct arena *arena, const struct strs *rules,
                                      struct str operator_space)
{
    struct json_value ret = json_list();
    struct egress_rule rule;

    for (uint32_t i = 0; i < rules->count; i++) {
        struct json_value ports = json_list();
        if (!egress_rule_read(rules->at[i], &rule))
            continue;
        for (uint32_t k = 0; k < rule.span_count; k++)
            add_ports(arena, &ports, &rule.spans[k]);
        add_rule(arena, &ret, ports,
                 one(arena, "ipBlock", one(arena, "cidr", json_text(rule.cidr))));
    }
    add_canary(arena, &ret, operator_space);
    return ret;
}

struct str networkpolicy_egress_name(struct arena *arena, const struct strs *rules)
{
    char id[EGRESS_ID_SIZE + 1];

    egress_id(rules, id);
    return arena_print(arena, POLICY_EGRESS_PREFIX "%s", id);
}

struct json_value networkpolicy_egress_value(struct arena *arena, struct str space,
                                             const struct strs *rules, struct str operator_space)
{
    struct str name = networkpolicy_egress_name(arena, rules);
    struct str id = str_skip(name, sizeof(POLICY_EGRESS_PREFIX) - 1);
    struct json_value spec = json_object();

    json_put(arena, &spec, "egress", egress_value(arena, rules, operator_space));
    json_put(arena, &spec, "podSelector",
             one(arena, "matchLabels", one(arena, LABEL_EGRESS, json_text(id))));
    json_put(arena, &spec, "policyTypes", list_of(arena, json_text(STR_LIT("Egress"))));
    return policy_value(arena, name, space, spec);
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

/* Order counts in lists alone. */
static bool is_same(struct arena *arena, const struct json_value *a, const struct json_value *b)
{
    if (a->kind != b->kind || a->count != b->count || a->flag != b->flag ||
        !str_equal(a->text, b->text))
        return false;
    for (uint32_t i = 0; i < a->count; i++) {
        const struct json_value *other =
            a->kind == JSON_OBJECT ? json_get(b, arena_text(arena, a->keys[i])) : &b->items[i];
        if (!other || !is_same(arena, &a->items[i], other))
            return false;
    }
    return true;
}

bool networkpolicy_is_egress(struct arena *arena, const struct json_value *object,
                             const struct strs *rules, struct str operator_space)
{
    struct json_value ours =
        networkpolicy_egress_value(arena, (struct str){0}, rules, operator_space);
    const struct json_value *spec = json_get(object, "spec");

    return spec && is_same(arena, json_get(&ours, "spec"), spec);
}

/* The set of rules that it is named after, if it selects just the Pods that have it. */
static struct str egress_of(struct str name, const struct json_value *selector)
{
    struct str id = str_skip(name, sizeof(POLICY_EGRESS_PREFIX) - 1);
    const struct json_value *labels = json_get(selector, "matchLabels");
    bool is_own = str_starts(name, POLICY_EGRESS_PREFIX) && id.size == EGRESS_ID_SIZE && selector &&
                  selector->count == 1 && labels && labels->count == 1 &&
                  str_equal(look_text(labels, LABEL_EGRESS), id);

    return is_own ? id : (struct str){0};
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
        .egress_id = egress_of(child.name, selector),
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
static const struct kept whole_members[] = {
    KEPT("egress"),
    KEPT("ingress"),
    KEPT("policyTypes"),
    KEPT(NULL),
};
static const struct kept rule_members[] = {
    {.name = "egress",  .members = nothing},
    {.name = "ingress", .members = nothing},
    KEPT("policyTypes"),
    KEPT(NULL),
};

/* What rules say is kept only of what may be ours, to be compared. */
static struct json_value keep_rules(struct arena *arena, const struct json_value *spec,
                                    struct str name)
{
    if (!spec)
        return json_object();
    if (str_starts(name, POLICY_EGRESS_PREFIX) && json_compact(arena, spec).size <= RULES_MAX)
        return look_kept(arena, spec, whole_members);
    return look_kept(arena, spec, rule_members);
}

bool networkpolicy_keep(struct arena *arena, const struct json_value *object, struct buf *ret)
{
    const struct json_value *spec = json_get(object, "spec");
    const struct json_value *selector = json_get(spec, "podSelector");
    struct json_value kept = look_kept(arena, object, policy_members);
    struct json_value rules =
        keep_rules(arena, spec, look_text(json_get(object, "metadata"), "name"));
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
