// SPDX-License-Identifier: Apache-2.0
#include "api/agenttask.h"
#include "api/configmap.h"
#include "api/names.h"
#include "cli/cluster.h"
#include "cli/cluster_door.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "core/validate.h"
#include "kube/resource.h"
#include "kube/response.h"

enum {
    GONE_LOOK_MS = 10000,
    PAGE_BYTES_MAX = 2 * 1024 * 1024,
};

/* -- asking ----------------------------------------------------------------- */

struct errand {
    struct cluster *cluster;
    cluster_work *work;
    void *ctx;
    struct err *err;
    bool is_good, is_over;
};

static void errand_main(struct fiber *fiber, void *ctx)
{
    struct errand *errand = ctx;

    errand->is_good = errand->work(errand->cluster, fiber, errand->ctx, errand->err);
    errand->is_over = true;
    loop_stop(errand->cluster->loop);
}

bool cluster_do(struct cluster *cluster, cluster_work *work, void *ctx, struct err *err)
{
    struct errand errand = {.cluster = cluster, .work = work, .ctx = ctx, .err = err};

    if (!fiber_start(cluster->fibers, errand_main, &errand))
        return err_set(err, ERR_LIMIT, "too much at once");
    while (!errand.is_over)
        loop_run(cluster->loop);
    return errand.is_good;
}

struct kube_client cluster_client(struct cluster *cluster, struct fiber *fiber)
{
    return (struct kube_client){
        .transport = &cluster->transport,
        .reactor = &cluster->reactor,
        .fiber = fiber,
    };
}

/* What a person can do about it. */
static const char *hint_of(const struct err *err, int32_t status)
{
    if (status == 401)
        return "log in again: the server does not accept the credentials of this context";
    if (status == 403)
        return "an administrator can bind you to the roles that it takes";
    if (status == 404 && err->kind == ERR_REFUSED)
        return "is the operator installed on this cluster?";
    if (status == 0 && err->kind == ERR_RETRY)
        return "is the cluster up? --context chooses another one, --local this machine";
    return NULL;
}

bool cluster_ask(struct cluster *cluster, struct fiber *fiber, struct arena *arena,
                 const struct kube_request *request, const char *what, struct json_value *ret,
                 struct err *err)
{
    struct kube_client client = cluster_client(cluster, fiber);
    struct kube_response response = {0};
    struct err unread = {0};

    if (!kube_send(&client, arena, request, &response, err) ||
        !response_check(&response, what, err)) {
        const char *hint = hint_of(err, response.status);
        if (hint)
            cluster->session->hint = hint;
        return response.status != 0 ? false : err_wrap(err, "%s", what);
    }
    if (response.body.size > JSON_SIZE_MAX)
        return err_set(err, ERR_LIMIT, "%s: more than %d bytes", what, JSON_SIZE_MAX);
    return json_read(arena, response.body, ret, &unread) ||
           err_set(err, ERR_RETRY, "%s: no answer of an API server: %s", what, unread.text);
}

struct question {
    struct arena *arena;
    const struct kube_request *request;
    const char *what;
    struct json_value *ret;
};

static bool ask(struct cluster *cluster, struct fiber *fiber, void *ctx, struct err *err)
{
    const struct question *question = ctx;

    return cluster_ask(cluster, fiber, question->arena, question->request, question->what,
                       question->ret, err);
}

bool cluster_call(struct cluster *cluster, struct arena *arena, const struct kube_request *request,
                  const char *what, struct json_value *ret, struct err *err)
{
    struct question question = {arena, request, what, ret};

    return cluster_do(cluster, ask, &question, err);
}

/* -- tasks ------------------------------------------------------------------ */

bool cluster_task(struct cluster *cluster, struct str space, struct str name, struct arena *arena,
                  struct task *ret, struct err *err)
{
    struct kube_request request = request_get(arena, &resource_agenttasks, space, name);
    struct json_value value;

    return cluster_call(cluster, arena, &request, "get agenttask", &value, err) &&
           agenttask_read(arena, &value, NULL, API_LENIENT, ret, err);
}

struct list_query cluster_query(struct arena *arena, struct str name, struct str labels)
{
    struct list_query ret = {.label_selector = labels};

    if (name.size > 0)
        ret.field_selector = arena_print(arena, "metadata.name=%.*s", STR_ARG(name));
    return ret;
}

static bool page_get(struct cluster *cluster, struct fiber *fiber, const struct list_walk *walk,
                     const struct list_query *query, struct arena *arena, struct json_value *ret,
                     struct err *err)
{
    struct str space = walk->query->all_spaces ? (struct str){0} : cluster->access.space;
    struct kube_request request = request_list(arena, &resource_agenttasks, space, query);

    request.size_max = query->limit > 1 ? PAGE_BYTES_MAX : JSON_SIZE_MAX;
    return cluster_ask(cluster, fiber, arena, &request, "list agenttasks", ret, err);
}

static bool page_visit(struct list_walk *walk, struct arena *arena, const struct json_value *page,
                       struct err *err)
{
    const struct json_value *items = json_get(page, "items");

    version_set(walk->version, object_meta(page).version);
    for (uint32_t i = 0; items && i < items->count && !walk->has_stopped; i++) {
        struct task task;
        if (!agenttask_read(arena, &items->items[i], NULL, API_LENIENT, &task, err))
            return false;
        walk->has_stopped = !walk->visit(walk->ctx, &task);
    }
    return true;
}

/* Tasks with long programs come in smaller pages. */
bool cluster_walk(struct cluster *cluster, struct fiber *fiber, struct list_walk *walk,
                  struct err *err)
{
    auto_end(arena_fini) struct arena resume = {0}, words = {0};
    struct list_query query = cluster_query(&words, walk->query->name, walk->query->labels);

    for (query.limit = LIST_PAGE; !walk->has_stopped;) {
        auto_end(arena_fini) struct arena arena = {0};
        struct json_value page;

        if (!page_get(cluster, fiber, walk, &query, &arena, &page, err)) {
            if (err->kind != ERR_LIMIT || query.limit == 1)
                return false;
            *err = (struct err){0};
            query.limit /= 2;
            continue;
        }
        if (!page_visit(walk, &arena, &page, err))
            return false;
        arena_fini(&resume);
        query.resume = arena_copy(&resume, object_meta(&page).resume);
        if (query.resume.size == 0)
            break;
    }
    return true;
}

static bool walk_work(struct cluster *cluster, struct fiber *fiber, void *ctx, struct err *err)
{
    return cluster_walk(cluster, fiber, ctx, err);
}

struct latest {
    struct arena *arena;
    struct str name;
    int64_t created_ms;
};

static bool visit_latest(void *ctx, const struct task *task)
{
    struct latest *latest = ctx;

    if (latest->name.size > 0 && task->created_ms < latest->created_ms)
        return true;
    latest->name = arena_copy(latest->arena, task->name);
    latest->created_ms = task->created_ms;
    return true;
}

static bool latest_find(struct cluster *cluster, struct arena *arena, struct str *ret,
                        struct err *err)
{
    struct latest latest = {.arena = arena};
    struct place_query all = {0};
    struct list_walk walk = {.query = &all, .visit = visit_latest, .ctx = &latest};

    if (!cluster_do(cluster, walk_work, &walk, err))
        return false;
    *ret = latest.name;
    return latest.name.size > 0 || err_set(err, ERR_ABSENT, "there is none");
}

/* For whoever waits for it to change. */
static void watched_set(struct cluster *cluster, struct str space, struct str name,
                        struct str version)
{
    arena_fini(&cluster->names);
    cluster->watched = (struct watched){
        .space = arena_copy(&cluster->names, space),
        .name = arena_copy(&cluster->names, name),
    };
    version_set(cluster->watched.version, version);
}

static bool place_find(void *self, enum session_access access, struct str name, struct arena *arena,
                       struct task *ret, struct err *err)
{
    struct cluster *cluster = self;

    (void)access; /* what is allowed, the server says */
    if (str_is(name, "@latest") && !latest_find(cluster, arena, &name, err))
        return false;
    if (!cluster_task(cluster, cluster->access.space, name, arena, ret, err))
        return false;
    watched_set(cluster, ret->space, ret->name, ret->version);
    return true;
}

struct row_visit {
    bool (*visit)(void *ctx, const struct store_row *row);
    void *ctx;
};

static bool visit_row(void *ctx, const struct task *task)
{
    const struct row_visit *visit = ctx;
    struct store_row row = listing_row_of(task);

    row.labels = task->labels;
    return visit->visit(visit->ctx, &row);
}

static bool place_list(void *self, enum session_access access, const struct place_query *query,
                       bool (*visit)(void *ctx, const struct store_row *row), void *ctx,
                       struct err *err)
{
    struct cluster *cluster = self;
    struct row_visit rows = {visit, ctx};
    struct list_walk walk = {.query = query, .visit = visit_row, .ctx = &rows};

    (void)access;
    if (!cluster_do(cluster, walk_work, &walk, err))
        return false;
    watched_set(cluster, (struct str){0}, (struct str){0}, str_of(walk.version));
    return true;
}

static bool place_read(void *self, const struct store_row *row, struct arena *arena,
                       struct task *ret, struct err *err)
{
    return cluster_task(self, row->space, row->name, arena, ret, err);
}

static const char *what_of(struct arena *arena, const char *verb, struct str name)
{
    return arena_print(arena, "%s agenttask %.*s", verb, STR_ARG(name)).at;
}

struct kube_request cluster_cancel_request(struct arena *arena, const struct task *task)
{
    return request_patch(arena, &resource_agenttasks, task->space, task->name, "",
                         STR_LIT("{\"spec\":{\"canceled\":true}}"));
}

static bool place_cancel(void *self, const struct task *task, struct err *err)
{
    struct cluster *cluster = self;
    struct arena *arena = &cluster->session->arena;
    struct kube_request request;
    struct json_value value;

    if (phase_is_terminal(task->status.phase))
        return err_set(err, ERR_REFUSED, "agenttask \"%.*s\" is over: it is %s",
                       STR_ARG(task->name), phase_word(task->status.phase));
    request = cluster_cancel_request(arena, task);
    return cluster_call(cluster, arena, &request, what_of(arena, "cancel", task->name), &value,
                        err);
}

static bool wait_gone(struct cluster *cluster, struct fiber *fiber, void *ctx, struct err *err)
{
    auto_end(seen_fini) struct seen seen;
    const struct task *task = ctx;

    seen_init(&seen, task);
    while (str_equal(seen.task.uid, task->uid))
        if (!cluster_watch(cluster, fiber, GONE_LOOK_MS, &seen, err))
            break;
    if (err->kind != ERR_ABSENT)
        return err->kind == ERR_NONE;
    *err = (struct err){0};
    return true;
}

bool cluster_remove(struct cluster *cluster, const struct task *task, struct err *err)
{
    struct arena *arena = &cluster->session->arena;
    struct kube_request request = request_delete(arena, &resource_agenttasks, task->space,
                                                 task->name, task->uid, (struct str){0}, -1);
    struct json_value value;
    struct task waited = *task;

    return cluster_call(cluster, arena, &request, what_of(arena, "delete", task->name), &value,
                        err) &&
           cluster_do(cluster, wait_gone, &waited, err);
}

static bool place_remove(void *self, const struct task *task, struct err *err)
{
    return cluster_remove(self, task, err);
}

/* -- what a run left -------------------------------------------------------- */

static bool map_bytes(struct cluster *cluster, const struct task *task, struct str name,
                      const char *key, struct arena *arena, struct str *ret, struct err *err)
{
    struct kube_request request = request_get(arena, &resource_configmaps, task->space, name);
    struct json_value value;

    if (!cluster_call(cluster, arena, &request, "get configmap", &value, err))
        return false;
    if (!configmap_bytes(arena, &value, key, ret))
        return err_set(err, ERR_ABSENT, "configmap %.*s has no %s", STR_ARG(name), key);
    return true;
}

static bool place_result(void *self, const struct task *task, struct arena *arena, struct str *ret,
                         struct err *err)
{
    *ret = task->status.result.json;
    return ret->size > 0 ||
           map_bytes(self, task, task->status.result.config_map, KEY_RESULT, arena, ret, err);
}

static bool place_artifacts(void *self, const struct task *task, struct arena *arena,
                            struct str *ret, struct err *err)
{
    *ret = (struct str){0};
    if (task->status.artifacts_bytes <= 0)
        return true;
    return map_bytes(self, task, run_logs_name(arena, task), KEY_ARTIFACTS, arena, ret, err);
}

/* -- the door --------------------------------------------------------------- */

static void place_close(void *self)
{
    struct cluster *cluster = self;

    if (cluster->curl)
        curl_transport_close(cluster->curl);
    fiber_pool_free(cluster->fibers);
    loop_close(cluster->loop);
    arena_fini(&cluster->names);
}

static struct kubeconfig_sources sources_of(struct session *session,
                                            const struct global_options *global)
{
    return (struct kubeconfig_sources){
        .flag_path = global->kubeconfig,
        .env_paths = session_env(session, "KUBECONFIG"),
        .home = session_env(session, "HOME"),
        .context = global->context,
        .namespace = global->space,
    };
}

static bool cluster_connect(struct cluster *cluster, struct err *err)
{
    if (!loop_open(&cluster->loop, err))
        return false;
    if (!curl_transport_open(cluster->loop, &cluster->access, "agentctl/" AGENTTASK_VERSION,
                             &cluster->curl, err)) {
        loop_close(cluster->loop);
        return false;
    }
    cluster->fibers = fiber_pool_new(CLUSTER_FIBERS_MAX);
    cluster->transport = curl_transport_door(cluster->curl);
    cluster->reactor = loop_reactor(cluster->loop);
    return true;
}

void cluster_place(struct cluster *cluster, struct place *ret)
{
    *ret = (struct place){
        .self = cluster,
        .title = arena_text(&cluster->session->arena, cluster->access.server),
        .space = arena_text(&cluster->session->arena, cluster->access.space),
        .has_spaces = true,
        .find = place_find,
        .list = place_list,
        .follow = cluster_follow,
        .read = place_read,
        .pause = cluster_pause,
        .cancel = place_cancel,
        .remove = place_remove,
        .result = place_result,
        .artifacts = place_artifacts,
        .log = cluster_log,
        .profiles = cluster_profiles,
        .prepare = cluster_prepare,
        .run = cluster_run,
        .doctor = cluster_doctor,
        .close = place_close,
    };
}

bool agentctl_cluster_open(struct session *session, const struct global_options *global,
                           struct place *ret, struct err *err)
{
    struct cluster *cluster = arena_alloc(&session->arena, sizeof(*cluster));
    struct kubeconfig_sources sources = sources_of(session, global);

    cluster->session = session;
    if (!kubeconfig_load(&session->arena, &sources, &cluster->access, err))
        return false;
    if (!name_is_valid(cluster->access.space))
        return err_set(err, ERR_INVALID, "--namespace: \"%.*s\" is no name of a namespace",
                       STR_ARG(cluster->access.space));
    if (!cluster_connect(cluster, err))
        return false;
    cluster_place(cluster, ret);
    return true;
}
