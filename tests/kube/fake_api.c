// SPDX-License-Identifier: Apache-2.0
#include "fake_api.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "json/json.h"

#define BOOKMARK_MS INT64_C(60000)

struct exchange {
    struct fake_api *api;
    struct exchange_events events;
    void *ctx;
    enum http_method method;
    enum fake_kind kind;
    char path[1024], body[1024];
    int64_t silence_max_ms, heard_ms, until_ms, bookmarked_ms;
    int64_t position; /* of a watch: sent up to there */
    int events_sent;
    size_t size_max;
    struct fake_fault fault; /* times 0: none */
    bool has_head, is_over;
};

/* -- what is stored -------------------------------------------------------- */

void fake_init(struct fake_api *api, struct fake_change *changes)
{
    *api = (struct fake_api){.changes = changes, .version = 100, .now_ms = 1000000, .dice = 1};
}

static const struct fake_change *find_at(const struct fake_api *api, const char *name,
                                         int64_t version)
{
    const struct fake_change *found = NULL;

    for (uint32_t i = 0; i < api->change_count && api->changes[i].version <= version; i++)
        if (strcmp(api->changes[i].name, name) == 0)
            found = &api->changes[i];
    return found && strcmp(found->event, "DELETED") != 0 ? found : NULL;
}

const struct fake_change *fake_find(const struct fake_api *api, const char *name)
{
    return find_at(api, name, api->version);
}

static bool is_listed(const struct fake_api *api, const struct fake_change *change, int64_t version)
{
    return change->version <= version && find_at(api, change->name, version) == change;
}

uint32_t fake_count(const struct fake_api *api)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < api->change_count; i++)
        count += is_listed(api, &api->changes[i], api->version);
    return count;
}

static void change(struct fake_api *api, const char *event, const char *name, const char *uid,
                   const char *spec)
{
    assert(api->change_count < FAKE_CHANGES_MAX);
    struct fake_change *made = &api->changes[api->change_count++];
    *made = (struct fake_change){.version = ++api->version, .event = event};
    snprintf(made->name, sizeof(made->name), "%s", name);
    snprintf(made->uid, sizeof(made->uid), "%s", uid);
    int size = snprintf(made->spec, sizeof(made->spec), "%s", spec);
    assert(size >= 0 && (size_t)size < sizeof(made->spec));
}

void fake_put(struct fake_api *api, const char *name, const char *spec)
{
    const struct fake_change *old = fake_find(api, name);
    char uid[32];

    snprintf(uid, sizeof(uid), "uid-%u", old ? 0 : ++api->uids);
    change(api, old ? "MODIFIED" : "ADDED", name, old ? old->uid : uid, spec);
}

void fake_drop(struct fake_api *api, const char *name)
{
    const struct fake_change *old = fake_find(api, name);

    assert(old);
    change(api, "DELETED", name, old->uid, old->spec);
}

void fake_compact(struct fake_api *api)
{
    api->compacted = api->version;
}

void fake_plant(struct fake_api *api, struct fake_fault fault)
{
    for (int i = 0; i < FAKE_FAULTS_MAX; i++)
        if (api->faults[i].times == 0) {
            api->faults[i] = fault;
            return;
        }
    abort();
}

/* -- the clock ------------------------------------------------------------- */

static int64_t now(void *self)
{
    return ((struct fake_api *)self)->now_ms;
}

static void disarm(void *self, struct alarm *alarm)
{
    struct fake_api *api = self;

    if (alarm->slot)
        api->alarms[alarm->slot - 1] = NULL;
    alarm->slot = 0;
}

static void arm(void *self, struct alarm *alarm, int64_t at_ms)
{
    struct fake_api *api = self;
    uint32_t slot = 0;

    disarm(self, alarm);
    while (api->alarms[slot])
        slot++;
    assert(slot < FAKE_ALARMS_MAX);
    api->alarms[slot] = alarm;
    alarm->slot = slot + 1;
    alarm->at_ms = at_ms;
}

static uint32_t chance(void *self)
{
    struct fake_api *api = self;

    api->dice = api->dice * 1664525 + 1013904223;
    return api->dice >> 4;
}

struct reactor fake_reactor(struct fake_api *api)
{
    return (struct reactor){api, now, now, arm, disarm, chance};
}

/* -- the network ----------------------------------------------------------- */

static enum fake_kind kind_of(const struct kube_request *request)
{
    if (request->is_stream)
        return FAKE_WATCH;
    if (request->method != HTTP_GET)
        return FAKE_WRITE;
    return memchr(request->path.at, '?', request->path.size) ? FAKE_LIST : FAKE_READ;
}

static struct fake_fault next_fault(struct fake_api *api, enum fake_kind kind)
{
    for (int i = 0; i < FAKE_FAULTS_MAX; i++) {
        struct fake_fault *fault = &api->faults[i];
        if (fault->times == 0 || fault->on != kind)
            continue;
        if (fault->skip > 0) {
            fault->skip--;
            continue;
        }
        struct fake_fault hits = *fault;
        fault->times--;
        return hits;
    }
    return (struct fake_fault){0};
}

static struct exchange *start(void *self, const struct kube_request *request,
                              const struct exchange_events *events, void *ctx)
{
    struct fake_api *api = self;
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    uint32_t slot = 0;

    while (api->exchanges[slot])
        slot++;
    assert(exchange && slot < FAKE_EXCHANGES_MAX);
    api->exchanges[slot] = exchange;
    *exchange = (struct exchange){
        .api = api,
        .events = *events,
        .ctx = ctx,
        .method = request->method,
        .kind = kind_of(request),
        .silence_max_ms = request->timeout_ms,
        .heard_ms = api->now_ms,
        .size_max = api->page_max ? api->page_max : request->size_max,
    };
    assert(request->path.size < sizeof(exchange->path));
    assert(request->body.size < sizeof(exchange->body));
    memcpy(exchange->path, request->path.at, request->path.size);
    if (request->body.size > 0)
        memcpy(exchange->body, request->body.at, request->body.size);
    exchange->fault = next_fault(api, exchange->kind);
    api->requests[exchange->kind]++;
    return exchange;
}

static void stop(void *self, struct exchange *exchange)
{
    (void)self;
    assert(!exchange->is_over);
    exchange->is_over = true;
}

struct transport fake_transport(struct fake_api *api)
{
    return (struct transport){api, start, stop};
}

static bool hits(const struct exchange *exchange, enum fake_fault_kind kind)
{
    return exchange->fault.times > 0 && exchange->fault.kind == kind;
}

static void send_head(struct exchange *exchange, int32_t status)
{
    exchange->has_head = true;
    if (!exchange->is_over)
        exchange->events.head(exchange->ctx, status, -1);
}

static void send_bytes(struct exchange *exchange, struct str bytes)
{
    size_t chunk = exchange->api->chunk_size ? exchange->api->chunk_size : bytes.size;

    exchange->heard_ms = exchange->api->now_ms;
    while (bytes.size > 0 && !exchange->is_over) {
        size_t size = chunk < bytes.size ? chunk : bytes.size;
        exchange->events.bytes(exchange->ctx, (struct str){bytes.at, size});
        bytes = str_skip(bytes, size);
    }
}

static void send_end(struct exchange *exchange, enum err_kind kind)
{
    struct err failure = {0};

    if (exchange->is_over)
        return;
    exchange->is_over = true;
    if (kind != ERR_NONE)
        err_set(&failure, kind, "connection reset by peer");
    exchange->events.end(exchange->ctx, kind == ERR_NONE ? NULL : &failure);
}

static void print_object(struct buf *ret, const struct fake_change *object)
{
    buf_print(ret,
              "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"%s\",\"uid\":\"%s\","
              "\"resourceVersion\":\"%" PRId64 "\"},\"spec\":%s}",
              object->name, object->uid, object->version, object->spec);
}

static void print_status(struct buf *ret, int code)
{
    buf_print(ret,
              "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\","
              "\"message\":\"as planted\",\"reason\":\"%s\",\"code\":%d}",
              code == 410 ? "Expired" : "Planted", code);
}

static void answer(struct exchange *exchange, int32_t status, const struct buf *body)
{
    send_head(exchange, status);
    if (body->size > exchange->size_max) {
        send_end(exchange, ERR_LIMIT);
        return;
    }
    send_bytes(exchange, buf_str(body));
    send_end(exchange, ERR_NONE);
}

static void answer_status(struct exchange *exchange, int32_t status)
{
    struct buf body;

    buf_init(&body, 4096);
    print_status(&body, status);
    answer(exchange, status, &body);
    buf_fini(&body);
}

/* -- lists ----------------------------------------------------------------- */

static int64_t parameter(const char *path, const char *key, int64_t otherwise)
{
    const char *at = strstr(path, key);

    return at ? strtoll(at + strlen(key), NULL, 10) : otherwise;
}

static void answer_list(struct exchange *exchange)
{
    struct fake_api *api = exchange->api;
    int64_t version = parameter(exchange->path, "continue=", api->version);
    const char *skipped = strstr(exchange->path, "continue=");
    int64_t skip = skipped ? parameter(skipped, "_", 0) : 0;
    int64_t limit = parameter(exchange->path, "limit=", FAKE_CHANGES_MAX);
    int64_t met = 0, shown = 0;
    struct buf body;

    if (skipped && version < api->compacted) {
        answer_status(exchange, 410);
        return;
    }
    version -= hits(exchange, FAULT_OLD) ? exchange->fault.arg : 0;
    buf_init(&body, 1 << 26);
    buf_print(&body, "{\"kind\":\"List\",\"items\":[");
    for (uint32_t i = 0; i < api->change_count && shown < limit; i++) {
        if (!is_listed(api, &api->changes[i], version) || met++ < skip)
            continue;
        buf_add(&body, str_of(shown++ ? "," : ""));
        print_object(&body, &api->changes[i]);
    }
    buf_print(&body, "],\"metadata\":{\"resourceVersion\":\"%" PRId64 "\"", version);
    if (shown == limit)
        buf_print(&body, ",\"continue\":\"%" PRId64 "_%" PRId64 "\"", version, skip + shown);
    buf_print(&body, "}}");
    answer(exchange, 200, &body);
    buf_fini(&body);
}

/* -- single objects -------------------------------------------------------- */

static void name_of(const struct exchange *exchange, char ret[32])
{
    const char *slash = strrchr(exchange->path, '/');

    snprintf(ret, 32, "%s", slash + 1);
}

static void answer_object(struct exchange *exchange, int32_t status, const char *name)
{
    const struct fake_change *found = fake_find(exchange->api, name);
    struct buf body;

    if (!found) {
        answer_status(exchange, 404);
        return;
    }
    buf_init(&body, 4096);
    print_object(&body, found);
    answer(exchange, status, &body);
    buf_fini(&body);
}

/* 0: done; else the status of the refusal. */
static int32_t write_object(struct exchange *exchange, const struct json_value *object,
                            const char *name, const char *spec)
{
    const struct fake_change *old = fake_find(exchange->api, name);
    const struct json_value *version = json_get(json_get(object, "metadata"), "resourceVersion");
    char held[32];

    if (exchange->method == HTTP_POST && old)
        return 409;
    if (exchange->method != HTTP_POST) { /* a patch gives the spec whole */
        if (!old)
            return 404;
        snprintf(held, sizeof(held), "%" PRId64, old->version);
        if (version && !str_is(version->text, held))
            return 409;
    }
    fake_put(exchange->api, name, spec);
    return 0;
}

static void answer_write(struct exchange *exchange)
{
    struct arena arena = {0};
    struct json_value object;
    struct err err = {0};
    struct buf spec;
    char name[32];

    buf_init(&spec, 4096);
    bool is_read = json_read(&arena, str_of(exchange->body), &object, &err);
    assert(is_read);
    snprintf(name, sizeof(name), "%.*s",
             STR_ARG(json_get(json_get(&object, "metadata"), "name")->text));
    json_print(json_get(&object, "spec"), JSON_COMPACT, &spec);
    buf_add_char(&spec, '\0');
    int32_t refused = write_object(exchange, &object, name, spec.at);
    if (hits(exchange, FAULT_LOST))
        send_end(exchange, ERR_RETRY);
    else if (refused)
        answer_status(exchange, refused);
    else
        answer_object(exchange, exchange->method == HTTP_POST ? 201 : 200, name);
    buf_fini(&spec);
    arena_fini(&arena);
}

/* -- watches --------------------------------------------------------------- */

static void send_line(struct exchange *exchange, const char *event, const struct fake_change *about)
{
    struct buf line;

    buf_init(&line, 4096);
    buf_print(&line, "{\"type\":\"%s\",\"object\":", event);
    if (about)
        print_object(&line, about);
    else if (strcmp(event, "BOOKMARK") == 0)
        buf_print(&line, "{\"metadata\":{\"resourceVersion\":\"%" PRId64 "\"}}",
                  exchange->position);
    else
        print_status(&line, exchange->fault.arg);
    buf_print(&line, "}\n");
    bool is_cut = exchange->events_sent == exchange->fault.arg &&
                  (hits(exchange, FAULT_BREAK) ||
                   (hits(exchange, FAULT_UNORDERED) && exchange->fault.arg > 0));
    send_bytes(exchange, (struct str){line.at, is_cut ? line.size / 2 : line.size});
    if (is_cut)
        send_end(exchange, ERR_RETRY);
    exchange->events_sent++;
    buf_fini(&line);
}

/* A watcher that was away sees only the last of several changes: as DELETED and ADDED, or as one
 * MODIFIED. */
static bool is_hidden(struct exchange *exchange, const struct fake_change *change)
{
    const struct fake_change *next = change + 1;

    if (!hits(exchange, FAULT_HIDE) || exchange->fault.arg == 0 ||
        next == exchange->api->changes + exchange->api->change_count)
        return false;
    exchange->fault.arg--;
    return true;
}

static void send_backwards(struct exchange *exchange)
{
    struct fake_api *api = exchange->api;

    for (int time = 0; time < 2; time++)
        for (uint32_t i = api->change_count;
             i-- > 0 && api->changes[i].version > exchange->position;)
            if (!exchange->is_over)
                send_line(exchange, api->changes[i].event, &api->changes[i]);
    exchange->position = api->version;
}

static void send_history(struct exchange *exchange)
{
    struct fake_api *api = exchange->api;

    for (uint32_t i = 0; i < api->change_count && !exchange->is_over; i++)
        if (strcmp(api->changes[i].event, "ADDED") == 0)
            send_line(exchange, "ADDED", &api->changes[i]);
}

static void send_news(struct exchange *exchange)
{
    struct fake_api *api = exchange->api;

    if (hits(exchange, FAULT_SILENT))
        return;
    if (hits(exchange, FAULT_UNORDERED))
        send_backwards(exchange);
    for (uint32_t i = 0; i < api->change_count && !exchange->is_over; i++) {
        if (api->changes[i].version <= exchange->position)
            continue;
        exchange->position = api->changes[i].version;
        if (!is_hidden(exchange, &api->changes[i]))
            send_line(exchange, api->changes[i].event, &api->changes[i]);
    }
    if (!api->has_no_bookmarks && api->now_ms - exchange->bookmarked_ms >= BOOKMARK_MS &&
        !exchange->is_over) {
        exchange->bookmarked_ms = api->now_ms;
        exchange->position = api->version;
        send_line(exchange, "BOOKMARK", NULL);
    }
}

static void begin_watch(struct exchange *exchange)
{
    struct fake_api *api = exchange->api;

    exchange->position = parameter(exchange->path, "resourceVersion=", 0);
    exchange->until_ms = api->now_ms + 1000 * parameter(exchange->path, "timeoutSeconds=", 0);
    exchange->bookmarked_ms = api->now_ms;
    send_head(exchange, 200);
    if (exchange->position < api->compacted && exchange->fault.times == 0)
        exchange->fault = (struct fake_fault){FAULT_ERROR, FAKE_WATCH, 410, 0, 1};
    if (hits(exchange, FAULT_ERROR)) {
        send_line(exchange, "ERROR", NULL);
        send_end(exchange, ERR_NONE);
    } else if (hits(exchange, FAULT_GARBAGE)) {
        send_bytes(exchange, STR_LIT("<html>a proxy\n"));
    } else if (hits(exchange, FAULT_REPLAY)) {
        send_history(exchange);
    } else if (hits(exchange, FAULT_END)) {
        send_end(exchange, ERR_NONE);
    }
}

static void serve_watch(struct exchange *exchange)
{
    if (!exchange->has_head)
        begin_watch(exchange);
    if (!exchange->is_over)
        send_news(exchange);
    if (exchange->api->now_ms - exchange->heard_ms > exchange->silence_max_ms)
        send_end(exchange, ERR_RETRY);
    if (exchange->api->now_ms >= exchange->until_ms && !hits(exchange, FAULT_SILENT))
        send_end(exchange, ERR_NONE);
}

/* -- the loop -------------------------------------------------------------- */

static void serve(struct exchange *exchange)
{
    char name[32];

    if (exchange->is_over)
        return;
    if (hits(exchange, FAULT_REFUSED)) {
        send_end(exchange, ERR_RETRY);
    } else if (hits(exchange, FAULT_STATUS)) {
        answer_status(exchange, exchange->fault.arg);
    } else if (exchange->kind == FAKE_WATCH) {
        serve_watch(exchange);
    } else if (exchange->kind == FAKE_LIST) {
        answer_list(exchange);
    } else if (exchange->kind == FAKE_WRITE) {
        answer_write(exchange);
    } else {
        name_of(exchange, name);
        answer_object(exchange, 200, name);
    }
}

static void tick(struct fake_api *api)
{
    for (int i = 0; i < FAKE_EXCHANGES_MAX; i++) {
        struct exchange *exchange = api->exchanges[i];
        if (exchange)
            serve(exchange);
        if (exchange && exchange->is_over) {
            api->exchanges[i] = NULL;
            free(exchange);
        }
    }
    for (int i = 0; i < FAKE_ALARMS_MAX; i++) {
        struct alarm *alarm = api->alarms[i];
        if (!alarm || alarm->at_ms > api->now_ms)
            continue;
        disarm(api, alarm);
        alarm->ring(alarm->ctx);
    }
}

void fake_run(struct fake_api *api, int64_t for_ms)
{
    int64_t until_ms = api->now_ms + for_ms;

    for (; api->now_ms < until_ms; api->now_ms += FAKE_TICK_MS)
        tick(api);
}

void fake_fini(struct fake_api *api)
{
    for (int i = 0; i < FAKE_EXCHANGES_MAX; i++) {
        assert(!api->exchanges[i] || api->exchanges[i]->is_over);
        free(api->exchanges[i]);
    }
}
