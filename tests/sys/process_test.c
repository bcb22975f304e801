// SPDX-License-Identifier: Apache-2.0
#include "sys/process.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool run(struct arena *arena, const char *script, size_t size_max, int64_t timeout_ms,
                struct str *ret, struct err *err)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};

    return process_output(arena, argv, size_max, timeout_ms, ret, err);
}

static void both_streams_are_taken_without_our_environment(void **state)
{
    struct arena arena = {0};
    struct err err = {0};
    struct str text;

    (void)state;
    assert_true(run(&arena, "echo out; echo err >&2; echo \"<$HOME>\"", 100, 5000, &text, &err));
    assert_true(str_is(text, "out\nerr\n<>\n"));
    arena_fini(&arena);
}

static void more_than_wanted_is_dropped(void **state)
{
    struct arena arena = {0};
    struct err err = {0};
    struct str text;

    (void)state;
    assert_true(run(&arena, "echo 123456789", 4, 5000, &text, &err));
    assert_true(str_is(text, "1234"));
    arena_fini(&arena);
}

static void a_program_that_does_not_answer_is_killed(void **state)
{
    struct arena arena = {0};
    struct err err = {0};
    struct str text;

    (void)state;
    assert_false(run(&arena, "exec sleep 60", 10, 50, &text, &err));
    assert_int_equal(err.kind, ERR_RETRY);
    arena_fini(&arena);
}

static void a_program_that_is_not_there_is_absent(void **state)
{
    const char *const argv[] = {"/no/such/program", NULL};
    struct arena arena = {0};
    struct err err = {0};
    struct str text;

    (void)state;
    assert_false(process_output(&arena, argv, 10, 1000, &text, &err));
    assert_int_equal(err.kind, ERR_ABSENT);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_streams_are_taken_without_our_environment),
        cmocka_unit_test(more_than_wanted_is_dropped),
        cmocka_unit_test(a_program_that_does_not_answer_is_killed),
        cmocka_unit_test(a_program_that_is_not_there_is_absent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
