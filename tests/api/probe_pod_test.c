// SPDX-License-Identifier: Apache-2.0
#include "api/probe_pod.h"

#include "api/look.h"
#include "given.h"

static struct json_value pod_of(struct arena *arena, bool is_task_like, bool user_namespace,
                                bool is_privileged)
{
    static const char *const words[] = {"facts", "sleep", "1", NULL};
    const struct probe_pod pod = {
        .name = STR_LIT("p"),
        .space = STR_LIT("s"),
        .image = STR_LIT("i"),
        .doctor = STR_LIT("d"),
        .is_task_like = is_task_like,
        .user_namespace = user_namespace,
        .is_privileged = is_privileged,
        .words = words,
        .limits = {500, 64 << 20, 16 << 20},
        .deadline_s = 180,
    };

    return probe_pod_value(arena, &pod);
}

static const struct json_value *container_of(const struct json_value *pod)
{
    return &look_list(json_get(pod, "spec"), "containers")->items[0];
}

static void it_is_hardened_as_tasks_are(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value pod = pod_of(&arena, true, false, false);
    const struct json_value *spec = json_get(&pod, "spec");

    (void)state;
    assert_json(json_get(container_of(&pod), "securityContext"),
                "{\"privileged\":false,\"allowPrivilegeEscalation\":false,\"capabilities\":{"
                "\"drop\":[\"ALL\"]},\"readOnlyRootFilesystem\":true}");
    assert_json(json_get(spec, "securityContext"),
                "{\"fsGroup\":1000,\"runAsGroup\":1000,\"runAsNonRoot\":true,\"runAsUser\":1000,"
                "\"seccompProfile\":{\"type\":\"RuntimeDefault\"}}");
    assert_json(json_get(container_of(&pod), "command"), "[\"/probe\",\"facts\",\"sleep\",\"1\"]");
    assert_false(look_flag(spec, "automountServiceAccountToken"));
    assert_false(look_flag(spec, "enableServiceLinks"));
    assert_int_equal(look_int(spec, "activeDeadlineSeconds"), 180);
    assert_true(str_is(look_text(spec, "restartPolicy"), "Never"));
    assert_null(json_get(spec, "hostUsers"));
}

static void it_differs_in_what_is_asked_for(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value task = pod_of(&arena, true, false, false);
    struct json_value plain = pod_of(&arena, false, true, false);
    struct json_value privileged = pod_of(&arena, false, false, true);

    (void)state;
    assert_json(json_get(json_get(&task, "metadata"), "labels"),
                "{\"agenttask.io/doctor\":\"d\",\"agenttask.io/task\":\"d\"}");
    assert_json(json_get(json_get(&plain, "metadata"), "labels"),
                "{\"agenttask.io/doctor\":\"d\"}");
    assert_json(json_get(json_get(&plain, "spec"), "hostUsers"), "false");
    assert_json(json_get(container_of(&privileged), "securityContext"), "{\"privileged\":true}");
}

static void its_status_is_read_for_what_it_says(void **state)
{
    static const struct {
        const char *status, *why;
        bool is_running, is_over, is_evicted;
    } rows[] = {
        {"null",                                           "",                 false, false, false},
        {"{'phase':'Pending'}",                            "Pending",          false, false, false},
        {"{'phase':'Pending','containerStatuses':[{'name':'probe','state':{'waiting':{'reason':"
         "'ImagePullBackOff'}}}]}",               "ImagePullBackOff", false, false, false},
        {"{'phase':'Running','podIP':'10.0.0.1'}",         "Running",          true,  false, false},
        {"{'phase':'Failed','reason':'Evicted'}",          "Evicted",          false, true,  true },
        {"{'phase':'Succeeded'}",                          "Succeeded",        false, true,  false},
        {"{'phase':5,'containerStatuses':{},'reason':[]}", "",                 false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        char *text = (char *)arena_text(
            &arena, arena_print(&arena, "{'metadata':{'uid':'u'},'status':%s}", rows[i].status));
        struct json_value pod;
        struct probe_pod_seen seen;
        for (char *c = text; *c; c++)
            *c = *c == '\'' ? '"' : *c;
        pod = given_json(&arena, str_of(text));
        probe_pod_read(&pod, &seen);
        assert_true(str_is(seen.uid, "u"));
        assert_true(str_is(seen.why, rows[i].why));
        assert_int_equal(seen.is_running, rows[i].is_running);
        assert_int_equal(seen.is_over, rows[i].is_over);
        assert_int_equal(seen.is_evicted, rows[i].is_evicted);
    }
}

static void the_operator_says_its_image_and_whether_it_is_ready(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value ready = given_json(
        &arena, STR_LIT("{\"spec\":{\"containers\":[{\"name\":\"other\",\"image\":\"x\"},"
                        "{\"name\":\"manager\",\"image\":\"m\"}]},\"status\":{"
                        "\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}"));
    struct json_value none =
        given_json(&arena, STR_LIT("{\"spec\":{},\"status\":{\"conditions\":["
                                   "{\"type\":\"Ready\",\"status\":\"False\"}]}}"));
    struct str image;
    bool is_ready;

    (void)state;
    operator_pod_read(&ready, &image, &is_ready);
    assert_true(str_is(image, "m") && is_ready);
    operator_pod_read(&none, &image, &is_ready);
    assert_true(image.size == 0 && !is_ready);
}

static void a_headless_service_has_no_address(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value headless = given_json(&arena, STR_LIT("{\"spec\":{\"clusterIP\":\"None\"}}"));
    struct json_value whole =
        given_json(&arena, STR_LIT("{\"spec\":{\"clusterIP\":\"10.9.0.1\"}}"));

    (void)state;
    assert_int_equal(service_address(&headless).size, 0);
    assert_true(str_is(service_address(&whole), "10.9.0.1"));
}

static void a_minor_version_may_have_a_plus(void **state)
{
    static const struct {
        const char *page;
        int64_t minor;
    } rows[] = {
        {"{\"gitVersion\":\"v1.37.2\",\"minor\":\"37\"}",    37},
        {"{\"gitVersion\":\"v1.28.1-x\",\"minor\":\"28+\"}", 28},
        {"{\"gitVersion\":\"v1\",\"minor\":\"many\"}",       0 },
        {"{\"gitVersion\":\"v1\"}",                          0 },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct json_value page = given_json(&arena, str_of(rows[i].page));
        int64_t minor;
        assert_true(str_starts(version_read(&page, &minor), "v1"));
        assert_int_equal(minor, rows[i].minor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_hardened_as_tasks_are),
        cmocka_unit_test(it_differs_in_what_is_asked_for),
        cmocka_unit_test(its_status_is_read_for_what_it_says),
        cmocka_unit_test(the_operator_says_its_image_and_whether_it_is_ready),
        cmocka_unit_test(a_headless_service_has_no_address),
        cmocka_unit_test(a_minor_version_may_have_a_plus),
    };

    return cmocka_run_group_tests_name("probe_pod", tests, NULL, NULL);
}
