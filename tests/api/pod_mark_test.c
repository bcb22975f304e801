// SPDX-License-Identifier: Apache-2.0
#include "api/pod.h"
#include "given.h"

static void a_patch_is_for_one_uid(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value patch = pod_deadline_patch(&arena, STR_LIT("u-1"), 90);

    (void)state;
    assert_json(&patch, "{\"metadata\":{\"uid\":\"u-1\"},\"spec\":{\"activeDeadlineSeconds\":90}}");
}

static void marks_are_read_back(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value patch = pod_stop_patch(&arena, STR_LIT("u-1"), INT64_C(1795507200250));
    struct pod pod;

    (void)state;
    assert_json(
        &patch,
        "{\"metadata\":{\"uid\":\"u-1\",\"annotations\":{\"execution.agenttask.io/stopping-since\":"
        "\"2026-11-24T08:00:00.250Z\"}},\"spec\":"
        "{\"activeDeadlineSeconds\":1}}");
    pod_read(&patch, &pod);
    assert_int_equal(pod.stopping_ms, INT64_C(1795507200250));
    assert_int_equal(pod.deadline_s, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_patch_is_for_one_uid),
        cmocka_unit_test(marks_are_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
