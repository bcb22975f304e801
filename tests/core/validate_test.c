// SPDX-License-Identifier: Apache-2.0
#include "core/validate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct task task_good(void)
{
    return (struct task){
        .name = STR_LIT("task"),
        .space = STR_LIT("default"),
        .spec = {.profile = STR_LIT("python3.11"), .source = STR_LIT("pass"), .ttl_ms = TTL_KEEP},
    };
}

static void assert_refused(const struct task *task, const char *says)
{
    struct err err = {0};

    assert_false(task_validate(task, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    if (!strstr(err.text, says))
        fail_msg("no \"%s\" in: %s", says, err.text);
}

static void assert_accepted(const struct task *task)
{
    struct err err = {0};

    if (!task_validate(task, &err))
        fail_msg("%s", err.text);
}

static void h43_no_code_given(void **state)
{
    struct task task = task_good();

    (void)state;
    assert_accepted(&task);
    task.spec.source = (struct str){0};
    assert_refused(&task, "spec.code");
    task.spec.config_map = STR_LIT("a");
    task.spec.config_map_key = STR_LIT("b");
    assert_accepted(&task);
    task.spec.source = STR_LIT("pass");
    assert_refused(&task, "spec.code");
}

static void h39_timeout_default(void **state)
{
    struct task task = task_good();

    (void)state;
    task.spec.timeout_ms = 1000;
    assert_accepted(&task);
    task.spec.timeout_ms = TIMEOUT_MAX_MS;
    assert_accepted(&task);
    task.spec.timeout_ms = TIMEOUT_MAX_MS + 1000;
    assert_refused(&task, "spec.timeoutSeconds");
    task.spec.timeout_ms = -1000;
    assert_refused(&task, "spec.timeoutSeconds");
}

static void h46_source_unbounded(void **state)
{
    struct task task = task_good();
    char *bytes = malloc(CODE_SIZE_MAX + 1);

    (void)state;
    assert_non_null(bytes);
    memset(bytes, '#', CODE_SIZE_MAX + 1);
    task.spec.source = (struct str){bytes, CODE_SIZE_MAX};
    assert_accepted(&task);
    task.spec.source.size++;
    assert_refused(&task, "524288");
    free(bytes);
}

static void h47_names_too_long(void **state)
{
    static const struct {
        const char *name;
        bool is_good;
    } rows[] = {
        {"a",       true },
        {"a-b.c-9", true },
        {"",        false},
        {"-a",      false},
        {"a-",      false},
        {"a..b",    false},
        {"A",       false},
        {"a_b",     false},
        {"a/../b",  false},
        {"a\nb",    false},
    };
    char longest[NAME_SIZE_MAX + 2];

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_int_equal(name_is_valid(str_of(rows[i].name)), rows[i].is_good);
    memset(longest, 'a', sizeof(longest));
    assert_true(name_is_valid((struct str){longest, NAME_SIZE_MAX}));
    assert_false(name_is_valid((struct str){longest, NAME_SIZE_MAX + 1}));
}

static void input_is_bounded_as_a_whole(void **state)
{
    struct task task = task_good();
    char *bytes = calloc(1, INPUT_SIZE_MAX + 1);
    struct str args[2];
    struct pair env[1];

    (void)state;
    assert_non_null(bytes);
    memset(bytes, 'x', INPUT_SIZE_MAX);
    args[0] = (struct str){bytes, INPUT_SIZE_MAX / 2};
    task.spec.args = (struct strs){args, 1};
    assert_accepted(&task);
    env[0] = (struct pair){
        STR_LIT("NAME"), {bytes, INPUT_SIZE_MAX / 2}
    };
    task.spec.env = (struct pairs){env, 1};
    assert_refused(&task, "131072");
    free(bytes);
}

static void names_of_variables_are_checked(void **state)
{
    static const char *const bad[] = {"", "1A", "A=B", "A B", "\xff"};

    (void)state;
    assert_true(env_name_is_valid(STR_LIT("PATH")));
    assert_true(env_name_is_valid(STR_LIT("_a.b-c9")));
    for (size_t i = 0; i < countof(bad); i++)
        assert_false(env_name_is_valid(str_of(bad[i])));
}

static void a_variable_is_given_once_and_as_text(void **state)
{
    struct task task = task_good();
    struct pair env[] = {
        {STR_LIT("A"), STR_LIT("1")},
        {STR_LIT("B"), STR_LIT("2")},
    };

    (void)state;
    task.spec.env = (struct pairs){env, countof(env)};
    assert_accepted(&task);
    env[1].value = STR_LIT("a\0b");
    assert_refused(&task, "spec.env: the value of \"B\" is not text");
    env[1].name = STR_LIT("A");
    env[1].value = STR_LIT("2");
    assert_refused(&task, "spec.env: \"A\" is there twice");
}

static void code_and_input_are_text(void **state)
{
    struct task task = task_good();
    struct str arg = STR_LIT("\xff");

    (void)state;
    task.spec.source = STR_LIT("\x7f"
                               "ELF\0");
    assert_refused(&task, "spec.code.source: is not text: it holds a zero byte");
    task.spec.source = STR_LIT("\xff\xfe");
    assert_refused(&task, "spec.code.source: is not text: it is not UTF-8");
    task.spec.source = STR_LIT("");
    assert_refused(&task, "spec.code.source: is empty");
    task = task_good();
    task.spec.args = (struct strs){&arg, 1};
    assert_refused(&task, "spec.args: is not text");
    task = task_good();
    task.spec.input = STR_LIT("a\0b"); /* a document may say so */
    assert_accepted(&task);
    task.spec.input = arg;
    assert_refused(&task, "spec.stdin: is not text");
}

static void numbers_have_both_bounds(void **state)
{
    struct task task = task_good();

    (void)state;
    task.spec.ttl_ms = 0;
    assert_accepted(&task);
    task.spec.ttl_ms = TTL_MAX_MS;
    assert_accepted(&task);
    task.spec.ttl_ms = TTL_MAX_MS + 1000;
    assert_refused(&task, "spec.ttlSecondsAfterFinished: 2147483648 is too large");
    task.spec.ttl_ms = -1000;
    assert_refused(&task, "spec.ttlSecondsAfterFinished: -1 is too small: 0 to 2147483647");
    task = task_good();
    task.spec.priority = -PRIORITY_MAX;
    assert_accepted(&task);
    task.spec.priority = PRIORITY_MAX + 1;
    assert_refused(&task, "spec.priority: 101 is too large: -100 to 100");
    task = task_good();
    task.spec.queue_timeout_ms = QUEUE_TIMEOUT_MAX_MS + 1000;
    assert_refused(&task, "spec.queueTimeoutSeconds: 604801 is too large");
}

static void labels_are_those_of_kubernetes(void **state)
{
    struct task task = task_good();
    struct pair label = {STR_LIT("example.org/team"), STR_LIT("Blue_1")};

    (void)state;
    task.labels = (struct pairs){&label, 1};
    assert_accepted(&task);
    label.value = STR_LIT("");
    assert_accepted(&task);
    label.value = STR_LIT("-blue");
    assert_refused(&task, "metadata.labels: \"-blue\" is no label value");
    label = (struct pair){STR_LIT("a/b/c"), STR_LIT("x")};
    assert_refused(&task, "metadata.labels: \"a/b/c\" is no label key");
    task = task_good();
    task.spec.tenant = STR_LIT("no tenant");
    assert_refused(&task, "spec.tenant: \"no tenant\" cannot be a label");
}

static void what_a_user_wrote_is_quoted_short(void **state)
{
    struct task task = task_good();
    char name[301];

    (void)state;
    memset(name, 'a', sizeof(name));
    task.name = (struct str){name, sizeof(name)};
    assert_refused(&task, "aaaaaaaa…\" is too long: 301 bytes, at most 253");
    memcpy(name, "\033[2J", 4);
    task.name.size = 4;
    assert_refused(&task, "metadata.name: \"?[2J\" is no name");
    memset(name, 'a', 63);
    memcpy(name + 63, "é", 2); /* would be cut in its middle */
    task.name.size = 90;
    assert_refused(&task, "aaaa…\" is no name");
}

static void requests_are_within_limits(void **state)
{
    struct task task = task_good();

    (void)state;
    task.spec.limits.memory_bytes = 1000;
    task.spec.requests.memory_bytes = 1000;
    assert_accepted(&task);
    task.spec.requests.memory_bytes = 1001;
    assert_refused(&task, "memory");
    task.spec.requests.memory_bytes = 0;
    task.spec.limits.memory_bytes = -1;
    assert_refused(&task, "memory");
}

static void a_profile_gives_defaults_and_keeps_its_maximum(void **state)
{
    const struct profile profile = {
        .name = STR_LIT("p"),
        .image = STR_LIT("i"),
        .limits_default = {.cpu_milli = 1000, .memory_bytes = 100, .storage_bytes = 10},
        .limits_max = {.cpu_milli = 2000, .memory_bytes = 200, .storage_bytes = 20},
        .timeout_default_ms = 300000,
        .timeout_max_ms = 600000,
    };
    struct task_spec spec = task_good().spec;
    struct task_effective effective;
    struct err errs[2] = {{0}};

    (void)state;
    assert_true(profile_apply(&profile, &spec, &effective, &errs[0]));
    assert_int_equal(effective.limits.memory_bytes, 100);
    assert_int_equal(effective.timeout_ms, 300000);
    spec.limits.memory_bytes = 200;
    assert_true(profile_apply(&profile, &spec, &effective, &errs[0]));
    assert_int_equal(effective.limits.memory_bytes, 200);
    spec.limits.memory_bytes = 201;
    assert_false(profile_apply(&profile, &spec, &effective, &errs[0]));
    assert_non_null(strstr(errs[0].text, "200"));
    spec.limits.memory_bytes = 0;
    spec.timeout_ms = 601000;
    assert_false(profile_apply(&profile, &spec, &effective, &errs[1]));
    assert_non_null(strstr(errs[1].text, "600"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(h43_no_code_given),
        cmocka_unit_test(h39_timeout_default),
        cmocka_unit_test(h46_source_unbounded),
        cmocka_unit_test(h47_names_too_long),
        cmocka_unit_test(input_is_bounded_as_a_whole),
        cmocka_unit_test(names_of_variables_are_checked),
        cmocka_unit_test(a_variable_is_given_once_and_as_text),
        cmocka_unit_test(code_and_input_are_text),
        cmocka_unit_test(numbers_have_both_bounds),
        cmocka_unit_test(labels_are_those_of_kubernetes),
        cmocka_unit_test(what_a_user_wrote_is_quoted_short),
        cmocka_unit_test(requests_are_within_limits),
        cmocka_unit_test(a_profile_gives_defaults_and_keeps_its_maximum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
