// SPDX-License-Identifier: Apache-2.0
#include "api/agenttask_kept.h"

#include "base/date.h"
#include "given.h"

enum {
    WAITING_SIZE_MAX = 1024,
    FINISHED_SIZE_MAX = 600,
};

#define UID "3f1c8a52-9b1e-4a40-8a0e-2f6f6f1f6c11"
#define METADATA                                                                                   \
    "\"metadata\":{\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":\"x\"},"  \
    "\"creationTimestamp\":\"2026-11-24T08:00:00Z\",\"finalizers\":["                              \
    "\"execution.agenttask.io/finalizer\"],\"generation\":1,\"labels\":{\"a\":\"b\"},"             \
    "\"managedFields\":[{\"manager\":\"m\"}],\"name\":\"nightly-report-20261124\",\"namespace\":"  \
    "\"team-analytics\",\"resourceVersion\":\"1234567\",\"uid\":\"" UID "\"}"
#define SPEC                                                                                       \
    "\"spec\":{\"args\":[\"a\"],\"canceled\":true,\"code\":{\"source\":\"print(1)\"},\"env\":["    \
    "{\"name\":\"A\",\"value\":\"b\"}],\"priority\":5,\"resources\":{\"limits\":{\"cpu\":\"1\"}}," \
    "\"runtimeProfile\":\"python3.11\",\"stdin\":\"in\",\"tenant\":\"team-a\",\"timeoutSeconds\":" \
    "60,\"ttlSecondsAfterFinished\":600}"

static struct json_value kept_of(struct arena *arena, const char *text, size_t size_max)
{
    auto_end(buf_fini) struct buf kept = {0};
    struct json_value object = given_json(arena, str_of(text));

    buf_init(&kept, size_max);
    assert_true(agenttask_keep(arena, &object, &kept));
    assert_false(kept.is_full);
    return given_json(arena, buf_str(&kept));
}

static void of_a_waiting_task_what_decides_is_kept(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value kept = kept_of(
        &arena,
        "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":\"AgentTask\"," METADATA
        "," SPEC ",\"status\":{\"phase\":\"Pending\",\"reason\":\"Queued\","
        "\"queueTime\":\"2026-11-24T08:00:01.250Z\",\"attempt\":1}}",
        WAITING_SIZE_MAX);
    struct err err = {0};
    struct task task;

    (void)state;
    assert_null(json_get(json_get(&kept, "metadata"), "annotations"));
    assert_null(json_get(json_get(&kept, "metadata"), "managedFields"));
    if (!agenttask_read(&arena, &kept, NULL, API_LENIENT, &task, &err))
        fail_msg("%s", err.text);
    assert_true(str_is(task.uid, UID) && str_is(task.version, "1234567"));
    assert_true(task.has_finalizer && task.spec.canceled);
    assert_true(str_is(task.spec.tenant, "team-a") && task.spec.priority == 5);
    assert_int_equal(task.spec.timeout_ms, 60000);
    assert_int_equal(task.spec.limits.cpu_milli, 1000);
    assert_int_equal(task.spec.ttl_ms, 600000);
    assert_int_equal(task.status.phase, PHASE_PENDING);
    assert_int_equal(task.status.reason, REASON_QUEUED);
    assert_int_equal(task.status.attempt, 1);
    assert_null(task.spec.source.at);
    assert_null(task.spec.input.at);
    assert_int_equal(task.spec.args.count + task.spec.env.count + task.labels.count, 0);
}

static void a_reference_is_kept(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value kept = kept_of(&arena,
                                     "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"code\":"
                                     "{\"configMapRef\":{\"key\":\"k\",\"name\":\"n\"}}}}",
                                     WAITING_SIZE_MAX);

    (void)state;
    assert_json(&kept, "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"code\":{\"configMapRef\":"
                       "{\"key\":\"k\",\"name\":\"n\"}}}}");
}

static void of_a_finished_task_little_is_kept(void **state)
{
    static const char *const phases[] = {"Succeeded", "Failed", "Canceled"};

    (void)state;
    for (size_t i = 0; i < countof(phases); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct str text = arena_print(
            &arena,
            "{" METADATA "," SPEC
            ",\"status\":{\"attempt\":1,\"completionTime\":\"2026-11-24T08:01:00.123Z\","
            "\"conditions\":[{\"type\":\"Finished\"}],\"effective\":{\"image\":\"i\"},"
            "\"phase\":\"%s\",\"podRef\":{\"kind\":\"Pod\",\"name\":"
            "\"nightly-report-20261124-pod\",\"nodeName\":\"node-1\",\"uid\":\"" UID "\"},"
            "\"queueTime\":\"2026-11-24T08:00:01.123Z\",\"reason\":\"OOMKilled\",\"result\":"
            "{\"json\":\"{}\"},\"runTime\":\"2026-11-24T08:00:03.123Z\",\"startTime\":"
            "\"2026-11-24T08:00:02.123Z\"}}",
            phases[i]);
        struct json_value kept = kept_of(&arena, text.at, 4096);
        struct err err = {0};
        struct task task;
        auto_end(buf_fini) struct buf printed = {0};

        buf_init(&printed, 4096);
        json_print(&kept, JSON_COMPACT, &printed);
        if (printed.size > FINISHED_SIZE_MAX)
            fail_msg("%zu bytes: %.*s", printed.size, STR_ARG(buf_str(&printed)));
        assert_true(agenttask_read(&arena, &kept, NULL, API_LENIENT, &task, &err));
        assert_true(phase_is_terminal(task.status.phase));
        assert_int_equal(task.spec.ttl_ms, 600000);
        assert_int_equal(task.status.finished_ms % 1000, 123);
        assert_true(str_is(task.status.run.uid, UID));
        assert_null(json_get(json_get(&kept, "status"), "result"));
        assert_null(json_get(json_get(&kept, "spec"), "code"));
    }
}

static void a_profile_is_kept_but_for_the_labels_of_others(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf text = {0};
    struct json_value object =
        given_json(&arena, STR_LIT("{\"kind\":\"RuntimeProfile\",\"metadata\":{\"generation\":3,"
                                   "\"labels\":{\"a\":\"b\"},\"managedFields\":[],\"name\":\"p\"},"
                                   "\"spec\":{\"fileName\":\"f\",\"image\":\"i\"}}"));

    (void)state;
    buf_init(&text, 4096);
    assert_true(runtimeprofile_keep(&arena, &object, &text));
    buf_add_char(&text, '\0');
    assert_string_equal(text.at, "{\"metadata\":{\"generation\":3,\"name\":\"p\"},\"spec\":"
                                 "{\"fileName\":\"f\",\"image\":\"i\"}}");
}

static void a_patch_holds_the_difference(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct str words[] = {STR_LIT("python")};
    struct task task = {.version = STR_LIT("7")};
    struct task_status after;
    struct json_value patch;

    (void)state;
    task_status_init(&task.status);
    task.status.phase = PHASE_PENDING;
    task.status.reason = REASON_QUEUED;
    task.status.queued_ms = INT64_C(1795507200000);
    task.status.run.name = STR_LIT("a-pod");
    after = task.status;
    assert_false(agenttask_status_patch(&arena, &task, &after, &patch));
    after.phase = PHASE_SCHEDULED;
    after.reason = REASON_NONE;
    after.attempt = 1;
    after.run.uid = STR_LIT("u-1");
    after.effective.command = (struct strs){words, 1};
    assert_true(agenttask_status_patch(&arena, &task, &after, &patch));
    assert_json(&patch, "{\"metadata\":{\"resourceVersion\":\"7\"},\"status\":{\"attempt\":1,"
                        "\"effective\":{\"command\":[\"python\"]},\"phase\":\"Scheduled\","
                        "\"podRef\":{\"uid\":\"u-1\"},\"reason\":null}}");
}

static void what_an_object_loses_becomes_null(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct task task = {.version = STR_LIT("7")};
    struct task_status after;
    struct json_value patch;

    (void)state;
    task_status_init(&task.status);
    task.status.run.name = STR_LIT("a");
    task.status.run.node = STR_LIT("n");
    after = task.status;
    after.run.node = (struct str){0};
    assert_true(agenttask_status_patch(&arena, &task, &after, &patch));
    assert_json(&patch, "{\"metadata\":{\"resourceVersion\":\"7\"},\"status\":{\"podRef\":"
                        "{\"nodeName\":null}}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_waiting_task_what_decides_is_kept),
        cmocka_unit_test(a_reference_is_kept),
        cmocka_unit_test(of_a_finished_task_little_is_kept),
        cmocka_unit_test(a_profile_is_kept_but_for_the_labels_of_others),
        cmocka_unit_test(a_patch_holds_the_difference),
        cmocka_unit_test(what_an_object_loses_becomes_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
