// SPDX-License-Identifier: Apache-2.0
#include "api/agenttask.h"
#include "api/pod.h"
#include "kube/resource.h"
#include "operator/controller_parts.h"

struct orphan {
    const struct kube_client *client;
    struct arena *arena;
    struct json_value object;
    struct pod pod;
};

/* At the source: a cache may be late, and what is done here cannot be undone. */
static bool read_pod(struct orphan *orphan, struct str space, struct str name, struct err *err)
{
    struct kube_request request = request_get(orphan->arena, &resource_pods, space, name);

    if (!kube_call(orphan->client, orphan->arena, &request, "get pod", &orphan->object, err))
        return false;
    pod_read(&orphan->object, &orphan->pod);
    return true;
}

static bool find_task(const struct orphan *orphan, bool *ret_is_there, struct err *err)
{
    const struct pod *pod = &orphan->pod;
    struct kube_request request =
        request_get(orphan->arena, &resource_agenttasks, pod->space, pod->owner_name);
    struct json_value task;

    *ret_is_there = false;
    if (pod->owner_name.size == 0) /* nobody's: our finalizer on it holds nothing */
        return true;
    if (!kube_call(orphan->client, orphan->arena, &request, "get task", &task, err)) {
        bool is_absent = err->kind == ERR_ABSENT;
        if (is_absent)
            *err = (struct err){0};
        return is_absent;
    }
    *ret_is_there = str_equal(object_meta(&task).uid, pod->owner_uid);
    return true;
}

static bool delete_pod(const struct orphan *orphan, struct err *err)
{
    const struct pod *pod = &orphan->pod;
    struct kube_request request = request_delete(orphan->arena, &resource_pods, pod->space,
                                                 pod->name, pod->uid, (struct str){0}, -1);
    struct json_value ignored;

    return pod->deleted_ms != 0 ||
           kube_call(orphan->client, orphan->arena, &request, "delete pod", &ignored, err);
}

static bool release_pod(struct orphan *orphan, struct err *err)
{
    const struct pod *pod = &orphan->pod;
    struct json_value patch = finalizer_patch(orphan->arena, &orphan->object, FINALIZER_RUN, false);
    struct kube_request request = request_patch(orphan->arena, &resource_pods, pod->space,
                                                pod->name, "", json_compact(orphan->arena, &patch));
    struct json_value ignored;

    return kube_call(orphan->client, orphan->arena, &request, "release pod", &ignored, err);
}

/* Deleted first, released then: never is there a Pod of ours that runs and that nobody holds. The
 * deletion changes its version, so it is read again for the release. */
static bool clear(struct orphan *orphan, struct err *err)
{
    struct str uid = orphan->pod.uid;

    if (!delete_pod(orphan, err) || !read_pod(orphan, orphan->pod.space, orphan->pod.name, err))
        return false;
    if (!str_equal(uid, orphan->pod.uid) || !orphan->pod.is_held)
        return true;
    return release_pod(orphan, err);
}

bool orphan_clear(struct controller *controller, struct fiber *fiber, struct arena *arena,
                  struct str space, struct str name, struct err *err)
{
    struct kube_client client = controller_client(controller, fiber);
    struct orphan orphan = {.client = &client, .arena = arena};
    bool has_task = false;
    bool is_done = read_pod(&orphan, space, name, err) &&
                   (!orphan.pod.is_held || find_task(&orphan, &has_task, err));

    if (is_done && has_task)
        controller_look_at(controller, space, orphan.pod.owner_name, controller_now(controller));
    if (is_done && orphan.pod.is_held && !has_task)
        is_done = clear(&orphan, err);
    if (!is_done && err->kind == ERR_ABSENT) { /* gone: what was wanted */
        *err = (struct err){0};
        return true;
    }
    return is_done;
}
