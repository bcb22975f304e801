// SPDX-License-Identifier: Apache-2.0
#include "api/field.h"
#include "api/pod.h"

static struct json_value patch_of(struct arena *arena, struct str uid, const char *annotation,
                                  struct json_value text)
{
    struct json_value ret = json_object(), metadata = json_object(), annotations = json_object();

    if (annotation) {
        json_put(arena, &annotations, annotation, text);
        json_put(arena, &metadata, "annotations", annotations);
    }
    json_put(arena, &metadata, "uid", json_text(uid));
    json_put(arena, &ret, "metadata", metadata);
    return ret;
}

static void put_deadline(struct arena *arena, struct json_value *patch, int64_t deadline_s)
{
    struct json_value spec = json_object();

    json_put(arena, &spec, "activeDeadlineSeconds", json_number(arena, deadline_s));
    json_put(arena, patch, "spec", spec);
}

struct json_value pod_deadline_patch(struct arena *arena, struct str uid, int64_t deadline_s)
{
    struct json_value ret = patch_of(arena, uid, NULL, (struct json_value){0});

    put_deadline(arena, &ret, deadline_s);
    return ret;
}

struct json_value pod_stop_patch(struct arena *arena, struct str uid, int64_t now_ms)
{
    struct json_value ret = patch_of(arena, uid, ANNOTATION_STOPPING, field_time(arena, now_ms));

    put_deadline(arena, &ret, 1);
    return ret;
}

struct json_value pod_mutated_patch(struct arena *arena, struct str uid, struct str field)
{
    return patch_of(arena, uid, ANNOTATION_MUTATED, json_text(field));
}
