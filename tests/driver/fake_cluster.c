// SPDX-License-Identifier: Apache-2.0
#include "fake_cluster.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/field.h"
#include "api/look.h"
#include "base/date.h"
#include "fake_kubelet.h"
#include "fake_request.h"

struct exchange {
    struct fake_cluster *cluster;
    enum http_method method;
    struct asked asked;
    const struct exchange_events *events;
    void *ctx;
    int32_t status;
    struct str body;
    bool is_lost; /* the connection broke */
};

/* -- JSON that can be changed --------------------------------------------------- */

static struct json_value parsed(struct fake_cluster *cluster, struct str text)
{
    struct json_value ret;
    struct err err = {0};

    if (!json_read(&cluster->arena, arena_copy(&cluster->arena, text), &ret, &err)) {
        fprintf(stderr, "not JSON: %s: %.*s\n", err.text, STR_ARG(text));
        abort();
    }
    return ret;
}

static struct str printed(struct fake_cluster *cluster, const struct json_value *value)
{
    auto_end(buf_fini) struct buf text;

    buf_init(&text, (size_t)16 * 1024 * 1024);
    json_print(value, JSON_COMPACT, &text);
    assert(!text.is_full);
    return arena_copy(&cluster->arena, buf_str(&text));
}

static bool is_given(const struct json_value *value)
{
    return value && value->kind != JSON_NULL;
}

static struct json_value wrapped(struct arena *arena, const char *key, struct json_value value)
{
    struct json_value ret = json_object();

    json_put(arena, &ret, key, value);
    return ret;
}

/* What JSON_NULL takes away, json_merged() does; nothing here is ever changed in place. */
static void set_meta(struct fake_cluster *cluster, struct json_value *object, const char *key,
                     struct json_value value)
{
    struct json_value inner = wrapped(&cluster->arena, key, value);
    struct json_value patch = wrapped(&cluster->arena, "metadata", inner);

    *object = json_merged(&cluster->arena, object, &patch);
}

static const struct json_value *meta(const struct json_value *object)
{
    return json_get(object, "metadata");
}

/* -- objects --------------------------------------------------------------------- */

static struct fake_object *find(struct fake_cluster *cluster, const char *plural, struct str name)
{
    for (uint32_t i = 0; i < cluster->object_count; i++)
        if (strcmp(cluster->objects[i].plural, plural) == 0 &&
            str_equal(look_text(meta(&cluster->objects[i].value), "name"), name))
            return &cluster->objects[i];
    return NULL;
}

static void broke(struct fake_cluster *cluster, const char *promise)
{
    if (!cluster->broken[0])
        snprintf(cluster->broken, sizeof(cluster->broken), "%s", promise);
}

static void tell(struct fake_cluster *cluster, const char *plural, const struct json_value *object,
                 bool is_gone)
{
    if (cluster->changed)
        cluster->changed(cluster->ctx, plural, object, is_gone);
}

static void stamp(struct fake_cluster *cluster, struct json_value *object)
{
    set_meta(cluster, object, "resourceVersion",
             json_text(arena_print(&cluster->arena, "%lld", (long long)++cluster->version)));
}

static void collect_children(struct fake_cluster *cluster, struct str uid);

static void erase(struct fake_cluster *cluster, struct fake_object *object)
{
    struct fake_object gone = *object;

    *object = cluster->objects[--cluster->object_count];
    stamp(cluster, &gone.value);
    tell(cluster, gone.plural, &gone.value, true);
    collect_children(cluster, look_text(meta(&gone.value), "uid"));
}

static bool is_held(const struct json_value *object)
{
    const struct json_value *finalizers = look_list(meta(object), "finalizers");

    return finalizers && finalizers->count > 0;
}

static bool is_terminal_pod(const struct json_value *object)
{
    struct str phase = look_text(json_get(object, "status"), "phase");

    return str_is(phase, "Succeeded") || str_is(phase, "Failed");
}

static bool is_deleting(const struct json_value *object)
{
    return is_given(json_get(meta(object), "deletionTimestamp"));
}

/* Nothing holds it, and no kubelet has to be waited for. */
static bool can_go(const struct fake_object *object)
{
    return is_deleting(&object->value) && !is_held(&object->value) &&
           look_int(meta(&object->value), "deletionGracePeriodSeconds") == 0;
}

static const char *phase_broken(const struct json_value *before, const struct json_value *after)
{
    static const char *const order[] = {"", "Pending", "Scheduled", "Running"};
    struct str was = look_text(json_get(before, "status"), "phase");
    struct str is = look_text(json_get(after, "status"), "phase");
    size_t a = 0, b = 0;

    while (a < countof(order) && !str_is(was, order[a]))
        a++;
    while (b < countof(order) && !str_is(is, order[b]))
        b++;
    if (a == countof(order) && !str_equal(was, is))
        return "S1: a terminal phase changed";
    return b < a ? "S2: a phase went back" : NULL;
}

/* A change of an object that is there. */
static void store(struct fake_cluster *cluster, struct fake_object *object, struct json_value value)
{
    if (strcmp(object->plural, "agenttasks") == 0) {
        const char *promise = phase_broken(&object->value, &value);
        if (promise)
            broke(cluster, promise);
    }
    if (str_equal(printed(cluster, &value), printed(cluster, &object->value)))
        return; /* nothing is written, nobody hears of it */
    object->value = value;
    stamp(cluster, &object->value);
    if (can_go(object))
        erase(cluster, object);
    else
        tell(cluster, object->plural, &object->value, false);
}

static void begin_deletion(struct fake_cluster *cluster, struct fake_object *object)
{
    bool is_pod = strcmp(object->plural, "pods") == 0;
    bool is_bound = look_text(json_get(&object->value, "spec"), "nodeName").size > 0;
    int64_t grace_s = is_pod && is_bound && !is_terminal_pod(&object->value) ? 15 : 0;
    struct json_value value = object->value;

    if (is_deleting(&value))
        return;
    set_meta(cluster, &value, "deletionGracePeriodSeconds", json_number(&cluster->arena, grace_s));
    set_meta(cluster, &value, "deletionTimestamp",
             field_time(&cluster->arena, (cluster->now_ms + grace_s * 1000) / 1000 * 1000));
    store(cluster, object, value);
}

static void collect_children(struct fake_cluster *cluster, struct str uid)
{
    for (uint32_t i = 0; i < cluster->object_count; i++) {
        const struct json_value *owners =
            look_list(meta(&cluster->objects[i].value), "ownerReferences");
        if (!look_item(owners, "uid", uid) || is_deleting(&cluster->objects[i].value))
            continue;
        begin_deletion(cluster, &cluster->objects[i]);
        i = UINT32_MAX; /* from the beginning: it may be another one now */
    }
}

static const struct json_value *add(struct fake_cluster *cluster, const char *plural,
                                    struct json_value value)
{
    struct fake_object *object = &cluster->objects[cluster->object_count++];

    assert(cluster->object_count < FAKE_OBJECTS_MAX);
    snprintf(object->plural, sizeof(object->plural), "%s", plural);
    set_meta(cluster, &value, "uid",
             json_text(arena_print(&cluster->arena, "uid-%u", ++cluster->uids)));
    set_meta(cluster, &value, "creationTimestamp",
             field_time(&cluster->arena, cluster->now_ms / 1000 * 1000));
    if (strcmp(plural, "agenttasks") == 0)
        set_meta(cluster, &value, "generation", json_number(&cluster->arena, 1));
    stamp(cluster, &value);
    object->value = value;
    tell(cluster, plural, &object->value, false);
    return &object->value;
}

/* -- requests ---------------------------------------------------------------------- */

static void answer(struct exchange *exchange, int32_t status, struct str body)
{
    exchange->status = status;
    exchange->body = body;
}

static void answer_object(struct exchange *exchange, const struct json_value *object)
{
    answer(exchange, 200, printed(exchange->cluster, object));
}

static void refuse(struct exchange *exchange, int32_t status, const char *reason,
                   const char *message)
{
    answer(exchange, status,
           arena_print(&exchange->cluster->arena,
                       "{\"kind\":\"Status\",\"reason\":\"%s\",\"message\":\"%s\"}", reason,
                       message));
}

/* Made for an owner that is gone: the collector comes at once. */
static bool is_orphan(const struct fake_cluster *cluster, const struct json_value *object)
{
    const struct json_value *owners = look_list(meta(object), "ownerReferences");

    for (uint32_t i = 0; owners && i < cluster->object_count; i++)
        if (look_item(owners, "uid", look_text(meta(&cluster->objects[i].value), "uid")))
            return false;
    return owners != NULL;
}

static void on_create(struct exchange *exchange, const struct asked *asked)
{
    struct fake_cluster *cluster = exchange->cluster;
    struct str name = look_text(meta(&asked->body), "name");
    bool is_pod = strcmp(asked->plural, "pods") == 0;
    struct json_value value = asked->body;
    const struct json_value *stored;

    if (is_pod && cluster->refuse_pods) {
        bool is_invalid = strstr(cluster->refuse_pods, "invalid") != NULL;
        refuse(exchange, is_invalid ? 422 : 403, is_invalid ? "Invalid" : "Forbidden",
               cluster->refuse_pods);
        return;
    }
    if (cluster->refuses_maps && !is_pod && !str_ends(name, "-code")) {
        refuse(exchange, 403, "Forbidden", "exceeded quota: configmaps=0");
        return;
    }
    if (find(cluster, asked->plural, name)) {
        refuse(exchange, 409, "AlreadyExists", "it exists");
        return;
    }
    if (is_pod && cluster->pod_patch) {
        struct json_value patch = parsed(cluster, str_of(cluster->pod_patch));
        value = json_merged(&cluster->arena, &value, &patch);
    }
    stored = add(cluster, asked->plural, value);
    answer_object(exchange, stored);
    if (is_pod && cluster->has_rivals && fake_kubelet_is_late(cluster, stored))
        cluster->pods_late++;
    else if (is_pod && ++cluster->pods_created > 1)
        broke(cluster, "S3: a second Pod was created");
    if (cluster->loses_codes && str_ends(name, "-code"))
        erase(cluster, find(cluster, asked->plural, name));
    else if (is_orphan(cluster, &value))
        begin_deletion(cluster, find(cluster, asked->plural, name));
}

/* What a client may not change by a patch stays as it is. */
static struct json_value patched(struct fake_cluster *cluster, const struct fake_object *object,
                                 const struct asked *asked)
{
    struct json_value ret = json_merged(&cluster->arena, &object->value, &asked->body), part;
    bool has_status_part = strcmp(object->plural, "agenttasks") == 0;
    const struct json_value *status;

    if (!has_status_part)
        return ret;
    if (strcmp(asked->part, "status") == 0) {
        status = json_get(&ret, "status");
        part = wrapped(&cluster->arena, "status", (struct json_value){0});
        ret = json_merged(&cluster->arena, &object->value, &part);
        if (status)
            json_put(&cluster->arena, &ret, "status", *status);
        return ret;
    }
    status = json_get(&object->value, "status");
    part = wrapped(&cluster->arena, "status", (struct json_value){0});
    ret = json_merged(&cluster->arena, &ret, &part);
    if (status)
        json_put(&cluster->arena, &ret, "status", *status);
    return ret;
}

static bool may_patch(struct exchange *exchange, const struct fake_object *object,
                      const struct asked *asked)
{
    struct str version = look_text(meta(&asked->body), "resourceVersion");
    struct str uid = look_text(meta(&asked->body), "uid");
    int64_t deadline = look_int(json_get(&asked->body, "spec"), "activeDeadlineSeconds");
    int64_t before = look_int(json_get(&object->value, "spec"), "activeDeadlineSeconds");

    if (version.size > 0 && !str_equal(version, look_text(meta(&object->value), "resourceVersion")))
        refuse(exchange, 409, "Conflict", "the object has been modified");
    else if (uid.size > 0 && !str_equal(uid, look_text(meta(&object->value), "uid")))
        refuse(exchange, 422, "Invalid", "metadata.uid: field is immutable");
    else if (deadline > 0 && before > 0 && deadline > before)
        refuse(exchange, 422, "Invalid", "activeDeadlineSeconds can only be lowered");
    else
        return true;
    return false;
}

static void on_patch(struct exchange *exchange, const struct asked *asked)
{
    struct fake_cluster *cluster = exchange->cluster;
    struct fake_object *object = find(cluster, asked->plural, asked->name);
    struct json_value value;

    if (!object) {
        refuse(exchange, 404, "NotFound", "not found");
        return;
    }
    if (!may_patch(exchange, object, asked))
        return;
    value = patched(cluster, object, asked);
    answer_object(exchange, &value); /* but for its version: that is put in below */
    store(cluster, object, value);
    object = find(cluster, asked->plural, asked->name);
    if (object)
        answer_object(exchange, &object->value);
}

static void on_delete(struct exchange *exchange, const struct asked *asked)
{
    struct fake_cluster *cluster = exchange->cluster;
    struct fake_object *object = find(cluster, asked->plural, asked->name);
    const struct json_value *preconditions = json_get(&asked->body, "preconditions");
    struct str uid = look_text(preconditions, "uid");
    struct str version = look_text(preconditions, "resourceVersion");

    if (!object) {
        refuse(exchange, 404, "NotFound", "not found");
        return;
    }
    if (uid.size == 0)
        broke(cluster, "S8: a deletion without a uid");
    if (!str_equal(uid, look_text(meta(&object->value), "uid")) ||
        (version.size > 0 &&
         !str_equal(version, look_text(meta(&object->value), "resourceVersion")))) {
        refuse(exchange, 409, "Conflict", "the precondition does not hold");
        return;
    }
    begin_deletion(cluster, object);
    object = find(cluster, asked->plural, asked->name);
    if (object)
        answer_object(exchange, &object->value);
    else
        answer(exchange, 200, STR_LIT("{\"kind\":\"Status\",\"status\":\"Success\"}"));
}

static void on_replace(struct exchange *exchange, const struct asked *asked)
{
    struct fake_cluster *cluster = exchange->cluster;
    struct fake_object *object = find(cluster, asked->plural, asked->name);
    struct json_value value = asked->body;

    if (!object) {
        refuse(exchange, 404, "NotFound", "not found");
        return;
    }
    set_meta(cluster, &value, "uid", json_text(look_text(meta(&object->value), "uid")));
    set_meta(cluster, &value, "creationTimestamp",
             json_text(look_text(meta(&object->value), "creationTimestamp")));
    store(cluster, object, value);
    answer_object(exchange, &find(cluster, asked->plural, asked->name)->value);
}

static void on_get(struct exchange *exchange, const struct asked *asked)
{
    struct fake_cluster *cluster = exchange->cluster;
    struct fake_object *object = find(cluster, asked->plural, asked->name);

    if (!object)
        refuse(exchange, 404, "NotFound", "not found");
    else if (strcmp(asked->part, "log") != 0)
        answer_object(exchange, &object->value);
    else if (cluster->started_ms == 0 || cluster->is_log_gone)
        refuse(exchange, 400, "BadRequest", "unable to retrieve container logs");
    else if (cluster->now_ms < cluster->ended_ms + cluster->plan.log_absent_ms)
        refuse(exchange, 500, "InternalError", "dial tcp: connection refused");
    else if (cluster->now_ms < cluster->ended_ms + cluster->plan.log_excuse_ms)
        answer(exchange, 200,
               STR_LIT("unable to retrieve container logs for containerd://0123abcd"));
    else
        answer(exchange, 200, fake_kubelet_log(cluster));
}

static void act(struct exchange *exchange)
{
    const struct asked *asked = &exchange->asked;

    switch (exchange->method) {
    case HTTP_GET:
        on_get(exchange, asked);
        return;
    case HTTP_POST:
        on_create(exchange, asked);
        return;
    case HTTP_PUT:
        on_replace(exchange, asked);
        return;
    case HTTP_PATCH:
        on_patch(exchange, asked);
        return;
    case HTTP_DELETE:
        on_delete(exchange, asked);
        return;
    }
}

static void note(struct fake_cluster *cluster, enum http_method method, const struct asked *asked)
{
    static const char *const words[] = {"get", "create", "replace", "patch", "delete"};

    assert(cluster->request_count < FAKE_REQUESTS_MAX);
    snprintf(cluster->requests[cluster->request_count++], FAKE_TEXT, "%s %s%s%s %.*s",
             words[method], asked->plural, asked->part[0] ? "/" : "", asked->part,
             STR_ARG(asked->name.size ? asked->name : look_text(meta(&asked->body), "name")));
    if (getenv("FAKE_SHOW"))
        fprintf(stderr, "%8lld %s %.*s\n", (long long)(cluster->now_ms - FAKE_START_MS),
                cluster->requests[cluster->request_count - 1],
                STR_ARG(printed(cluster, &asked->body)));
    if (method != HTTP_GET)
        cluster->write_count++;
}

/* Is this the request that goes wrong, in one of these ways? */
static bool is_hit(const struct fake_cluster *cluster, uint32_t faults)
{
    return cluster->fault != FAKE_NO_FAULT && cluster->request_count == cluster->fault_at &&
           (faults & UINT32_C(1) << cluster->fault) != 0;
}

static void enlist(struct fake_cluster *cluster, struct exchange *exchange)
{
    uint32_t place = 0;

    while (cluster->exchanges[place])
        place++;
    assert(place < FAKE_EXCHANGES_MAX);
    cluster->exchanges[place] = exchange;
}

#define ONE(fault) (UINT32_C(1) << (fault))

static struct exchange *start(void *self, const struct kube_request *request,
                              const struct exchange_events *events, void *ctx)
{
    struct fake_cluster *cluster = self;
    struct exchange *exchange = calloc(1, sizeof(*exchange));

    assert(exchange);
    *exchange = (struct exchange){
        .cluster = cluster, .events = events, .ctx = ctx, .method = request->method};
    asked_read(&cluster->arena, request->path, &exchange->asked);
    if (request->body.size > 0)
        exchange->asked.body = parsed(cluster, request->body);
    note(cluster, request->method, &exchange->asked);
    if (!is_hit(cluster, ONE(FAKE_REFUSE) | ONE(FAKE_UNHEARD) | ONE(FAKE_DELAY)))
        act(exchange);
    if (is_hit(cluster, ONE(FAKE_REFUSE)))
        refuse(exchange, 500, "InternalError", "etcdserver: leader changed");
    exchange->is_lost = is_hit(cluster, ONE(FAKE_RESET) | ONE(FAKE_UNHEARD));
    cluster->is_killed |= is_hit(cluster, ONE(FAKE_KILL));
    if (is_hit(cluster, ONE(FAKE_STALL) | ONE(FAKE_DELAY)))
        cluster->stalled = exchange;
    else
        enlist(cluster, exchange);
    return exchange;
}

void fake_resume(struct fake_cluster *cluster)
{
    if (!cluster->stalled)
        return;
    if (cluster->fault == FAKE_DELAY)
        act(cluster->stalled);
    enlist(cluster, cluster->stalled);
    cluster->stalled = NULL;
    cluster->fault = FAKE_NO_FAULT;
}

static void stop(void *self, struct exchange *exchange)
{
    struct fake_cluster *cluster = self;

    for (uint32_t i = 0; i < FAKE_EXCHANGES_MAX; i++)
        if (cluster->exchanges[i] == exchange)
            cluster->exchanges[i] = NULL;
    if (cluster->stalled == exchange)
        cluster->stalled = NULL;
    free(exchange);
}

struct transport fake_transport(struct fake_cluster *cluster)
{
    return (struct transport){.self = cluster, .start = start, .stop = stop};
}

static void deliver(struct exchange *exchange)
{
    const struct err lost = {.kind = ERR_RETRY, .text = "connection reset"};

    if (!exchange->is_lost) {
        exchange->events->head(exchange->ctx, exchange->status, -1);
        if (exchange->body.size > 0)
            exchange->events->bytes(exchange->ctx, exchange->body);
    }
    exchange->events->end(exchange->ctx, exchange->is_lost ? &lost : NULL);
}

/* -- time ------------------------------------------------------------------------- */

static int64_t now_ms(void *self)
{
    return ((struct fake_cluster *)self)->now_ms;
}

static int64_t monotonic_ms(void *self)
{
    return ((struct fake_cluster *)self)->now_ms - FAKE_START_MS + 1;
}

static void disarm(void *self, struct alarm *alarm)
{
    struct fake_cluster *cluster = self;

    for (uint32_t i = 0; i < FAKE_ALARMS_MAX; i++)
        if (cluster->alarms[i] == alarm)
            cluster->alarms[i] = NULL;
    alarm->slot = 0;
}

static void arm(void *self, struct alarm *alarm, int64_t at_ms)
{
    struct fake_cluster *cluster = self;
    uint32_t place = 0;

    disarm(self, alarm);
    while (cluster->alarms[place])
        place++;
    assert(place < FAKE_ALARMS_MAX);
    cluster->alarms[place] = alarm;
    alarm->slot = 1;
    alarm->at_ms = at_ms;
}

static uint32_t chance(void *self)
{
    (void)self;
    return 4;
}

struct reactor fake_reactor(struct fake_cluster *cluster)
{
    return (struct reactor){.self = cluster,
                            .now_ms = now_ms,
                            .monotonic_ms = monotonic_ms,
                            .arm = arm,
                            .disarm = disarm,
                            .chance = chance};
}

bool fake_turn(struct fake_cluster *cluster)
{
    for (uint32_t i = 0; i < FAKE_EXCHANGES_MAX; i++) {
        struct exchange *exchange = cluster->exchanges[i];
        if (!exchange || cluster->is_killed)
            continue;
        cluster->exchanges[i] = NULL;
        deliver(exchange);
        free(exchange);
        return true;
    }
    for (uint32_t i = 0; i < FAKE_ALARMS_MAX; i++) {
        struct alarm *alarm = cluster->alarms[i];
        if (!alarm || alarm->at_ms > monotonic_ms(cluster))
            continue;
        disarm(cluster, alarm);
        alarm->ring(alarm->ctx);
        return true;
    }
    return false;
}

int64_t fake_next_ms(struct fake_cluster *cluster)
{
    int64_t next_ms = fake_kubelet_next_ms(cluster);

    for (uint32_t i = 0; i < FAKE_ALARMS_MAX; i++)
        if (cluster->alarms[i] && cluster->alarms[i]->at_ms + FAKE_START_MS - 1 < next_ms)
            next_ms = cluster->alarms[i]->at_ms + FAKE_START_MS - 1;
    return next_ms;
}

void fake_advance(struct fake_cluster *cluster, int64_t to_ms)
{
    if (to_ms > cluster->now_ms)
        cluster->now_ms = to_ms;
    fake_kubelet_act(cluster);
}

/* -- other people ------------------------------------------------------------------ */

void fake_init(struct fake_cluster *cluster)
{
    *cluster = (struct fake_cluster){.now_ms = FAKE_START_MS, .version = 100};
    cluster->plan = (struct fake_plan){
        .bind_ms = 100, .start_ms = 600, .run_ms = 500, .output = "hello\n", .result = "{}"};
}

void fake_fini(struct fake_cluster *cluster)
{
    for (uint32_t i = 0; i < FAKE_EXCHANGES_MAX; i++)
        free(cluster->exchanges[i]);
    free(cluster->stalled);
    arena_fini(&cluster->arena);
}

void fake_create(struct fake_cluster *cluster, const char *plural, const char *json)
{
    (void)add(cluster, plural, parsed(cluster, str_of(json)));
}

void fake_merge(struct fake_cluster *cluster, const char *plural, const char *name,
                const char *patch)
{
    struct fake_object *object = find(cluster, plural, str_of(name));
    struct json_value change = parsed(cluster, str_of(patch));

    assert(object);
    store(cluster, object, json_merged(&cluster->arena, &object->value, &change));
}

void fake_delete(struct fake_cluster *cluster, const char *plural, const char *name)
{
    begin_deletion(cluster, find(cluster, plural, str_of(name)));
}

void fake_remove(struct fake_cluster *cluster, const char *plural, const char *name)
{
    erase(cluster, find(cluster, plural, str_of(name)));
}

const struct json_value *fake_find(struct fake_cluster *cluster, const char *plural,
                                   const char *name)
{
    struct fake_object *object = find(cluster, plural, str_of(name));

    return object ? &object->value : NULL;
}

uint32_t fake_count(const struct fake_cluster *cluster, const char *plural)
{
    uint32_t ret = 0;

    for (uint32_t i = 0; i < cluster->object_count; i++)
        ret += strcmp(cluster->objects[i].plural, plural) == 0;
    return ret;
}
