// SPDX-License-Identifier: Apache-2.0
#include "fake_operator.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/agenttask_kept.h"
#include "api/look.h"
#include "api/networkpolicy.h"
#include "api/pod.h"
#include "driver/reconcile.h"

static const struct {
    const char *plural;
    bool (*keep)(struct arena *arena, const struct json_value *object, struct buf *ret);
} kinds[] = {
    {"agenttasks",      agenttask_keep     },
    {"pods",            pod_keep           },
    {"runtimeprofiles", runtimeprofile_keep},
    {"networkpolicies", networkpolicy_keep },
};

/* -- caches --------------------------------------------------------------------- */

static void cache_follow(struct operator_of_one *op, const char *plural,
                         const struct json_value *object, bool is_gone)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf kept;
    struct object_meta meta = object_meta(object);

    buf_init(&kept, (size_t)1024 * 1024);
    for (size_t i = 0; i < countof(kinds); i++) {
        if (strcmp(kinds[i].plural, plural) != 0)
            continue;
        op->is_due = true;
        if (op->life->is_frozen && (op->life->freeze_kinds & UINT32_C(1) << i))
            continue;
        if (is_gone)
            cache_drop(op->caches[i], meta.space, meta.name);
        else if (kinds[i].keep(&arena, object, &kept))
            cache_put(op->caches[i], &(struct cached){meta.space, meta.name, meta.uid, meta.version,
                                                      buf_str(&kept)});
    }
}

static void freeze(struct life *life)
{
    if (life->freeze_at == 0 || life->cluster.request_count < life->freeze_at)
        return;
    life->is_frozen = true;
    life->frozen_until_ms = life->cluster.now_ms + life->freeze_ms;
    life->freeze_at = 0;
}

static void changed(void *ctx, const char *plural, const struct json_value *object, bool is_gone)
{
    struct life *life = ctx;

    freeze(life);
    for (size_t i = 0; i < countof(life->operators); i++)
        cache_follow(&life->operators[i], plural, object, is_gone);
}

/* As after a start: lists of all that is there. */
static void caches_fill(struct operator_of_one *op)
{
    struct fake_cluster *cluster = &op->life->cluster;

    for (size_t i = 0; i < countof(kinds); i++) {
        cache_free(op->caches[i]);
        op->caches[i] = cache_new();
    }
    op->views = (struct kube_caches){
        .tasks = op->caches[0],
        .pods = op->caches[1],
        .profiles = op->caches[2],
        .policies = op->caches[3],
        .is_synced = true,
    };
    for (uint32_t i = 0; i < cluster->object_count; i++)
        cache_follow(op, cluster->objects[i].plural, &cluster->objects[i].value, false);
}

static void thaw(struct life *life)
{
    life->is_frozen = false;
    for (size_t i = 0; i < countof(life->operators); i++)
        caches_fill(&life->operators[i]);
}

/* -- a unit of work ---------------------------------------------------------------- */

/* Nobody is believed to be another tenant than its namespace. */
static struct str tenant_of(void *ctx, const struct task *task)
{
    (void)ctx;
    return task->space;
}

static void room_ask(void *ctx, const struct task *task, struct kube_room *ret)
{
    (void)task;
    *ret = ((struct operator_of_one *)ctx)->life->room;
}

static bool place_take(void *ctx)
{
    struct operator_of_one *op = ctx;

    if (op->places == 0)
        return false;
    op->places--;
    return true;
}

static void place_give(void *ctx)
{
    ((struct operator_of_one *)ctx)->places++;
}

static void unit_main(struct fiber *fiber, void *ctx)
{
    struct operator_of_one *op = ctx;
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_task run = {
        .arena = &arena,
        .client = {.transport = &op->life->transport,
                   .reactor = &op->life->reactor,
                   .fiber = fiber,
                   .is_stopped = &op->is_stopped},
        .settings = &op->life->settings,
        .caches = &op->views,
        .space = STR_LIT("default"),
        .name = STR_LIT("t"),
        .memory = &op->memory,
        .tenant = tenant_of,
        .room = room_ask,
        .capture_enter = place_take,
        .capture_leave = place_give,
        .ctx = op,
        .followed = op->followed,
    };
    struct driver driver = kube_driver(&run);
    bool is_well;

    op->fiber = fiber;
    op->err = (struct err){0};
    do
        is_well = reconcile_task(&driver, &arena, &op->result, &op->err);
    while (is_well && kube_task_goes_on(&run));
    op->wake_ms = is_well ? op->result.wake_at_ms : INT64_MAX;
    if (is_well && run.look_at_ms != 0 && run.look_at_ms < op->wake_ms)
        op->wake_ms = run.look_at_ms;
    op->is_working = false;
}

static void restart(struct operator_of_one *op)
{
    op->restarts++;
    op->life->cluster.is_killed = op->is_stopped = false;
    op->memory = (struct kube_memory){0};
    op->failures = 0;
    op->places = 1;
    op->wake_ms = INT64_MAX;
    caches_fill(op);
    op->is_due = true;
}

static void operator_run(struct operator_of_one *op, int64_t for_ms);

/* Another one leads for as long as this one is stalled, and then this one goes on. */
static void stall(struct operator_of_one *op)
{
    struct operator_of_one *rival = &op->life->operators[1];

    restart(rival);
    rival->restarts = 0;
    operator_run(rival, LIFE_STALL_MS);
    fake_resume(&op->life->cluster);
}

static void back_off(struct operator_of_one *op)
{
    op->wake_ms = op->life->cluster.now_ms + (INT64_C(5) << op->failures);
    op->failures += op->failures < 15;
}

/* What an operator does besides: a Pod whose task is gone is let go. */
static void sweep(struct fake_cluster *cluster)
{
    if (!fake_find(cluster, "pods", "t-pod"))
        return;
    fake_delete(cluster, "pods", "t-pod");
    fake_merge(cluster, "pods", "t-pod", "{\"metadata\":{\"finalizers\":null}}");
}

static void unit(struct operator_of_one *op)
{
    struct fake_cluster *cluster = &op->life->cluster;

    if (++op->units == LIFE_UNITS_MAX) {
        life_show(op->life);
        fprintf(stderr, "no rest: %s; %s\n", op->result.because, op->err.text);
        abort();
    }
    op->is_due = false;
    op->is_working = true;
    if (!fiber_start(op->life->fibers, unit_main, op))
        assert(false);
    while (op->is_working) {
        if (cluster->is_killed && !op->is_stopped) {
            op->is_stopped = true;
            fiber_wake(op->fiber);
        } else if (cluster->stalled && op == &op->life->operators[0]) {
            stall(op);
        } else if (!fake_turn(cluster)) {
            fake_advance(cluster, fake_next_ms(cluster));
        }
    }
    if (op->is_stopped)
        restart(op);
    else if (op->err.kind == ERR_NONE)
        op->failures = 0;
    else if (op->err.kind != ERR_ABSENT)
        back_off(op);
    else
        sweep(cluster);
}

/* -- a life ------------------------------------------------------------------------- */

static int64_t next_event(struct life *life)
{
    int64_t next_ms = INT64_MAX;

    for (size_t i = 0; i < LIFE_EVENTS_MAX; i++)
        if (life->events[i].happen && life->events[i].at_ms + FAKE_START_MS < next_ms)
            next_ms = life->events[i].at_ms + FAKE_START_MS;
    return next_ms;
}

static void events_happen(struct life *life)
{
    for (size_t i = 0; i < LIFE_EVENTS_MAX; i++) {
        struct life_event *event = &life->events[i];
        if (!event->happen || event->at_ms + FAKE_START_MS > life->cluster.now_ms)
            continue;
        event->happen(&life->cluster);
        event->happen = NULL;
    }
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

static void operator_run(struct operator_of_one *op, int64_t for_ms)
{
    struct life *life = op->life;
    int64_t end_ms = life->cluster.now_ms + for_ms;

    while (op->is_due || life->cluster.now_ms < end_ms) {
        int64_t next_ms;
        if (op->is_due) {
            unit(op);
            continue;
        }
        next_ms = earlier(earlier(fake_next_ms(&life->cluster), next_event(life)), op->wake_ms);
        if (life->is_frozen)
            next_ms = earlier(next_ms, life->frozen_until_ms);
        if (next_ms > end_ms)
            break;
        fake_advance(&life->cluster, next_ms);
        while (fake_turn(&life->cluster)) /* for one who is stalled and loses patience */
            ;
        events_happen(life);
        if (life->is_frozen && life->cluster.now_ms >= life->frozen_until_ms)
            thaw(life);
        op->is_due |= life->cluster.now_ms >= op->wake_ms;
    }
    fake_advance(&life->cluster, end_ms);
}

void life_run(struct life *life, int64_t for_ms)
{
    operator_run(&life->operators[0], for_ms);
}

void life_init(struct life *life)
{
    *life = (struct life){
        .settings = {.runner_image = STR_LIT("agenttask/operator@sha256:0"),
                     .pull_grace_ms = 120000,
                     .policy_settle_ms = 1000},
        .room = {.has_room = true,                                                      .waits_for = REASON_QUEUED     },
    };
    fake_init(&life->cluster);
    life->cluster.changed = changed;
    life->cluster.ctx = life;
    life->transport = fake_transport(&life->cluster);
    life->reactor = fake_reactor(&life->cluster);
    life->fibers = fiber_pool_new(2);
    for (size_t i = 0; i < countof(life->operators); i++) {
        life->operators[i].life = life;
        restart(&life->operators[i]);
        life->operators[i].restarts = 0;
    }
    fake_create(&life->cluster, "runtimeprofiles",
                "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":\"RuntimeProfile\","
                "\"metadata\":{\"name\":\"python3.11\"},\"spec\":{\"image\":"
                "\"python:3.11-slim@sha256:1\",\"command\":[\"python3\"],\"fileName\":"
                "\"entrypoint.py\"}}");
}

void life_fini(struct life *life)
{
    for (size_t i = 0; i < countof(life->operators); i++) {
        for (size_t j = 0; j < countof(kinds); j++)
            cache_free(life->operators[i].caches[j]);
        kube_capture_free(life->operators[i].followed);
    }
    fiber_pool_free(life->fibers);
    fake_fini(&life->cluster);
}

void life_show(const struct life *life)
{
    for (uint32_t i = 0; i < life->cluster.request_count; i++)
        fprintf(stderr, "%3u %s\n", i + 1, life->cluster.requests[i]);
}

void life_policy(struct life *life)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf json;
    struct json_value value = networkpolicy_value(&arena, STR_LIT("default"));

    buf_init(&json, 4096);
    json_print(&value, JSON_COMPACT, &json);
    life->cluster.now_ms -= 3600000;
    fake_create(&life->cluster, "networkpolicies", arena_text(&arena, buf_str(&json)));
    life->cluster.now_ms += 3600000;
}

void life_task(struct life *life, const char *spec)
{
    char json[2048];

    snprintf(json, sizeof(json),
             "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":\"AgentTask\","
             "\"metadata\":{\"name\":\"t\",\"namespace\":\"default\"},\"spec\":{%s}}",
             spec);
    fake_create(&life->cluster, "agenttasks", json);
}

const char *life_end(struct life *life, char ret[LIFE_END])
{
    const struct json_value *task = fake_find(&life->cluster, "agenttasks", "t");
    const struct json_value *status = json_get(task, "status");
    struct str phase = look_text(status, "phase"), reason = look_text(status, "reason");
    struct str result = look_text(json_get(status, "result"), "json");
    struct str logs = look_text(json_get(status, "logs"), "configMapRef");
    struct str text = look_text(json_get(status, "logs"), "text");
    const struct json_value *code = json_get(status, "exitCode");

    snprintf(
        ret, LIFE_END,
        "%s%.*s%s%.*s exit=%.*s result=%.*s logs=%.*s%s, %u pods %u maps %u created %u started",
        task ? "" : "gone", STR_ARG(phase), reason.size > 0 ? " " : "", STR_ARG(reason),
        STR_ARG(code ? code->text : STR_LIT("?")), STR_ARG(result),
        STR_ARG(text.size > 0 ? STR_LIT("short") : logs),
        logs.size + text.size == 0 || look_flag(json_get(status, "logs"), "complete") ? ""
                                                                                      : "(partial)",
        fake_count(&life->cluster, "pods"), fake_count(&life->cluster, "configmaps"),
        life->cluster.pods_created, life->cluster.starts);
    return ret;
}
