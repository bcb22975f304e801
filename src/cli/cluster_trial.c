// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster_trial.h"

#include <assert.h>

#include "kube/resource.h"

#define LOOK_MS     INT64_C(300)
#define DEADLINE_S  INT64_C(180) /* whatever becomes of us, the Pods end */
#define MEMORY_MAX  (INT64_C(64) << 20)
#define STORAGE_MAX (INT64_C(64) << 20)

static struct arena *arena_of(struct cluster_trials *trials)
{
    return &trials->cluster->session->arena;
}

static struct str name_of(struct cluster_trials *trials, const struct cluster_trial *trial)
{
    return arena_print(arena_of(trials), "%.*s-%s", STR_ARG(trials->doctor), trial->role);
}

struct cluster_trial *trial_add(struct cluster_trials *trials, const char *role,
                                const char *const *words)
{
    struct cluster_trial *trial = &trials->at[trials->count];

    assert(trials->count < TRIALS_MAX);
    trials->count++;
    *trial = (struct cluster_trial){
        .role = role,
        .limits = {500, MEMORY_MAX, STORAGE_MAX},
    };
    for (size_t i = 0; words[i]; i++) {
        assert(i + 1 < countof(trial->words));
        trial->words[i] = words[i];
    }
    return trial;
}

struct json_value trial_pod(struct cluster_trials *trials, const struct cluster_trial *trial,
                            bool is_privileged)
{
    const struct probe_pod pod = {
        .name = name_of(trials, trial),
        .space = trials->space,
        .image = trials->image,
        .doctor = trials->doctor,
        .is_task_like = trial->is_task_like,
        .user_namespace = trial->user_namespace,
        .is_privileged = is_privileged,
        .words = trial->words,
        .limits = trial->limits,
        .deadline_s = DEADLINE_S,
    };

    return probe_pod_value(arena_of(trials), &pod);
}

void trial_start(struct cluster_trials *trials, struct cluster_trial *trial)
{
    struct arena *arena = arena_of(trials);
    struct json_value pod = trial_pod(trials, trial, false), stored;
    struct kube_request request =
        request_create(arena, &resource_pods, trials->space, json_compact(arena, &pod));

    trial->is_made = cluster_ask(trials->cluster, trials->fiber, arena, &request, "create a Pod",
                                 &stored, &trial->refused);
}

static void look(struct cluster_trials *trials, struct cluster_trial *trial)
{
    struct arena *arena = arena_of(trials);
    struct kube_request request =
        request_get(arena, &resource_pods, trials->space, name_of(trials, trial));
    struct json_value pod;
    struct err passing = {0};

    if (cluster_ask(trials->cluster, trials->fiber, arena, &request, "get the Pod", &pod, &passing))
        probe_pod_read(&pod, &trial->seen);
}

static int64_t now_of(const struct cluster_trials *trials)
{
    const struct reactor *reactor = &trials->cluster->reactor;

    return reactor->monotonic_ms(reactor->self);
}

static void watch(struct cluster_trials *trials, struct cluster_trial *trial, bool until_over,
                  int64_t wait_ms)
{
    int64_t until_ms = now_of(trials) + wait_ms;

    if (!trial->is_made)
        return;
    for (;;) {
        look(trials, trial);
        if (trial->seen.is_over || (!until_over && trial->seen.is_running) || trials->is_canceled ||
            now_of(trials) >= until_ms)
            return;
        fiber_sleep(trials->fiber, &trials->cluster->reactor, LOOK_MS);
    }
}

bool trial_await(struct cluster_trials *trials, struct cluster_trial *trial, int64_t wait_ms)
{
    watch(trials, trial, false, wait_ms);
    return trial->seen.is_running || trial->seen.is_over;
}

static bool take(void *ctx, struct str bytes)
{
    struct buf *text = ctx;

    buf_add(text, bytes);
    return !text->is_full;
}

void trial_finish(struct cluster_trials *trials, struct cluster_trial *trial, int64_t wait_ms)
{
    struct arena *arena = arena_of(trials);
    struct kube_client client = cluster_client(trials->cluster, trials->fiber);
    struct log_query query = {.container = CONTAINER_PROBE, .tail_lines = -1};
    struct kube_request request = request_log(arena, trials->space, name_of(trials, trial), &query);
    auto_end(buf_fini) struct buf text = {0};
    struct err lost = {0};

    watch(trials, trial, true, wait_ms);
    if (!trial->is_made)
        return;
    buf_init(&text, FINDINGS_SIZE_MAX);
    (void)!kube_stream(&client, &request, "read the Pod's log", 0, take, &text, &lost);
    findings_read(arena, arena_copy(arena, buf_str(&text)), &trial->findings);
}

void trials_clear(struct cluster_trials *trials)
{
    struct arena *arena = arena_of(trials);

    for (uint32_t i = 0; i < trials->count; i++) {
        struct cluster_trial *trial = &trials->at[i];
        struct err left = {0};
        struct json_value ignored;
        if (!trial->is_made && trial->refused.kind != ERR_RETRY)
            continue; /* a create whose answer was lost may have happened */
        struct kube_request request =
            request_delete(arena, &resource_pods, trials->space, name_of(trials, trial),
                           trial->seen.uid, (struct str){0}, 0);
        if (!cluster_ask(trials->cluster, trials->fiber, arena, &request, "delete the Pod",
                         &ignored, &left) &&
            left.kind != ERR_ABSENT)
            session_warn(trials->cluster->session, "Pod %.*s is still there: %s",
                         STR_ARG(name_of(trials, trial)), left.text);
    }
}
