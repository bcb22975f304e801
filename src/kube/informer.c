// SPDX-License-Identifier: Apache-2.0
#include "kube/informer.h"

#include <assert.h>
#include <stdio.h>

#include "kube/tap.h"
#include "kube/watch_stream.h"

#define PAUSE_FIRST_MS     INT64_C(800)
#define PAUSE_LAST_MS      INT64_C(15000) /* and as much again by chance */
#define PAUSE_RESET_MS     INT64_C(120000)
#define RETRY_AFTER_MAX_MS INT64_C(300000)
#define WATCH_SHORT_MS     INT64_C(1000)
#define WATCH_SLACK_MS     INT64_C(30000) /* for a server that is slow to end a watch */

enum {
    WATCH_LEAST_S = 300, /* and as much again by chance */
    PAGE_SIZE_MAX = 2 * 1024 * 1024,
    RESUME_MAX = 32 * 1024,
    INTERNAL_ERRORS_MAX = 5, /* in a row, then a list */
    OLD_LISTS_MAX = 10,      /* in a row, then one is believed: the server was set back */
    HTTP_GONE = 410,
    HTTP_BUSY = 429,
    HTTP_INTERNAL = 500,
};

struct version {
    char at[CACHE_TEXT_MAX + 1]; /* empty: none */
};

struct informer {
    struct arena arena; /* of this struct and the texts of `spec` */
    struct informer_spec spec;
    struct cache *cache;
    struct kube_client client;

    struct tap tap; /* its status is that of an ERROR event, too */

    struct version version; /* to watch from; empty: list first */
    struct version newest;  /* seen, ever */
    uint32_t old_lists, internal_errors;
    uint32_t failures; /* for the next pause */
    int64_t failed_ms;
    bool is_running, is_stopped, is_synced;
};

/* -- versions -------------------------------------------------------------- */

static struct str version_text(const struct version *version)
{
    return str_of(version->at);
}

static void version_set(struct version *version, struct str text)
{
    snprintf(version->at, sizeof(version->at), "%.*s", STR_ARG(text));
}

/* Versions are numbers that grow. Where they are not, nothing is known to be older. */
static bool is_older(struct str a, struct str b)
{
    int64_t a_number, b_number;

    return str_to_int(a, &a_number) && str_to_int(b, &b_number) && a_number < b_number;
}

static void version_advance(struct version *version, struct str text)
{
    if (!is_older(text, version_text(version)))
        version_set(version, text);
}

/* -- what an object does to the cache -------------------------------------- */

static void trouble(const struct informer *informer, const struct err *err)
{
    if (informer->spec.troubled)
        informer->spec.troubled(informer->spec.ctx, informer->spec.resource, err);
}

static bool fits(struct str text)
{
    return text.size <= CACHE_TEXT_MAX && (text.size == 0 || !memchr(text.at, '\0', text.size));
}

static bool check_meta(const struct object_meta *meta, struct err *err)
{
    if (meta->name.size > 0 && meta->version.size > 0 && fits(meta->space) && fits(meta->name) &&
        fits(meta->uid) && fits(meta->version))
        return true;
    return err_set(err, ERR_INVALID,
                   "an object without name or version, or with longer ones than "
                   "can be");
}

static void tell(const struct informer *informer, const struct cached *was,
                 const struct cached *now)
{
    informer->spec.changed(informer->spec.ctx, was, now);
}

static void tell_gone(void *ctx, const struct cached *entry)
{
    tell(ctx, entry, NULL);
}

static void drop(struct informer *informer, struct arena *arena, const struct object_meta *meta)
{
    struct cached was;

    if (!cache_find(informer->cache, meta->space, meta->name, &was))
        return;
    was = cached_copy(arena, was);
    cache_drop(informer->cache, meta->space, meta->name);
    tell(informer, &was, NULL);
}

static void put(struct informer *informer, struct arena *arena, const struct object_meta *meta,
                struct str kept)
{
    struct cached was, now = {meta->space, meta->name, meta->uid, meta->version, kept};
    bool has_was = cache_find(informer->cache, now.space, now.name, &was);

    if (has_was)
        was = cached_copy(arena, was);
    if (!cache_put(informer->cache, &now))
        return;
    if (has_was && !str_equal(was.uid, now.uid)) {
        tell(informer, &was, NULL);
        has_was = false;
    }
    tell(informer, has_was ? &was : NULL, &now);
}

static bool take_object(struct informer *informer, struct arena *arena,
                        const struct json_value *object, struct err *err)
{
    auto_end(buf_fini) struct buf kept;
    struct object_meta meta = object_meta(object);

    buf_init(&kept, CACHE_KEPT_MAX);
    if (!check_meta(&meta, err))
        return false;
    if (!informer->spec.keep(arena, object, &kept)) {
        drop(informer, arena, &meta);
        return true;
    }
    if (kept.is_full)
        return err_set(err, ERR_LIMIT, "what is kept of an object is larger than %d bytes",
                       CACHE_KEPT_MAX);
    put(informer, arena, &meta, buf_str(&kept));
    return true;
}

/* -- list ------------------------------------------------------------------ */

struct list {
    struct informer *informer;
    struct buf resume;
    struct version version;
    uint32_t limit;
};

static bool get_page(struct list *list, struct arena *arena, struct json_value *ret,
                     struct err *err)
{
    struct informer *informer = list->informer;
    const struct informer_spec *spec = &informer->spec;
    struct list_query query = {
        .label_selector = spec->label_selector,
        .field_selector = spec->field_selector,
        .resume = buf_str(&list->resume),
        .limit = list->limit,
    };
    struct kube_request request = request_list(arena, spec->resource, spec->space, &query);

    /* One object may be as large as objects get. */
    request.size_max = list->limit > 1 ? PAGE_SIZE_MAX : JSON_SIZE_MAX;
    const char *what = arena_print(arena, "list %s", spec->resource->plural).at;
    return kube_call(&informer->client, arena, &request, what, ret, err);
}

/* The first page tells the version of them all. */
static bool check_version(struct list *list, struct str version, struct err *err)
{
    struct informer *informer = list->informer;

    if (version.size == 0 || !fits(version))
        return err_set(err, ERR_INVALID, "a list without version");
    if (is_older(version, version_text(&informer->newest)) && informer->old_lists++ < OLD_LISTS_MAX)
        return err_set(err, ERR_STALE, "a list of version %.*s, but %s was seen", STR_ARG(version),
                       informer->newest.at);
    informer->old_lists = 0;
    version_set(&informer->newest, version);
    version_set(&list->version, version);
    return true;
}

static bool take_page(struct list *list, struct arena *arena, const struct json_value *page,
                      struct err *err)
{
    struct object_meta meta = object_meta(page);
    const struct json_value *items = json_get(page, "items");

    if (!list->version.at[0] && !check_version(list, meta.version, err))
        return false;
    for (uint32_t i = 0; items && items->kind == JSON_LIST && i < items->count; i++) {
        struct err skipped = {0};
        if (!take_object(list->informer, arena, &items->items[i], &skipped))
            trouble(list->informer, &skipped);
    }
    buf_drop(&list->resume, list->resume.size);
    buf_add(&list->resume, meta.resume);
    if (list->resume.is_full)
        return err_set(err, ERR_LIMIT, "a list with a token of more than %d bytes", RESUME_MAX);
    return true;
}

/* One page, or the decision to ask for it in smaller pieces. */
static bool list_page(struct list *list, bool *ret_is_last, struct err *err)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value page;

    if (!get_page(list, &arena, &page, err)) {
        if (err->kind != ERR_LIMIT || list->limit == 1)
            return false;
        list->limit /= 2;
        *err = (struct err){0};
        return true;
    }
    if (!take_page(list, &arena, &page, err))
        return false;
    *ret_is_last = list->resume.size == 0;
    return true;
}

static bool list_all(struct informer *informer, struct err *err)
{
    struct list list = {.informer = informer, .limit = LIST_PAGE};
    bool is_last = false, went_well = true;

    buf_init(&list.resume, RESUME_MAX);
    cache_mark(informer->cache);
    while (went_well && !is_last)
        went_well = list_page(&list, &is_last, err);
    buf_fini(&list.resume);
    if (!went_well)
        return false;
    cache_sweep(informer->cache, tell_gone, informer);
    informer->version = list.version;
    informer->internal_errors = 0;
    informer->is_synced = true;
    return true;
}

/* -- watch ----------------------------------------------------------------- */

struct stream {
    struct informer *informer;
    struct watch watch;
    struct version start; /* what is not newer is no news */
    struct version added; /* the newest, while nothing but ADDED came: those may be out of order */
    bool is_in_order;
    uint32_t events;
    struct err err; /* what our side ended it for */
};

static void advance(struct stream *stream, enum watch_event event, struct str version)
{
    struct informer *informer = stream->informer;

    informer->internal_errors = 0;
    version_advance(&informer->newest, version);
    version_advance(&stream->added, version);
    if (event != WATCH_ADDED)
        stream->is_in_order = true;
    if (stream->is_in_order)
        version_advance(&informer->version, version_text(&stream->added));
}

static bool is_news(const struct stream *stream, const struct object_meta *meta)
{
    struct str start = version_text(&stream->start);
    struct cached held;

    if (str_equal(meta->version, start) || is_older(meta->version, start))
        return false;
    return !cache_find(stream->informer->cache, meta->space, meta->name, &held) ||
           !is_older(meta->version, held.version);
}

/* A late word of an object's end is no word of its successor. */
static void take_end(struct informer *informer, struct arena *arena, const struct object_meta *meta)
{
    struct cached held;

    if (cache_find(informer->cache, meta->space, meta->name, &held) &&
        str_equal(held.uid, meta->uid))
        drop(informer, arena, meta);
}

static bool take_error(struct informer *informer, struct arena *arena,
                       const struct json_value *status, struct err *err)
{
    const struct json_value *code = json_get(status, "code");
    struct kube_response response = {.body = json_compact(arena, status)};
    const char *what = arena_print(arena, "watch %s", informer->spec.resource->plural).at;
    int64_t number = 0;

    if (!code || code->kind != JSON_NUMBER || !str_to_int(code->text, &number) || number < 300 ||
        number > 599)
        number = HTTP_INTERNAL;
    informer->tap.status = (int32_t)number;
    response.status = informer->tap.status;
    return response_check(&response, what, err);
}

static bool take_event(void *ctx, enum watch_event event, const struct json_value *object,
                       struct err *err)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct stream *stream = ctx;
    struct informer *informer = stream->informer;
    struct object_meta meta = object_meta(object);
    struct err skipped = {0};

    if (event == WATCH_ERROR)
        return take_error(informer, &arena, object, err);
    stream->events++;
    if (meta.version.size == 0 || !fits(meta.version))
        return err_set(err, ERR_INVALID, "a watch event without version");
    if (event == WATCH_DELETED)
        take_end(informer, &arena, &meta);
    else if (event != WATCH_BOOKMARK && is_news(stream, &meta) &&
             !take_object(informer, &arena, object, &skipped))
        trouble(informer, &skipped);
    advance(stream, event, meta.version);
    return true;
}

static bool take_bytes(void *ctx, struct str bytes)
{
    struct stream *stream = ctx;
    struct informer *informer = stream->informer;

    if (watch_read(&stream->watch, bytes, take_event, stream, &stream->err))
        return true;
    if (informer->tap.status < 300) /* not by an ERROR event: it is no watch that we can read */
        informer->tap.status = HTTP_INTERNAL;
    return false;
}

static bool follow(struct stream *stream, struct arena *arena, struct err *err)
{
    struct informer *informer = stream->informer;
    const struct informer_spec *spec = &informer->spec;
    const struct reactor *reactor = informer->client.reactor;
    struct list_query query = {
        .label_selector = spec->label_selector,
        .field_selector = spec->field_selector,
        .version = version_text(&stream->start),
    };
    int64_t timeout_s = WATCH_LEAST_S + reactor->chance(reactor->self) % (WATCH_LEAST_S + 1);
    int64_t began_ms = reactor->monotonic_ms(reactor->self);
    struct kube_request request =
        request_watch(arena, spec->resource, spec->space, &query, timeout_s);
    const char *what = arena_print(arena, "watch %s", spec->resource->plural).at;

    if (!kube_stream(&informer->client, &request, what,
                     began_ms + timeout_s * 1000 + WATCH_SLACK_MS, take_bytes, stream, err))
        return false;
    if (stream->err.kind != ERR_NONE) {
        *err = stream->err;
        return false;
    }
    if (stream->events == 0 && reactor->monotonic_ms(reactor->self) - began_ms < WATCH_SHORT_MS)
        return err_set(err, ERR_RETRY, "%s: ended at once, without an event", what);
    return true;
}

static int64_t silent_ms(const struct informer *informer)
{
    const struct reactor *reactor = informer->client.reactor;

    return reactor->monotonic_ms(reactor->self) - informer->tap.heard_ms;
}

static bool watch_on(struct informer *informer, struct err *err)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct stream stream = {
        .informer = informer,
        .start = informer->version,
        .added = informer->version,
    };

    watch_init(&stream.watch);
    bool ended_well = follow(&stream, &arena, err);
    watch_fini(&stream.watch);
    if (ended_well || silent_ms(informer) > WATCH_SHORT_MS) /* nothing was under way */
        version_advance(&informer->version, version_text(&stream.added));
    return ended_well;
}

/* -- again and again ------------------------------------------------------- */

/* What a watch that failed means: true, it may go on from where it was. */
static bool may_go_on(struct informer *informer)
{
    if (informer->tap.status < 300 || informer->tap.status == HTTP_BUSY)
        return true;
    if (informer->tap.status != HTTP_INTERNAL)
        return false;
    return ++informer->internal_errors <= INTERNAL_ERRORS_MAX;
}

static int64_t pause_ms(struct informer *informer)
{
    const struct reactor *reactor = informer->client.reactor;
    int64_t now_ms = reactor->monotonic_ms(reactor->self);

    if (now_ms - informer->failed_ms > PAUSE_RESET_MS)
        informer->failures = 0;
    informer->failed_ms = now_ms;
    int64_t wait_ms = PAUSE_FIRST_MS << informer->failures;
    if (wait_ms < PAUSE_LAST_MS)
        informer->failures++;
    else
        wait_ms = PAUSE_LAST_MS;
    wait_ms += reactor->chance(reactor->self) % (wait_ms + 1);
    if (informer->tap.retry_after_ms > RETRY_AFTER_MAX_MS)
        informer->tap.retry_after_ms = RETRY_AFTER_MAX_MS;
    return wait_ms > informer->tap.retry_after_ms ? wait_ms : informer->tap.retry_after_ms;
}

static void turn(struct informer *informer, struct fiber *fiber)
{
    struct err err = {0};

    if (informer->version.at[0] ? watch_on(informer, &err) : list_all(informer, &err))
        return;
    if (informer->is_stopped)
        return;
    trouble(informer, &err);
    if (informer->version.at[0] && !may_go_on(informer))
        informer->version.at[0] = '\0';
    fiber_sleep(fiber, informer->client.reactor, pause_ms(informer));
}

static void run(struct fiber *fiber, void *ctx)
{
    struct informer *informer = ctx;

    informer->client.fiber = fiber;
    while (!informer->is_stopped)
        turn(informer, fiber);
    informer->is_running = false;
}

struct informer *informer_new(const struct informer_spec *spec, const struct transport *transport,
                              const struct reactor *reactor)
{
    struct arena arena = {0};
    struct informer *informer = arena_alloc(&arena, sizeof(*informer));

    informer->spec = *spec;
    informer->spec.space = arena_copy(&arena, spec->space);
    informer->spec.label_selector = arena_copy(&arena, spec->label_selector);
    informer->spec.field_selector = arena_copy(&arena, spec->field_selector);
    informer->arena = arena;
    informer->cache = cache_new();
    tap_init(&informer->tap, transport, reactor);
    informer->client = (struct kube_client){
        .transport = &informer->tap.door,
        .reactor = reactor,
        .is_stopped = &informer->is_stopped,
    };
    return informer;
}

struct informer *informer_free(struct informer *informer)
{
    if (!informer)
        return NULL;
    assert(!informer->is_running);
    struct arena arena = informer->arena;
    cache_free(informer->cache);
    arena_fini(&arena);
    return NULL;
}

bool informer_start(struct informer *informer, struct fiber_pool *fibers)
{
    informer->is_stopped = false;
    informer->is_running = true;
    if (fiber_start(fibers, run, informer))
        return true;
    informer->is_running = false;
    return false;
}

void informer_stop(struct informer *informer)
{
    informer->is_stopped = true;
    if (informer->is_running)
        fiber_wake(informer->client.fiber); /* it waits: we are not in it */
    assert(!informer->is_running);
}

bool informer_is_synced(const struct informer *informer)
{
    return informer->is_synced;
}

const struct cache *informer_cache(const struct informer *informer)
{
    return informer->cache;
}

int64_t informer_heard_ms(const struct informer *informer)
{
    return informer->tap.heard_ms;
}
