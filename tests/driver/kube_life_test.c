// SPDX-License-Identifier: Apache-2.0
/* Whole lives of tasks on a cluster in memory, and the same lives with every single request that
 * is made in them going wrong. */
#include "fake_operator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "api/look.h"
#include "api/networkpolicy.h"

#define LONG_MS (INT64_C(2) * 3600 * 1000)
#define SOURCE  "\"runtimeProfile\":\"python3.11\",\"code\":{\"source\":\"print(1)\"}"
#define MAP                                                                                        \
    "\"runtimeProfile\":\"python3.11\",\"code\":{\"configMapRef\":{\"name\":\"c\","                \
    "\"key\":\"k\"}}"

/* Too much for a status. */
#define LINE_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n"
#define LINES_8 LINE_64 LINE_64 LINE_64 LINE_64 LINE_64 LINE_64 LINE_64 LINE_64
#define LONG    LINES_8 LINES_8 LINES_8 LINES_8 LINES_8

/* -- what others do -------------------------------------------------------------- */

static void cancel(struct fake_cluster *cluster)
{
    fake_merge(cluster, "agenttasks", "t", "{\"spec\":{\"canceled\":true}}");
}

static void delete_task(struct fake_cluster *cluster)
{
    if (fake_find(cluster, "agenttasks", "t"))
        fake_delete(cluster, "agenttasks", "t");
}

static void delete_pod(struct fake_cluster *cluster)
{
    if (fake_find(cluster, "pods", "t-pod"))
        fake_delete(cluster, "pods", "t-pod");
}

/* Somebody who may: takes our finalizer off, and has no patience. */
static void remove_pod(struct fake_cluster *cluster)
{
    if (fake_find(cluster, "pods", "t-pod"))
        fake_remove(cluster, "pods", "t-pod");
}

static void give_quota(struct fake_cluster *cluster)
{
    cluster->refuse_pods = NULL;
}

static void repair_registry(struct fake_cluster *cluster)
{
    cluster->plan.starts_never = false;
}

static void remove_policy(struct fake_cluster *cluster)
{
    fake_remove(cluster, "networkpolicies", "agenttask-default-deny");
}

static void stranger_leaves(struct fake_cluster *cluster)
{
    fake_remove(cluster, "pods", "t-pod");
}

/* -- how it is before --------------------------------------------------------------- */

static void new_namespace(struct life *life)
{
    fake_remove(&life->cluster, "networkpolicies", "agenttask-default-deny");
}

static void open_policy(struct life *life)
{
    new_namespace(life);
    fake_create(&life->cluster, "networkpolicies",
                "{\"metadata\":{\"name\":\"agenttask-default-deny\",\"namespace\":\"default\"},"
                "\"spec\":{\"podSelector\":{},\"policyTypes\":[\"Egress\"],\"egress\":[{}]}}");
}

static void no_quota(struct life *life)
{
    life->cluster.refuse_pods = "pods is forbidden: exceeded quota: q, requested: pods=1";
}

static void forbidden_pods(struct life *life)
{
    life->cluster.refuse_pods = "pods is forbidden: RuntimeClass \"gvisor\" not found";
}

static void open_profile(struct life *life)
{
    fake_remove(&life->cluster, "runtimeprofiles", "python3.11");
    fake_create(&life->cluster, "runtimeprofiles",
                "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":\"RuntimeProfile\","
                "\"metadata\":{\"name\":\"python3.11\"},\"spec\":{\"image\":"
                "\"python:3.11-slim@sha256:1\",\"command\":[\"python3\"],\"fileName\":"
                "\"entrypoint.py\",\"network\":{\"egress\":[{\"cidr\":\"10.0.0.0/8\"}]}}}");
}

static void open_profile_with_canary(struct life *life)
{
    open_profile(life);
    life->settings.canary = STR_LIT("10.1.2.3");
    life->settings.webhook_space = STR_LIT("ops");
}

/* Whatever its profile says by now, it gets back what it had. */
static void edit_profile_and_remove_policy(struct fake_cluster *cluster)
{
    const struct str rule[] = {STR_LIT("10.0.0.0/8 all")};
    const struct strs rules = {rule, 1};
    struct str name = networkpolicy_egress_name(&cluster->arena, &rules);

    fake_remove(cluster, "runtimeprofiles", "python3.11");
    fake_create(cluster, "runtimeprofiles",
                "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":\"RuntimeProfile\","
                "\"metadata\":{\"name\":\"python3.11\"},\"spec\":{\"image\":\"other@sha256:1\","
                "\"command\":[\"python3\"],\"fileName\":\"entrypoint.py\"}}");
    assert_non_null(fake_find(cluster, "networkpolicies", name.at));
    fake_remove(cluster, "networkpolicies", name.at);
}

static void invalid_pods(struct life *life)
{
    life->cluster.refuse_pods = "Pod is invalid: spec.containers: no";
}

/* And then nothing of ours holds it until we look again. */
static void unheld_pods(struct life *life)
{
    life->cluster.pod_patch = "{\"metadata\":{\"finalizers\":null}}";
}

/* Of what the next look could not tell: it takes it from the Pod itself. */
static void patient_pods(struct life *life)
{
    life->cluster.pod_patch = "{\"spec\":{\"activeDeadlineSeconds\":1000000}}";
}

static void mutated_pods(struct life *life)
{
    life->cluster.pod_patch = "{\"spec\":{\"hostNetwork\":true}}";
}

static void lost_codes(struct life *life)
{
    life->cluster.loses_codes = true;
}

static void strange_pod(struct life *life)
{
    fake_create(&life->cluster, "pods",
                "{\"metadata\":{\"name\":\"t-pod\",\"namespace\":\"default\"}}");
}

static void strange_code(struct life *life)
{
    fake_create(&life->cluster, "configmaps",
                "{\"metadata\":{\"name\":\"t-code\",\"namespace\":\"default\"},\"data\":"
                "{\"entrypoint.py\":\"evil()\"}}");
}

static void strange_logs(struct life *life)
{
    fake_create(&life->cluster, "configmaps",
                "{\"metadata\":{\"name\":\"t-logs\",\"namespace\":\"default\"},\"data\":{}}");
}

static void allowed_map(struct life *life)
{
    life->settings.allow_config_map_refs = true;
    fake_create(&life->cluster, "configmaps",
                "{\"metadata\":{\"name\":\"c\",\"namespace\":\"default\"},\"data\":{\"k\":\"x\"}}");
}

static void allowed_other_map(struct life *life)
{
    life->settings.allow_config_map_refs = true;
    fake_create(&life->cluster, "configmaps",
                "{\"metadata\":{\"name\":\"c\",\"namespace\":\"default\"},\"data\":{\"j\":\"x\"}}");
}

/* -- scenes ------------------------------------------------------------------------- */

/* What a plan does not say: bound after 100 ms, started after 600, writes "hi", ends after 4 s with
 * the result {}. */
#define PLAN(...)                                                                                  \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define SCENE(...)                                                                                 \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static const struct scene {
    const char *name, *spec;
    struct fake_plan plan;
    void (*before)(struct life *life);
    struct life_event event;
    const char *end;
    uint32_t writes; /* if nothing goes wrong */
} scenes[] = {
    SCENE("success", SOURCE, PLAN(.run_ms = 500),
          .end = "Succeeded exit=0 result={} logs=short, 0 pods 0 maps 1 created 1 started",
          .writes = 9),
    SCENE("much to say", SOURCE, PLAN(.output = LONG, .run_ms = 500),
          .end = "Succeeded exit=0 result={} logs=t-logs, 0 pods 1 maps 1 created 1 started",
          .writes = 10),
    SCENE("silent success", SOURCE, PLAN(.output = "", .run_ms = 500),
          .end = "Succeeded exit=0 result={} logs=, 0 pods 0 maps 1 created 1 started",
          .writes = 9),
    SCENE("first of its namespace", SOURCE, PLAN(.run_ms = 500), new_namespace,
          .end = "Succeeded exit=0 result={} logs=short, 0 pods 0 maps 1 created 1 started",
          .writes = 11),
    SCENE("where a policy is open", SOURCE, PLAN(.run_ms = 500), open_policy,
          .end = "Succeeded exit=0 result={} logs=short, 0 pods 0 maps 1 created 1 started",
          .writes = 12),
    SCENE("its policy is removed", SOURCE, PLAN(0), NULL, {3000, remove_policy},
          .end = "Succeeded exit=0 result={} logs=short, 0 pods 0 maps 1 created 1 started",
          .writes = 10),
    SCENE("failure", SOURCE, PLAN(.exit_code = 3),
          .end = "Failed PodFailed exit=3 result={} logs=short, 0 pods 0 maps 1 created 1 started",
          .writes = 9),
    SCENE("long", SOURCE, PLAN(.run_ms = 90000),
          .end = "Succeeded exit=0 result={} logs=short, 0 pods 0 maps 1 created 1 started",
          .writes = 10),
    SCENE("timeout", SOURCE ",\"timeoutSeconds\":3", PLAN(.ending = FAKE_NEVER),
          .end = "Failed Timeout exit=? result={} logs=short, 0 pods 0 maps 1 created 1 started",
          .writes = 9),
    SCENE("out of memory", SOURCE, PLAN(.ending = FAKE_OOM),
          .end = "Failed OOMKilled exit=137 result= logs=short(partial), 0 pods 0 maps 1 created "
                 "1 started",
          .writes = 9),
    SCENE("evicted", SOURCE, PLAN(.ending = FAKE_EVICTED),
          .end = "Failed Evicted exit=? result={} logs=short, 0 pods 0 maps 1 created 1 started",
          .writes = 9),
    SCENE("its node is gone", SOURCE, PLAN(.ending = FAKE_LOST),
          .end = "Failed NodeLost exit=? result= logs=, 0 pods 0 maps 1 created 1 started",
          .writes = 9),
    SCENE("canceled on an old kubelet", SOURCE, PLAN(.ending = FAKE_NEVER, .is_early = true), NULL,
          {4000, cancel},
          .end = "Canceled Canceled exit=? result={} logs=short, 0 pods 0 maps 1 created 1 started",
          .writes = 11),
    SCENE("canceled while it runs", SOURCE, PLAN(.ending = FAKE_NEVER), NULL, {4000, cancel},
          .end = "Canceled Canceled exit=? result={} logs=short, 0 pods 0 maps 1 created 1 started",
          .writes = 11),
    SCENE("canceled while it pulls", SOURCE, PLAN(.starts_never = true), NULL, {8000, cancel},
          .end = "Canceled Canceled exit=? result= logs=, 0 pods 0 maps 1 created 0 started",
          .writes = 10),
    SCENE("canceled before it is bound", SOURCE, PLAN(.bind_ms = 99000), NULL, {8000, cancel},
          .end = "Canceled Canceled exit=? result= logs=, 0 pods 0 maps 1 created 0 started",
          .writes = 10),
    SCENE("canceled before there is a Pod", SOURCE, PLAN(0), new_namespace, {500, cancel},
          .end = "Canceled Canceled exit=? result= logs=, 0 pods 0 maps 0 created 0 started",
          .writes = 4),
    SCENE("no image", SOURCE, PLAN(.starts_never = true, .waiting = "ImagePullBackOff"),
          .end = "Failed ImagePullFailed exit=? result= logs=, 0 pods 0 maps 1 created 0 started",
          .writes = 10),
    SCENE("registry comes back", SOURCE, PLAN(.starts_never = true, .waiting = "ImagePullBackOff"),
          NULL, {60000, repair_registry},
          .end = "Succeeded exit=0 result={} logs=short, 0 pods 0 maps 1 created 1 started",
          .writes = 10),
    SCENE("no such image", SOURCE, PLAN(.starts_never = true, .waiting = "InvalidImageName"),
          .end = "Failed ImagePullFailed exit=? result= logs=, 0 pods 0 maps 1 created 0 started",
          .writes = 9),
    SCENE("cannot start", SOURCE, PLAN(.starts_never = true, .waiting = "CreateContainerError"),
          .end = "Failed StartFailed exit=? result= logs=, 0 pods 0 maps 1 created 0 started",
          .writes = 9),
    SCENE("never bound", SOURCE ",\"queueTimeoutSeconds\":60", PLAN(.bind_ms = 1000000),
          .end = "Failed QueueTimeout exit=? result= logs=, 0 pods 0 maps 1 created 0 started",
          .writes = 10),
    SCENE("unknown profile", "\"runtimeProfile\":\"cobol\",\"code\":{\"source\":\"x\"}", PLAN(0),
          .end = "Failed ProfileNotFound exit=? result= logs=, 0 pods 0 maps 0 created 0 started",
          .writes = 1),
    SCENE("code of somebody", MAP, PLAN(0),
          .end = "Failed PolicyUnenforceable exit=? result= logs=, 0 pods 0 maps 0 created 0 "
                 "started",
          .writes = 2),
    SCENE("code of somebody, allowed", MAP, PLAN(0), allowed_map,
          .end = "Succeeded exit=0 result={} logs=short, 0 pods 1 maps 1 created 1 started",
          .writes = 9),
    SCENE("code without its key", MAP, PLAN(0), allowed_other_map,
          .end = "Failed CodeNotFound exit=? result= logs=, 0 pods 1 maps 0 created 0 started",
          .writes = 2),
    SCENE("code is lost", SOURCE, PLAN(0), lost_codes,
          .end = "Failed CodeNotFound exit=? result= logs=, 0 pods 0 maps 1 created 0 started",
          .writes = 10),
    SCENE("quota comes", SOURCE, PLAN(0), no_quota, {40000, give_quota},
          .end = "Succeeded exit=0 result={} logs=short, 0 pods 0 maps 1 created 1 started",
          .writes = 18),
    SCENE("Pod refused as invalid", SOURCE, PLAN(0), invalid_pods,
          .end = "Failed Invalid exit=? result= logs=, 0 pods 0 maps 0 created 0 started",
          .writes = 11),
    SCENE("Pod forbidden", SOURCE, PLAN(0), forbidden_pods,
          .end = "Failed Invalid exit=? result= logs=, 0 pods 0 maps 0 created 0 started",
          .writes = 31),
    SCENE("egress", SOURCE, PLAN(0), open_profile_with_canary,
          .end = "Succeeded exit=0 result={} logs=short, 0 pods 0 maps 1 created 1 started",
          .writes = 11),
    SCENE("egress without a canary", SOURCE, PLAN(0), open_profile,
          .end = "Failed PolicyUnenforceable exit=? result= logs=, 0 pods 0 maps 0 created 0 "
                 "started",
          .writes = 2),
    SCENE("its egress is removed", SOURCE, PLAN(.run_ms = 30000), open_profile_with_canary,
          {12000, edit_profile_and_remove_policy},
          .end = "Succeeded exit=0 result={} logs=short, 0 pods 0 maps 1 created 1 started",
          .writes = 12),
    SCENE("Pod stored otherwise", SOURCE, PLAN(0), mutated_pods,
          .end = "Failed PodMutated exit=? result= logs=, 0 pods 0 maps 1 created 0 started",
          .writes = 8),
    SCENE("name taken", SOURCE, PLAN(0), strange_pod,
          .end = "Failed NameConflict exit=? result= logs=, 1 pods 0 maps 0 created 0 started",
          .writes = 3),
    SCENE("name taken for a while", SOURCE, PLAN(0), strange_pod, {30000, stranger_leaves},
          .end = "Succeeded exit=0 result={} logs=short, 0 pods 0 maps 1 created 1 started",
          .writes = 10),
    SCENE("name of its code taken", SOURCE, PLAN(0), strange_code,
          .end = "Failed NameConflict exit=? result= logs=, 0 pods 1 maps 0 created 0 started",
          .writes = 4),
    SCENE("name of its logs taken", SOURCE, PLAN(.output = LONG), strange_logs,
          .end = "Succeeded exit=0 result={} logs=, 0 pods 1 maps 1 created 1 started",
          .writes = 10),
    SCENE("its Pod is deleted", SOURCE, PLAN(.ending = FAKE_NEVER), NULL, {4000, delete_pod},
          .end = "Failed PodDeleted exit=? result={} logs=, 0 pods 0 maps 1 created 1 started",
          .writes = 8),
    SCENE("its Pod is removed", SOURCE, PLAN(.ending = FAKE_NEVER), NULL, {4000, remove_pod},
          .end = "Failed PodDeleted exit=? result= logs=, 0 pods 0 maps 1 created 1 started",
          .writes = 8),
    SCENE("its node dies", SOURCE ",\"timeoutSeconds\":30",
          PLAN(.ending = FAKE_NEVER, .is_silent_after = true),
          .end = "Failed Timeout exit=? result= logs=short(partial), 1 pods 0 maps 1 created 1 "
                 "started",
          .writes = 11),
    SCENE("deleted while it runs", SOURCE, PLAN(.ending = FAKE_NEVER), NULL, {4000, delete_task},
          .end = "gone exit=? result= logs=, 0 pods 0 maps 1 created 1 started", .writes = 12),
    SCENE("deleted before there is a Pod", SOURCE, PLAN(0), new_namespace, {500, delete_task},
          .end = "gone exit=? result= logs=, 0 pods 0 maps 0 created 0 started", .writes = 5),
    SCENE("expired", SOURCE ",\"ttlSecondsAfterFinished\":5", PLAN(.run_ms = 500),
          .end = "gone exit=? result= logs=, 0 pods 0 maps 1 created 1 started", .writes = 11),
};

static void plan_complete(struct fake_plan *plan)
{
    plan->bind_ms = plan->bind_ms ? plan->bind_ms : 100;
    plan->start_ms = plan->start_ms ? plan->start_ms : 600;
    plan->run_ms = plan->run_ms ? plan->run_ms : 4000;
    plan->output = plan->output ? plan->output : "hi\n";
    plan->result = plan->result ? plan->result : "{}";
}

static void life_begin(struct life *life, const struct scene *scene)
{
    life_init(life);
    life->cluster.plan = scene->plan;
    plan_complete(&life->cluster.plan);
    life->events[0] = scene->event;
    life_policy(life);
    if (scene->before)
        scene->before(life);
    life_task(life, scene->spec);
}

static bool life_is_right(struct life *life, const struct scene *scene, const char *what)
{
    char end[LIFE_END];

    life_end(life, end);
    if (strcmp(end, scene->end) == 0 && !life->cluster.broken[0])
        return true;
    life_show(life);
    print_message("%s%s\n  got      %s\n  expected %s\n  broken   %s\n  error    %s\n", scene->name,
                  what, end, scene->end, life->cluster.broken, life->operators[0].err.text);
    return false;
}

static void every_life_ends_as_it_should(void **state)
{
    uint32_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < countof(scenes); i++) {
        struct life life;
        life_begin(&life, &scenes[i]);
        life_run(&life, LONG_MS);
        wrong += !life_is_right(&life, &scenes[i], "");
        print_message("%-32s %2u writes, %3u requests, %3u units\n", scenes[i].name,
                      life.cluster.write_count, life.cluster.request_count,
                      life.operators[0].units);
        wrong += life.cluster.write_count != scenes[i].writes;
        life_fini(&life);
    }
    assert_int_equal(wrong, 0);
}

static void open_to_dns(struct life *life)
{
    fake_create(&life->cluster, "networkpolicies",
                "{\"metadata\":{\"name\":\"dns\",\"namespace\":\"default\"},\"spec\":{"
                "\"podSelector\":{},\"policyTypes\":[\"Egress\"],\"egress\":[{}]}}");
}

static void open_elsewhere(struct life *life)
{
    fake_create(&life->cluster, "networkpolicies",
                "{\"metadata\":{\"name\":\"dns\",\"namespace\":\"other\"},\"spec\":{"
                "\"podSelector\":{},\"policyTypes\":[\"Egress\"],\"egress\":[{}]}}");
}

static void inject_container(struct life *life)
{
    life->cluster.pod_patch = "{\"spec\":{\"ephemeralContainers\":[{\"name\":\"mesh\"}]}}";
}

static void open_to_all(struct fake_cluster *cluster)
{
    fake_create(cluster, "networkpolicies",
                "{\"metadata\":{\"name\":\"all\",\"namespace\":\"default\"},\"spec\":{"
                "\"podSelector\":{},\"policyTypes\":[\"Egress\"],\"egress\":[{}]}}");
}

static void open_others(struct fake_cluster *cluster)
{
    fake_create(cluster, "networkpolicies",
                "{\"metadata\":{\"name\":\"web\",\"namespace\":\"default\"},\"spec\":{"
                "\"podSelector\":{\"matchLabels\":{\"app\":\"web\"}},"
                "\"policyTypes\":[\"Egress\"],\"egress\":[{}]}}");
}

static void label_and_open(struct fake_cluster *cluster)
{
    if (fake_find(cluster, "pods", "t-pod"))
        fake_merge(cluster, "pods", "t-pod", "{\"metadata\":{\"labels\":{\"app\":\"web\"}}}");
    open_others(cluster);
}

static void take_label(struct fake_cluster *cluster)
{
    if (fake_find(cluster, "pods", "t-pod"))
        fake_merge(cluster, "pods", "t-pod",
                   "{\"metadata\":{\"labels\":{\"agenttask.io/task\":null}}}");
}

static void add_container(struct fake_cluster *cluster)
{
    if (fake_find(cluster, "pods", "t-pod"))
        fake_merge(cluster, "pods", "t-pod",
                   "{\"spec\":{\"ephemeralContainers\":[{\"name\":\"debug\"}]}}");
}

/* Not our verdict's business, but said: whether it was there before, or comes while the code runs
 * (from 2 s to 12 s), and for as long as it takes to look. */
static void what_others_weaken_is_said(void **state)
{
    static const struct {
        void (*before)(struct life *life);
        struct life_event event;
        const char *reason; /* NULL: there is no such condition */
    } rows[] = {
        {open_to_dns,      {0, NULL},              "ForeignPolicy"   },
        {inject_container, {0, NULL},              "ForeignContainer"},
        {open_elsewhere,   {0, NULL},              NULL              },
        {NULL,             {5000, open_to_all},    "ForeignPolicy"   },
        {NULL,             {5000, open_others},    NULL              },
        {NULL,             {5000, label_and_open}, "ForeignPolicy"   },
        {NULL,             {5000, add_container},  "ForeignContainer"},
        {NULL,             {5000, take_label},     "LabelRemoved"    },
        {NULL,             {60000, open_to_all},   NULL              },
        {NULL,             {60000, take_label},    NULL              },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct scene scene = scenes[0];
        struct life life;
        const struct json_value *conditions, *condition;
        scene.before = rows[i].before;
        scene.plan.run_ms = 10000;
        scene.event = rows[i].event;
        life_begin(&life, &scene);
        life_run(&life, LONG_MS);
        assert_true(life_is_right(&life, &scene, ", weakened"));
        conditions = look_list(json_get(fake_find(&life.cluster, "agenttasks", "t"), "status"),
                               "conditions");
        condition = look_item(conditions, "type", STR_LIT("IsolationWeakened"));
        assert_true(str_is(look_text(condition, "reason"), rows[i].reason ? rows[i].reason : ""));
        life_fini(&life);
    }
}

static uint32_t disturb(const struct scene *scene, enum fake_fault_kind fault, const char *word)
{
    char what[64];
    uint32_t requests = 1, wrong = 0;

    for (uint32_t at = 1; at <= requests && wrong == 0; at++) {
        struct life life;
        life_begin(&life, scene);
        life.cluster.fault = fault;
        life.cluster.fault_at = at;
        life.cluster.has_rivals = fault == FAKE_STALL || fault == FAKE_DELAY;
        life_run(&life, LONG_MS);
        snprintf(what, sizeof(what), ", %s at request %u", word, at);
        wrong += !life_is_right(&life, scene, what);
        requests = life.cluster.request_count;
        assert_int_equal(life.operators[0].restarts, fault == FAKE_KILL && at <= requests);
        life_fini(&life);
    }
    return wrong;
}

static void whoever_is_killed_after_any_request_changes_nothing(void **state)
{
    uint32_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < countof(scenes); i++)
        wrong += disturb(&scenes[i], FAKE_KILL, "killed");
    assert_int_equal(wrong, 0);
}

static void an_answer_that_is_lost_changes_nothing(void **state)
{
    uint32_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < countof(scenes); i++)
        wrong += disturb(&scenes[i], FAKE_RESET, "answer lost");
    assert_int_equal(wrong, 0);
}

static void a_server_that_fails_once_changes_nothing(void **state)
{
    uint32_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < countof(scenes); i++) {
        wrong += disturb(&scenes[i], FAKE_REFUSE, "refused");
        wrong += disturb(&scenes[i], FAKE_UNHEARD, "unheard");
    }
    assert_int_equal(wrong, 0);
}

/* Two who think that they lead: the first is stalled at any request (or the request itself is), the
 * second lives the whole life, and then the first goes on. */
static void two_leaders_do_no_more_than_one(void **state)
{
    uint32_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < countof(scenes); i++) {
        wrong += disturb(&scenes[i], FAKE_STALL, "stalled");
        wrong += disturb(&scenes[i], FAKE_DELAY, "delayed");
    }
    assert_int_equal(wrong, 0);
}

/* S7: caches that stand still, of tasks, of Pods, of both, from any request on. */
static uint32_t freeze(const struct scene *scene, uint32_t kinds, int64_t for_ms)
{
    char what[64];
    uint32_t requests = 1, wrong = 0;

    for (uint32_t at = 1; at <= requests && wrong == 0; at++) {
        struct life life;
        life_begin(&life, scene);
        life.freeze_at = at;
        life.freeze_kinds = kinds;
        life.freeze_ms = for_ms;
        life_run(&life, LONG_MS);
        snprintf(what, sizeof(what), ", caches %u stand still at request %u", kinds, at);
        wrong += !life_is_right(&life, scene, what);
        requests = life.cluster.request_count;
        life_fini(&life);
    }
    return wrong;
}

static void old_news_is_not_believed(void **state)
{
    uint32_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < countof(scenes); i++)
        for (uint32_t kinds = 1; kinds < 4; kinds++)
            wrong += freeze(&scenes[i], kinds, 3000) + freeze(&scenes[i], kinds, 300000);
    assert_int_equal(wrong, 0);
}

/* Not at the next look: by then its code could run. */
static void x9_what_is_stored_otherwise_is_deleted_in_the_reply(void **state)
{
    struct life life;
    uint32_t made = 0;

    (void)state;
    life_init(&life);
    life_policy(&life);
    mutated_pods(&life);
    life_task(&life, SOURCE);
    life_run(&life, LONG_MS);
    while (made < life.cluster.request_count && !strstr(life.cluster.requests[made], "create pods"))
        made++;
    assert_in_range(made + 1, 1, life.cluster.request_count - 1);
    assert_non_null(strstr(life.cluster.requests[made + 1], "delete pods"));
    assert_int_equal(life.cluster.starts, 0);
    life_fini(&life);
}

static const struct json_value *status_of(struct life *life)
{
    return json_get(fake_find(&life->cluster, "agenttasks", "t"), "status");
}

static void x9_the_reply_alone_tells(void **state)
{
    static void (*const hands[])(struct life * life) = {unheld_pods, patient_pods};

    (void)state;
    for (size_t i = 0; i < countof(hands); i++) {
        struct life life;
        life_init(&life);
        life_policy(&life);
        hands[i](&life);
        life_task(&life, SOURCE);
        life_run(&life, LONG_MS);
        assert_true(str_is(look_text(status_of(&life), "reason"), "PodMutated"));
        assert_int_equal(life.cluster.pods_created, 1);
        assert_int_equal(life.cluster.starts, 0);
        life_fini(&life);
    }
}

/* Whoever may write a status says that a task was started, and not what it got. */
static void a_forged_intent_gives_nothing_away(void **state)
{
    struct life life;

    (void)state;
    life_init(&life);
    life.cluster.plan = (struct fake_plan){0};
    plan_complete(&life.cluster.plan);
    life_policy(&life);
    life_task(&life, SOURCE);
    fake_merge(&life.cluster, "agenttasks", "t",
               "{\"status\":{\"attempt\":1,\"phase\":\"Scheduled\"}}");
    life_run(&life, LONG_MS);
    assert_true(str_is(look_text(status_of(&life), "phase"), "Succeeded"));
    assert_true(look_int(json_get(status_of(&life), "effective"), "timeoutSeconds") > 0);
    assert_int_equal(life.cluster.pods_created, 1);
    life_fini(&life);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_life_ends_as_it_should),
        cmocka_unit_test(what_others_weaken_is_said),
        cmocka_unit_test(x9_what_is_stored_otherwise_is_deleted_in_the_reply),
        cmocka_unit_test(x9_the_reply_alone_tells),
        cmocka_unit_test(a_forged_intent_gives_nothing_away),
        cmocka_unit_test(whoever_is_killed_after_any_request_changes_nothing),
        cmocka_unit_test(an_answer_that_is_lost_changes_nothing),
        cmocka_unit_test(a_server_that_fails_once_changes_nothing),
        cmocka_unit_test(two_leaders_do_no_more_than_one),
        cmocka_unit_test(old_news_is_not_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
