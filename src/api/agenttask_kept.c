// SPDX-License-Identifier: Apache-2.0
#include "api/agenttask_kept.h"

#include "api/look.h"

/* -- what informers keep --------------------------------------------------- */

static const struct kept task_metadata[] = {
    KEPT("creationTimestamp"),
    KEPT("deletionTimestamp"),
    KEPT("finalizers"),
    KEPT("generation"),
    KEPT("name"),
    KEPT("namespace"),
    KEPT("resourceVersion"),
    KEPT("uid"),
    KEPT(NULL),
};
static const struct kept reference_members[] = {
    KEPT("key"),
    KEPT("name"),
    KEPT(NULL),
};
static const struct kept code_members[] = {
    KEPT_OF("configMapRef", reference_members),
    KEPT(NULL),
};

static const struct kept waiting_spec[] = {
    {.name = "backend"},
    KEPT("canceled"),
    {.name = "code",    .members = code_members},
    {.name = "priority"                },
    KEPT("queueTimeoutSeconds"),
    {.name = "resources"},
    KEPT("runtimeProfile"),
    {.name = "tenant"                },
    KEPT("timeoutSeconds"),
    {.name = "ttlSecondsAfterFinished"},
    KEPT(NULL),
};
static const struct kept result_members[] = {
    KEPT("bytes"),
    KEPT("configMapRef"),
    KEPT("sha256"),
    KEPT(NULL),
};
static const struct kept waiting_status[] = {
    KEPT_OF("result", result_members),
    {.name = "*"},
    KEPT(NULL),
};
static const struct kept waiting_task[] = {
    {.name = "metadata",       .members = task_metadata},
    {.name = "spec",                        .members = waiting_spec},
    {.name = "status",.members = waiting_status},
    {.name = NULL        },
};

static const struct kept finished_spec[] = {
    KEPT("canceled"),
    KEPT("priority"),
    KEPT("runtimeProfile"),
    KEPT("tenant"),
    KEPT("ttlSecondsAfterFinished"),
    KEPT(NULL),
};
static const struct kept run_members[] = {
    KEPT("name"),
    KEPT("uid"),
    KEPT(NULL),
};
static const struct kept effective_members[] = {
    KEPT("egress"), /* its Pod may still be there, and its policy stays as long */
    KEPT(NULL),
};
static const struct kept finished_status[] = {
    KEPT("attempt"), KEPT("completionTime"),         KEPT_OF("effective", effective_members),
    KEPT("phase"),   KEPT_OF("podRef", run_members), KEPT("reason"),
    KEPT(NULL),
};
static const struct kept finished_task[] = {
    {.name = "metadata",        .members = task_metadata},
    {.name = "spec",                         .members = finished_spec},
    {.name = "status",.members = finished_status},
    {.name = NULL         },
};

static bool is_finished(const struct json_value *object)
{
    enum phase phase;

    return phase_parse(look_text(json_get(object, "status"), "phase"), &phase) &&
           phase_is_terminal(phase);
}

bool agenttask_keep(struct arena *arena, const struct json_value *object, struct buf *ret)
{
    struct json_value kept =
        look_kept(arena, object, is_finished(object) ? finished_task : waiting_task);

    json_print(&kept, JSON_COMPACT, ret);
    return true;
}

static const struct kept profile_metadata[] = {
    KEPT("generation"), KEPT("name"), KEPT("resourceVersion"), KEPT("uid"), KEPT(NULL),
};
static const struct kept profile_members[] = {
    KEPT_OF("metadata", profile_metadata),
    {.name = "spec"},
    KEPT(NULL),
};

bool runtimeprofile_keep(struct arena *arena, const struct json_value *object, struct buf *ret)
{
    struct json_value kept = look_kept(arena, object, profile_members);

    json_print(&kept, JSON_COMPACT, ret);
    return true;
}

/* -- writing a status ------------------------------------------------------ */

static bool value_equal(const struct json_value *a, const struct json_value *b)
{
    if (a->kind != b->kind || a->flag != b->flag || a->count != b->count ||
        !str_equal(a->text, b->text))
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if ((a->kind == JSON_OBJECT && !str_equal(a->keys[i], b->keys[i])) ||
            !value_equal(&a->items[i], &b->items[i]))
            return false;
    return true;
}

static const struct json_value *member(const struct json_value *object, struct str key)
{
    for (uint32_t i = 0; i < object->count; i++)
        if (str_equal(object->keys[i], key))
            return &object->items[i];
    return NULL;
}

/* RFC 7386: members of objects one by one, everything else whole. */
static struct json_value difference(struct arena *arena, const struct json_value *before,
                                    const struct json_value *after)
{
    struct json_value ret = json_object();

    for (uint32_t i = 0; i < after->count; i++) {
        const struct json_value *was = member(before, after->keys[i]), *is = &after->items[i];
        if (was && value_equal(was, is))
            continue;
        if (was && was->kind == JSON_OBJECT && is->kind == JSON_OBJECT)
            json_put_key(arena, &ret, after->keys[i], difference(arena, was, is));
        else
            json_put_key(arena, &ret, after->keys[i], *is);
    }
    for (uint32_t i = 0; i < before->count; i++)
        if (!member(after, before->keys[i]))
            json_put_key(arena, &ret, before->keys[i], (struct json_value){0});
    return ret;
}

bool agenttask_status_patch(struct arena *arena, const struct task *task,
                            const struct task_status *after, struct json_value *ret)
{
    struct task written = {.status = *after};
    struct json_value was = agenttask_status_value(arena, task);
    struct json_value is = agenttask_status_value(arena, &written);
    struct json_value status = difference(arena, &was, &is), metadata = json_object();

    json_put(arena, &metadata, "resourceVersion", json_text(task->version));
    *ret = json_object();
    json_put(arena, ret, "metadata", metadata);
    if (status.count > 0)
        json_put(arena, ret, "status", status);
    return status.count > 0;
}
