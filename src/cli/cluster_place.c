// SPDX-License-Identifier: Apache-2.0
#include "api/agenttask.h"
#include "api/configmap.h"
#include "api/names.h"
#include "cli/cluster.h"
#include "cli/cluster_door.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "kube/resource.h"

enum {
    GONE_LOOK_MS = 10000,
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

struct question {
    struct arena *arena;
    const struct kube_request *request;
    const char *what;
    struct json_value *ret;
};

static bool ask(struct cluster *cluster, struct fiber *fiber, void *ctx, struct err *err)
{
    const struct question *question = ctx;
    struct kube_client client = cluster_client(cluster, fiber);

    return kube_call(&client, question->arena, question->request, question->what, question->ret,
                     err);
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

/* Every task of the namespace (empty: of all), page by page. */
static bool each_task(struct cluster *cluster, struct str space,
                      bool (*visit)(void *ctx, const struct task *task), void *ctx, struct err *err)
{
    struct list_query query = {.limit = LIST_PAGE};
    struct arena pages[2] = {{0}, {0}}; /* of this page, and of the one that led to it */
    bool is_good = true;

    for (uint32_t page = 0; is_good; page++) {
        struct arena *arena = &pages[page % 2];
        struct kube_request request;
        struct json_value list;
        const struct json_value *items;

        arena_fini(arena);
        request = request_list(arena, &resource_agenttasks, space, &query);
        is_good = cluster_call(cluster, arena, &request, "list agenttasks", &list, err);
        items = is_good ? json_get(&list, "items") : NULL;
        for (uint32_t i = 0; is_good && items && i < items->count; i++) {
            struct task task;
            is_good = agenttask_read(arena, &items->items[i], NULL, API_LENIENT, &task, err) &&
                      visit(ctx, &task);
        }
        query.resume = is_good ? object_meta(&list).resume : (struct str){0};
        if (query.resume.size == 0)
            break;
    }
    arena_fini(&pages[0]);
    arena_fini(&pages[1]);
    return is_good;
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

static bool place_find(void *self, enum session_access access, struct str name, struct arena *arena,
                       struct task *ret, struct err *err)
{
    struct cluster *cluster = self;
    struct latest latest = {.arena = arena};

    (void)access; /* what is allowed, the server says */
    if (!str_is(name, "@latest"))
        return cluster_task(cluster, cluster->access.space, name, arena, ret, err);
    if (!each_task(cluster, cluster->access.space, visit_latest, &latest, err))
        return false;
    if (latest.name.size == 0)
        return err_set(err, ERR_ABSENT, "there is none");
    return cluster_task(cluster, cluster->access.space, latest.name, arena, ret, err);
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

static bool place_list(void *self, enum session_access access, bool all_spaces,
                       bool (*visit)(void *ctx, const struct store_row *row), void *ctx,
                       struct err *err)
{
    struct cluster *cluster = self;
    struct row_visit rows = {visit, ctx};

    (void)access;
    return each_task(cluster, all_spaces ? (struct str){0} : cluster->access.space, visit_row,
                     &rows, err);
}

static bool place_read(void *self, const struct store_row *row, struct arena *arena,
                       struct task *ret, struct err *err)
{
    return cluster_task(self, row->space, row->name, arena, ret, err);
}

static bool place_pause(void *self, int64_t ms)
{
    struct cluster *cluster = self;

    return cluster->session->pause(ms);
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
    struct task task = *(const struct task *)ctx;
    struct str uid = task.uid;
    struct arena *arena = &cluster->session->arena;

    while (str_equal(task.uid, uid))
        if (!cluster_watch(cluster, fiber, arena, GONE_LOOK_MS, &task, err))
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

    curl_transport_close(cluster->curl);
    fiber_pool_free(cluster->fibers);
    loop_close(cluster->loop);
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

bool agentctl_cluster_open(struct session *session, const struct global_options *global,
                           struct place *ret, struct err *err)
{
    struct cluster *cluster = arena_alloc(&session->arena, sizeof(*cluster));
    struct kubeconfig_sources sources = sources_of(session, global);

    cluster->session = session;
    if (!kubeconfig_load(&session->arena, &sources, &cluster->access, err) ||
        !cluster_connect(cluster, err))
        return false;
    *ret = (struct place){
        .self = cluster,
        .space = arena_text(&session->arena, cluster->access.space),
        .has_spaces = true,
        .find = place_find,
        .list = place_list,
        .read = place_read,
        .pause = place_pause,
        .cancel = place_cancel,
        .remove = place_remove,
        .result = place_result,
        .artifacts = place_artifacts,
        .log = cluster_log,
        .profiles = cluster_profiles,
        .prepare = cluster_prepare,
        .run = cluster_run,
        .close = place_close,
    };
    return true;
}
