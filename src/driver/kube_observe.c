// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <stdio.h>

#include "api/agenttask.h"
#include "api/label_selector.h"
#include "api/names.h"
#include "api/networkpolicy.h"
#include "api/runtimeprofile.h"
#include "core/deadline.h"
#include "core/validate.h"
#include "driver/kube_code.h"
#include "driver/kube_guard.h"
#include "driver/kube_job.h"
#include "driver/kube_object.h"
#include "driver/kube_policy.h"

#define SETTLE_MS    INT64_C(20000) /* a Pod's grace, and the news of its end */
#define CODE_LOOK_MS INT64_C(10000) /* a Pod without code waits silently: then it is asked for */

/* -- the task ----------------------------------------------------------------- */

static bool decoded(struct kube_task *run, const struct json_value *object, struct err *err)
{
    run->object = *object;
    if (!agenttask_read(run->arena, object, "AgentTask", API_LENIENT, &run->task, err))
        return false;
    run->task.spec.tenant = run->tenant(run->ctx, &run->task);
    return true;
}

/* Versions grow (Kubernetes 1.35 promises what always was so); what is no number is only compared.
 */
static bool is_older(struct str version, struct str than)
{
    int64_t a, b;

    if (than.size == 0)
        return false;
    if (str_to_int(version, &a) && str_to_int(than, &b))
        return a < b;
    return !str_equal(version, than);
}

static void memory_take(struct kube_memory *memory, const struct task *task)
{
    if (str_is(task->uid, memory->uid))
        return;
    *memory = (struct kube_memory){0};
    snprintf(memory->uid, sizeof(memory->uid), "%.*s", STR_ARG(task->uid));
}

/* Where the cache does not know yet what we wrote ourselves, the look becomes a live one. */
static bool task_glance(struct kube_task *run, bool *is_live, struct err *err)
{
    struct json_value object;
    struct cached cached;

    if (!cache_find(run->caches->tasks, run->space, run->name, &cached))
        return err_set(err, ERR_ABSENT, "no such task");
    *is_live = str_is(cached.uid, run->memory->uid) &&
               is_older(cached.version, str_of(run->memory->version));
    return *is_live || (json_read(run->arena, arena_copy(run->arena, cached.kept), &object, err) &&
                        decoded(run, &object, err));
}

static bool task_look(struct kube_task *run, bool *is_live, struct err *err)
{
    struct json_value object = run->object;
    bool is_fresh = run->is_fresh;

    *is_live |= is_fresh;
    run->is_fresh = false;
    if (!*is_live && !task_glance(run, is_live, err))
        return false;
    run->is_whole = *is_live;
    if (*is_live && !is_fresh && !object_get(run, &resource_agenttasks, run->name, &object, err))
        return false;
    if (*is_live && !decoded(run, &object, err))
        return false;
    memory_take(run->memory, &run->task);
    return true;
}

/* -- the Pod ------------------------------------------------------------------ */

static bool pod_find(struct kube_task *run, bool is_live, struct err *err)
{
    struct str name = run_pod_name(run->arena, &run->task);
    struct cached cached;
    struct err absent = {0};

    run->has_pod = false;
    if (is_live) {
        run->has_pod = object_get(run, &resource_pods, name, &run->pod_object, &absent);
        if (!run->has_pod && absent.kind != ERR_ABSENT) {
            *err = absent;
            return false;
        }
        return true;
    }
    if (!cache_find(run->caches->pods, run->space, name, &cached))
        return true;
    run->has_pod =
        json_read(run->arena, arena_copy(run->arena, cached.kept), &run->pod_object, err);
    return run->has_pod;
}

static void come_again(struct kube_task *run, int64_t at_ms)
{
    if (at_ms != 0 && (run->look_at_ms == 0 || at_ms < run->look_at_ms))
        run->look_at_ms = at_ms;
}

/* Since when it waits for the same: no Pod says so. */
static void wait_remember(struct kube_memory *memory, int64_t now_ms, struct run *run)
{
    enum run_wait wait = run->state == RUN_WAITING ? run->wait : WAIT_NONE;

    if (memory->wait != wait) {
        memory->wait = wait;
        memory->wait_since_ms = now_ms;
    }
    if (wait != WAIT_NONE)
        run->wait_since_ms = memory->wait_since_ms;
}

/* The output of what still runs would be half of it. */
static void settle_wait(struct kube_task *run, int64_t now_ms)
{
    struct kube_memory *memory = run->memory;

    if (!run->seen.is_unsettled) {
        memory->unsettled_ms = 0;
        return;
    }
    if (memory->unsettled_ms == 0)
        memory->unsettled_ms = now_ms;
    if (now_ms >= memory->unsettled_ms + SETTLE_MS)
        return;
    run->seen.run.state = RUN_ACTIVE;
    come_again(run, memory->unsettled_ms + SETTLE_MS);
}

/* As code of somebody, or (is_own) as ours, which can be nothing else. */
static bool is_missing(struct kube_task *run, bool is_own, bool *ret, struct err *err)
{
    const struct task_spec *spec = &run->task.spec;
    struct json_value object;
    struct err why = {0};
    bool is_there = is_own ? object_get(run, &resource_configmaps,
                                        run_code_name(run->arena, &run->task), &object, &why)
                           : kube_code_look(&run->client, run->arena, run->space, spec->config_map,
                                            spec->config_map_key, &why);

    *ret = !is_there;
    if (is_there || why.kind == ERR_ABSENT || why.kind == ERR_INVALID)
        return true;
    *err = why;
    return false;
}

/* A kubelet that cannot mount the code waits without a word: nothing in a Pod's status says so. */
static bool code_look(struct kube_task *run, int64_t now_ms, struct err *err)
{
    const struct task_spec *spec = &run->task.spec;
    struct run *seen = &run->seen.run;
    bool lacks_own = false, lacks_given = false;

    if (!run->seen.may_lack_code)
        return true;
    come_again(run, now_ms + CODE_LOOK_MS);
    if (now_ms < seen->wait_since_ms + CODE_LOOK_MS)
        return true;
    if (!is_missing(run, true, &lacks_own, err) ||
        (spec->config_map.at && !is_missing(run, false, &lacks_given, err)))
        return false;
    if (lacks_own || lacks_given) {
        seen->wait = WAIT_CODE_MISSING;
        seen->message = arena_print(
            run->arena, "ConfigMap %.*s with the code is missing",
            STR_ARG(lacks_own ? run_code_name(run->arena, &run->task) : spec->config_map));
    }
    return true;
}

static bool pod_look(struct kube_task *run, bool is_live, int64_t now_ms, struct err *err)
{
    if (!pod_find(run, is_live, err))
        return false;
    if (run->has_pod)
        pod_read(&run->pod_object, &run->pod);
    kube_run_read(run->arena, &run->task, run->has_pod ? &run->pod : NULL, now_ms, &run->seen);
    come_again(run, run->seen.look_at_ms);
    settle_wait(run, now_ms);
    if (run->seen.run.state == RUN_WAITING && !code_look(run, now_ms, err))
        return false;
    wait_remember(run->memory, now_ms, &run->seen.run);
    return true;
}

/* A run may have to be started. */
static bool needs_look(const struct kube_task *run, const struct world *world)
{
    return !run_is_there(world) && !phase_is_terminal(run->task.status.phase);
}

/* -- what a run needs ---------------------------------------------------------- */

static void refuse(struct world *world, enum reason reason, struct str message)
{
    world->refusal = reason;
    world->refusal_message = message;
}

bool kube_user_namespace(const struct kube_settings *settings, const struct profile *profile)
{
    return profile->host_users_given ? !profile->host_users : settings->has_user_namespaces;
}

/* From the cache; what is not in there is asked for, live, before it is called unknown. */
static bool profile_find(struct kube_task *run, bool is_live, struct json_value *ret,
                         struct err *err)
{
    struct str name = run->task.spec.profile;
    struct cached cached;

    if (cache_find(run->caches->profiles, (struct str){0}, name, &cached))
        return json_read(run->arena, arena_copy(run->arena, cached.kept), ret, err);
    if (!is_live)
        return err_set(err, ERR_ABSENT, "not in the cache");
    return object_get(run, &resource_runtimeprofiles, name, ret, err);
}

/* All that can be said of the task and its profile alone. */
static bool profile_fit(struct kube_task *run, const struct json_value *object, struct world *ret,
                        struct err *err)
{
    struct task *task = &run->task;

    if (!runtimeprofile_read(run->arena, object, "RuntimeProfile", API_LENIENT, &run->profile, err))
        return false;
    if ((task->status.attempt == 0 || task->status.effective.timeout_ms == 0) &&
        (!task_validate(task, err) ||
         !kube_effective(run->arena, task, &run->profile, run->settings->canary.size > 0,
                         &ret->effective, err)))
        return false;
    if (!kube_job_make(run->arena, task, &run->profile, &ret->effective,
                       kube_user_namespace(run->settings, &run->profile), run->settings->canary,
                       &run->job, err))
        return false;
    run->has_profile = true;
    return true;
}

static bool profile_look(struct kube_task *run, bool is_live, struct world *ret, struct err *err)
{
    struct json_value object;
    struct err why = {0};

    if (!profile_find(run, is_live, &object, &why)) {
        if (why.kind != ERR_ABSENT) {
            *err = why;
            return false;
        }
        refuse(ret, REASON_PROFILE_NOT_FOUND,
               arena_print(run->arena, "There is no RuntimeProfile %.*s",
                           STR_ARG(run->task.spec.profile)));
        return true;
    }
    if (is_live && !profile_fit(run, &object, ret, &why))
        refuse(ret, why.kind == ERR_REFUSED ? REASON_POLICY_UNENFORCEABLE : REASON_INVALID,
               arena_copy(run->arena, str_of(why.text)));
    return true;
}

struct json_value kube_pod_value(struct kube_task *run, const struct task_effective *effective,
                                 int64_t deadline_s)
{
    const struct pod_request request = {
        .task = &run->task,
        .profile = &run->profile,
        .effective = effective,
        .runner_image = run->settings->runner_image,
        .code_config_map = run_code_name(run->arena, &run->task),
        .user_namespace = kube_user_namespace(run->settings, &run->profile),
        .deadline_s = deadline_s,
    };

    return pod_value(run->arena, &request);
}

/* Whoever made it compares it with the answer, but may have died over it, or over what followed.
 * Once its existence is recorded, it was compared. */
static bool is_unchecked(const struct kube_task *run)
{
    return run->has_pod && !run->seen.run.is_stranger && !run->memory->is_pod_checked &&
           run->task.status.created_ms == 0 && run->task.status.attempt != 0;
}

static void mutant_note(const struct kube_task *run, struct str field, struct world *world)
{
    world->run.state = RUN_ENDED;
    world->run.fault = FAULT_MUTATED;
    world->run.message = arena_print(run->arena, "Not stored as it was sent: %.*s", STR_ARG(field));
}

/* With another profile, or made by another version of us, it would be another Pod: then nothing can
 * be said. */
static bool pod_check(struct kube_task *run, struct world *world, struct err *err)
{
    const struct task_effective *effective = &run->task.status.effective;
    struct json_value sent;
    struct str field;
    bool is_weakened;

    if (run->memory->mutated[0]) {
        mutant_note(run, str_of(run->memory->mutated), world);
        return true;
    }
    if (!profile_look(run, true, world, err))
        return false;
    world->refusal = REASON_NONE; /* of a run that is there it is too late */
    if (!run->has_profile || run->profile.generation != effective->profile_generation ||
        !str_equal(run->pod.runner_image, run->settings->runner_image))
        return true;
    sent = kube_pod_value(run, effective, run->pod.deadline_s);
    run->memory->is_pod_checked =
        pod_is_as_sent(run->arena, &sent, &run->pod_object, &field, &is_weakened);
    if (!run->memory->is_pod_checked)
        mutant_note(run, field, world);
    return true;
}

/* The operator may read what the author of a task may not: without somebody who asked in his name,
 * he would read through us. */
static bool author_look(struct kube_task *run, struct world *ret, struct err *err)
{
    struct str gap = {0};

    if (run->settings->allow_config_map_refs)
        return true;
    if (!kube_guard_look(run, &gap, err))
        return false;
    if (gap.at)
        refuse(ret, REASON_POLICY_UNENFORCEABLE,
               arena_print(run->arena,
                           "Nobody checked whether the author of this task may read the ConfigMap "
                           "that it refers to: %.*s",
                           STR_ARG(gap)));
    return true;
}

/* Somebody's ConfigMap is the code. */
static bool reference_look(struct kube_task *run, struct world *ret, struct err *err)
{
    const struct task_spec *spec = &run->task.spec;
    struct err why = {0};

    if (!author_look(run, ret, err))
        return false;
    if (ret->refusal != REASON_NONE || kube_code_look(&run->client, run->arena, run->space,
                                                      spec->config_map, spec->config_map_key, &why))
        return true;
    if (why.kind != ERR_ABSENT && why.kind != ERR_INVALID) {
        *err = why;
        return false;
    }
    refuse(ret, REASON_CODE_NOT_FOUND,
           why.kind == ERR_INVALID
               ? arena_copy(run->arena, str_of(why.text))
               : arena_print(run->arena, "There is no ConfigMap %.*s", STR_ARG(spec->config_map)));
    return true;
}

/* The first thing that is wrong is said. Without looking live nothing is refused that a live look
 * would not refuse. */
static bool refusal_look(struct kube_task *run, bool is_live, struct world *ret, struct err *err)
{
    const struct kube_memory *memory = run->memory;

    if (run->task.spec.backend == BACKEND_SANDBOX)
        refuse(ret, REASON_BACKEND_UNAVAILABLE, STR_LIT("This operator runs tasks in Pods only"));
    else if (memory->mutated[0])
        refuse(ret, REASON_POD_MUTATED,
               arena_print(run->arena, "Not stored as it was sent: %s", memory->mutated));
    else if (memory->invalid_count >= INVALID_MAX)
        refuse(ret, REASON_INVALID, arena_copy(run->arena, str_of(memory->invalid)));
    if (ret->refusal == REASON_NONE && !profile_look(run, is_live, ret, err))
        return false;
    if (ret->refusal == REASON_NONE && is_live && run->task.spec.config_map.at)
        return reference_look(run, ret, err);
    return true;
}

/* -- what stands ready --------------------------------------------------------- */

static void room_look(struct kube_task *run, struct world *ret)
{
    const struct kube_memory *memory = run->memory;
    struct kube_room room = {.has_room = true};

    if (needs_look(run, ret) && run->task.status.attempt == 0)
        run->room(run->ctx, &run->task, &room);
    ret->has_room = room.has_room;
    ret->waits_for = room.waits_for;
    ret->queue = (struct task_queue){.position = room.position, .ahead = room.ahead};
    if (!room.has_room || ret->now_ms >= memory->quota_until_ms)
        return;
    ret->has_room = false;
    ret->waits_for = REASON_QUOTA_EXCEEDED;
    come_again(run, memory->quota_until_ms);
}

/* What of its own code object follows from the rest, without asking. A task without an intent has
 * made none, or will find it when it makes it. While there is a Pod it stands; after the Pod is
 * gone or let go, it was dropped before. Where the cache decides nothing, it is taken to be there.
 */
static bool code_guess(const struct kube_task *run, const struct world *world)
{
    bool is_over = phase_is_terminal(run->task.status.phase);

    if (!is_over)
        return run_is_there(world) || run->task.status.attempt != 0;
    return (run_is_there(world) && world->run.is_held) || run->memory->has_made_code;
}

/* It is asked for where that decides: a run may be started with it, or must not be any more. Of a
 * stranger in its place no event says when it leaves, so as long as the task waits it is asked
 * again and again. */
static bool code_find(struct kube_task *run, bool is_live, struct world *ret, struct err *err)
{
    struct kube_memory *memory = run->memory;
    bool is_over = phase_is_terminal(run->task.status.phase), is_asked;
    struct json_value object;
    struct err why = {0};
    struct child child;

    ret->has_code = ret->code_exists = code_guess(run, ret);
    is_asked = is_live || (memory->has_code_stranger && !is_over);
    if (run_is_there(ret) || !is_asked || !(ret->code_exists || memory->has_code_stranger))
        return true;
    ret->has_code = ret->code_exists = memory->has_code_stranger = false;
    if (!object_get(run, &resource_configmaps, run_code_name(run->arena, &run->task), &object,
                    &why)) {
        if (why.kind != ERR_ABSENT)
            *err = why;
        else
            memory->has_made_code = false;
        return why.kind == ERR_ABSENT;
    }
    child_read(&object, &child);
    ret->has_code = ret->code_exists = code_guess(run, ret) && child_is_of(&child, &run->task);
    memory->has_code_stranger = !child_is_of(&child, &run->task);
    if (memory->has_code_stranger && !is_over)
        come_again(run, ret->now_ms + CODE_LOOK_MS);
    return true;
}

/* -- the world ------------------------------------------------------------------ */

struct foreign {
    const struct kube_task *run;
    bool opens; /* its Pod, as that is labelled now */
};

static void policy_weigh(void *ctx, const struct cached *entry)
{
    struct foreign *foreign = ctx;
    struct networkpolicy policy;
    struct json_value object;

    struct arena *arena = foreign->run->arena;

    if (foreign->opens || !str_equal(entry->space, foreign->run->space) ||
        str_is(entry->name, POLICY_NAME) ||
        !json_read(arena, arena_copy(arena, entry->kept), &object, &(struct err){0}))
        return;
    networkpolicy_read(&object, &policy);
    foreign->opens = policy.allows && !kube_policy_is_own(foreign->run, entry->name, &object) &&
                     label_selector_matches(policy.selector, foreign->run->pod.labels);
}

static enum weakening weakening_look(const struct kube_task *run)
{
    struct foreign foreign = {.run = run};

    if (run->pod.task_label.size == 0)
        return WEAKENED_BY_LABEL;
    if (run->pod.has_others)
        return WEAKENED_BY_CONTAINER;
    cache_each(run->caches->policies, policy_weigh, &foreign);
    return foreign.opens ? WEAKENED_BY_POLICY : WEAKENED_NOT;
}

/* From the start of the code to its end, and until something was found. Before, only what cannot
 * be undone: a Pod that nothing selects. */
static bool is_worth_weighing(const struct kube_task *run, const struct world *world)
{
    return run_is_there(world) && run->has_pod && !phase_is_terminal(run->task.status.phase) &&
           run->task.status.isolation.weakened == WEAKENED_NOT &&
           (world->run.state != RUN_WAITING || run->pod.task_label.size == 0);
}

static void output_look(const struct kube_task *run, struct world *ret)
{
    bool has_none = ret->run.state == RUN_ENDED && !run->seen.has_started && !run->followed;

    ret->artifacts_bytes = -1;
    ret->usage = kube_run_usage(&run->seen);
    ret->output_kept = has_none;
    if (run->seen.has_report)
        ret->isolation = kube_run_isolation(&run->seen, &run->pod);
    if (is_worth_weighing(run, ret))
        ret->isolation.weakened = weakening_look(run);
}

/* Once more after the output was kept. Nobody needs to be asked again: a run that has ended stays
 * so, and the write is on condition that the task is what it was. */
static void world_with_output(const struct kube_task *run, struct world *ret)
{
    *ret = run->world;
    ret->now_ms = run->client.reactor->now_ms(run->client.reactor->self);
    ret->output_kept = true;
    ret->result = run->result;
    ret->logs = run->logs;
    ret->artifacts_bytes = run->artifacts_bytes;
    ret->artifacts_too_large = run->artifacts_too_large;
}

bool kube_observe(void *self, bool is_live, struct arena *arena, struct world *ret, struct err *err)
{
    struct kube_task *run = self;
    struct world world = {.pull_grace_ms = run->settings->pull_grace_ms, .profile_known = true};

    assert(arena == run->arena);
    if (run->output_kept) {
        world_with_output(run, ret);
        return true;
    }
    run->look_at_ms = 0;
    world.now_ms = run->client.reactor->now_ms(run->client.reactor->self);
    world.task = &run->task;
    world.is_unready = !run->caches->is_synced;
    if (!task_look(run, &is_live, err) || !pod_look(run, is_live, world.now_ms, err))
        return false;
    if (!is_live && is_unchecked(run))
        return kube_observe(run, true, arena, ret, err);
    world.is_live = is_live;
    world.run = run->seen.run;
    world.effective = run->task.status.effective;
    if (is_unchecked(run) && !pod_check(run, &world, err))
        return false;
    if (needs_look(run, &world) && !refusal_look(run, is_live, &world, err))
        return false;
    if (!code_find(run, is_live, &world, err))
        return false;
    kube_policy_look(run, &world); /* what it gets is known by now */
    world.run.is_stranger |= run->memory->has_code_stranger && !run_is_there(&world);
    room_look(run, &world);
    if (run->has_pod)
        world.effective.image_id = run->pod.task.image_id;
    output_look(run, &world);
    *ret = world;
    return true;
}
