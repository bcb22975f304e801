// SPDX-License-Identifier: Apache-2.0
#include "operator/controller_parts.h"

#include <assert.h>
#include <stdio.h>

#include "operator/options.h"

#define TICK_MS       INT64_C(1000)
#define FIRST_TICK_MS INT64_C(20) /* until the caches are filled */
#define SWEEP_MS      INT64_C(300000)
#define SURVEY_MS     INT64_C(600000)
/* Who has followed may have caches that are behind what the last leader wrote. */
#define LEAD_MS INT64_C(500)

int64_t controller_now(const struct controller *controller)
{
    const struct reactor *reactor = controller->spec.reactor;

    return reactor->monotonic_ms(reactor->self);
}

bool controller_is_synced(const struct controller *controller)
{
    return controller->caches.is_synced;
}

static bool may_write(void *ctx)
{
    const struct controller *controller = ctx;
    const struct controller_spec *spec = &controller->spec;

    return controller->is_leading && (!spec->may_write || spec->may_write(spec->ctx));
}

struct kube_client controller_client(const struct controller *controller, struct fiber *fiber)
{
    return (struct kube_client){
        .transport = controller->spec.transport,
        .reactor = controller->spec.reactor,
        .fiber = fiber,
        .may_write = may_write,
        .ctx = (void *)controller, /* which is only looked at */
    };
}

/* -- the wheel ---------------------------------------------------------------- */

static bool may_turn(const struct controller *controller)
{
    return controller->is_leading && !controller->is_stopping && controller->caches.is_synced &&
           controller->seed.was_tried && guard_is_known(controller) && controller->is_configured &&
           controller_now(controller) >= controller->acts_ms &&
           controller->workers < controller->workers_max;
}

static void arm_wheel(struct controller *controller)
{
    const struct reactor *reactor = controller->spec.reactor;
    int64_t next_ms = queue_next_ms(controller->queue);

    if (may_turn(controller) && next_ms != INT64_MAX)
        reactor->arm(reactor->self, &controller->wheel, next_ms);
}

static void work(struct fiber *fiber, void *ctx)
{
    struct controller *controller = ctx;
    struct str key = controller->taken;

    do
        work_on(controller, fiber, key);
    while (!controller->is_stopping &&
           queue_take(controller->queue, controller_now(controller), &key));
    controller->workers--;
    arm_wheel(controller);
}

/* As many workers as there are keys due. Those at work take the next key themselves. */
static void turn(void *ctx)
{
    struct controller *controller = ctx;

    while (may_turn(controller) &&
           queue_take(controller->queue, controller_now(controller), &controller->taken)) {
        controller->workers++;
        if (!fiber_start(controller->spec.fibers, work, controller)) {
            controller->workers--;
            queue_done(controller->queue, controller->taken, QUEUE_FAILED,
                       controller_now(controller), 0);
            break;
        }
    }
    arm_wheel(controller);
}

/* Who does not lead keeps no list of what there is to do: who begins to lead looks at everything.
 */
static void look_at(struct controller *controller, const char *prefix, struct str space,
                    struct str name, int64_t at_ms)
{
    char key[KEY_TEXT_MAX + 1];
    int size = snprintf(key, sizeof(key), "%s%.*s/%.*s", prefix, STR_ARG(space), STR_ARG(name));

    if (!controller->is_leading || size < 0 ||
        (size_t)size >= sizeof(key)) /* no name that an API server lets in */
        return;
    queue_add(controller->queue, (struct str){key, (size_t)size}, at_ms);
    arm_wheel(controller);
}

void controller_look_at(struct controller *controller, struct str space, struct str name,
                        int64_t at_ms)
{
    look_at(controller, "", space, name, at_ms);
}

void controller_look_at_pod(struct controller *controller, struct str space, struct str name,
                            int64_t at_ms)
{
    look_at(controller, "/", space, name, at_ms);
}

static void room_woke(void *ctx, struct str space, struct str name)
{
    struct controller *controller = ctx;

    controller_look_at(controller, space, name, controller_now(controller));
}

/* -- what comes round ----------------------------------------------------------- */

static void begin_to_act(struct controller *controller)
{
    if (controller->is_leading && controller->caches.is_synced && !controller->is_stopping)
        seed_look(controller);
    turn(controller);
}

static bool look_whether_synced(struct controller *controller)
{
    bool is_synced =
        informer_is_synced(controller->tasks) && informer_is_synced(controller->pods) &&
        informer_is_synced(controller->profiles) && informer_is_synced(controller->policies);

    if (is_synced && !controller->caches.is_synced) {
        controller->caches.is_synced = true;
        log_write(controller->spec.log, &(struct log_line){.level = LEVEL_INFO,
                                                           .logger = "controller",
                                                           .message = "caches are filled"});
        begin_to_act(controller);
    }
    return is_synced;
}

static void tick(void *ctx)
{
    struct controller *controller = ctx;
    const struct reactor *reactor = controller->spec.reactor;
    int64_t now_ms = controller_now(controller), next_ms = FIRST_TICK_MS;

    guard_look(controller);
    if (look_whether_synced(controller)) {
        next_ms = TICK_MS;
        if (controller->is_leading && !controller->is_stopping) {
            seed_look(controller);
            litter_look(controller);
            room_refresh(controller->room, now_ms);
            if (now_ms - controller->swept_ms >= SWEEP_MS) {
                controller->swept_ms = now_ms;
                intake_sweep(controller);
            }
        }
    }
    if (now_ms - controller->surveyed_ms >= SURVEY_MS) {
        controller->surveyed_ms = now_ms;
        survey_start(controller);
    }
    reactor->arm(reactor->self, &controller->tick, now_ms + next_ms);
}

/* -- tenants ------------------------------------------------------------------------ */

struct str controller_tenant(const struct controller *controller, const struct task *task)
{
    bool is_reviewed = task->created_ms >= controller->guard.since_ms;

    return config_tenant_of(controller->config, task->space, task->spec.tenant, is_reviewed);
}

/* -- beginning and end ------------------------------------------------------------ */

static void configure(struct controller *controller, const struct config *config)
{
    uint32_t workers = controller->spec.workers;

    if (workers == 0)
        workers = config->workers > 0 ? (uint32_t)config->workers : WORKERS_DEFAULT;
    controller->workers_max = workers;
    controller->settings.pull_grace_ms = config->pull_grace_ms;
    controller->settings.policy_settle_ms = config->policy_settle_ms;
    controller->config = config;
    room_limit(controller->room, config, controller_now(controller));
    intake_tenants(controller);
}

struct controller *controller_new(const struct controller_spec *spec, const struct config *config)
{
    struct arena arena = {0};
    struct controller *controller = arena_alloc(&arena, sizeof(*controller));
    struct events_spec events = {.fibers = spec->fibers, .metrics = spec->metrics};

    controller->arena = arena;
    controller->spec = *spec;
    controller->settings.runner_image = spec->runner_image;
    controller->settings.allow_config_map_refs = spec->allow_config_map_refs;
    controller->settings.webhook_space = spec->webhook_space;
    controller->settings.canary = spec->canary;
    controller->wheel = (struct alarm){.ring = turn, .ctx = controller};
    controller->tick = (struct alarm){.ring = tick, .ctx = controller};
    controller->swept_ms = controller->surveyed_ms = INT64_MIN / 2;
    controller->guard.since_ms = INT64_MAX;
    controller->queue = queue_new();
    controller->room = room_new(room_woke, controller);
    events.client = controller_client(controller, NULL);
    controller->events = events_new(&events);
    intake_open(controller);
    configure(controller, config);
    controller->is_configured = !spec->awaits_config;
    return controller;
}

void controller_configure(struct controller *controller, const struct config *config)
{
    configure(controller, config);
    controller->is_configured = true;
    begin_to_act(controller);
}

struct controller *controller_free(struct controller *controller)
{
    struct arena arena;

    if (!controller)
        return NULL;
    assert(controller->workers == 0 && controller->followers.count == 0 &&
           !controller->is_surveying && !controller->seed.is_under_way &&
           !controller->guard.is_under_way && !controller->litter.is_under_way);
    intake_close(controller);
    events_free(controller->events);
    room_free(controller->room);
    queue_free(controller->queue);
    map_fini(&controller->memories);
    map_fini(&controller->followers);
    arena = controller->arena;
    arena_fini(&arena);
    return NULL;
}

bool controller_start(struct controller *controller, struct err *err)
{
    if (!intake_start(controller))
        return err_set(err, ERR_LIMIT, "no fibers left for the informers");
    tick(controller);
    return true;
}

void controller_lead(struct controller *controller)
{
    const struct reactor *reactor = controller->spec.reactor;

    assert(!controller->is_leading);
    controller->is_leading = true;
    if (controller->caches.is_synced)
        controller->acts_ms = controller_now(controller) + LEAD_MS;
    intake_all(controller);
    begin_to_act(controller);
    reactor->arm(reactor->self, &controller->wheel, controller->acts_ms);
}

void controller_stop(struct controller *controller)
{
    const struct reactor *reactor = controller->spec.reactor;

    controller->is_stopping = true;
    reactor->disarm(reactor->self, &controller->wheel);
}

bool controller_is_idle(const struct controller *controller)
{
    return controller->workers == 0 && !controller->seed.is_under_way &&
           !controller->litter.is_under_way && events_are_sent(controller->events);
}

void controller_end(struct controller *controller)
{
    const struct reactor *reactor = controller->spec.reactor;

    reactor->disarm(reactor->self, &controller->tick);
    intake_stop(controller);
}

/* -- what others want to know -------------------------------------------------------- */

const struct kube_caches *controller_caches(const struct controller *controller)
{
    return &controller->caches;
}

void controller_health(const struct controller *controller, struct health *ret)
{
    int64_t now_ms = controller_now(controller);

    *ret = (struct health){
        .is_synced = controller->caches.is_synced,
        .is_unconfigured = !controller->is_configured,
        .is_stopping = controller->is_stopping,
        .now_ms = now_ms,
        .oldest_work_ms = queue_facts(controller->queue, now_ms).oldest_active_ms,
    };
}

struct tenants_seen {
    const struct config *config;
    struct tenant_gauge *gauges; /* of those that it names, in its order; then of all others */
};

static void see_tenant(void *ctx, struct str tenant, struct room_facts facts)
{
    struct tenants_seen *seen = ctx;
    const struct config_tenant *named = config_find(seen->config, tenant);
    size_t at = named ? (size_t)(named - seen->config->tenants) : seen->config->tenant_count;

    seen->gauges[at].waiting += facts.waiting;
    seen->gauges[at].running += facts.active;
}

static void see_tenants(const struct controller *controller, struct arena *arena,
                        struct gauges *ret)
{
    const struct config *config = controller->config;
    uint32_t count = config->tenant_count + 1;
    struct tenants_seen seen = {config, arena_array(arena, count, sizeof(*seen.gauges))};

    for (uint32_t i = 0; i < config->tenant_count; i++)
        seen.gauges[i].name = config->tenants[i].name;
    seen.gauges[config->tenant_count].name = STR_LIT(TENANT_OTHERS);
    room_each_tenant(controller->room, see_tenant, &seen);
    ret->tenants = seen.gauges;
    ret->tenant_count = count;
}

void controller_gauges(const struct controller *controller, struct arena *arena, struct gauges *ret)
{
    int64_t now_ms = controller_now(controller);
    struct queue_facts queue = queue_facts(controller->queue, now_ms);
    struct room_facts room = room_facts(controller->room);

    see_tenants(controller, arena, ret);
    ret->queued = room.waiting;
    ret->active = room.active;
    ret->stuck = controller->stuck;
    ret->workers_max = controller->workers_max;
    ret->workers_active = controller->workers;
    ret->queue_depth = queue.depth;
    ret->queue_adds = queue.adds;
    ret->queue_retries = queue.retries;
    ret->longest_work_ms = queue.oldest_active_ms ? now_ms - queue.oldest_active_ms : 0;
    ret->unfinished_work_ms = queue.active * now_ms - controller->work_since_ms;
}
