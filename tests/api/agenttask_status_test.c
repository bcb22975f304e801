// SPDX-License-Identifier: Apache-2.0
#include "api/agenttask_status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* -- whatever is written is read as it was ---------------------------------- */

struct dice {
    uint64_t state;
};

static uint32_t roll(struct dice *dice, uint32_t sides)
{
    dice->state = dice->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(dice->state >> 33) % sides;
}

/* Absent half of the time; never an empty text, which is the same as none. */
static struct str text(struct dice *dice)
{
    static const char *const texts[] = {"x",           "a b", "\n\t\"\\", "{\"n\":1.50}",
                                        "caf\xc3\xa9", "yes"};

    return roll(dice, 2) ? str_of(texts[roll(dice, countof(texts))]) : (struct str){0};
}

static int64_t number(struct dice *dice, int64_t none)
{
    return roll(dice, 2) ? none : 1 + (int64_t)roll(dice, 1000000) * (roll(dice, 2) ? 1 : 999983);
}

static int64_t moment(struct dice *dice)
{
    return roll(dice, 3) ? INT64_C(1795507200000) + roll(dice, 1000000) : 0;
}

static struct resources resources(struct dice *dice)
{
    return (struct resources){number(dice, 0), number(dice, 0), number(dice, 0)};
}

static struct strs texts(struct arena *arena, struct dice *dice)
{
    struct str *ret = arena_array(arena, 3, sizeof(struct str));
    uint32_t count = roll(dice, 4);

    for (uint32_t i = 0; i < count; i++)
        ret[i] = text(dice); /* an empty one stays one */
    return (struct strs){ret, count};
}

static struct isolation isolation(struct dice *dice)
{
    if (roll(dice, 2))
        return (struct isolation){0};
    return (struct isolation){
        .controls = roll(dice, CONTROLS_ALL + 1),
        .switched_off = roll(dice, CONTROLS_ALL + 1),
        .landlock_abi = (int32_t)roll(dice, 8),
        .limiter = (enum limiter)roll(dice, LIMITER_KUBELET + 1),
        .is_known = true,
    };
}

static struct task_logs logs(struct dice *dice)
{
    if (roll(dice, 2))
        return (struct task_logs){0};
    return (struct task_logs){
        .text = text(dice),
        .config_map = text(dice),
        .bytes = number(dice, 0),
        .is_known = true,
        .is_truncated = roll(dice, 2),
        .is_complete = roll(dice, 2),
    };
}

static struct task_status status_of(struct arena *arena, struct dice *dice)
{
    struct task_status ret = {
        .phase = (enum phase)roll(dice, PHASE_CANCELED + 1),
        .reason = (enum reason)roll(dice, REASON_COUNT),
        .message = text(dice),
        .exit_code = (int32_t)roll(dice, 258) - 1,
        .signal = (int32_t)roll(dice, 65),
        .attempt = roll(dice, 3),
        .queued_ms = moment(dice),
        .created_ms = moment(dice),
        .started_ms = moment(dice),
        .finished_ms = moment(dice),
        .logs = logs(dice),
        .isolation = isolation(dice),
        .artifacts_bytes = number(dice, -1),
        .artifacts_too_large = roll(dice, 2),
        .observed_generation = number(dice, 0),
    };

    ret.run = (struct run_ref){text(dice), text(dice), text(dice), text(dice)};
    ret.result.verdict = (enum result_verdict)roll(dice, RESULT_MISSING + 1);
    ret.result.json = text(dice);
    ret.result.config_map = text(dice);
    ret.result.bytes = number(dice, 0);
    ret.result.sha256 = text(dice);
    ret.effective.image = text(dice);
    ret.effective.image_id = text(dice);
    ret.effective.command = texts(arena, dice);
    ret.effective.timeout_ms = 1000 * number(dice, 0);
    ret.effective.limits = resources(dice);
    ret.effective.profile_generation = number(dice, 0);
    ret.usage = (struct task_usage){number(dice, -1), number(dice, -1)};
    return ret;
}

static void what_is_written_is_read_as_the_same(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5000; seed++) {
        auto_end(arena_fini) struct arena arena = {0};
        auto_end(buf_fini) struct buf json = {0};
        struct dice dice = {seed};
        struct task task = {.status = status_of(&arena, &dice)};
        struct json_value value = agenttask_status_value(&arena, &task), again;
        struct task_status status;
        struct err err = {0};
        buf_init(&json, 1 << 20);
        json_print(&value, JSON_COMPACT, &json);
        if (!json_read(&arena, buf_str(&json), &again, &err) ||
            !agenttask_status_read(&arena, &again, &status, &err))
            fail_msg("seed %d: %s", (int)seed, err.text);
        if (!task_status_equal(&task.status, &status))
            fail_msg("seed %d: %.*s", (int)seed, STR_ARG(buf_str(&json)));
    }
}

static void the_empty_status_is_an_empty_object(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct task task = {0};
    struct json_value value;
    struct task_status status;
    struct err err = {0};

    (void)state;
    task_status_init(&task.status);
    value = agenttask_status_value(&arena, &task);
    assert_int_equal(value.count, 0);
    memset(&status, 0x55, sizeof(status));
    assert_true(agenttask_status_read(&arena, &value, &status, &err));
    assert_true(task_status_equal(&task.status, &status));
}

static void isolation_keeps_every_control(void **state)
{
    (void)state;
    for (enum control control = 0; control < CONTROL_COUNT; control++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct task task = {0};
        struct json_value value;
        struct task_status status;
        struct err err = {0};
        task_status_init(&task.status);
        task.status.isolation = (struct isolation){
            .controls = CONTROL_BIT(control),
            .switched_off = CONTROLS_ALL & ~CONTROL_BIT(control),
            .is_known = true,
        };
        value = agenttask_status_value(&arena, &task);
        assert_true(agenttask_status_read(&arena, &value, &status, &err));
        assert_int_equal(status.isolation.controls, CONTROL_BIT(control));
        assert_int_equal(status.isolation.switched_off, CONTROLS_ALL & ~CONTROL_BIT(control));
    }
}

static void assert_duration(int64_t from_ms, int64_t to_ms, const char *expected)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct task task = {0};
    struct json_value value;
    const struct json_value *run;

    task_status_init(&task.status);
    task.status.started_ms = from_ms;
    task.status.finished_ms = to_ms;
    value = agenttask_status_value(&arena, &task);
    run = json_get(json_get(&value, "durations"), "run");
    assert_string_equal(run ? arena_text(&arena, run->text) : "", expected);
}

static void durations_are_derived_from_the_times(void **state)
{
    (void)state;
    assert_duration(0, 5000, "");
    assert_duration(5000, 0, "");
    assert_duration(5000, 5000, "0s");
    assert_duration(5000, 17345, "12.345s");
    assert_duration(5000, 5100, "0.1s");
    assert_duration(5000, 105000, "100s");
    assert_duration(5000, 4000, "0s");
}

static void what_is_enforced_is_told_in_words(void **state)
{
    static const struct {
        enum control control;
        const char *field, *value;
    } rows[] = {
        {CONTROL_SECCOMP,           "network",       "\"open\""  },
        {CONTROL_SECCOMP_NETWORK,   "network",       "\"denied\""},
        {CONTROL_NETWORK_NAMESPACE, "network",       "\"denied\""},
        {CONTROL_SECCOMP,           "seccomp",       "true"      },
        {CONTROL_SECCOMP_NETWORK,   "seccomp",       "false"     },
        {CONTROL_USER_NAMESPACE,    "userNamespace", "true"      },
        {CONTROL_HOST_IDENTITY,     "userNamespace", "false"     },
        {CONTROL_TIMEOUT,           "limits",        "\"none\""  },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        auto_end(buf_fini) struct buf json = {0};
        struct task task = {0};
        task_status_init(&task.status);
        task.status.isolation.is_known = true;
        task.status.isolation.controls = CONTROL_BIT(rows[i].control);
        struct json_value value = agenttask_status_value(&arena, &task);
        buf_init(&json, 4096);
        json_print(json_get(json_get(&value, "isolation"), rows[i].field), JSON_COMPACT, &json);
        assert_true(str_is(buf_str(&json), rows[i].value));
    }
}

static void assert_refused(const char *json, const char *message)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value value;
    struct task_status status;
    struct err err = {0};

    assert_true(json_read(&arena, str_of(json), &value, &err));
    assert_false(agenttask_status_read(&arena, &value, &status, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    if (!str_starts(str_of(err.text), message))
        fail_msg("%s", err.text);
}

static void a_damaged_status_is_refused(void **state)
{
    (void)state;
    assert_refused("[]", "status: an object is expected, found a list");
    assert_refused("{\"phase\":\"Timeout\"}", "status.phase: \"Timeout\" is not one of ");
    assert_refused("{\"exitCode\":99999999999}", "status.exitCode: 99999999999 is too large");
    assert_refused("{\"exitCode\":0.5}", "status.exitCode: 0.5 is not a whole number");
    assert_refused("{\"startTime\":\"soon\"}", "status.startTime: \"soon\" is not a time");
    assert_refused("{\"usage\":{\"cpuSeconds\":-1}}", "status.usage.cpuSeconds: -1 cannot be held");
    assert_refused("{\"isolation\":{\"controls\":7}}",
                   "status.isolation.controls: a list is expected, found a number");
    assert_refused("{\"effective\":{\"command\":[\"a\",1]}}",
                   "status.effective.command[1]: a text is expected, found a number");
    assert_refused("{\"effective\":{\"timeoutSeconds\":9223372036854775807}}",
                   "status.effective.timeoutSeconds: 9223372036854775807 is too large");
    assert_refused("{\"conditions\":{}}", "status.conditions: a list is expected, found an object");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_as_the_same),
        cmocka_unit_test(the_empty_status_is_an_empty_object),
        cmocka_unit_test(isolation_keeps_every_control),
        cmocka_unit_test(durations_are_derived_from_the_times),
        cmocka_unit_test(what_is_enforced_is_told_in_words),
        cmocka_unit_test(a_damaged_status_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
