// SPDX-License-Identifier: Apache-2.0
#include "api/condition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* "Finished=True Completed, ..." of a status. */
static void assert_conditions(const struct task_status *status, const char *expected)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value list;
    struct str got = {0};

    assert_int_equal(conditions_write(&arena, status, &list), expected[0] != '\0');
    for (uint32_t i = 0; i < list.count; i++)
        got = arena_print(&arena, "%.*s%s%.*s=%.*s %.*s", STR_ARG(got), i ? ", " : "",
                          STR_ARG(json_get(&list.items[i], "type")->text),
                          STR_ARG(json_get(&list.items[i], "status")->text),
                          STR_ARG(json_get(&list.items[i], "reason")->text));
    assert_string_equal(arena_text(&arena, got), expected);
}

static void every_ending_is_finished(void **state)
{
    struct task_status status;

    (void)state;
    task_status_init(&status);
    assert_conditions(&status, "");
    status.phase = PHASE_RUNNING;
    assert_conditions(&status, "");
    status.phase = PHASE_SUCCEEDED;
    assert_conditions(&status, "Finished=True Completed, Succeeded=True Completed");
    status.phase = PHASE_FAILED;
    assert_conditions(&status, "Finished=True Failed, Succeeded=False Failed");
    status.reason = REASON_TIMEOUT;
    assert_conditions(&status, "Finished=True Timeout, Succeeded=False Timeout");
    status.phase = PHASE_CANCELED;
    status.reason = REASON_CANCELED;
    assert_conditions(&status, "Finished=True Canceled, Succeeded=False Canceled");
}

static void facts_beside_the_phase_have_conditions(void **state)
{
    struct task_status status;

    (void)state;
    task_status_init(&status);
    status.result.verdict = RESULT_TOO_LARGE;
    status.artifacts_too_large = true;
    status.isolation.is_known = true;
    assert_conditions(&status,
                      "ResultValid=False ResultTooLarge, ArtifactsTooLarge=True ArtifactsTooLarge");
    status.result.verdict = RESULT_VALID;
    status.artifacts_too_large = false;
    status.isolation.weakened = WEAKENED_BY_CONTAINER;
    assert_conditions(&status, "ResultValid=True ResultValid, "
                               "IsolationWeakened=True ForeignContainer");
    status.isolation.switched_off = CONTROL_BIT(CONTROL_SECCOMP);
    assert_conditions(&status, "ResultValid=True ResultValid, "
                               "IsolationWeakened=True ControlsSwitchedOff");
}

static void the_time_is_that_of_the_ending(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct task_status status;
    struct json_value list;

    (void)state;
    task_status_init(&status);
    status.phase = PHASE_SUCCEEDED;
    assert_true(conditions_write(&arena, &status, &list));
    assert_null(json_get(&list.items[0], "lastTransitionTime"));
    status.finished_ms = INT64_C(1795507200000);
    status.observed_generation = 3;
    assert_true(conditions_write(&arena, &status, &list));
    assert_true(
        str_is(json_get(&list.items[0], "lastTransitionTime")->text, "2026-11-24T08:00:00Z"));
    assert_true(str_is(json_get(&list.items[0], "observedGeneration")->text, "3"));
}

static void what_stands_nowhere_else_is_read_back(void **state)
{
    (void)state;
    for (enum result_verdict verdict = RESULT_NONE_YET; verdict <= RESULT_MISSING; verdict++)
        for (int large = 0; large < 2; large++) {
            auto_end(arena_fini) struct arena arena = {0};
            struct err err = {0};
            struct field_reader reader = {&arena, NULL, API_LENIENT, &err};
            struct task_status before, after;
            struct json_value list;
            task_status_init(&before);
            task_status_init(&after);
            before.result.verdict = verdict;
            before.artifacts_too_large = large;
            (void)conditions_write(&arena, &before, &list);
            assert_true(conditions_read(&reader, &list, NULL, &after));
            assert_int_equal(after.result.verdict, verdict);
            assert_int_equal(after.artifacts_too_large, large);
        }
}

static void strange_conditions_mean_nothing(void **state)
{
    static const char *const rows[] = {
        "[]",
        "[1,null,\"ResultValid\",[]]",
        "[{\"type\":\"ResultValid\",\"status\":\"Unknown\"}]",
        "[{\"type\":\"ResultValid\",\"status\":\"False\",\"reason\":\"Timeout\"}]",
        "[{\"type\":\"ResultValid\",\"status\":\"False\",\"reason\":\"\"}]",
        "[{\"type\":\"ArtifactsTooLarge\",\"status\":true}]",
        "[{\"type\":7,\"status\":\"True\"}]",
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct err err = {0};
        struct field_reader reader = {&arena, NULL, API_LENIENT, &err};
        struct task_status status;
        struct json_value list;
        task_status_init(&status);
        assert_true(json_read(&arena, str_of(rows[i]), &list, &err));
        assert_true(conditions_read(&reader, &list, NULL, &status));
        assert_int_equal(status.result.verdict, RESULT_NONE_YET);
        assert_false(status.artifacts_too_large);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_ending_is_finished),
        cmocka_unit_test(facts_beside_the_phase_have_conditions),
        cmocka_unit_test(the_time_is_that_of_the_ending),
        cmocka_unit_test(what_stands_nowhere_else_is_read_back),
        cmocka_unit_test(strange_conditions_mean_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
