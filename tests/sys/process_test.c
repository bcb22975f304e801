// SPDX-License-Identifier: Apache-2.0
#include "sys/process.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

static struct process_end run_script(struct arena *arena, const char *script,
                                     const char *const env[], bool has_stderr)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    const struct process process = {
        .argv = argv,
        .env = env,
        .has_stderr = has_stderr,
        .size_max = 1000,
        .timeout_ms = 10000,
    };
    struct process_end end = {0};
    struct err err = {0};

    if (!process_run(arena, &process, &end, &err))
        fail_msg("%s", err.text);
    return end;
}

static void how_it_ended_is_told(void **state)
{
    const char *const env[] = {NULL};
    struct arena arena = {0};
    struct process_end end;

    (void)state;
    end = run_script(&arena, "echo x; exit 7", env, false);
    assert_true(end.exit_code == 7 && end.signal == 0 && !end.is_cut);
    assert_true(str_is(end.output, "x\n"));
    end = run_script(&arena, "kill -TERM $$", env, false);
    assert_true(end.exit_code == -1 && end.signal == SIGTERM);
    end = run_script(&arena, "exec yes", env, false);
    assert_true(end.is_cut && end.output.size == 1000);
    arena_fini(&arena);
}

static void its_environment_is_the_given_one(void **state)
{
    const char *const env[] = {"A=1", "B=two words", NULL};
    struct arena arena = {0};

    (void)state;
    assert_true(str_is(run_script(&arena, "echo \"$A $B\"", env, false).output, "1 two words\n"));
    arena_fini(&arena);
}

static void stderr_is_shared_if_asked_for(void **state)
{
    const char *const env[] = {NULL};
    struct arena arena = {0};
    char said[10] = {0};
    int ends[2], kept = dup(STDERR_FILENO);
    struct process_end end;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    end = run_script(&arena, "echo out; echo err >&2", env, true);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(ends[1]);
    assert_true(str_is(end.output, "out\n"));
    assert_int_equal(read(ends[0], said, sizeof(said)), 4);
    assert_string_equal(said, "err\n");
    close(ends[0]);
    arena_fini(&arena);
}

static void a_signal_that_we_ignore_reaches_it(void **state)
{
    const char *const env[] = {NULL};
    struct arena arena = {0};

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(run_script(&arena, "kill -PIPE $$; echo alive", env, false).signal, SIGPIPE);
    signal(SIGPIPE, SIG_DFL);
    arena_fini(&arena);
}

static void the_environment_is_ours_with_what_is_added(void **state)
{
    const char *const added[] = {"AGENTTASK_A=3", "AGENTTASK_B=4", "AGENTTASK_B=5", NULL};
    struct arena arena = {0};
    uint32_t ours = 0, a = 0, b = 0;

    (void)state;
    setenv("AGENTTASK_A", "1", 1);
    setenv("AGENTTASK_A2", "2", 1);
    for (const char *const *at = process_environment(&arena, added); *at; at++) {
        ours += !strcmp(*at, "AGENTTASK_A2=2");
        a += !strncmp(*at, "AGENTTASK_A=", 12) ? 1 + 10 * !strcmp(*at, "AGENTTASK_A=3") : 0;
        b += !strncmp(*at, "AGENTTASK_B=", 12) ? 1 + 10 * !strcmp(*at, "AGENTTASK_B=5") : 0;
    }
    assert_int_equal(ours, 1);
    assert_int_equal(a, 11);
    assert_int_equal(b, 11);
    unsetenv("AGENTTASK_A");
    unsetenv("AGENTTASK_A2");
    arena_fini(&arena);
}

static void a_program_is_found_by_path_or_name(void **state)
{
    struct arena arena = {0};
    struct err err = {0}, errs[3] = {0};
    const char *path;

    (void)state;
    assert_true(process_find(&arena, "/bin/sh", &path, &err));
    assert_string_equal(path, "/bin/sh");
    assert_true(process_find(&arena, "sh", &path, &err));
    assert_int_equal(path[0], '/');
    assert_false(process_find(&arena, "", &path, &errs[0]));
    assert_false(process_find(&arena, "/etc/passwd", &path, &errs[1]));
    assert_false(process_find(&arena, "/bin", &path, &errs[2]));
    assert_int_equal(errs[1].kind, ERR_ABSENT);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_streams_are_taken_without_our_environment),
        cmocka_unit_test(more_than_wanted_is_dropped),
        cmocka_unit_test(a_program_that_does_not_answer_is_killed),
        cmocka_unit_test(a_program_that_is_not_there_is_absent),
        cmocka_unit_test(how_it_ended_is_told),
        cmocka_unit_test(its_environment_is_the_given_one),
        cmocka_unit_test(stderr_is_shared_if_asked_for),
        cmocka_unit_test(a_signal_that_we_ignore_reaches_it),
        cmocka_unit_test(the_environment_is_ours_with_what_is_added),
        cmocka_unit_test(a_program_is_found_by_path_or_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
