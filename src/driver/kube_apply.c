// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <stdio.h>

#include "api/agenttask_kept.h"
#include "api/configmap.h"
#include "api/names.h"
#include "core/deadline.h"
#include "driver/kube_object.h"
#include "driver/kube_output.h"
#include "driver/kube_policy.h"

#define SECOND_MS      INT64_C(1000)
#define QUOTA_WAIT_MS  INT64_C(5000) /* doubled with every refusal, up to ... */
#define QUOTA_WAIT_MAX INT64_C(300000)
#define REFUSED_MAX_MS INT64_C(15000)

enum {
    RELEASES_MAX = 4, /* a kubelet writes, too */
};

struct driver kube_driver(struct kube_task *run)
{
    return (struct driver){.self = run, .observe = kube_observe, .apply = kube_apply};
}

bool kube_task_goes_on(const struct kube_task *run)
{
    return run->is_fresh || (run->output_kept && !phase_is_terminal(run->task.status.phase));
}

/* -- the task ------------------------------------------------------------------ */

/* After a write of ours: what it is now, and what no cache may be older than. */
static void task_written(struct kube_task *run, const struct json_value *object)
{
    struct child child;

    child_read(object, &child);
    run->object = *object;
    run->task.version = child.version;
    if (child.version.size <= KUBE_VERSION_MAX)
        snprintf(run->memory->version, sizeof(run->memory->version), "%.*s",
                 STR_ARG(child.version));
}

/* Where that is the whole plan, the answer is what the next look sees. */
static bool task_hold(struct kube_task *run, bool is_all, struct err *err)
{
    struct json_value patch = finalizer_patch(run->arena, &run->object, FINALIZER_TASK, true);
    struct json_value object;

    if (!object_patch_whole(run, &resource_agenttasks, run->name, &patch, &object, err))
        return false;
    task_written(run, &object);
    run->task.has_finalizer = true;
    run->is_fresh = is_all;
    return true;
}

static bool task_release(struct kube_task *run, struct err *err)
{
    struct json_value patch = finalizer_patch(run->arena, &run->object, FINALIZER_TASK, false);
    struct json_value object;
    struct err refused = {0};

    if (object_patch(run, &resource_agenttasks, run->name, NULL, &patch, &object, &refused) ||
        refused.kind == ERR_ABSENT)
        return true;
    *err = refused;
    return false;
}

static bool task_drop(struct kube_task *run, struct err *err)
{
    struct json_value left;

    return object_delete(run, &resource_agenttasks, run->name, run->task.uid, run->task.version,
                         &left, err);
}

static bool status_put(struct kube_task *run, const struct task_status *status, struct err *err)
{
    struct json_value patch, object;

    /* Sent even if it changes nothing: whoever acts on old news must be told. */
    (void)agenttask_status_patch(run->arena, &run->task, status, &patch);
    if (!object_patch(run, &resource_agenttasks, run->name, "status", &patch, &object, err))
        return false;
    task_written(run, &object);
    run->task.status = *status;
    return true;
}

/* -- the code ------------------------------------------------------------ */

/* What stands there from before, with no intent recorded, may have been made of an older profile.
 */
static bool is_outdated(struct kube_task *run, const struct json_value *object)
{
    struct str job;

    return run->task.status.attempt == 0 &&
           !(configmap_bytes(run->arena, object, KEY_JOB, &job) && str_equal(job, run->job));
}

static bool code_drop_object(struct kube_task *run, const struct json_value *object,
                             struct err *err)
{
    struct json_value left;
    struct child child;

    child_read(object, &child);
    return object_delete(run, &resource_configmaps, child.name, child.uid, (struct str){0}, &left,
                         err);
}

static void code_remember(struct kube_task *run, const struct json_value *object)
{
    struct kube_memory *memory = run->memory;
    struct child child;

    child_read(object, &child);
    if (child.uid.size <= KUBE_VERSION_MAX && child_is_of(&child, &run->task))
        snprintf(memory->code_uid, sizeof(memory->code_uid), "%.*s", STR_ARG(child.uid));
}

static void code_forget(struct kube_memory *memory)
{
    memory->has_made_code = false;
    memory->code_uid[0] = '\0';
}

static bool code_put(struct kube_task *run, struct err *err)
{
    struct str name = run_code_name(run->arena, &run->task);
    struct json_value value, object;
    enum object_made made;

    assert(run->is_whole && run->has_profile); /* starting a run follows from a live look */
    value = configmap_code_value(run->arena, &run->task, run->job, run->profile.file_name);
    run->memory->has_made_code = true; /* from now on it may be there */
    if (!object_make(run, &resource_configmaps, name, &value, &made, &object, err))
        return false;
    if (made == OBJECT_STRANGER) {
        run->memory->has_code_stranger = true;
        return err_set(err, ERR_STALE, "a foreign ConfigMap %.*s is in the way", STR_ARG(name));
    }
    if (made == OBJECT_OURS && is_outdated(run, &object) &&
        !(code_drop_object(run, &object, err) &&
          object_make(run, &resource_configmaps, name, &value, &made, &object, err)))
        return false;
    code_remember(run, &object);
    return true;
}

/* By the uid that we remember: to ask what stands there would only cost. False: unknown, or it is
 * another one by now. */
static bool code_drop_known(struct kube_task *run, struct str name)
{
    struct str uid = str_of(run->memory->code_uid);
    struct json_value left;

    return uid.size > 0 && object_delete(run, &resource_configmaps, name, uid, (struct str){0},
                                         &left, &(struct err){0});
}

static bool code_drop(struct kube_task *run, struct err *err)
{
    struct str name = run_code_name(run->arena, &run->task);
    struct json_value object;
    struct err absent = {0};
    struct child child;

    if (code_drop_known(run, name)) {
        code_forget(run->memory);
        return true;
    }
    if (object_get(run, &resource_configmaps, name, &object, &absent)) {
        child_read(&object, &child);
        if (child_is_of(&child, &run->task) && !code_drop_object(run, &object, err))
            return false;
    } else if (absent.kind != ERR_ABSENT) {
        *err = absent;
        return false;
    }
    code_forget(run->memory);
    return true;
}

/* -- starting a run ------------------------------------------------------------- */

/* Seconds, rounded up, until the kubelet ends what neither runner nor operator ended. */
static int64_t deadline_first_s(const struct world *world, const struct task_effective *effective)
{
    int64_t queue_ms = deadline_of_queue(world) - world->now_ms;

    queue_ms = queue_ms > 0 ? queue_ms : 0;
    return (queue_ms + run_allowance_ms(effective) + SECOND_MS - 1) / SECOND_MS;
}

/* By a plugin of the server, for want of a runtime class, say, or of a right of ours: that may be
 * mended, but nobody waits for it for ever. */
static void forbidden_remember(struct kube_memory *memory, int64_t now_ms,
                               const struct err *refused)
{
    if (now_ms < memory->refused_since_ms + REFUSED_MAX_MS)
        return;
    memory->invalid_count = INVALID_MAX;
    snprintf(memory->invalid, sizeof(memory->invalid), "%.*s", (int)sizeof(memory->invalid) - 1,
             refused->text);
}

/* A Pod that is invalid will stay so, one that a quota has no room for may be taken later: what the
 * next look makes of it is in the memory. */
static void refusal_remember(struct kube_task *run, int64_t now_ms, const struct err *refused)
{
    const struct kube_client *client = &run->client;
    struct kube_memory *memory = run->memory;
    bool was_sent = !client->may_write || client->may_write(client->ctx);
    int64_t wait_ms = QUOTA_WAIT_MS << (memory->quota_count < 6 ? memory->quota_count : 6);

    if (refused->kind == ERR_INVALID) {
        memory->invalid_count++;
        snprintf(memory->invalid, sizeof(memory->invalid), "%.*s", (int)sizeof(memory->invalid) - 1,
                 refused->text);
    } else if (refused->kind == ERR_REFUSED && strstr(refused->text, "exceeded quota")) {
        memory->quota_count++;
        memory->quota_until_ms = now_ms + (wait_ms < QUOTA_WAIT_MAX ? wait_ms : QUOTA_WAIT_MAX);
    } else if (refused->kind == ERR_REFUSED && was_sent && memory->refused_since_ms == 0) {
        memory->refused_since_ms = now_ms;
    } else if (refused->kind == ERR_REFUSED && was_sent) {
        forbidden_remember(memory, now_ms, refused);
    }
}

/* Something between us and the store made another Pod of it. It goes before it can start. If a
 * finalizer of ours does not hold it until the next look, what is remembered says why it is gone.
 */
static bool mutant_drop(struct kube_task *run, struct json_value *stored, struct str field,
                        struct err *err)
{
    struct kube_memory *memory = run->memory;
    struct child pod;

    child_read(stored, &pod);
    snprintf(memory->mutated, sizeof(memory->mutated), "%.*s", STR_ARG(field));
    return object_delete(run, &resource_pods, pod.name, pod.uid, (struct str){0}, stored, err);
}

static bool run_start(struct kube_task *run, const struct world *world, const struct plan *plan,
                      struct err *err)
{
    const struct task_effective *effective = &plan->status.effective;
    struct json_value stored,
        sent = kube_pod_value(run, effective, deadline_first_s(world, effective));
    struct str name = run_pod_name(run->arena, &run->task), field;
    enum object_made made;
    bool is_weakened;

    if (!object_make(run, &resource_pods, name, &sent, &made, &stored, err)) {
        refusal_remember(run, world->now_ms, err);
        return false;
    }
    if (made == OBJECT_STRANGER)
        return err_set(err, ERR_STALE, "a foreign Pod %.*s is in the way", STR_ARG(name));
    if (made == OBJECT_OURS) /* by an operator before us: the next look compares it */
        return true;
    run->memory->is_pod_checked = pod_is_as_sent(run->arena, &sent, &stored, &field, &is_weakened);
    return run->memory->is_pod_checked || mutant_drop(run, &stored, field, err);
}

/* -- a run under way ------------------------------------------------------------ */

/* By its uid: a Pod of another uid refuses that as invalid. */
static bool pod_patch(struct kube_task *run, const struct json_value *patch, struct err *err)
{
    struct json_value object;
    struct err refused = {0};

    if (object_patch(run, &resource_pods, run->pod.name, NULL, patch, &object, &refused)) {
        run->pod_object = object;
        return true;
    }
    if (refused.kind == ERR_ABSENT || refused.kind == ERR_INVALID)
        refused.kind = ERR_STALE; /* look again: it is not the Pod that we saw */
    *err = refused;
    return false;
}

/* The kubelet counts from the time when it accepted the Pod; waiting and pulling are in that. */
static bool run_bound(struct kube_task *run, const struct world *world, struct err *err)
{
    const struct pod *pod = &run->pod;
    int64_t due_ms =
        pod->task.started_ms - pod->started_ms + run_allowance_ms(&world->task->status.effective);
    struct json_value patch =
        pod_deadline_patch(run->arena, pod->uid, (due_ms + SECOND_MS - 1) / SECOND_MS);

    return pod_patch(run, &patch, err);
}

static bool run_mark(struct kube_task *run, struct err *err)
{
    struct json_value patch =
        pod_mark_patch(run->arena, run->pod.uid, task_label_value(run->arena, &run->task));

    return pod_patch(run, &patch, err);
}

static bool pod_delete(struct kube_task *run, struct err *err)
{
    return object_delete(run, &resource_pods, run->pod.name, run->pod.uid, (struct str){0},
                         &run->pod_object, err);
}

/* Deleting a Pod destroys its log, so code is ended by the kubelet's own clock. Where no code
 * started there is nothing to lose, and a kubelet that pulls an image hears of nothing else. */
static bool run_stop(struct kube_task *run, const struct world *world, struct err *err)
{
    struct json_value patch = pod_stop_patch(run->arena, run->pod.uid, world->now_ms);

    return run->seen.has_started ? pod_patch(run, &patch, err) : pod_delete(run, err);
}

/* The list of finalizers is written whole, on condition that nobody wrote meanwhile. */
static bool run_release(struct kube_task *run, struct err *err)
{
    struct str name = run->pod.name, uid = run->pod.uid;

    for (int tries = 0; run->pod_object.kind == JSON_OBJECT; tries++) {
        struct json_value patch =
            finalizer_patch(run->arena, &run->pod_object, FINALIZER_RUN, false);
        struct json_value object;
        struct err refused = {0};
        struct child child;

        if (object_patch(run, &resource_pods, name, NULL, &patch, &object, &refused) ||
            refused.kind == ERR_ABSENT)
            return true;
        if (refused.kind != ERR_STALE || tries == RELEASES_MAX) {
            *err = refused;
            return false;
        }
        refused = (struct err){0};
        if (!object_get(run, &resource_pods, name, &run->pod_object, &refused)) {
            *err = refused;
            return refused.kind == ERR_ABSENT;
        }
        child_read(&run->pod_object, &child);
        if (!str_equal(child.uid, uid))
            return true;
    }
    return true; /* its deletion was its end */
}

bool kube_apply(void *self, const struct world *world, const struct plan *plan, enum action action,
                struct err *err)
{
    struct kube_task *run = self;

    switch (action) {
    case ACTION_HOLD_TASK:
        return task_hold(run, plan->action_count == 1, err);
    case ACTION_PUT_POLICY:
        return kube_policy_put(run, world, err);
    case ACTION_PUT_CODE:
        return code_put(run, err);
    case ACTION_SET_STATUS:
        return status_put(run, &plan->status, err);
    case ACTION_START_RUN:
        return run_start(run, world, plan, err);
    case ACTION_MARK_RUN:
        return run_mark(run, err);
    case ACTION_BOUND_RUN:
        return run_bound(run, world, err);
    case ACTION_STOP_RUN:
        return run_stop(run, world, err);
    case ACTION_KEEP_OUTPUT:
        return kube_output_keep(run, world, err);
    case ACTION_DROP_RUN:
        return pod_delete(run, err);
    case ACTION_RELEASE_RUN:
        return run_release(run, err);
    case ACTION_DROP_CODE:
        return code_drop(run, err);
    case ACTION_RELEASE_TASK:
        return task_release(run, err);
    case ACTION_DROP_TASK:
        return task_drop(run, err);
    case ACTION_LOOK_AGAIN: /* reconcile's own business */
    case ACTION_COUNT:
        break;
    }
    assert(false); /* no plan holds it */
    return false;
}
