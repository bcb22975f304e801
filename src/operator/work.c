// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "api/names.h"
#include "driver/reconcile.h"
#include "operator/controller_parts.h"
#include "operator/options.h"

#define REFUSED_MS    INT64_C(300000)  /* what was refused is tried again that often at least */
#define BEHIND_MS     INT64_C(20)      /* caches show within that time what we wrote, mostly */
#define LONG_SLEEP_MS INT64_C(3600000) /* a clock may be set: never longer without a look */

enum {
    LOOKS_MAX = 4,     /* at one task in one unit of work; more only if the driver errs */
    BEHIND_MAX = 10,   /* so often they are waited for */
    LOUD_FAILURES = 3, /* so many in a row, and people are told */
};

/* What is remembered of a task between two looks. */
struct memory {
    struct kube_memory kube;
    uint32_t failures;  /* in a row */
    bool wants_live;    /* what the cache held was old news */
    bool is_concluding; /* a verdict was sent, and whether it was taken is not known */
    bool is_finished;   /* its verdict stands */
    bool waits_for_pod; /* we changed its Pod; the cache still shows the version `pod` */
    uint32_t waits;
    char pod[KUBE_VERSION_MAX + 1];
};

/* One unit of work. */
struct work {
    struct controller *controller;
    struct arena arena;
    struct kube_task run;
    struct driver driver; /* of the cluster; ours is around it */
    struct memory *memory;
    struct str asked_tenant; /* spec.tenant, before it was verified */
    uint64_t id;
    bool was_seen;    /* the task was there */
    bool is_started;  /* the intent to run it is recorded */
    bool is_finished; /* its verdict is */
    bool is_held_up;  /* by something of its own, not by a lack of room */
};

static int64_t now_wall(const struct controller *controller)
{
    const struct reactor *reactor = controller->spec.reactor;

    return reactor->now_ms(reactor->self);
}

static struct log_line line_of(const struct work *work, enum log_level level, const char *message)
{
    return (struct log_line){
        .level = level,
        .logger = "controller",
        .message = message,
        .controller = "agenttask",
        .space = work->run.space,
        .name = work->run.name,
        .reconcile_id = work->id,
    };
}

/* -- what was decided, told to the world ------------------------------------------ */

static const char *word_for(const struct task_status *status)
{
    if (status->reason != REASON_NONE)
        return reason_word(status->reason);
    return status->phase == PHASE_SUCCEEDED ? "Completed" : phase_word(status->phase);
}

static void post(struct work *work, const char *reason, const char *because, struct str note,
                 bool is_warning, int64_t count)
{
    const struct controller *controller = work->controller;
    struct event event = {
        .task = &work->run.task,
        .reason = reason,
        .action = event_action(&work->arena, because).at,
        .note = note,
        .is_warning = is_warning,
        .at_ms = now_wall(controller),
        .controller = "agenttask.io/operator",
        .instance = controller->spec.instance,
    };

    if (work->run.task.uid.size > 0)
        events_post(controller->events, &event, count);
}

static void tell_change(struct work *work, const struct task_status *before,
                        const struct plan *plan)
{
    const struct task_status *after = &plan->status;
    struct log_line line = line_of(work, LEVEL_INFO, "task went on");

    if (before->phase == after->phase && before->reason == after->reason)
        return;
    line.because = plan->because;
    line.phase = phase_word(after->phase);
    line.reason = reason_word(after->reason);
    log_write(work->controller->spec.log, &line);
    if (!phase_is_terminal(after->phase) && events_are_many(work->controller->events))
        return;
    post(work, word_for(after), plan->because,
         after->message.size > 0 ? after->message : str_of(phase_word(after->phase)),
         after->phase == PHASE_FAILED, 1);
}

/* Once per verdict: by whoever wrote it, when it is known to stand. */
static void count_ending(struct work *work, const struct task_status *status)
{
    struct metrics *metrics = work->controller->spec.metrics;

    work->memory->is_concluding = false;
    metrics->endings[status->reason]++;
    if (status->created_ms != 0)
        histogram_add(&metrics->task_duration, &buckets_task,
                      status->finished_ms - status->created_ms);
}

/* -- the driver, listened in on ------------------------------------------------------ */

static bool observe(void *self, bool is_live, struct arena *arena, struct world *ret,
                    struct err *err)
{
    struct work *work = self;
    struct driver *inner = &work->driver;

    is_live |= work->memory->wants_live;
    if (!inner->observe(inner->self, is_live, arena, ret, err))
        return false;
    work->was_seen = true;
    work->is_started = ret->task->status.attempt != 0;
    work->is_held_up = ret->run.is_stranger;
    work->is_finished = phase_is_terminal(ret->task->status.phase);
    if (work->memory->is_concluding && work->is_finished)
        count_ending(work, &ret->task->status);
    return true;
}

static bool apply_status(struct work *work, const struct world *world, const struct plan *plan,
                         struct err *err)
{
    const struct task_status before = world->task->status; /* the driver replaces it */
    struct driver *inner = &work->driver;
    bool is_ending = phase_is_terminal(plan->status.phase) && !phase_is_terminal(before.phase);

    if (!inner->apply(inner->self, world, plan, ACTION_SET_STATUS, err)) {
        work->memory->is_concluding |= is_ending && err->kind == ERR_RETRY;
        return false;
    }
    if (before.attempt == 0 && plan->status.attempt != 0)
        histogram_add(&work->controller->spec.metrics->queue_wait, &buckets_task,
                      now_wall(work->controller) - world->task->created_ms);
    work->is_started |= plan->status.attempt != 0;
    work->is_finished |= is_ending;
    work->memory->is_finished |= is_ending;
    if (is_ending)
        count_ending(work, &plan->status);
    tell_change(work, &before, plan);
    return true;
}

/* The version of its Pod that the cache holds; empty: none. */
static struct str cached_pod(struct work *work)
{
    struct cached pod;

    if (work->run.task.name.size == 0 ||
        !cache_find(work->controller->caches.pods, work->run.space,
                    run_pod_name(&work->arena, &work->run.task), &pod))
        return (struct str){0};
    return pod.version;
}

static bool changes_pod(enum action action)
{
    return action == ACTION_START_RUN || action == ACTION_STOP_RUN || action == ACTION_DROP_RUN ||
           action == ACTION_RELEASE_RUN;
}

static bool apply(void *self, const struct world *world, const struct plan *plan,
                  enum action action, struct err *err)
{
    struct work *work = self;
    struct driver *inner = &work->driver;
    struct memory *memory = work->memory;

    if (action == ACTION_SET_STATUS)
        return apply_status(work, world, plan, err);
    if (changes_pod(action)) {
        memory->waits_for_pod = true;
        snprintf(memory->pod, sizeof(memory->pod), "%.*s", STR_ARG(cached_pod(work)));
    }
    return inner->apply(inner->self, world, plan, action, err);
}

/* -- what the driver asks ------------------------------------------------------------- */

static struct str verify_tenant(void *ctx, const struct task *task)
{
    struct work *work = ctx;

    work->asked_tenant = task->spec.tenant;
    return controller_tenant(work->controller, task);
}

/* Verified anew: the config may have changed since this unit of work began. */
static void ask_room(void *ctx, const struct task *task, struct kube_room *ret)
{
    const struct work *work = ctx;
    struct task asked = *task;
    struct room_task in_room;
    struct room_answer answer;

    asked.spec.tenant = work->asked_tenant;
    in_room = room_task_of(&asked, controller_tenant(work->controller, &asked));
    room_ask(work->controller->room, &in_room, controller_now(work->controller), &answer);
    *ret = (struct kube_room){
        .has_room = answer.has_room,
        .waits_for = REASON_QUEUED,
        .position = answer.position,
        .ahead = answer.ahead,
    };
}

static bool enter_capture(void *ctx)
{
    const struct work *work = ctx;

    if (work->controller->captures == CAPTURES_MAX)
        return false;
    work->controller->captures++;
    return true;
}

static void leave_capture(void *ctx)
{
    const struct work *work = ctx;

    assert(work->controller->captures > 0);
    work->controller->captures--;
}

/* -- memory ------------------------------------------------------------------------- */

/* Of the task of that uid, if it is known: another one of the same name is another task. */
static struct memory *recall(struct controller *controller, struct str key, struct str uid)
{
    struct memory *memory = map_find(&controller->memories, key);

    if (memory && (uid.size == 0 || str_is(uid, memory->kube.uid)))
        return memory;
    controller->stuck -= memory && memory->failures >= LOUD_FAILURES;
    return map_put(&controller->memories, key, sizeof(*memory));
}

/* Who fails so often is stuck: that many at a time are told to people. */
static void count_failures(struct work *work, uint32_t failures)
{
    bool was_stuck = work->memory->failures >= LOUD_FAILURES, is_stuck = failures >= LOUD_FAILURES;

    work->memory->failures = failures;
    if (is_stuck && !was_stuck)
        work->controller->stuck++;
    else if (was_stuck && !is_stuck)
        work->controller->stuck--;
}

bool work_is_finished(const struct controller *controller, struct str space, struct str name)
{
    char key[KEY_TEXT_MAX + 1];
    int size = snprintf(key, sizeof(key), "%.*s/%.*s", STR_ARG(space), STR_ARG(name));
    const struct memory *memory = map_find(&controller->memories, (struct str){key, (size_t)size});

    return memory && memory->is_finished;
}

/* -- how it went ------------------------------------------------------------------------ */

static void come_again(struct work *work, struct str key, int64_t wall_ms)
{
    struct controller *controller = work->controller;
    int64_t wait_ms = wall_ms == WAKE_NEVER ? WAKE_NEVER : wall_ms - now_wall(controller);

    queue_done(controller->queue, key, QUEUE_DONE, controller_now(controller), 0);
    if (wait_ms == WAKE_NEVER)
        return;
    if (wait_ms > LONG_SLEEP_MS)
        wait_ms = LONG_SLEEP_MS;
    if (wait_ms < BEHIND_MS) /* overdue already: but not without a breath */
        wait_ms = BEHIND_MS;
    queue_add(controller->queue, key, controller_now(controller) + wait_ms);
}

static void went_well(struct work *work, struct str key, const struct reconcile_result *result)
{
    struct controller *controller = work->controller;
    int64_t wake_ms = result->wake_at_ms;
    struct log_line line = line_of(work, LEVEL_DEBUG, "reconciled");

    if (work->run.look_at_ms != 0 && work->run.look_at_ms < wake_ms)
        wake_ms = work->run.look_at_ms;
    count_failures(work, 0);
    work->memory->wants_live = false;
    controller->spec.metrics
        ->reconciles[wake_ms == WAKE_NEVER ? RECONCILE_SUCCESS : RECONCILE_REQUEUE_AFTER]++;
    line.because = result->because;
    log_write(controller->spec.log, &line);
    room_done(controller->room, work->run.space, work->run.name,
              work->is_started   ? ROOM_STARTED
              : work->is_held_up ? ROOM_FAILED
                                 : ROOM_WAITS,
              controller_now(controller));
    if (work->is_finished)
        follow_forget(controller, work->run.task.status.run.uid);
    come_again(work, key, wake_ms);
    if (work->is_finished && result->action_count == 0)
        map_drop(&controller->memories, key); /* and all that it pointed to */
}

static void is_gone(struct work *work, struct str key)
{
    struct controller *controller = work->controller;

    controller->spec.metrics->reconciles[RECONCILE_SUCCESS]++;
    room_forget(controller->room, work->run.space, work->run.name, controller_now(controller));
    count_failures(work, 0);
    map_drop(&controller->memories, key);
    queue_done(controller->queue, key, QUEUE_DONE, controller_now(controller), 0);
}

/* Old news is no failure, but not to be believed a second time. What was refused will hardly be
 * taken the next time: people are told, and it is tried less and less often, down to a bound. */
static void went_wrong(struct work *work, struct str key, const struct err *err)
{
    struct controller *controller = work->controller;
    const struct reactor *reactor = controller->spec.reactor;
    struct memory *memory = work->memory;
    bool is_refused = err->kind != ERR_RETRY && err->kind != ERR_STALE;
    struct log_line line =
        line_of(work, err->kind == ERR_STALE ? LEVEL_DEBUG : LEVEL_WARN, "has to try again");

    memory->wants_live = true;
    count_failures(work, memory->failures + 1);
    if (memory->failures >= LOUD_FAILURES && line.level == LEVEL_WARN)
        line.level = LEVEL_ERROR;
    line.err = err;
    log_write(controller->spec.log, &line);
    controller->spec.metrics->reconciles[RECONCILE_ERROR]++;
    if (is_refused && memory->failures % LOUD_FAILURES == 0)
        post(work, "ReconcileFailed", "try again", str_of(err->text), true,
             memory->failures / LOUD_FAILURES);
    room_done(controller->room, work->run.space, work->run.name,
              work->is_started ? ROOM_STARTED : ROOM_FAILED, controller_now(controller));
    queue_done(controller->queue, key, QUEUE_FAILED, controller_now(controller),
               reactor->chance(reactor->self));
    queue_add(controller->queue, key, controller_now(controller) + REFUSED_MS);
}

/* -- a unit of work ------------------------------------------------------------------------ */

static bool reconcile(struct work *work, struct reconcile_result *ret, struct err *err)
{
    struct driver driver = {.self = work, .observe = observe, .apply = apply};
    int looks = 0;

    work->driver = kube_driver(&work->run);
    do
        if (!reconcile_task(&driver, &work->arena, ret, err))
            return false;
    while (++looks < LOOKS_MAX && kube_task_goes_on(&work->run));
    return true;
}

static void prepare(struct work *work, struct fiber *fiber, struct str key, struct str space,
                    struct str name)
{
    struct controller *controller = work->controller;
    struct cached entry = {0};
    struct task task;
    bool is_cached = cache_find(controller->caches.tasks, space, name, &entry);

    work->id = ++controller->reconciles;
    work->memory = recall(controller, key, is_cached ? entry.uid : (struct str){0});
    work->run = (struct kube_task){
        .arena = &work->arena,
        .client = controller_client(controller, fiber),
        .settings = &controller->settings,
        .caches = &controller->caches,
        .space = space,
        .name = name,
        .memory = &work->memory->kube,
        .tenant = verify_tenant,
        .room = ask_room,
        .capture_enter = enter_capture,
        .capture_leave = leave_capture,
        .ctx = work,
    };
    if (!is_cached || !intake_task(&work->arena, &entry, &task))
        return;
    work->run.task =
        task; /* what we wait for and follow follows from it, before the driver looks */
    work->run.followed = follow_find(controller, task.status.run.uid);
}

/* Do the caches lag behind what we did ourselves? Then an event is on its way that brings us back
 * here: to look at the source meanwhile would only cost. */
static bool is_behind(struct work *work)
{
    struct memory *memory = work->memory;
    int64_t ours, theirs;
    struct cached task;

    if (!cache_find(work->controller->caches.tasks, work->run.space, work->run.name, &task))
        return false;
    if (str_to_int(str_of(memory->kube.version), &ours) && str_to_int(task.version, &theirs) &&
        theirs < ours)
        return true;
    memory->waits_for_pod &= str_is(cached_pod(work), memory->pod);
    return memory->waits_for_pod;
}

static bool wait_for_caches(struct work *work, struct str key)
{
    struct controller *controller = work->controller;
    struct memory *memory = work->memory;

    if (memory->wants_live || !is_behind(work) || memory->waits == BEHIND_MAX) {
        memory->waits = 0;
        memory->waits_for_pod = false;
        return false;
    }
    memory->waits++;
    queue_done(controller->queue, key, QUEUE_DONE, controller_now(controller), 0);
    queue_add(controller->queue, key, controller_now(controller) + BEHIND_MS);
    return true;
}

static void work_on_task(struct controller *controller, struct fiber *fiber, struct str key,
                         struct str space, struct str name)
{
    struct work work = {.controller = controller};
    struct reconcile_result result;
    struct err err = {0};

    prepare(&work, fiber, key, space, name);
    if (wait_for_caches(&work, key)) {
        arena_fini(&work.arena);
        return;
    }
    if (reconcile(&work, &result, &err))
        went_well(&work, key, &result);
    else if (err.kind == ERR_ABSENT && !work.was_seen)
        is_gone(&work, key);
    else
        went_wrong(&work, key, &err);
    arena_fini(&work.arena);
}

static void work_on_pod(struct controller *controller, struct fiber *fiber, struct str key,
                        struct str space, struct str name)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct reactor *reactor = controller->spec.reactor;
    struct err err = {0};
    bool is_well = orphan_clear(controller, fiber, &arena, space, name, &err);

    controller->spec.metrics->reconciles[is_well ? RECONCILE_SUCCESS : RECONCILE_ERROR]++;
    if (!is_well)
        log_write(controller->spec.log, &(struct log_line){.level = LEVEL_WARN,
                                                           .logger = "orphan",
                                                           .message = "has to try again",
                                                           .space = space,
                                                           .name = name,
                                                           .err = &err});
    queue_done(controller->queue, key, is_well ? QUEUE_DONE : QUEUE_FAILED,
               controller_now(controller), reactor->chance(reactor->self));
    if (!is_well)
        queue_add(controller->queue, key, controller_now(controller) + REFUSED_MS);
}

void work_on(struct controller *controller, struct fiber *fiber, struct str key)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct metrics *metrics = controller->spec.metrics;
    bool is_pod = str_starts(key, "/");
    int64_t started_ms = controller_now(controller);
    struct str copy = arena_copy(&arena, key); /* the queue's own goes with queue_done() */
    struct str space, name;

    if (!str_cut(str_skip(copy, is_pod), '/', &space, &name))
        assert(false);
    histogram_add(&metrics->queue_time, &buckets_reconcile,
                  started_ms - queue_due_ms(controller->queue, copy));
    controller->work_since_ms += started_ms;
    if (is_pod)
        work_on_pod(controller, fiber, copy, space, name);
    else
        work_on_task(controller, fiber, copy, space, name);
    controller->work_since_ms -= started_ms;
    histogram_add(&metrics->reconcile_time, &buckets_reconcile,
                  controller_now(controller) - started_ms);
}
