// SPDX-License-Identifier: Apache-2.0
#include "api/task_child.h"

#include "api/agenttask.h"
#include "api/look.h"
#include "api/names.h"

struct json_value child_metadata_with(struct arena *arena, const struct task *task, struct str name,
                                      const char *extra, struct str value)
{
    struct json_value ret = json_object(), labels = json_object(), owner = json_object();
    struct json_value annotations = json_object(), owners = json_list();
    struct str label = task_label_value(arena, task);

    json_put(arena, &annotations, ANNOTATION_TASK, json_text(task->name));
    if (value.size > 0)
        json_put(arena, &labels, extra, json_text(value));
    json_put(arena, &labels, LABEL_TASK, json_text(label));
    json_put(arena, &labels, LABEL_TENANT, json_text(tenant_label_value(arena, task)));
    json_put(arena, &owner, "apiVersion", json_text(STR_LIT(API_VERSION)));
    /* To block the owner's deletion would need rights that nothing else needs. */
    json_put(arena, &owner, "blockOwnerDeletion", json_bool(false));
    json_put(arena, &owner, "controller", json_bool(true));
    json_put(arena, &owner, "kind", json_text(STR_LIT("AgentTask")));
    json_put(arena, &owner, "name", json_text(task->name));
    json_put(arena, &owner, "uid", json_text(task->uid));
    json_add(arena, &owners, owner);
    if (!str_equal(label, task->name))
        json_put(arena, &ret, "annotations", annotations);
    json_put(arena, &ret, "labels", labels);
    json_put(arena, &ret, "name", json_text(name));
    json_put(arena, &ret, "namespace", json_text(task->space));
    json_put(arena, &ret, "ownerReferences", owners);
    return ret;
}

struct json_value child_metadata(struct arena *arena, const struct task *task, struct str name)
{
    return child_metadata_with(arena, task, name, "", (struct str){0});
}

static const struct json_value *controller_of(const struct json_value *owners)
{
    for (uint32_t i = 0; owners && i < owners->count; i++)
        if (look_flag(&owners->items[i], "controller"))
            return &owners->items[i];
    return NULL;
}

void child_read(const struct json_value *object, struct child *ret)
{
    const struct json_value *metadata = json_get(object, "metadata");
    const struct json_value *owner = controller_of(look_list(metadata, "ownerReferences"));

    *ret = (struct child){
        .space = look_text(metadata, "namespace"),
        .name = look_text(metadata, "name"),
        .uid = look_text(metadata, "uid"),
        .version = look_text(metadata, "resourceVersion"),
        .owner_uid = look_text(owner, "uid"),
        .owner_name = look_text(owner, "name"),
        .task_label = look_text(json_get(metadata, "labels"), LABEL_TASK),
        .egress_label = look_text(json_get(metadata, "labels"), LABEL_EGRESS),
        .created_ms = look_time(metadata, "creationTimestamp"),
        .deleted_ms = look_time(metadata, "deletionTimestamp"),
    };
}

bool child_is_of(const struct child *child, const struct task *task)
{
    return task->uid.size > 0 && str_equal(child->owner_uid, task->uid);
}

/* -- finalizers ------------------------------------------------------------ */

static const struct json_value *finalizers_of(const struct json_value *object)
{
    return look_list(json_get(object, "metadata"), "finalizers");
}

bool finalizer_is_on(const struct json_value *object, const char *finalizer)
{
    const struct json_value *finalizers = finalizers_of(object);

    for (uint32_t i = 0; finalizers && i < finalizers->count; i++)
        if (str_is(finalizers->items[i].text, finalizer))
            return true;
    return false;
}

struct json_value finalizer_patch(struct arena *arena, const struct json_value *object,
                                  const char *finalizer, bool is_on)
{
    const struct json_value *before = finalizers_of(object);
    struct json_value ret = json_object(), metadata = json_object(), after = json_list();

    for (uint32_t i = 0; before && i < before->count; i++)
        if (!str_is(before->items[i].text, finalizer))
            json_add(arena, &after, before->items[i]);
    if (is_on)
        json_add(arena, &after, json_text(str_of(finalizer)));
    json_put(arena, &metadata, "finalizers", after.count ? after : (struct json_value){0});
    json_put(arena, &metadata, "resourceVersion",
             json_text(look_text(json_get(object, "metadata"), "resourceVersion")));
    json_put(arena, &ret, "metadata", metadata);
    return ret;
}
