// SPDX-License-Identifier: Apache-2.0
#include "api/look.h"
#include "api/pod.h"
#include "api/quantity.h"

/* One walk over what was sent: every member of it must be stored as it was sent, and beside it
 * stands nothing but what servers add of their own. */
struct comparison {
    struct arena *arena;
    struct str first; /* the path of the first difference; empty: none */
};

static bool differs(struct comparison *comparison, struct str path)
{
    comparison->first = path.size > 0 ? path : STR_LIT("spec");
    return true;
}

static bool is_one_of(struct str word, const char *const *words)
{
    for (; *words; words++)
        if (str_is(word, *words))
            return true;
    return false;
}

/* Quantities come back in their canonical form: 1000m as 1. */
static bool text_equal(struct str key, struct str a, struct str b)
{
    static const char *const quantities[] = {"cpu", "ephemeral-storage", "memory", "sizeLimit",
                                             NULL};
    int64_t milli_a, milli_b;

    if (str_equal(a, b))
        return true;
    return is_one_of(key, quantities) && quantity_read_milli(a, &milli_a) &&
           quantity_read_milli(b, &milli_b) && milli_a == milli_b;
}

/* Added by a server to what we leave to it, or by somebody who takes more rights away. */
static bool may_be_added(struct str key, const struct json_value *stored)
{
    static const char *const harmless[] = {"appArmorProfile", "imagePullPolicy", "resizePolicy",
                                           "seLinuxOptions", NULL};

    if (str_is(key, "recursiveReadOnly"))
        return str_is(stored->text, "Disabled");
    if (str_is(key, "optional") || str_is(key, "stdin") || str_is(key, "tty"))
        return !stored->flag;
    return is_one_of(key, harmless);
}

static bool value_differs(struct comparison *comparison, struct str path, struct str key,
                          const struct json_value *sent, const struct json_value *stored);

static bool object_differs(struct comparison *comparison, struct str path,
                           const struct json_value *sent, const struct json_value *stored)
{
    struct arena *arena = comparison->arena;

    for (uint32_t i = 0; i < sent->count; i++) {
        const struct json_value *found = json_get(stored, arena_text(arena, sent->keys[i]));
        struct str at = arena_print(arena, "%.*s.%.*s", STR_ARG(path), STR_ARG(sent->keys[i]));
        if (!found ? differs(comparison, at)
                   : value_differs(comparison, at, sent->keys[i], &sent->items[i], found))
            return true;
    }
    for (uint32_t i = 0; i < stored->count; i++)
        if (!json_get(sent, arena_text(arena, stored->keys[i])) &&
            !may_be_added(stored->keys[i], &stored->items[i]))
            return differs(comparison, arena_print(arena, "%.*s.%.*s", STR_ARG(path),
                                                   STR_ARG(stored->keys[i])));
    return false;
}

static bool value_differs(struct comparison *comparison, struct str path, struct str key,
                          const struct json_value *sent, const struct json_value *stored)
{
    if (str_is(key, "imagePullPolicy"))
        return false; /* a cluster may want to ask the registry each time */
    if (sent->kind != stored->kind)
        return differs(comparison, path);
    if (sent->kind == JSON_OBJECT)
        return object_differs(comparison, path, sent, stored);
    if (sent->count != stored->count || sent->flag != stored->flag ||
        !text_equal(key, sent->text, stored->text))
        return differs(comparison, path);
    for (uint32_t i = 0; i < sent->count; i++)
        if (value_differs(comparison, arena_print(comparison->arena, "%.*s[%u]", STR_ARG(path), i),
                          (struct str){0}, &sent->items[i], &stored->items[i]))
            return true;
    return false;
}

/* Of a list of things with names: each that was sent. Others may stand beside them. */
static bool named_differ(struct comparison *comparison, const char *list,
                         const struct json_value *sent_spec, const struct json_value *stored_spec)
{
    const struct json_value *sent = look_list(sent_spec, list);

    for (uint32_t i = 0; sent && i < sent->count; i++) {
        struct str name = look_text(&sent->items[i], "name");
        struct str path = arena_print(comparison->arena, "spec.%s[%.*s]", list, STR_ARG(name));
        const struct json_value *stored = look_item(look_list(stored_spec, list), "name", name);
        if (!stored ? differs(comparison, path)
                    : value_differs(comparison, path, (struct str){0}, &sent->items[i], stored))
            return true;
    }
    return false;
}

/* Of the Pod as a whole. Absent and false are the same for the flags. */
static bool spec_differs(struct comparison *comparison, const struct json_value *sent,
                         const struct json_value *stored)
{
    static const char *const flags[] = {"hostIPC", "hostNetwork", "hostPID",
                                        "shareProcessNamespace"};
    static const char *const exact[] = {"activeDeadlineSeconds",
                                        "automountServiceAccountToken",
                                        "dnsConfig",
                                        "dnsPolicy",
                                        "enableServiceLinks",
                                        "restartPolicy",
                                        "runtimeClassName",
                                        "terminationGracePeriodSeconds",
                                        "securityContext"};

    for (size_t i = 0; i < countof(flags); i++)
        if (look_flag(stored, flags[i]))
            return differs(comparison, arena_print(comparison->arena, "spec.%s", flags[i]));
    for (size_t i = 0; i < countof(exact); i++) {
        const struct json_value *was = json_get(sent, exact[i]), *is = json_get(stored, exact[i]);
        struct str path = arena_print(comparison->arena, "spec.%s", exact[i]);
        if (!was != !is)
            return differs(comparison, path);
        if (was && value_differs(comparison, path, str_of(exact[i]), was, is))
            return true;
    }
    return false;
}

/* What makes it ours, and holds it. */
static bool metadata_differs(struct comparison *comparison, const struct json_value *sent,
                             const struct json_value *stored)
{
    struct child was, is;

    child_read(sent, &was);
    child_read(stored, &is);
    if (!str_equal(was.task_label, is.task_label) || !str_equal(was.egress_label, is.egress_label))
        return differs(comparison, STR_LIT("metadata.labels"));
    if (!str_equal(was.owner_uid, is.owner_uid))
        return differs(comparison, STR_LIT("metadata.ownerReferences"));
    if (!finalizer_is_on(stored, FINALIZER_RUN))
        return differs(comparison, STR_LIT("metadata.finalizers"));
    return false;
}

static bool host_users_differ(struct comparison *comparison, const struct json_value *sent,
                              const struct json_value *stored)
{
    const struct json_value *was = json_get(sent, "hostUsers"), *is = json_get(stored, "hostUsers");

    return was && is && was->flag != is->flag && differs(comparison, STR_LIT("spec.hostUsers"));
}

static bool has_more(const struct json_value *sent, const struct json_value *stored,
                     const char *list)
{
    const struct json_value *was = look_list(sent, list), *is = look_list(stored, list);

    return (is ? is->count : 0) > (was ? was->count : 0);
}

bool pod_is_as_sent(struct arena *arena, const struct json_value *sent,
                    const struct json_value *stored, struct str *ret, bool *ret_weakened)
{
    const struct json_value *was = json_get(sent, "spec"), *is = json_get(stored, "spec");
    struct comparison comparison = {.arena = arena};

    *ret_weakened = has_more(was, is, "containers") || has_more(was, is, "initContainers") ||
                    has_more(was, is, "ephemeralContainers");
    if (!metadata_differs(&comparison, sent, stored) && !spec_differs(&comparison, was, is) &&
        !host_users_differ(&comparison, was, is) &&
        !named_differ(&comparison, "containers", was, is) &&
        !named_differ(&comparison, "initContainers", was, is) &&
        !named_differ(&comparison, "volumes", was, is))
        return true;
    *ret = comparison.first;
    return false;
}
