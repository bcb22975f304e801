// SPDX-License-Identifier: Apache-2.0
#include "api/agenttask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/quantity.h"

/* A finished task with something in every field. */
static struct task task_full(void)
{
    static const struct str args[] = {
        {"a", 1},
        {"",  0}
    };
    static const struct pair env[] = {
        {{"A", 1}, {"b", 1}},
        {{"E", 1}, {"", 0} },
    };
    struct task task = {
        .name = STR_LIT("t"),
        .space = STR_LIT("default"),
        .uid = STR_LIT("u"),
        .labels = {env, 1},
        .created_ms = 1795506000000,
        .generation = 2,
        .version = STR_LIT("7"),
        .has_finalizer = true,
    };

    task.spec = (struct task_spec){
        .profile = STR_LIT("bash"),
        .source = STR_LIT("x\n\"\x01"),
        .input = STR_LIT(""),
        .timeout_ms = 5000,
        .ttl_ms = 0,
        .priority = -3,
        .canceled = true,
    };
    task.spec.args = (struct strs){args, 2};
    task.spec.env = (struct pairs){env, 2};
    task.spec.limits = (struct resources){1500, 1 << 20, 12345};
    task_status_init(&task.status);
    task.status.phase = PHASE_FAILED;
    task.status.reason = REASON_OOM_KILLED;
    task.status.exit_code = 137;
    task.status.queued_ms = task.status.created_ms = 1795506000000;
    task.status.started_ms = 1795506000250;
    task.status.finished_ms = 1795506001123;
    task.status.result = (struct task_result){.verdict = RESULT_VALID,
                                              .json = STR_LIT("{\"n\":1.50}"),
                                              .bytes = 10,
                                              .sha256 = STR_LIT("ab")};
    task.status.isolation = (struct isolation){.controls = CONTROLS_ALL,
                                               .switched_off = CONTROL_BIT(CONTROL_SECCOMP),
                                               .landlock_abi = 7,
                                               .limiter = LIMITER_POLLED,
                                               .is_known = true};
    task.status.usage = (struct task_usage){.cpu_ms = 12, .memory_peak_bytes = 4096};
    return task;
}

static struct str text_of(struct arena *arena, const struct task *task)
{
    struct json_value value = agenttask_value(arena, task);
    struct buf text = {0};
    struct str ret;

    buf_init(&text, 1 << 20);
    json_print(&value, JSON_COMPACT, &text);
    ret = arena_copy(arena, buf_str(&text));
    buf_fini(&text);
    return ret;
}

static void what_is_written_is_read_as_the_same(void **state)
{
    struct task task = task_full(), again;
    struct arena arena = {0};
    struct json_value value;
    struct err err = {0};
    struct str text;

    (void)state;
    text = text_of(&arena, &task);
    assert_true(json_read(&arena, text, &value, &err));
    if (!agenttask_read(&arena, &value, "f", API_LENIENT, &again, &err))
        fail_msg("%s", err.text);
    assert_true(str_equal(text, text_of(&arena, &again)));
    assert_true(str_equal(again.spec.source, task.spec.source));
    assert_non_null(again.spec.input.at); /* empty is not absent */
    assert_int_equal(again.spec.ttl_ms, 0);
    assert_int_equal(again.status.isolation.controls, CONTROLS_ALL);
    assert_int_equal(again.status.finished_ms, 1795506001123);
    assert_true(str_is(again.status.result.json, "{\"n\":1.50}"));
    arena_fini(&arena);
}

static void h59_exit_zero_or_unknown(void **state)
{
    struct task task = task_full();
    struct arena arena = {0};

    (void)state;
    task.status.exit_code = 0;
    assert_non_null(strstr(text_of(&arena, &task).at, "\"exitCode\":0"));
    task.status.exit_code = EXIT_UNKNOWN;
    assert_null(strstr(text_of(&arena, &task).at, "exitCode"));
    arena_fini(&arena);
}

static void h58_no_conditions(void **state)
{
    static const enum phase endings[] = {PHASE_SUCCEEDED, PHASE_FAILED, PHASE_CANCELED};
    struct task task = task_full();
    struct arena arena = {0};

    (void)state;
    for (size_t i = 0; i < countof(endings); i++) {
        task.status.phase = endings[i];
        assert_non_null(strstr(text_of(&arena, &task).at, "\"type\":\"Finished\""));
    }
    arena_fini(&arena);
}

static void quantities_are_exact(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes, milli; /* -1: refused */
    } rows[] = {
        {"1",                    1,          1000   },
        {"500m",                 1,          500    },
        {"1.5Gi",                1610612736, -1     },
        {"512Mi",                536870912,  -1     },
        {"1e3",                  1000,       1000000},
        {"1k",                   1000,       1000000},
        {"-1",                   -1,         -1     },
        {"",                     -1,         -1     },
        {"1Zi",                  -1,         -1     },
        {"0x10",                 -1,         -1     },
        {"99999999999999999999", -1,         -1     },
    };
    int64_t got;

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        assert_int_equal(quantity_read_bytes(str_of(rows[i].text), &got) ? got : -1, rows[i].bytes);
        if (rows[i].milli >= 0)
            assert_int_equal(quantity_read_milli(str_of(rows[i].text), &got) ? got : -1,
                             rows[i].milli);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_as_the_same),
        cmocka_unit_test(h59_exit_zero_or_unknown),
        cmocka_unit_test(h58_no_conditions),
        cmocka_unit_test(quantities_are_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
