// SPDX-License-Identifier: Apache-2.0
#include "api/agenttask.h"
#include "cli/cluster.h"
#include "kube/resource.h"
#include "kube/response.h"
#include "kube/watch_stream.h"

enum {
    LOOK_MS = 30000,       /* without news, the server is asked */
    BLIND_LOOK_MS = 2000,  /* and by those who may not watch */
    AGAIN_MS = 500,        /* after a watch that broke */
    OUTAGE_MAX_MS = 60000, /* a server that is restarted comes back within that time */
    WATCH_MAX_MS = 240000, /* of one watch: shorter than its silence may last */
};

/* -- one watch --------------------------------------------------------------- */

struct news {
    struct watch watch;
    /* False: enough, unless there is an error. The object lives until it returns. */
    bool (*take)(void *ctx, const struct json_value *object, bool is_gone, struct err *err);
    void *ctx;
    struct watched *watched; /* its version moves on with what comes */
    bool has_come;           /* take() has had enough */
    bool is_old;             /* the server no longer knows what came after our version */
    bool from_present;       /* begins anew, without a version */
    struct err err;
};

void version_set(char *ret, struct str version)
{
    size_t size = version.size < VERSION_TEXT ? version.size : 0;

    if (size > 0)
        memcpy(ret, version.at, size);
    ret[size] = 0;
}

static bool take_event(void *ctx, enum watch_event event, const struct json_value *object,
                       struct err *err)
{
    struct news *news = ctx;
    struct object_meta meta = object_meta(object);
    bool is_known = str_is(meta.version, news->watched->version);

    if (news->has_come) /* what came with it is for the next watch */
        return true;
    if (event == WATCH_ERROR) {
        news->is_old = true;
        return err_set(err, ERR_STALE, "the watch is over");
    }
    version_set(news->watched->version, meta.version);
    if (event == WATCH_BOOKMARK || (event == WATCH_ADDED && is_known))
        return true; /* what was there before is told first where we name no version */
    news->has_come = !news->take(news->ctx, object, event == WATCH_DELETED, err);
    news->has_come = news->has_come && err->kind == ERR_NONE;
    return err->kind == ERR_NONE;
}

static bool take_bytes(void *ctx, struct str bytes)
{
    struct news *news = ctx;

    return watch_read(&news->watch, bytes, take_event, news, &news->err) && !news->has_come;
}

static int64_t now_of(const struct cluster *cluster)
{
    return cluster->reactor.monotonic_ms(cluster->reactor.self);
}

/* True: it ended in good order, or news->take has had enough. */
static bool watch_once(struct cluster *cluster, struct fiber *fiber, int64_t until_ms,
                       struct news *news, struct err *err)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_client client = cluster_client(cluster, fiber);
    const struct watched *watched = news->watched;
    struct list_query query = cluster_query(&arena, watched->name, watched->labels);
    int64_t left_ms = until_ms - now_of(cluster);
    struct kube_request request;
    bool is_good;

    if (!news->from_present)
        query.version = str_of(watched->version);
    request =
        request_watch(&arena, &resource_agenttasks, watched->space, &query, left_ms / 1000 + 1);
    news->from_present = false;
    watch_init(&news->watch);
    is_good = kube_stream(&client, &request, "watch agenttasks", until_ms, take_bytes, news, err);
    watch_fini(&news->watch);
    return is_good;
}

/* Watches until take() has had enough, the time is up, or the version is too old to go on from. A
 * connection that breaks is made again. */
static bool watch_until(struct cluster *cluster, struct fiber *fiber, int64_t until_ms,
                        struct news *news, struct err *err)
{
    while (!news->has_come && !news->is_old && now_of(cluster) < until_ms) {
        struct err broken = {0};

        news->err = (struct err){0};
        if (watch_once(cluster, fiber, until_ms, news, &broken) && news->err.kind == ERR_NONE)
            continue;
        if (broken.kind == ERR_REFUSED)
            return err_set(err, broken.kind, "%s", broken.text);
        if (!news->is_old)
            fiber_sleep(fiber, &cluster->reactor, AGAIN_MS);
    }
    return true;
}

/* The same for one task, whose version may be older than what the server remembers: then from the
 * present on, which begins with the task as it is. */
static bool watch_one(struct cluster *cluster, struct fiber *fiber, int64_t until_ms,
                      struct news *news, struct err *err)
{
    if (!watch_until(cluster, fiber, until_ms, news, err) || !news->is_old)
        return err->kind == ERR_NONE;
    news->is_old = false;
    news->from_present = true;
    return watch_until(cluster, fiber, until_ms, news, err);
}

/* -- a task under watch ------------------------------------------------------ */

struct watched watched_of(const struct task *task)
{
    struct watched ret = {.space = task->space, .name = task->name};

    version_set(ret.version, task->version);
    return ret;
}

void seen_init(struct seen *seen, const struct task *task)
{
    *seen = (struct seen){.task = *task};
}

void seen_fini(struct seen *seen)
{
    arena_fini(&seen->arenas[0]);
    arena_fini(&seen->arenas[1]);
}

/* Takes over a copy; the task before stays until the next one. */
static bool seen_take(struct seen *seen, const struct json_value *object, struct err *err)
{
    struct arena *arena = &seen->arenas[seen->turn];
    struct json_value copy;

    arena_fini(arena);
    if (!json_read(arena, json_compact(arena, object), &copy, err) ||
        !agenttask_read(arena, &copy, NULL, API_LENIENT, &seen->task, err))
        return false;
    seen->turn = !seen->turn;
    return true;
}

struct seeing {
    struct seen *seen;
    bool is_gone;
};

static bool see(void *ctx, const struct json_value *object, bool is_gone, struct err *err)
{
    struct seeing *seeing = ctx;

    seeing->is_gone = is_gone;
    (void)seen_take(seeing->seen, object, err);
    return false;
}

/* The server's word on a task that no event has told of. */
static bool look_again(struct cluster *cluster, struct fiber *fiber, struct seen *seen,
                       struct err *err)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_client client = cluster_client(cluster, fiber);
    struct kube_request request =
        request_get(&arena, &resource_agenttasks, seen->task.space, seen->task.name);
    struct json_value value;
    struct err broken = {0};

    if (kube_call(&client, &arena, &request, "get agenttask", &value, &broken)) {
        seen->lost_ms = 0;
        return seen_take(seen, &value, err);
    }
    if (broken.kind == ERR_RETRY && seen->lost_ms == 0)
        seen->lost_ms = now_of(cluster);
    if (broken.kind != ERR_RETRY || now_of(cluster) - seen->lost_ms > OUTAGE_MAX_MS)
        return err_set(err, broken.kind, "%s", broken.text);
    fiber_sleep(fiber, &cluster->reactor, AGAIN_MS);
    return true;
}

bool cluster_watch(struct cluster *cluster, struct fiber *fiber, int64_t wait_ms, struct seen *seen,
                   struct err *err)
{
    struct seeing seeing = {.seen = seen};
    struct watched watched = watched_of(&seen->task);
    struct news news = {.take = see, .ctx = &seeing, .watched = &watched};

    if (!watch_one(cluster, fiber, now_of(cluster) + wait_ms, &news, err))
        return false;
    if (seeing.is_gone)
        return err_set(err, ERR_ABSENT, "agenttask \"%.*s\" was deleted", STR_ARG(seen->task.name));
    return news.has_come || look_again(cluster, fiber, seen, err);
}

/* -- waiting for any change -------------------------------------------------- */

static bool note(void *ctx, const struct json_value *object, bool is_gone, struct err *err)
{
    (void)ctx;
    (void)object;
    (void)is_gone;
    (void)err;
    return false;
}

static bool await(struct cluster *cluster, struct fiber *fiber, void *ctx, struct err *err)
{
    const int64_t *wait_ms = ctx;
    struct watched watched = cluster->watched;
    struct news news = {.take = note, .watched = &watched};

    return watch_one(cluster, fiber, now_of(cluster) + *wait_ms, &news, err);
}

bool cluster_pause(void *self, int64_t ms)
{
    struct cluster *cluster = self;
    int64_t wait_ms = ms < LOOK_MS ? ms : LOOK_MS;
    struct err err = {0};

    if (cluster->watched.name.size == 0)
        return cluster->session->pause(ms);
    if (!cluster_do(cluster, await, &wait_ms, &err)) /* may not watch: look, now and then */
        return cluster->session->pause(ms < BLIND_LOOK_MS ? ms : BLIND_LOOK_MS);
    return true;
}

/* -- following a list -------------------------------------------------------- */

struct following {
    const struct place_query *query;
    bool (*visit)(void *ctx, const struct task *task);
    void *ctx;
    struct watched watched;
};

static bool show(void *ctx, const struct json_value *object, bool is_gone, struct err *err)
{
    const struct following *following = ctx;
    auto_end(arena_fini) struct arena arena = {0};
    struct task task;

    if (is_gone)
        return true;
    return agenttask_read(&arena, object, NULL, API_LENIENT, &task, err) &&
           following->visit(following->ctx, &task);
}

struct missed {
    const struct following *following;
    int64_t version;
};

static bool show_missed(void *ctx, const struct task *task)
{
    const struct missed *missed = ctx;
    int64_t version;

    if (str_to_int(task->version, &version) && version <= missed->version)
        return true;
    return missed->following->visit(missed->following->ctx, task);
}

/* What changed while nobody watched. */
static bool catch_up(struct cluster *cluster, struct fiber *fiber, struct following *following,
                     bool *ret_has_come, struct err *err)
{
    struct missed missed = {.following = following};
    struct list_walk walk = {
        .query = following->query,
        .visit = show_missed,
        .ctx = &missed,
    };

    if (!str_to_int(str_of(following->watched.version), &missed.version))
        missed.version = 0;
    if (!cluster_walk(cluster, fiber, &walk, err))
        return false;
    *ret_has_come = walk.has_stopped;
    version_set(following->watched.version, str_of(walk.version));
    return true;
}

static bool follow(struct cluster *cluster, struct fiber *fiber, void *ctx, struct err *err)
{
    struct following *following = ctx;
    struct news news = {.take = show, .ctx = following, .watched = &following->watched};

    while (!news.has_come) {
        if (!watch_until(cluster, fiber, now_of(cluster) + WATCH_MAX_MS, &news, err))
            return false;
        if (news.is_old && !catch_up(cluster, fiber, following, &news.has_come, err))
            return false;
        news.is_old = false;
    }
    return true;
}

bool cluster_follow(void *self, const struct place_query *query, const struct listing *shown,
                    bool (*visit)(void *ctx, const struct task *task), void *ctx, struct err *err)
{
    struct cluster *cluster = self;
    struct following following = {
        .query = query,
        .visit = visit,
        .ctx = ctx,
        .watched = cluster->watched,
    };

    (void)shown; /* our version says it */
    following.watched.space = query->all_spaces ? (struct str){0} : cluster->access.space;
    following.watched.name = query->name;
    following.watched.labels = query->labels;
    return cluster_do(cluster, follow, &following, err);
}
