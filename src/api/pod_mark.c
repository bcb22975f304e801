// SPDX-License-Identifier: Apache-2.0
#include "api/field.h"
#include "api/pod.h"

static struct json_value patch_of(struct arena *arena, struct json_value metadata,
                                  int64_t deadline_s)
{
    struct json_value ret = json_object(), spec = json_object();

    json_put(arena, &spec, "activeDeadlineSeconds", json_number(arena, deadline_s));
    json_put(arena, &ret, "metadata", metadata);
    json_put(arena, &ret, "spec", spec);
    return ret;
}

static struct json_value metadata_of(struct arena *arena, struct str uid)
{
    struct json_value ret = json_object();

    json_put(arena, &ret, "uid", json_text(uid));
    return ret;
}

struct json_value pod_deadline_patch(struct arena *arena, struct str uid, int64_t deadline_s)
{
    return patch_of(arena, metadata_of(arena, uid), deadline_s);
}

struct json_value pod_mark_patch(struct arena *arena, struct str uid, struct str task_label)
{
    struct json_value ret = json_object(), metadata = metadata_of(arena, uid);
    struct json_value labels = json_object();

    json_put(arena, &labels, LABEL_TASK, json_text(task_label));
    json_put(arena, &metadata, "labels", labels);
    json_put(arena, &ret, "metadata", metadata);
    return ret;
}

struct json_value pod_stop_patch(struct arena *arena, struct str uid, int64_t now_ms)
{
    struct json_value metadata = metadata_of(arena, uid), annotations = json_object();

    json_put(arena, &annotations, ANNOTATION_STOPPING, field_time(arena, now_ms));
    json_put(arena, &metadata, "annotations", annotations);
    return patch_of(arena, metadata, 1);
}
