// SPDX-License-Identifier: Apache-2.0
#include "api/pod.h"
#include "given.h"

#define HEAD "\"metadata\":{\"name\":\"p\"}"

/* All that was read, one word after another, as far as it is not empty. */
static struct str facts_of_container(struct arena *arena, const char *name,
                                     const struct pod_container *container)
{
    struct str ret = arena_print(arena, " %s", name);

    if (!container->is_known)
        return (struct str){0};
    if (container->waiting.at)
        ret = arena_print(arena, "%.*s waiting(%.*s;%.*s)", STR_ARG(ret),
                          STR_ARG(container->waiting), STR_ARG(container->waiting_message));
    if (container->is_running)
        ret = arena_print(arena, "%.*s running", STR_ARG(ret));
    if (container->is_terminated)
        ret = arena_print(arena, "%.*s terminated(%.*s;%.*s;%d;%d)", STR_ARG(ret),
                          STR_ARG(container->reason), STR_ARG(container->message),
                          container->exit_code, container->signal);
    if (container->started_ms)
        ret = arena_print(arena, "%.*s from %lld", STR_ARG(ret),
                          (long long)container->started_ms / 1000 % 86400);
    if (container->finished_ms)
        ret = arena_print(arena, "%.*s to %lld", STR_ARG(ret),
                          (long long)container->finished_ms / 1000 % 86400);
    if (container->restarts)
        ret =
            arena_print(arena, "%.*s restarts %lld", STR_ARG(ret), (long long)container->restarts);
    if (container->image_id.size)
        ret = arena_print(arena, "%.*s image %.*s", STR_ARG(ret), STR_ARG(container->image_id));
    return ret;
}

static struct str facts_of(struct arena *arena, const struct pod *pod)
{
    static const char *const phases[] = {"pending", "running", "succeeded", "failed", "unknown"};
    const struct {
        const char *name;
        struct str text;
    } texts[] = {
        {"node",      pod->node                 },
        {"class",     pod->runtime_class        },
        {"reason",    pod->reason               },
        {"message",   pod->message              },
        {"schedule",  pod->unschedulable_message},
        {"disrupted", pod->disruption           },
        {"because",   pod->disruption_message   },
    };
    struct str ret = str_of(phases[pod->phase]);

    if (pod->is_held)
        ret = arena_print(arena, "%.*s held", STR_ARG(ret));
    if (pod->user_namespace)
        ret = arena_print(arena, "%.*s userns", STR_ARG(ret));
    if (pod->is_unschedulable)
        ret = arena_print(arena, "%.*s unschedulable", STR_ARG(ret));
    if (pod->deleted_ms)
        ret = arena_print(arena, "%.*s deleting(%lld)", STR_ARG(ret),
                          (long long)pod->deletion_grace_s);
    if (pod->deadline_s)
        ret = arena_print(arena, "%.*s deadline %lld", STR_ARG(ret), (long long)pod->deadline_s);
    for (size_t i = 0; i < countof(texts); i++)
        if (texts[i].text.size)
            ret = arena_print(arena, "%.*s %s=%.*s", STR_ARG(ret), texts[i].name,
                              STR_ARG(texts[i].text));
    return arena_print(arena, "%.*s%.*s%.*s", STR_ARG(ret),
                       STR_ARG(facts_of_container(arena, "init", &pod->init)),
                       STR_ARG(facts_of_container(arena, "task", &pod->task)));
}

static void assert_facts(const char *json, const char *expected)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf text = {0};
    struct json_value value = given_json(&arena, str_of(json)), kept;
    struct pod pod;

    pod_read(&value, &pod);
    assert_string_equal(arena_text(&arena, facts_of(&arena, &pod)), expected);
    buf_init(&text, 1 << 20);
    assert_true(pod_keep(&arena, &value, &text));
    kept = given_json(&arena, buf_str(&text));
    pod_read(&kept, &pod); /* what was kept says the same */
    assert_string_equal(arena_text(&arena, facts_of(&arena, &pod)), expected);
}

#define TASK(state)                                                                                \
    "{\"status\":{\"phase\":\"Pending\",\"containerStatuses\":[{\"name\":\"other\",\"state\":"     \
    "{\"running\":{}}},{\"name\":\"task\",\"ready\":true,\"state\":{" state "}}]}}"
#define CONDITION(type, rest)                                                                      \
    "{\"status\":{\"phase\":\"Pending\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\"," \
    "\"reason\":\"x\"},{\"type\":\"" type "\"," rest "}]}}"

static void a_status_is_read_as_facts(void **state)
{
    (void)state;
    assert_facts("{}", "pending");
    assert_facts("{" HEAD
                 ",\"spec\":{\"nodeName\":\"n\",\"hostUsers\":false,\"runtimeClassName\":\"c\","
                 "\"activeDeadlineSeconds\":60}}",
                 "pending userns deadline 60 node=n class=c");
    assert_facts("{\"spec\":{\"hostUsers\":true}}", "pending");
    assert_facts("{\"status\":{\"phase\":\"Running\"}}", "running");
    assert_facts("{\"status\":{\"phase\":\"Succeeded\"}}", "succeeded");
    assert_facts("{\"status\":{\"phase\":\"Unknown\"}}", "unknown");
    assert_facts("{\"status\":{\"phase\":\"Sleeping\"}}", "unknown");
    assert_facts("{\"status\":{\"phase\":\"Failed\",\"reason\":\"Evicted\",\"message\":\"disk\"}}",
                 "failed reason=Evicted message=disk");
    assert_facts(
        "{\"metadata\":{\"finalizers\":[\"execution.agenttask.io/run\"],\"deletionTimestamp\":"
        "\"2026-11-24T08:00:00Z\",\"deletionGracePeriodSeconds\":15}}",
        "pending held deleting(15)");
    assert_facts(TASK("\"waiting\":{\"reason\":\"ImagePullBackOff\",\"message\":\"no\"}"),
                 "pending task waiting(ImagePullBackOff;no)");
    assert_facts(TASK("\"waiting\":{}"), "pending task waiting(;)");
    assert_facts(TASK("\"running\":{\"startedAt\":\"1970-01-02T00:00:05Z\"}"),
                 "pending task running from 5");
    assert_facts(TASK("\"terminated\":{\"exitCode\":137,\"reason\":\"OOMKilled\",\"startedAt\":"
                      "\"1970-01-02T00:00:05Z\",\"finishedAt\":\"1970-01-02T00:00:07Z\"}"),
                 "pending task terminated(OOMKilled;;137;0) from 5 to 7");
    assert_facts(TASK("\"terminated\":{\"exitCode\":0,\"message\":\"report\",\"signal\":9}"),
                 "pending task terminated(;report;0;9)");
    assert_facts(TASK(""), "pending task");
    assert_facts(CONDITION("PodScheduled",
                           "\"status\":\"False\",\"reason\":\"Unschedulable\",\"message\":"
                           "\"0/1 nodes\""),
                 "pending unschedulable schedule=0/1 nodes");
    assert_facts(CONDITION("PodScheduled", "\"status\":\"False\",\"reason\":\"SchedulingGated\""),
                 "pending");
    assert_facts(CONDITION("PodScheduled", "\"status\":\"True\",\"reason\":\"Unschedulable\""),
                 "pending");
    assert_facts(CONDITION("DisruptionTarget", "\"status\":\"True\",\"reason\":\"DeletionByPodGC\","
                                               "\"message\":\"gone\""),
                 "pending disrupted=DeletionByPodGC because=gone");
    assert_facts(
        CONDITION("DisruptionTarget", "\"status\":\"False\",\"reason\":\"DeletionByPodGC\""),
        "pending");
    assert_facts(
        "{\"status\":{\"phase\":\"Pending\",\"initContainerStatuses\":[{\"name\":\"runner\","
        "\"imageID\":\"i\",\"restartCount\":2,\"state\":{\"terminated\":{\"exitCode\":1}}}]}}",
        "pending init terminated(;;1;0) restarts 2 image i");
}

static void h59_exit_zero_or_unknown(void **state)
{
    static const char *const codes[] = {"",
                                        "\"exitCode\":null,",
                                        "\"exitCode\":\"0\",",
                                        "\"exitCode\":-1,",
                                        "\"exitCode\":4294967296,",
                                        "\"exitCode\":0.5,"};

    (void)state;
    for (size_t i = 0; i < countof(codes); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct str json = arena_print(
            &arena,
            "{\"status\":{\"containerStatuses\":[{\"name\":\"task\",\"state\":{\"terminated\":"
            "{%s\"reason\":\"Error\"}}}]}}",
            codes[i]);
        struct json_value value = given_json(&arena, json);
        struct pod pod;
        pod_read(&value, &pod);
        assert_true(pod.task.is_terminated);
        assert_int_equal(pod.task.exit_code, EXIT_UNKNOWN);
    }
}

static void h33_sidecar_pull_hides_success(void **state) /* others' containers are not looked at */
{
    (void)state;
    assert_facts("{\"status\":{\"phase\":\"Running\",\"containerStatuses\":[{\"name\":\"sidecar\","
                 "\"state\":{\"waiting\":{\"reason\":\"ErrImagePull\"}}},{\"name\":\"task\","
                 "\"state\":{\"terminated\":{\"exitCode\":0}}}],\"initContainerStatuses\":[{"
                 "\"name\":\"istio-init\",\"state\":{\"waiting\":{}}}]}}",
                 "running task terminated(;;0;0)");
}

static void nonsense_is_empty(void **state)
{
    static const char *const rows[] = {
        "null",
        "[]",
        "7",
        "{\"metadata\":7,\"spec\":[],\"status\":\"x\"}",
        "{\"status\":{\"containerStatuses\":{\"name\":\"task\"},\"conditions\":7}}",
        "{\"status\":{\"containerStatuses\":[7,null,[]],\"conditions\":[null]}}",
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_facts(rows[i], "pending");
}

static void what_is_kept_is_small(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf text = {0};
    char *long_text = arena_alloc(&arena, 100001);
    struct json_value value, kept;
    struct pod pod;

    (void)state;
    memset(long_text, 'x', 100000);
    value = given_json(
        &arena, arena_print(&arena,
                            "{\"metadata\":{\"name\":\"p\",\"annotations\":{\"a\":\"%s\"},"
                            "\"managedFields\":[\"%s\"]},\"spec\":{\"containers\":[\"%s\"]},"
                            "\"status\":{\"phase\":\"Failed\",\"message\":\"%s\","
                            "\"containerStatuses\":[{\"name\":\"task\",\"state\":{\"terminated\":"
                            "{\"exitCode\":1,\"message\":\"%s\"}}}]}}",
                            long_text, long_text, long_text, long_text, long_text));
    buf_init(&text, 6000);
    assert_true(pod_keep(&arena, &value, &text));
    assert_false(text.is_full);
    kept = given_json(&arena, buf_str(&text));
    pod_read(&kept, &pod);
    assert_int_equal(pod.message.size, 1024);
    assert_int_equal(pod.task.message.size, 4096); /* a whole termination message */
}

static struct pod kept_of(struct arena *arena, struct str json)
{
    struct json_value value = given_json(arena, json), *kept = arena_alloc(arena, sizeof(*kept));
    auto_end(buf_fini) struct buf text = {0};
    struct pod ret;

    buf_init(&text, 4000);
    assert_true(pod_keep(arena, &value, &text));
    assert_false(text.is_full);
    *kept = given_json(arena, arena_copy(arena, buf_str(&text)));
    pod_read(kept, &ret);
    return ret;
}

static void containers_of_others_are_seen_in_what_is_kept(void **state)
{
    static const struct {
        const char *spec;
        bool has_others;
    } rows[] = {
        {"\"containers\":[{\"name\":\"task\"}],\"initContainers\":[{\"name\":\"runner\"}]", false},
        {"\"containers\":[{\"name\":\"task\"},{\"name\":\"mesh\",\"image\":\"i\"}]",        true },
        {"\"containers\":[{\"name\":\"task\"},{},{},{},{},{},{},{},{},{},{},{}]",           true },
        {"\"initContainers\":[{\"name\":\"runner\"},{\"name\":\"x\"}]",                     true },
        {"\"ephemeralContainers\":[{\"name\":\"debug\"}]",                                  true },
        {"\"ephemeralContainers\":[],\"containers\":[{\"name\":\"task\"}]",                 false},
    };
    auto_end(arena_fini) struct arena arena = {0};

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct str json = arena_print(&arena, "{\"spec\":{%s}}", rows[i].spec);
        struct pod pod = kept_of(&arena, json);
        assert_int_equal(pod.has_others, rows[i].has_others);
    }
}

/* All of them, for policies may select by any; of too many, those that are ours. */
static void labels_are_kept_within_a_bound(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    char *long_text = arena_alloc(&arena, 3001);
    struct pod pod;

    (void)state;
    pod = kept_of(&arena, STR_LIT("{\"metadata\":{\"labels\":{\"agenttask.io/task\":\"t\","
                                  "\"app\":\"web\"}}}"));
    assert_true(str_is(pod.task_label, "t"));
    assert_int_equal(pod.labels->count, 2);
    memset(long_text, 'x', 3000);
    pod = kept_of(&arena, arena_print(&arena,
                                      "{\"metadata\":{\"labels\":{\"agenttask.io/task\":\"t\","
                                      "\"app\":\"%s\"}}}",
                                      long_text));
    assert_true(str_is(pod.task_label, "t"));
    assert_int_equal(pod.labels->count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status_is_read_as_facts),
        cmocka_unit_test(containers_of_others_are_seen_in_what_is_kept),
        cmocka_unit_test(labels_are_kept_within_a_bound),
        cmocka_unit_test(h59_exit_zero_or_unknown),
        cmocka_unit_test(h33_sidecar_pull_hides_success),
        cmocka_unit_test(nonsense_is_empty),
        cmocka_unit_test(what_is_kept_is_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
