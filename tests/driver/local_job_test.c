// SPDX-License-Identifier: Apache-2.0
#include "driver/local_job.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct str python_args[] = {
    {"-u", 2}
};
static const struct pair python_env[] = {
    {{"A", 1}, {"profile", 7}},
    {{"B", 1}, {"profile", 7}},
};

static const struct profile python = {
    .name = {"python3.11",    10},
    .file_name = {"entrypoint.py", 13},
    .interpreter_args = {python_args,     1 },
    .env = {python_env,      2 },
    .limits_default.cpu_milli = 1000,
    .limits_default.memory_bytes = 1 << 29,
    .limits_default.storage_bytes = 1 << 27,
    .limits_max.cpu_milli = 8000,
    .limits_max.memory_bytes = INT64_C(1) << 33,
    .limits_max.storage_bytes = INT64_C(1) << 32,
    .timeout_default_ms = 300000,
    .timeout_max_ms = 86400000,
};

static struct supervisor_spec spec_of(const struct task *task)
{
    return (struct supervisor_spec){
        .task = task,
        .profile = &python,
        .interpreter = "/usr/bin/python3.11",
        .input_fd = -1,
    };
}

static bool has_setting(const struct job *job, const char *setting)
{
    for (uint32_t i = 0; i < job->env_count; i++)
        if (str_is(job->env[i], setting))
            return true;
    return false;
}

static void the_command_is_interpreter_arguments_program_and_words(void **state)
{
    const struct str args[] = {STR_LIT("--flag"), STR_LIT("a b")};
    struct task task = {
        .uid = STR_LIT("u"), .spec = {.source = STR_LIT("x"), .args = {args, 2}}
    };
    struct supervisor_spec spec = spec_of(&task);
    static struct sandbox_spec sandbox;
    struct task_effective effective;
    struct arena arena = {0};
    struct err err = {0};

    (void)state;
    assert_true(local_job_make(&spec, &arena, &effective, &sandbox, &err));
    assert_int_equal(sandbox.job.arg_count, 5);
    assert_true(str_is(sandbox.job.args[0], "/usr/bin/python3.11"));
    assert_true(str_is(sandbox.job.args[1], "-u"));
    assert_true(str_is(sandbox.job.args[2], "/workspace/entrypoint.py"));
    assert_true(str_is(sandbox.job.args[4], "a b"));
    assert_int_equal(effective.command.count, 3); /* the words are the task's, not the profile's */
    assert_int_equal(sandbox.limits.memory_bytes, 1 << 29);
    assert_int_equal(sandbox.job.timeout_ms, 300000);
    arena_fini(&arena);
}

static void a_task_overrides_the_profile_which_overrides_the_base(void **state)
{
    const struct pair env[] = {
        {STR_LIT("A"),    STR_LIT("task")      },
        {STR_LIT("HOME"), STR_LIT("/workspace")},
    };
    struct task task = {
        .uid = STR_LIT("u"), .spec = {.source = STR_LIT("x"), .env = {env, 2}}
    };
    struct supervisor_spec spec = spec_of(&task);
    static struct sandbox_spec sandbox;
    struct task_effective effective;
    struct arena arena = {0};
    struct err err = {0};

    (void)state;
    assert_true(local_job_make(&spec, &arena, &effective, &sandbox, &err));
    assert_true(has_setting(&sandbox.job, "A=task"));
    assert_true(has_setting(&sandbox.job, "B=profile"));
    assert_true(has_setting(&sandbox.job, "HOME=/workspace"));
    assert_false(has_setting(&sandbox.job, "HOME=/tmp"));
    assert_int_equal(sandbox.job.env_count, 5);
    arena_fini(&arena);
}

static void more_than_the_profile_allows_is_refused(void **state)
{
    struct task task = {
        .uid = STR_LIT("u"),
        .spec = {.source = STR_LIT("x"), .limits = {.memory_bytes = INT64_C(1) << 40}},
    };
    struct supervisor_spec spec = spec_of(&task);
    static struct sandbox_spec sandbox;
    struct task_effective effective;
    struct arena arena = {0};
    struct err err = {0};

    (void)state;
    assert_false(local_job_make(&spec, &arena, &effective, &sandbox, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    arena_fini(&arena);
}

static void stdin_is_a_stream_a_text_or_nothing(void **state)
{
    struct task task = {.uid = STR_LIT("u"), .spec = {.source = STR_LIT("x")}};
    struct supervisor_spec spec = spec_of(&task);
    static struct sandbox_spec sandbox;
    struct task_effective effective;
    struct arena arena = {0};
    struct err err = {0};

    (void)state;
    assert_true(local_job_make(&spec, &arena, &effective, &sandbox, &err));
    assert_int_equal(sandbox.job.input_kind, JOB_INPUT_NONE);
    task.spec.input = STR_LIT("text");
    assert_true(local_job_make(&spec, &arena, &effective, &sandbox, &err));
    assert_int_equal(sandbox.job.input_kind, JOB_INPUT_TEXT);
    spec.input_fd = 0;
    assert_true(local_job_make(&spec, &arena, &effective, &sandbox, &err));
    assert_int_equal(sandbox.job.input_kind, JOB_INPUT_STREAM);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_command_is_interpreter_arguments_program_and_words),
        cmocka_unit_test(a_task_overrides_the_profile_which_overrides_the_base),
        cmocka_unit_test(more_than_the_profile_allows_is_refused),
        cmocka_unit_test(stdin_is_a_stream_a_text_or_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
