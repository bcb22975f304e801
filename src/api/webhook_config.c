// SPDX-License-Identifier: Apache-2.0
#include "api/webhook_config.h"

#include "api/look.h"
#include "base/base64.h"

#define GROUP   "execution.agenttask.io"
#define VERSION "v1alpha1"
#define PLURAL  "agenttasks"

static bool is_ours(const struct json_value *entry, struct str space)
{
    const struct json_value *service = json_get(json_get(entry, "clientConfig"), "service");

    return str_is(look_text(service, "name"), WEBHOOK_SERVICE) &&
           str_equal(look_text(service, "namespace"), space);
}

/* -- does it stand guard ------------------------------------------------------------- */

static bool lists(const struct json_value *rule, const char *key, const char *word, const char *any)
{
    const struct json_value *list = look_list(rule, key);

    for (uint32_t i = 0; list && i < list->count; i++) {
        const struct json_value *item = &list->items[i];
        if (item->kind == JSON_TEXT && (str_is(item->text, word) || str_is(item->text, any)))
            return true;
    }
    return false;
}

static bool rule_covers(const struct json_value *rule)
{
    struct str scope = look_text(rule, "scope");

    return lists(rule, "operations", "CREATE", "*") && lists(rule, "apiGroups", GROUP, "*") &&
           lists(rule, "apiVersions", VERSION, "*") &&
           (lists(rule, "resources", PLURAL, "*") || lists(rule, "resources", PLURAL, "*/*")) &&
           (scope.size == 0 || str_is(scope, "*") || str_is(scope, "Namespaced"));
}

static bool covers_tasks(const struct json_value *entry)
{
    const struct json_value *rules = look_list(entry, "rules");

    for (uint32_t i = 0; rules && i < rules->count; i++)
        if (rule_covers(&rules->items[i]))
            return true;
    return false;
}

/* Anything but nothing at all: what it would leave out is not for us to work out. */
static bool is_empty(const struct json_value *entry, const char *key)
{
    const struct json_value *value = json_get(entry, key);

    return !value || value->kind == JSON_NULL ||
           ((value->kind == JSON_LIST || value->kind == JSON_OBJECT) && value->count == 0);
}

static bool asks_port(const struct json_value *service)
{
    return look_int_or(service, "port", 443) == 443;
}

static const char *gap_of(const struct json_value *entry)
{
    const struct json_value *client = json_get(entry, "clientConfig");
    const struct json_value *service = json_get(client, "service");

    if (!str_is(look_text(service, "path"), WEBHOOK_TASK_PATH) || !asks_port(service))
        return "its entry for new AgentTasks calls another page";
    if (!str_is(look_text(entry, "failurePolicy"), "Fail"))
        return "its entry for new AgentTasks lets pass what was not reviewed (failurePolicy)";
    if (!is_empty(entry, "namespaceSelector") || !is_empty(entry, "objectSelector") ||
        !is_empty(entry, "matchConditions"))
        return "its entry for new AgentTasks leaves some out (selectors, matchConditions)";
    if (look_text(client, "caBundle").size == 0)
        return "its entry for new AgentTasks has no caBundle yet";
    return NULL;
}

bool webhook_config_guards(const struct json_value *object, struct str space, const char **ret_why)
{
    const struct json_value *entries = look_list(object, "webhooks");
    const char *why = "the webhook configuration has no entry of ours for new AgentTasks";

    if (look_text(json_get(object, "metadata"), "deletionTimestamp").size > 0) {
        *ret_why = "the webhook configuration is being deleted";
        return false;
    }
    for (uint32_t i = 0; entries && i < entries->count; i++) {
        const struct json_value *entry = &entries->items[i];
        if (!is_ours(entry, space) || !covers_tasks(entry))
            continue;
        why = gap_of(entry);
        if (!why)
            return true;
    }
    *ret_why = why;
    return false;
}

int64_t webhook_config_created_ms(const struct json_value *object)
{
    return look_time(json_get(object, "metadata"), "creationTimestamp");
}

/* -- whom it trusts -------------------------------------------------------------------- */

static struct str encode(struct arena *arena, struct str bytes)
{
    char *ret = arena_alloc(arena, BASE64_SIZE(bytes.size) + 1);

    base64_encode(bytes, ret);
    return (struct str){ret, BASE64_SIZE(bytes.size)};
}

static struct str bundle_of(const struct json_value *entry)
{
    return look_text(json_get(entry, "clientConfig"), "caBundle");
}

bool webhook_config_trusts(const struct json_value *object, struct str space, struct str bundle)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct json_value *entries = look_list(object, "webhooks");
    struct str expected = encode(&arena, bundle);

    for (uint32_t i = 0; entries && i < entries->count; i++)
        if (is_ours(&entries->items[i], space) &&
            !str_equal(bundle_of(&entries->items[i]), expected))
            return false;
    return true;
}

struct str webhook_config_bundle(struct arena *arena, const struct json_value *object,
                                 struct str space)
{
    const struct json_value *entries = look_list(object, "webhooks");

    for (uint32_t i = 0; entries && i < entries->count; i++) {
        struct str base64 = bundle_of(&entries->items[i]);
        char *bytes;
        size_t size;
        if (!is_ours(&entries->items[i], space) || base64.size == 0)
            continue;
        bytes = arena_alloc(arena, base64.size);
        if (base64_decode(base64, bytes, &size))
            return (struct str){bytes, size};
    }
    return (struct str){0};
}

/* The same object, with that member instead of the one it had. */
static struct json_value with(struct arena *arena, const struct json_value *object, const char *key,
                              struct json_value item)
{
    struct json_value ret = json_object();

    for (uint32_t i = 0; i < object->count; i++)
        if (!str_is(object->keys[i], key))
            json_put_key(arena, &ret, object->keys[i], object->items[i]);
    json_put(arena, &ret, key, item);
    return ret;
}

/* A merge patch replaces a list as a whole: so all of it is repeated as it was. */
struct json_value webhook_config_patch(struct arena *arena, const struct json_value *object,
                                       struct str space, struct str bundle)
{
    const struct json_value *entries = look_list(object, "webhooks");
    struct json_value ret = json_object(), metadata = json_object(), list = json_list();
    struct json_value trust = json_text(encode(arena, bundle));

    for (uint32_t i = 0; entries && i < entries->count; i++) {
        const struct json_value *entry = &entries->items[i];
        if (!is_ours(entry, space)) {
            json_add(arena, &list, *entry);
            continue;
        }
        struct json_value client = with(arena, json_get(entry, "clientConfig"), "caBundle", trust);
        json_add(arena, &list, with(arena, entry, "clientConfig", client));
    }
    json_put(arena, &metadata, "resourceVersion",
             json_text(look_text(json_get(object, "metadata"), "resourceVersion")));
    json_put(arena, &ret, "metadata", metadata);
    json_put(arena, &ret, "webhooks", list);
    return ret;
}
