// SPDX-License-Identifier: Apache-2.0
#include "fake_operator.h"

#include <assert.h>
#include <stdio.h>

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

static void cache_follow(struct life *life, const char *plural, const struct json_value *object,
                         bool is_gone)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf kept;
    struct object_meta meta = object_meta(object);

    buf_init(&kept, (size_t)1024 * 1024);
    for (size_t i = 0; i < countof(kinds); i++) {
        if (strcmp(kinds[i].plural, plural) != 0)
            continue;
        if (is_gone)
            cache_drop(life->caches[i], meta.space, meta.name);
        else if (kinds[i].keep(&arena, object, &kept))
            cache_put(life->caches[i], &(struct cached){meta.space, meta.name, meta.uid,
                                                        meta.version, buf_str(&kept)});
        life->is_due = true;
    }
}

static void changed(void *ctx, const char *plural, const struct json_value *object, bool is_gone)
{
    struct life *life = ctx;

    if (!life->caches_stand_still)
        cache_follow(life, plural, object, is_gone);
}

/* As after a start: lists of all that is there. */
static void caches_fill(struct life *life)
{
    for (size_t i = 0; i < countof(kinds); i++) {
        cache_free(life->caches[i]);
        life->caches[i] = cache_new();
    }
    life->views = (struct kube_caches){
        .tasks = life->caches[0],
        .pods = life->caches[1],
        .profiles = life->caches[2],
        .policies = life->caches[3],
        .is_synced = true,
    };
    for (uint32_t i = 0; i < life->cluster.object_count; i++)
        cache_follow(life, life->cluster.objects[i].plural, &life->cluster.objects[i].value, false);
}

/* -- a unit of work ---------------------------------------------------------------- */

static void room_ask(void *ctx, const struct task *task, struct kube_room *ret)
{
    (void)task;
    *ret = ((struct life *)ctx)->room;
}

static bool place_take(void *ctx)
{
    struct life *life = ctx;

    if (life->places == 0)
        return false;
    life->places--;
    return true;
}

static void place_give(void *ctx)
{
    ((struct life *)ctx)->places++;
}

static void unit_main(struct fiber *fiber, void *ctx)
{
    struct life *life = ctx;
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_task run = {
        .arena = &arena,
        .client = {.transport = &life->transport,
                   .reactor = &life->reactor,
                   .fiber = fiber,
                   .is_stopped = &life->is_stopped},
        .settings = &life->settings,
        .caches = &life->views,
        .space = STR_LIT("default"),
        .name = STR_LIT("t"),
        .memory = &life->memory,
        .room = room_ask,
        .capture_enter = place_take,
        .capture_leave = place_give,
        .ctx = life,
        .followed = life->followed,
    };
    struct driver driver = kube_driver(&run);
    bool is_well;

    life->fiber = fiber;
    life->err = (struct err){0};
    do
        is_well = reconcile_task(&driver, &arena, &life->result, &life->err);
    while (is_well && kube_task_goes_on(&run));
    life->wake_ms = is_well ? life->result.wake_at_ms : INT64_MAX;
    if (is_well && run.look_at_ms != 0 && run.look_at_ms < life->wake_ms)
        life->wake_ms = run.look_at_ms;
    life->is_working = false;
}

static void restart(struct life *life)
{
    life->restarts++;
    life->cluster.is_killed = life->is_stopped = false;
    life->memory = (struct kube_memory){0};
    life->failures = 0;
    life->places = 1;
    caches_fill(life);
    life->is_due = true;
}

static void unit(struct life *life)
{
    assert(++life->units < LIFE_UNITS_MAX);
    life->is_due = false;
    life->is_working = true;
    if (!fiber_start(life->fibers, unit_main, life))
        assert(false);
    while (life->is_working) {
        if (life->cluster.is_killed && !life->is_stopped) {
            life->is_stopped = true;
            fiber_wake(life->fiber);
        } else if (!fake_turn(&life->cluster)) {
            fake_advance(&life->cluster, fake_next_ms(&life->cluster));
        }
    }
    if (life->is_stopped) {
        restart(life);
        return;
    }
    if (life->err.kind == ERR_NONE)
        life->failures = 0;
    else if (life->err.kind != ERR_ABSENT)
        life->wake_ms =
            life->cluster.now_ms + (INT64_C(5) << (life->failures < 15 ? life->failures++ : 15));
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

void life_run(struct life *life, int64_t for_ms)
{
    int64_t end_ms = life->cluster.now_ms + for_ms;

    while (life->is_due || life->cluster.now_ms < end_ms) {
        int64_t next_ms;
        if (life->is_due) {
            unit(life);
            continue;
        }
        next_ms = earlier(earlier(fake_next_ms(&life->cluster), next_event(life)), life->wake_ms);
        if (next_ms > end_ms)
            break;
        fake_advance(&life->cluster, next_ms);
        events_happen(life);
        life->is_due |= life->cluster.now_ms >= life->wake_ms;
    }
    fake_advance(&life->cluster, end_ms);
}

void life_init(struct life *life)
{
    *life = (struct life){
        .settings = {.runner_image = STR_LIT("agenttask/operator@sha256:0"),
                     .pull_grace_ms = 120000,
                     .policy_settle_ms = 1000},
        .room = {.has_room = true,                                                      .waits_for = REASON_QUEUED     },
        .places = 1,
        .wake_ms = INT64_MAX,
    };
    fake_init(&life->cluster);
    life->cluster.changed = changed;
    life->cluster.ctx = life;
    life->transport = fake_transport(&life->cluster);
    life->reactor = fake_reactor(&life->cluster);
    life->fibers = fiber_pool_new(2);
    caches_fill(life);
    fake_create(&life->cluster, "runtimeprofiles",
                "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":\"RuntimeProfile\","
                "\"metadata\":{\"name\":\"python3.11\"},\"spec\":{\"image\":"
                "\"python:3.11-slim@sha256:1\",\"command\":[\"python3\"],\"fileName\":"
                "\"entrypoint.py\"}}");
}

void life_fini(struct life *life)
{
    for (size_t i = 0; i < countof(kinds); i++)
        cache_free(life->caches[i]);
    kube_capture_free(life->followed);
    fiber_pool_free(life->fibers);
    fake_fini(&life->cluster);
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
    const struct json_value *code = json_get(status, "exitCode");

    snprintf(
        ret, LIFE_END,
        "%s%.*s%s%.*s exit=%.*s result=%.*s logs=%.*s%s, %u pods %u maps %u created %u started",
        task ? "" : "gone", STR_ARG(phase), reason.size > 0 ? " " : "", STR_ARG(reason),
        STR_ARG(code ? code->text : STR_LIT("?")), STR_ARG(result), STR_ARG(logs),
        logs.size == 0 || look_flag(json_get(status, "logs"), "complete") ? "" : "(partial)",
        fake_count(&life->cluster, "pods"), fake_count(&life->cluster, "configmaps"),
        life->cluster.pods_created, life->cluster.starts);
    return ret;
}
