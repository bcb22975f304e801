// SPDX-License-Identifier: Apache-2.0
#include "api/look.h"
#include "api/pod.h"

enum {
    TEXT_MAX = 1024, /* of what a kubelet or a runtime says */
    TERMINATION_MAX = 4096,
    OTHERS_MAX = 2,
    LABELS_SIZE_MAX = 2048, /* bytes of all labels; of more, ours alone are kept */
};

/* -- reading --------------------------------------------------------------- */

static enum pod_phase phase_of(struct str word)
{
    static const char *const words[] = {
        [POD_PENDING] = "Pending",
        [POD_RUNNING] = "Running",
        [POD_SUCCEEDED] = "Succeeded",
        [POD_FAILED] = "Failed",
    };

    for (size_t i = 0; i < countof(words); i++)
        if (str_is(word, words[i]))
            return (enum pod_phase)i;
    return word.size > 0 ? POD_UNKNOWN : POD_PENDING; /* just made, it has no status at all */
}

static int32_t small_int(const struct json_value *object, const char *key, int32_t none)
{
    int64_t ret = look_int_or(object, key, none);

    return ret < 0 || ret > INT32_MAX ? none : (int32_t)ret;
}

static void container_read(const struct json_value *list, const char *name,
                           struct pod_container *ret)
{
    const struct json_value *status = look_item(list, "name", str_of(name));
    const struct json_value *state = json_get(status, "state");
    const struct json_value *waiting = json_get(state, "waiting");
    const struct json_value *running = json_get(state, "running");
    const struct json_value *terminated = json_get(state, "terminated");

    *ret = (struct pod_container){
        .is_known = status != NULL,
        .waiting_message = look_text(waiting, "message"),
        .is_running = running && running->kind == JSON_OBJECT,
        .is_terminated = terminated && terminated->kind == JSON_OBJECT,
        .started_ms = look_time(running, "startedAt"),
        .restarts = look_int(status, "restartCount"),
        .image_id = look_text(status, "imageID"),
        .exit_code = EXIT_UNKNOWN,
    };
    if (waiting && waiting->kind == JSON_OBJECT) {
        ret->waiting = look_text(waiting, "reason");
        ret->waiting.at = ret->waiting.at ? ret->waiting.at : "";
    }
    if (!ret->is_terminated)
        return;
    ret->started_ms = look_time(terminated, "startedAt");
    ret->finished_ms = look_time(terminated, "finishedAt");
    ret->reason = look_text(terminated, "reason");
    ret->message = look_text(terminated, "message");
    ret->exit_code = small_int(terminated, "exitCode", EXIT_UNKNOWN);
    ret->signal = small_int(terminated, "signal", 0);
}

static void conditions_read_of(const struct json_value *conditions, struct pod *ret)
{
    const struct json_value *scheduled = look_item(conditions, "type", STR_LIT("PodScheduled"));
    const struct json_value *disrupted = look_item(conditions, "type", STR_LIT("DisruptionTarget"));

    ret->condition_ms = look_time(scheduled, "lastTransitionTime");
    if (str_is(look_text(scheduled, "status"), "False")) {
        ret->is_unschedulable = str_is(look_text(scheduled, "reason"), "Unschedulable");
        ret->unschedulable_message = look_text(scheduled, "message");
    }
    if (str_is(look_text(disrupted, "status"), "True")) {
        ret->disruption = look_text(disrupted, "reason");
        ret->disruption_message = look_text(disrupted, "message");
    }
}

static uint32_t count_of(const struct json_value *spec, const char *list)
{
    const struct json_value *items = look_list(spec, list);

    return items ? items->count : 0;
}

void pod_read(const struct json_value *value, struct pod *ret)
{
    const struct json_value *metadata = json_get(value, "metadata");
    const struct json_value *spec = json_get(value, "spec"), *status = json_get(value, "status");
    const struct json_value *host_users = json_get(spec, "hostUsers");
    struct child child;

    child_read(value, &child);
    *ret = (struct pod){
        .space = child.space,
        .name = child.name,
        .uid = child.uid,
        .version = child.version,
        .owner_uid = child.owner_uid,
        .owner_name = child.owner_name,
        .task_label = child.task_label,
        .labels = json_get(metadata, "labels"),
        .is_held = finalizer_is_on(value, FINALIZER_RUN),
        .created_ms = child.created_ms,
        .deleted_ms = child.deleted_ms,
        .deletion_grace_s = look_int(metadata, "deletionGracePeriodSeconds"),
        .deadline_s = look_int(spec, "activeDeadlineSeconds"),
        .stopping_ms = look_time(json_get(metadata, "annotations"), ANNOTATION_STOPPING),
        .node = look_text(spec, "nodeName"),
        .runner_image = look_text(
            look_item(look_list(spec, "initContainers"), "name", STR_LIT(CONTAINER_RUNNER)),
            "image"),
        .has_others = count_of(spec, "containers") > 1 || count_of(spec, "initContainers") > 1 ||
                      count_of(spec, "ephemeralContainers") > 0,
        .user_namespace = host_users && host_users->kind == JSON_BOOL && !host_users->flag,
        .runtime_class = look_text(spec, "runtimeClassName"),
        .phase = phase_of(look_text(status, "phase")),
        .reason = look_text(status, "reason"),
        .message = look_text(status, "message"),
        .started_ms = look_time(status, "startTime"),
    };
    conditions_read_of(look_list(status, "conditions"), ret);
    container_read(look_list(status, "initContainerStatuses"), CONTAINER_RUNNER, &ret->init);
    container_read(look_list(status, "containerStatuses"), CONTAINER_TASK, &ret->task);
}

/* -- keeping --------------------------------------------------------------- */

static const struct kept label_members[] = {KEPT(LABEL_EGRESS), KEPT(LABEL_TASK),
                                            KEPT(LABEL_TENANT), KEPT(NULL)};
static const struct kept owner_members[] = {KEPT("controller"), KEPT("name"), KEPT("uid"),
                                            KEPT(NULL)};
static const struct kept annotation_members[] = {
    KEPT(ANNOTATION_STOPPING),
    KEPT(NULL),
};
static const struct kept metadata_members[] = {
    KEPT_OF("annotations", annotation_members),
    KEPT("creationTimestamp"),
    KEPT("deletionGracePeriodSeconds"),
    KEPT("deletionTimestamp"),
    KEPT("finalizers"),
    KEPT("labels"),
    KEPT("name"),
    KEPT("namespace"),
    KEPT_OF("ownerReferences", owner_members),
    KEPT("resourceVersion"),
    KEPT("uid"),
    KEPT(NULL),
};
static const struct kept spec_members[] = {
    KEPT("activeDeadlineSeconds"), KEPT("hostUsers"), KEPT("nodeName"),
    KEPT("runtimeClassName"),      KEPT(NULL),
};
static const struct kept status_members[] = {
    KEPT_TEXT("message", TEXT_MAX), KEPT("phase"), KEPT("reason"), KEPT("startTime"), KEPT(NULL),
};
static const struct kept pod_members[] = {
    KEPT_OF("metadata", metadata_members),
    KEPT_OF("spec", spec_members),
    KEPT_OF("status", status_members),
    KEPT(NULL),
};
static const struct kept condition_members[] = {
    KEPT("lastTransitionTime"),
    KEPT_TEXT("message", TEXT_MAX),
    KEPT("reason"),
    KEPT("status"),
    KEPT("type"),
    KEPT(NULL),
};
static const struct kept running_members[] = {KEPT("startedAt"), KEPT(NULL)};
static const struct kept terminated_members[] = {
    KEPT("exitCode"), KEPT("finishedAt"), KEPT_TEXT("message", TERMINATION_MAX),
    KEPT("reason"),   KEPT("signal"),     KEPT("startedAt"),
    KEPT(NULL),
};
static const struct kept waiting_members[] = {
    KEPT_TEXT("message", TEXT_MAX),
    KEPT("reason"),
    KEPT(NULL),
};
static const struct kept state_members[] = {
    KEPT_OF("running", running_members),
    KEPT_OF("terminated", terminated_members),
    KEPT_OF("waiting", waiting_members),
    KEPT(NULL),
};
static const struct kept container_members[] = {
    KEPT("imageID"), KEPT("name"), KEPT("restartCount"), KEPT_OF("state", state_members),
    KEPT(NULL),
};

/* Of a list in the status the items whose member `key` has one of these words. */
static void items_keep(struct arena *arena, const struct json_value *status, const char *list,
                       const char *key, const char *const words[2], const struct kept *members,
                       struct json_value *ret)
{
    struct json_value items = json_list();

    for (size_t i = 0; i < 2 && words[i]; i++) {
        const struct json_value *item = look_item(look_list(status, list), key, str_of(words[i]));
        if (item)
            json_add(arena, &items, look_kept(arena, item, members));
    }
    if (items.count > 0)
        json_put(arena, ret, list, items);
}

/* Policies of others may select by any of them. */
static void labels_bound(struct arena *arena, struct json_value *metadata)
{
    for (uint32_t i = 0; i < metadata->count; i++)
        if (str_is(metadata->keys[i], "labels") &&
            json_compact(arena, &metadata->items[i]).size > LABELS_SIZE_MAX)
            metadata->items[i] = look_kept(arena, &metadata->items[i], label_members);
}

/* Where there are others than ours: as many containers as it takes to say so, by name. */
static void others_keep(struct arena *arena, const struct json_value *spec, struct json_value *ret)
{
    static const char *const lists[] = {"containers", "initContainers", "ephemeralContainers"};
    static const struct kept members[] = {KEPT("name"), KEPT(NULL)};

    for (size_t i = 0; i < countof(lists); i++) {
        const struct json_value *list = look_list(spec, lists[i]);
        struct json_value few = list ? *list : json_list();
        if (few.count > OTHERS_MAX)
            few.count = OTHERS_MAX;
        if (few.count > 0)
            json_put(arena, ret, lists[i], look_kept(arena, &few, members));
    }
}

bool pod_keep(struct arena *arena, const struct json_value *object, struct buf *ret)
{
    static const char *const conditions[2] = {"PodScheduled", "DisruptionTarget"};
    static const char *const before[2] = {CONTAINER_RUNNER}, *const main[2] = {CONTAINER_TASK};
    const struct json_value *status = json_get(object, "status");
    struct json_value kept = look_kept(arena, object, pod_members);
    struct pod pod;

    pod_read(object, &pod);
    for (uint32_t i = 0; i < kept.count; i++) {
        if (str_is(kept.keys[i], "metadata"))
            labels_bound(arena, &kept.items[i]);
        if (str_is(kept.keys[i], "spec") && pod.has_others)
            others_keep(arena, json_get(object, "spec"), &kept.items[i]);
        if (!str_is(kept.keys[i], "status") || kept.items[i].kind != JSON_OBJECT)
            continue;
        items_keep(arena, status, "conditions", "type", conditions, condition_members,
                   &kept.items[i]);
        items_keep(arena, status, "initContainerStatuses", "name", before, container_members,
                   &kept.items[i]);
        items_keep(arena, status, "containerStatuses", "name", main, container_members,
                   &kept.items[i]);
    }
    json_print(&kept, JSON_COMPACT, ret);
    return true;
}
