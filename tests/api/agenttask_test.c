// SPDX-License-Identifier: Apache-2.0
#include "api/agenttask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

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

/* -- random specs ------------------------------------------------------------ */

static uint32_t roll(uint64_t *dice, uint32_t sides)
{
    *dice = *dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*dice >> 33) % sides;
}

static struct str text_or_none(uint64_t *dice)
{
    static const char *const texts[] = {"a", "yes", "0644", "two\nlines\n", "\xc3\xa9\x7f"};

    return roll(dice, 2) ? str_of(texts[roll(dice, countof(texts))]) : (struct str){0};
}

static struct pairs pairs_of(struct arena *arena, uint64_t *dice)
{
    uint32_t count = roll(dice, 4);
    struct pair *ret = arena_array(arena, count, sizeof(struct pair));

    for (uint32_t i = 0; i < count; i++)
        ret[i] = (struct pair){arena_print(arena, "n%u", i), text_or_none(dice)};
    return (struct pairs){ret, count};
}

static struct task task_of(struct arena *arena, uint64_t *dice)
{
    struct task ret = {.name = STR_LIT("t"), .has_finalizer = roll(dice, 2)};

    ret.space = text_or_none(dice);
    ret.uid = text_or_none(dice);
    ret.version = text_or_none(dice);
    ret.labels = pairs_of(arena, dice);
    ret.annotations = pairs_of(arena, dice);
    ret.created_ms = roll(dice, 2) * (int64_t)roll(dice, INT32_MAX);
    ret.deleted_ms = roll(dice, 2) * (int64_t)roll(dice, INT32_MAX);
    ret.generation = roll(dice, 5);
    ret.spec.profile = text_or_none(dice);
    ret.spec.source = roll(dice, 3) ? text_or_none(dice) : STR_LIT("");
    ret.spec.input = roll(dice, 3) ? text_or_none(dice) : STR_LIT("");
    ret.spec.config_map = text_or_none(dice);
    ret.spec.config_map_key = text_or_none(dice);
    ret.spec.env = pairs_of(arena, dice);
    ret.spec.requests.cpu_milli = roll(dice, 2) * (int64_t)roll(dice, 5000);
    ret.spec.limits.memory_bytes = roll(dice, 2) * (int64_t)roll(dice, INT32_MAX);
    ret.spec.limits.storage_bytes = roll(dice, 2) * ((int64_t)roll(dice, 9) << 30);
    ret.spec.timeout_ms = 1000 * (int64_t)roll(dice, 3);
    ret.spec.queue_timeout_ms = 1000 * (int64_t)roll(dice, 3);
    ret.spec.ttl_ms = roll(dice, 2) ? TTL_KEEP : 1000 * (int64_t)roll(dice, 3);
    ret.spec.tenant = text_or_none(dice);
    ret.spec.backend = (enum backend)roll(dice, BACKEND_SANDBOX + 1);
    ret.spec.priority = (int32_t)roll(dice, 201) - 100;
    ret.spec.canceled = roll(dice, 2);
    task_status_init(&ret.status);
    return ret;
}

static void assert_pairs_equal(const struct pairs *a, const struct pairs *b)
{
    assert_int_equal(a->count, b->count);
    for (uint32_t i = 0; i < a->count; i++) {
        assert_true(str_equal(a->at[i].name, b->at[i].name));
        assert_true(str_equal(a->at[i].value, b->at[i].value));
    }
}

static void assert_texts_equal(struct str a, struct str b)
{
    assert_true(str_equal(a, b));
    assert_int_equal(a.at == NULL, b.at == NULL);
}

static void assert_resources_equal(const struct resources *a, const struct resources *b)
{
    assert_int_equal(a->cpu_milli, b->cpu_milli);
    assert_int_equal(a->memory_bytes, b->memory_bytes);
    assert_int_equal(a->storage_bytes, b->storage_bytes);
}

static void assert_spec_equal(const struct task_spec *a, const struct task_spec *b)
{
    assert_texts_equal(a->profile, b->profile);
    assert_texts_equal(a->source, b->source);
    assert_texts_equal(a->input, b->input);
    assert_texts_equal(a->config_map, b->config_map);
    assert_texts_equal(a->config_map_key, b->config_map_key);
    assert_texts_equal(a->tenant, b->tenant);
    assert_pairs_equal(&a->env, &b->env);
    assert_resources_equal(&a->requests, &b->requests);
    assert_resources_equal(&a->limits, &b->limits);
    assert_int_equal(a->timeout_ms, b->timeout_ms);
    assert_int_equal(a->queue_timeout_ms, b->queue_timeout_ms);
    assert_int_equal(a->ttl_ms, b->ttl_ms);
    assert_int_equal(a->backend, b->backend);
    assert_int_equal(a->priority, b->priority);
    assert_int_equal(a->canceled, b->canceled);
}

static void any_spec_is_read_as_it_was_written(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        auto_end(arena_fini) struct arena arena = {0};
        uint64_t dice = seed;
        struct task task = task_of(&arena, &dice), again;
        struct json_value value;
        struct err err = {0};
        assert_true(json_read(&arena, text_of(&arena, &task), &value, &err));
        if (!agenttask_read(&arena, &value, NULL, API_LENIENT, &again, &err))
            fail_msg("seed %d: %s", (int)seed, err.text);
        assert_spec_equal(&task.spec, &again.spec);
        assert_pairs_equal(&task.labels, &again.labels);
        assert_pairs_equal(&task.annotations, &again.annotations);
        assert_texts_equal(task.space, again.space);
        assert_texts_equal(task.uid, again.uid);
        assert_texts_equal(task.version, again.version);
        assert_int_equal(task.created_ms, again.created_ms);
        assert_int_equal(task.deleted_ms, again.deleted_ms);
        assert_int_equal(task.generation, again.generation);
        assert_int_equal(task.has_finalizer, again.has_finalizer);
        assert_true(task_status_equal(&task.status, &again.status));
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_as_the_same),
        cmocka_unit_test(any_spec_is_read_as_it_was_written),
        cmocka_unit_test(h59_exit_zero_or_unknown),
        cmocka_unit_test(h58_no_conditions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
