// SPDX-License-Identifier: Apache-2.0
#include "toy_cluster.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/date.h"

#define START_MS INT64_C(1700000000000)

/* -- JSON -------------------------------------------------------------------- */

static struct json_value parsed(struct toy_cluster *cluster, struct str text)
{
    struct json_value value = {0};
    struct err err = {0};

    if (!json_read(&cluster->arena, text, &value, &err)) {
        fprintf(stderr, "toy: %s: %.*s\n", err.text, STR_ARG(text));
        abort();
    }
    return value;
}

static struct str printed(struct toy_cluster *cluster, const struct json_value *value)
{
    struct buf buf;
    struct str ret;

    buf_init(&buf, JSON_SIZE_MAX);
    json_print(value, JSON_COMPACT, &buf);
    ret = arena_copy(&cluster->arena, buf_str(&buf));
    buf_fini(&buf);
    return ret;
}

static void put(struct toy_cluster *cluster, struct json_value *object, struct str key,
                struct json_value item)
{
    for (uint32_t i = 0; i < object->count; i++)
        if (str_equal(object->keys[i], key)) {
            object->items[i] = item;
            return;
        }
    json_put_key(&cluster->arena, object, key, item);
}

static void put_text(struct toy_cluster *cluster, struct json_value *object, const char *key,
                     struct str text)
{
    put(cluster, object, str_of(key), json_text(arena_copy(&cluster->arena, text)));
}

/* RFC 7386; what becomes null is left out when it is copied. */
static struct json_value merged(struct toy_cluster *cluster, const struct json_value *target,
                                const struct json_value *patch)
{
    struct json_value ret = json_object();

    if (patch->kind != JSON_OBJECT)
        return *patch;
    for (uint32_t i = 0; target && target->kind == JSON_OBJECT && i < target->count; i++) {
        const struct json_value *part =
            json_get(patch, arena_text(&cluster->arena, target->keys[i]));
        if (!part)
            json_put_key(&cluster->arena, &ret, target->keys[i], target->items[i]);
        else if (part->kind != JSON_NULL)
            json_put_key(&cluster->arena, &ret, target->keys[i],
                         merged(cluster, &target->items[i], part));
    }
    for (uint32_t i = 0; i < patch->count; i++) {
        const char *key = arena_text(&cluster->arena, patch->keys[i]);
        if (patch->items[i].kind != JSON_NULL && !(target && json_get(target, key)))
            json_put_key(&cluster->arena, &ret, patch->keys[i],
                         merged(cluster, NULL, &patch->items[i]));
    }
    return ret;
}

static struct str text_at(const struct json_value *value, const char *path)
{
    char key[64];

    while (value && *path) {
        size_t size = strcspn(path, ".");
        assert(size < sizeof(key));
        memcpy(key, path, size);
        key[size] = '\0';
        value = json_get(value, key);
        path += size + (path[size] == '.');
    }
    return value ? value->text : (struct str){0};
}

/* -- objects ------------------------------------------------------------------- */

struct place {
    char plural[32], space[32], name[64];
    bool is_status, is_watch;
    uint32_t seen; /* watch: so many changes */
};

static struct toy_change *last_of(const struct toy_cluster *cluster, const struct place *place)
{
    for (uint32_t i = cluster->change_count; i > 0; i--) {
        const struct toy_change *change = &cluster->changes[i - 1];
        if (strcmp(change->plural, place->plural) == 0 &&
            strcmp(change->space, place->space) == 0 && strcmp(change->name, place->name) == 0)
            return (struct toy_change *)change;
    }
    return NULL;
}

static struct toy_change *find(const struct toy_cluster *cluster, const struct place *place)
{
    struct toy_change *last = last_of(cluster, place);

    return last && strcmp(last->event, "DELETED") != 0 ? last : NULL;
}

static bool is_last(const struct toy_cluster *cluster, const struct toy_change *change)
{
    struct place place = {0};

    memcpy(place.plural, change->plural, sizeof(place.plural));
    memcpy(place.space, change->space, sizeof(place.space));
    memcpy(place.name, change->name, sizeof(place.name));
    return find(cluster, &place) == change;
}

static const struct toy_change *store(struct toy_cluster *cluster, const struct place *place,
                                      const char *event, struct json_value object)
{
    struct toy_change *change = &cluster->changes[cluster->change_count++];
    struct json_value metadata = *json_get(&object, "metadata");
    char version[24];

    assert(cluster->change_count <= TOY_CHANGES_MAX);
    snprintf(version, sizeof(version), "%" PRIu32, 1000 + cluster->change_count);
    put_text(cluster, &metadata, "resourceVersion", str_of(version));
    put(cluster, &object, STR_LIT("metadata"), metadata);
    memcpy(change->plural, place->plural, sizeof(change->plural));
    memcpy(change->space, place->space, sizeof(change->space));
    memcpy(change->name, place->name, sizeof(change->name));
    change->version = 1000 + cluster->change_count;
    change->event = event;
    change->text = printed(cluster, &object);
    return change;
}

static void stamp(struct toy_cluster *cluster, struct json_value *metadata, const char *key)
{
    char when[DATE_TEXT];

    date_print(START_MS + cluster->now_ms, when);
    put_text(cluster, metadata, key, str_of(when));
}

static struct json_value born(struct toy_cluster *cluster, const struct place *place,
                              struct json_value object)
{
    struct json_value metadata = *json_get(&object, "metadata");
    char uid[24];

    snprintf(uid, sizeof(uid), "uid-%" PRIu32, ++cluster->uids);
    put_text(cluster, &metadata, "uid", str_of(uid));
    if (place->space[0])
        put_text(cluster, &metadata, "namespace", str_of(place->space));
    stamp(cluster, &metadata, "creationTimestamp");
    put(cluster, &metadata, STR_LIT("generation"), json_number(&cluster->arena, 1));
    put(cluster, &object, STR_LIT("metadata"), metadata);
    return object;
}

static bool is_held(const struct json_value *object)
{
    const struct json_value *finalizers = json_get(json_get(object, "metadata"), "finalizers");

    return finalizers && finalizers->kind == JSON_LIST && finalizers->count > 0;
}

static const struct toy_change *store_changed(struct toy_cluster *cluster,
                                              const struct place *place,
                                              const struct json_value *object)
{
    bool is_leaving = text_at(object, "metadata.deletionTimestamp").size > 0;

    return store(cluster, place, is_leaving && !is_held(object) ? "DELETED" : "MODIFIED", *object);
}

/* -- requests --------------------------------------------------------------------- */

struct exchange {
    struct toy_cluster *cluster;
    struct kube_request request;
    struct place place;
    const struct exchange_events *events;
    void *ctx;
    enum toy_fault fault;
    int64_t due_ms;
    bool is_open; /* watch: its head was sent */
};

static struct str next_part(struct str *path)
{
    struct str part, rest;

    *path = str_skip(*path, str_starts(*path, "/"));
    if (!str_cut(*path, '/', &part, &rest)) {
        part = *path;
        rest = (struct str){0};
    }
    *path = rest;
    return part;
}

static void set(char *ret, size_t size, struct str text)
{
    assert(text.size < size);
    snprintf(ret, size, "%.*s", STR_ARG(text));
}

static struct place place_of(struct str path)
{
    struct place ret = {0};
    struct str query = {0}, part;

    (void)str_cut(path, '?', &path, &query);
    while (query.size > 0) {
        struct str parameter = query, value;
        if (!str_cut(query, '&', &parameter, &query))
            query = (struct str){0};
        ret.is_watch |= str_starts(parameter, "watch=");
        if (str_starts(parameter, "resourceVersion=") && str_cut(parameter, '=', &part, &value))
            ret.seen = (uint32_t)strtoul(value.at, NULL, 10) - 1000;
    }
    if (str_is(next_part(&path), "apis"))
        next_part(&path); /* the group */
    next_part(&path);     /* the version */
    part = next_part(&path);
    if (str_is(part, "namespaces") && path.size > 0) {
        set(ret.space, sizeof(ret.space), next_part(&path));
        part = next_part(&path);
    }
    set(ret.plural, sizeof(ret.plural), part);
    set(ret.name, sizeof(ret.name), next_part(&path));
    ret.is_status = str_is(next_part(&path), "status");
    return ret;
}

struct answer {
    int32_t status;
    struct str body;
};

static struct answer refuse(struct toy_cluster *cluster, int32_t status, const char *reason)
{
    return (struct answer){
        status, arena_print(&cluster->arena,
                            "{\"kind\":\"Status\",\"reason\":\"%s\",\"message\":\"toy: %s\","
                            "\"code\":%d}",
                            reason, reason, status)};
}

static struct answer answer_list(struct toy_cluster *cluster, const struct place *place)
{
    struct json_value items = json_list(), ret = json_object(), metadata = json_object();
    char version[24];

    for (uint32_t i = 0; i < cluster->change_count; i++) {
        const struct toy_change *change = &cluster->changes[i];
        if (strcmp(change->plural, place->plural) == 0 && is_last(cluster, change))
            json_add(&cluster->arena, &items, parsed(cluster, change->text));
    }
    snprintf(version, sizeof(version), "%" PRIu32, 1000 + cluster->change_count);
    put_text(cluster, &metadata, "resourceVersion", str_of(version));
    json_put(&cluster->arena, &ret, "metadata", metadata);
    json_put(&cluster->arena, &ret, "items", items);
    return (struct answer){200, printed(cluster, &ret)};
}

static struct answer answer_post(struct toy_cluster *cluster, struct place place, struct str body)
{
    struct json_value object = parsed(cluster, body);

    set(place.name, sizeof(place.name), text_at(&object, "metadata.name"));
    if (find(cluster, &place))
        return refuse(cluster, 409, "AlreadyExists");
    return (struct answer){201,
                           store(cluster, &place, "ADDED", born(cluster, &place, object))->text};
}

static struct answer answer_patch(struct toy_cluster *cluster, const struct place *place,
                                  struct str body)
{
    const struct toy_change *old = find(cluster, place);
    struct json_value patch = parsed(cluster, body), object;
    struct str version = text_at(&patch, "metadata.resourceVersion");

    if (!old)
        return refuse(cluster, 404, "NotFound");
    object = parsed(cluster, old->text);
    if (version.size > 0 && !str_equal(version, text_at(&object, "metadata.resourceVersion")))
        return refuse(cluster, 409, "Conflict");
    object = merged(cluster, &object, &patch);
    if (str_equal(printed(cluster, &object), old->text)) /* nothing changes, not even its version */
        return (struct answer){200, old->text};
    return (struct answer){200, store_changed(cluster, place, &object)->text};
}

static struct answer answer_delete(struct toy_cluster *cluster, const struct place *place,
                                   struct str body)
{
    const struct toy_change *old = find(cluster, place);
    struct json_value object, metadata, options = parsed(cluster, body);
    struct str uid = text_at(&options, "preconditions.uid");

    if (!old)
        return refuse(cluster, 404, "NotFound");
    object = parsed(cluster, old->text);
    if (uid.size > 0 && !str_equal(uid, text_at(&object, "metadata.uid")))
        return refuse(cluster, 409, "Conflict");
    metadata = *json_get(&object, "metadata");
    stamp(cluster, &metadata, "deletionTimestamp");
    put(cluster, &object, STR_LIT("metadata"), metadata);
    return (struct answer){200, store_changed(cluster, place, &object)->text};
}

static struct answer act(struct toy_cluster *cluster, const struct exchange *exchange)
{
    const struct place *place = &exchange->place;
    const struct toy_change *found;

    switch (exchange->request.method) {
    case HTTP_GET:
        if (!place->name[0])
            return answer_list(cluster, place);
        found = find(cluster, place);
        return found ? (struct answer){200, found->text} : refuse(cluster, 404, "NotFound");
    case HTTP_POST:
        return answer_post(cluster, *place, exchange->request.body);
    case HTTP_PATCH:
        return answer_patch(cluster, place, exchange->request.body);
    case HTTP_DELETE:
        return answer_delete(cluster, place, exchange->request.body);
    case HTTP_PUT:
        break;
    }
    abort();
}

/* -- transport ---------------------------------------------------------------------- */

static struct exchange *start(void *self, const struct kube_request *request,
                              const struct exchange_events *events, void *ctx)
{
    struct toy_cluster *cluster = self;
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    uint32_t slot = 0;

    while (cluster->exchanges[slot])
        slot++;
    assert(slot < TOY_EXCHANGES_MAX);
    cluster->exchanges[slot] = exchange;
    exchange->cluster = cluster;
    exchange->request = *request;
    exchange->request.body = arena_copy(&cluster->arena, request->body);
    exchange->request.path = arena_copy(&cluster->arena, request->path);
    exchange->place = place_of(exchange->request.path);
    exchange->events = events;
    exchange->ctx = ctx;
    exchange->due_ms = cluster->now_ms + TOY_TICK_MS;
    if (strcmp(exchange->place.plural, "events") == 0)
        cluster->events++;
    else if (request->method == HTTP_GET)
        cluster->reads++;
    else
        cluster->writes++;
    if (cluster->fault && !exchange->place.is_watch)
        exchange->fault = cluster->fault(cluster->ctx, request);
    return exchange;
}

static void forget(struct toy_cluster *cluster, struct exchange *exchange)
{
    for (uint32_t i = 0; i < TOY_EXCHANGES_MAX; i++)
        if (cluster->exchanges[i] == exchange)
            cluster->exchanges[i] = NULL;
    free(exchange);
}

static void stop(void *self, struct exchange *exchange)
{
    forget(self, exchange);
}

struct transport toy_transport(struct toy_cluster *cluster)
{
    return (struct transport){cluster, start, stop};
}

static void answer(struct toy_cluster *cluster, struct exchange *exchange)
{
    const struct exchange_events *events = exchange->events;
    void *ctx = exchange->ctx;
    struct err lost = {.kind = ERR_RETRY, .text = "toy: the answer is lost"};
    struct answer answer = {0};

    if (exchange->fault == TOY_REFUSED)
        answer = refuse(cluster, 422, "Invalid");
    else
        answer = act(cluster, exchange);
    if (exchange->fault == TOY_LOST) {
        forget(cluster, exchange);
        events->end(ctx, &lost);
        return;
    }
    forget(cluster, exchange);
    events->head(ctx, answer.status, -1);
    events->bytes(ctx, answer.body);
    events->end(ctx, NULL);
}

static bool is_alive(const struct toy_cluster *cluster, const struct exchange *exchange)
{
    for (uint32_t i = 0; i < TOY_EXCHANGES_MAX; i++)
        if (cluster->exchanges[i] == exchange)
            return true;
    return false;
}

/* Whoever is told may stop the watch. */
static void feed(struct toy_cluster *cluster, struct exchange *exchange)
{
    if (!exchange->is_open) {
        exchange->is_open = true;
        exchange->events->head(exchange->ctx, 200, -1);
    }
    while (is_alive(cluster, exchange) && exchange->place.seen < cluster->change_count) {
        const struct toy_change *change = &cluster->changes[exchange->place.seen++];
        if (strcmp(change->plural, exchange->place.plural) == 0)
            exchange->events->bytes(
                exchange->ctx, arena_print(&cluster->arena, "{\"type\":\"%s\",\"object\":%.*s}\n",
                                           change->event, STR_ARG(change->text)));
    }
}

static void deliver(struct toy_cluster *cluster)
{
    for (uint32_t i = 0; i < TOY_EXCHANGES_MAX; i++) {
        struct exchange *exchange = cluster->exchanges[i];
        if (!exchange || exchange->due_ms > cluster->now_ms || exchange->fault == TOY_SILENT)
            continue;
        if (exchange->place.is_watch)
            feed(cluster, exchange);
        else
            answer(cluster, exchange);
    }
}

void toy_release(struct toy_cluster *cluster)
{
    for (uint32_t i = 0; i < TOY_EXCHANGES_MAX; i++)
        if (cluster->exchanges[i] && cluster->exchanges[i]->fault == TOY_SILENT)
            cluster->exchanges[i]->fault = TOY_NO_FAULT;
}

/* -- reactor ---------------------------------------------------------------------------- */

static int64_t wall_ms(void *self)
{
    const struct toy_cluster *cluster = self;

    return START_MS + cluster->now_ms;
}

static int64_t monotonic_ms(void *self)
{
    const struct toy_cluster *cluster = self;

    return cluster->now_ms;
}

static void disarm(void *self, struct alarm *alarm)
{
    struct toy_cluster *cluster = self;

    if (alarm->slot > 0)
        cluster->alarms[alarm->slot - 1] = NULL;
    alarm->slot = 0;
}

static void arm(void *self, struct alarm *alarm, int64_t at_ms)
{
    struct toy_cluster *cluster = self;
    uint32_t slot = 0;

    disarm(self, alarm);
    while (cluster->alarms[slot])
        slot++;
    assert(slot < TOY_ALARMS_MAX);
    cluster->alarms[slot] = alarm;
    alarm->slot = slot + 1;
    alarm->at_ms = at_ms;
}

static uint32_t chance(void *self)
{
    (void)self;
    return 4; /* thrown once */
}

struct reactor toy_reactor(struct toy_cluster *cluster)
{
    return (struct reactor){cluster, wall_ms, monotonic_ms, arm, disarm, chance};
}

void toy_run(struct toy_cluster *cluster, int64_t for_ms)
{
    int64_t until_ms = cluster->now_ms + for_ms;

    for (; cluster->now_ms < until_ms; cluster->now_ms += TOY_TICK_MS) {
        for (uint32_t i = 0; i < TOY_ALARMS_MAX; i++) {
            struct alarm *alarm = cluster->alarms[i];
            if (!alarm || alarm->at_ms > cluster->now_ms)
                continue;
            disarm(cluster, alarm);
            alarm->ring(alarm->ctx);
        }
        deliver(cluster);
    }
}

/* -- as others do it ------------------------------------------------------------------------ */

static struct place place_named(const char *plural, const char *space, const char *name)
{
    struct place ret = {0};

    set(ret.plural, sizeof(ret.plural), str_of(plural));
    set(ret.space, sizeof(ret.space), str_of(space));
    set(ret.name, sizeof(ret.name), str_of(name));
    return ret;
}

void toy_init(struct toy_cluster *cluster)
{
    *cluster = (struct toy_cluster){.now_ms = 1000};
}

void toy_fini(struct toy_cluster *cluster)
{
    for (uint32_t i = 0; i < TOY_EXCHANGES_MAX; i++)
        free(cluster->exchanges[i]);
    arena_fini(&cluster->arena);
}

void toy_create(struct toy_cluster *cluster, const char *plural, const char *space,
                const char *json)
{
    struct answer answer = answer_post(cluster, place_named(plural, space, ""), str_of(json));

    assert(answer.status == 201);
}

void toy_merge(struct toy_cluster *cluster, const char *plural, const char *space, const char *name,
               const char *patch)
{
    struct place place = place_named(plural, space, name);
    const struct toy_change *old = find(cluster, &place);
    struct json_value part = parsed(cluster, str_of(patch)), object;

    assert(old);
    object = parsed(cluster, old->text);
    object = merged(cluster, &object, &part);
    store_changed(cluster, &place, &object);
}

void toy_delete(struct toy_cluster *cluster, const char *plural, const char *space,
                const char *name)
{
    struct place place = place_named(plural, space, name);
    struct answer answer = answer_delete(cluster, &place, STR_LIT("{}"));

    assert(answer.status == 200);
}

const char *toy_find(struct toy_cluster *cluster, const char *plural, const char *space,
                     const char *name)
{
    struct place place = place_named(plural, space, name);
    const struct toy_change *found = find(cluster, &place);

    return found ? arena_text(&cluster->arena, found->text) : NULL;
}

const char *toy_text(struct toy_cluster *cluster, const char *plural, const char *space,
                     const char *name, const char *path)
{
    struct place place = place_named(plural, space, name);
    const struct toy_change *found = find(cluster, &place);
    struct json_value object;

    if (!found)
        return "";
    object = parsed(cluster, found->text);
    return arena_text(&cluster->arena, text_at(&object, path));
}

uint32_t toy_matching(const struct toy_cluster *cluster, const char *plural, const char *text)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < cluster->change_count; i++) {
        const struct toy_change *change = &cluster->changes[i];
        count += strcmp(change->plural, plural) == 0 && is_last(cluster, change) &&
                 memmem(change->text.at, change->text.size, text, strlen(text));
    }
    return count;
}

uint32_t toy_count(const struct toy_cluster *cluster, const char *plural)
{
    return toy_matching(cluster, plural, "");
}
