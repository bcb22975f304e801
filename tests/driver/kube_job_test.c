// SPDX-License-Identifier: Apache-2.0
#include "driver/kube_job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/configmap.h"
#include "core/egress.h"
#include "core/job.h"

/* A task like most, with a profile like ours. */
struct given {
    struct arena arena;
    struct str command[3], args[2];
    struct pair env[1];
    struct task task;
    struct profile profile;
    struct task_effective effective;
    struct job job;
};

static void given_init(struct given *given)
{
    *given = (struct given){
        .command = {STR_LIT("python"),                     STR_LIT("-u"),       STR_LIT("/workspace/entrypoint.py")                    },
        .args = {STR_LIT("--flag"),                     STR_LIT("a b")     },
        .env = {{STR_LIT("A"), STR_LIT("profile")}                                    },
        .task = {.name = STR_LIT("t"),                                     .uid = STR_LIT("u"), .spec.source = STR_LIT("x")                                                       },
        .profile =
            {
                    .name = STR_LIT("python3.11"),
                    .image = STR_LIT("i"),
                    .file_name = STR_LIT("entrypoint.py"),
                    .interpreter = STR_LIT("python3.11"),
                    },
    };
    given->profile.command = (struct strs){given->command, 3};
    given->profile.env = (struct pairs){given->env, 1};
}

static void make(struct given *given, bool user_namespace)
{
    struct str text = {0};
    struct err err = {0};

    if (!kube_effective(&given->arena, &given->task, &given->profile, true, &given->effective,
                        &err) ||
        !kube_job_make(&given->arena, &given->task, &given->profile, &given->effective,
                       user_namespace, STR_LIT("10.1.2.3"), &text, &err))
        fail_msg("%s", err.text);
    assert_true(job_decode(text, &given->job));
}

static void the_job_is_for_a_container(void **state)
{
    static struct given given;

    (void)state;
    given_init(&given);
    given.task.spec.args = (struct strs){given.args, 2};
    make(&given, true);
    assert_int_equal(given.job.arg_count, 5);
    assert_true(str_is(given.job.args[0], "python")); /* the image knows where that is */
    assert_true(str_is(given.job.args[2], "/workspace/entrypoint.py"));
    assert_true(str_is(given.job.args[4], "a b"));
    assert_true(str_is(given.job.report_path, "/dev/termination-log"));
    assert_true(str_is(given.job.frames_path, "fd:1"));
    assert_int_equal(given.job.timeout_ms, TIMEOUT_DEFAULT_MS);
    assert_int_equal(given.job.grace_ms, GRACE_MS);
    assert_int_equal(given.job.file_size_max, LIMIT_STORAGE_BYTES);
    assert_int_equal(given.job.switched_off, 0);
    assert_int_equal(given.job.input_kind, JOB_INPUT_NONE);
    assert_false(given.job.network_allowed);
    assert_int_equal(given.effective.command.count, 3); /* the words are the task's */
    arena_fini(&given.arena);
}

static void processes_are_counted_where_they_are_ours_alone(void **state)
{
    static struct given given;

    (void)state;
    given_init(&given);
    make(&given, true);
    assert_int_equal(given.job.processes_max, 512);
    make(&given, false); /* elsewhere all Pods of user 1000 would count together */
    assert_int_equal(given.job.processes_max, 0);
    arena_fini(&given.arena);
}

static void the_environment_is_ours_then_the_profiles_then_the_tasks(void **state)
{
    const struct pair env[] = {
        {STR_LIT("A"), STR_LIT("task")}
    };
    static struct given given;

    (void)state;
    given_init(&given);
    make(&given, true);
    assert_int_equal(given.job.env_count, 4);
    assert_true(str_is(given.job.env[0], "PATH=/usr/local/bin:/usr/bin:/bin"));
    assert_true(str_is(given.job.env[3], "A=profile"));
    given.task.spec.env = (struct pairs){env, 1};
    make(&given, true);
    assert_int_equal(given.job.env_count, 4);
    assert_true(str_is(given.job.env[3], "A=task"));
    arena_fini(&given.arena);
}

static void a_referenced_key_stands_in_the_place_of_the_file(void **state)
{
    static struct given given;

    (void)state;
    given_init(&given);
    given.task.spec.source = (struct str){0};
    given.task.spec.config_map = STR_LIT("theirs");
    given.task.spec.config_map_key = STR_LIT("main.py");
    make(&given, true);
    assert_true(str_is(given.job.args[2], "/workspace/main.py"));
    given.profile.command.count = 0; /* none: the interpreter, as in a local run */
    make(&given, true);
    assert_int_equal(given.job.arg_count, 2);
    assert_true(str_is(given.job.args[0], "python3.11"));
    assert_true(str_is(given.job.args[1], "/workspace/main.py"));
    arena_fini(&given.arena);
}

static void input_is_as_asked(void **state)
{
    static struct given given;

    (void)state;
    given_init(&given);
    given.task.spec.input = STR_LIT("in\n");
    make(&given, true);
    assert_int_equal(given.job.input_kind, JOB_INPUT_TEXT);
    assert_true(str_is(given.job.input, "in\n"));
    given.task.spec.input = STR_LIT(""); /* given, and empty */
    make(&given, true);
    assert_int_equal(given.job.input_kind, JOB_INPUT_TEXT);
    arena_fini(&given.arena);
}

static void a_network_that_is_not_proven_closed_stays_closed(void **state)
{
    const struct egress egress = {STR_LIT("10.1.0.0/8"), STR_LIT("443")};
    static struct given given;
    struct err err = {0};

    (void)state;
    given_init(&given);
    given.profile.egress = &egress;
    given.profile.egress_count = 1;
    assert_false(
        kube_effective(&given.arena, &given.task, &given.profile, false, &given.effective, &err));
    assert_int_equal(err.kind, ERR_REFUSED);
    assert_non_null(strstr(err.text, "--canary-bind-address"));
    make(&given, true);
    assert_int_equal(given.effective.egress.count, 1);
    assert_true(str_is(given.effective.egress.at[0], "10.0.0.0/8 443/TCP"));
    assert_true(given.job.network_allowed);
    assert_true(str_is(given.job.canary, "10.1.2.3"));
    assert_int_equal(given.job.canary_open_port, CANARY_OPEN_PORT);
    assert_int_equal(given.job.canary_closed_port, CANARY_CLOSED_PORT);
    assert_int_equal(given.job.proof_ms, 30000);
    arena_fini(&given.arena);
}

/* Its profile may say something else by now. */
static void what_a_task_got_decides_over_its_network(void **state)
{
    const struct egress egress = {STR_LIT("10.1.0.0/8"), STR_LIT("443")};
    static struct given given;
    struct str text;
    struct err err = {0};

    (void)state;
    for (int has_egress = 0; has_egress < 2; has_egress++) {
        given_init(&given);
        given.profile.egress = &egress;
        given.profile.egress_count = (uint32_t)has_egress;
        assert_true(kube_effective(&given.arena, &given.task, &given.profile, true,
                                   &given.effective, &err));
        given.profile.egress_count = (uint32_t)!has_egress;
        assert_true(kube_job_make(&given.arena, &given.task, &given.profile, &given.effective, true,
                                  STR_LIT("10.1.2.3"), &text, &err));
        assert_true(job_decode(text, &given.job));
        assert_int_equal(given.job.network_allowed, has_egress);
        assert_int_equal(given.job.canary.size > 0, has_egress);
        arena_fini(&given.arena);
    }
}

static void what_cannot_run_in_a_pod_is_refused(void **state)
{
    static const struct {
        const char *program, *file_name, *error;
    } rows[] = {
        {"bin/python", "f",     "spec.command must begin with a program"},
        {"",           "f",     "spec.command must begin with a program"},
        {"python",     KEY_JOB, "spec.fileName: agenttask.job is taken" },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        static struct given given;
        struct err err = {0};
        given_init(&given);
        given.command[0] = str_of(rows[i].program);
        given.profile.file_name = str_of(rows[i].file_name);
        assert_false(kube_effective(&given.arena, &given.task, &given.profile, true,
                                    &given.effective, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        if (!strstr(err.text, rows[i].error))
            fail_msg("%s", err.text);
        arena_fini(&given.arena);
    }
}

static void more_than_a_job_holds_is_refused(void **state)
{
    static struct given given;
    static char bytes[JOB_SIZE_MAX];
    struct err err = {0};
    struct str text;

    (void)state;
    given_init(&given);
    memset(bytes, 'x', sizeof(bytes));
    given.env[0].value = (struct str){bytes, sizeof(bytes)};
    assert_true(
        kube_effective(&given.arena, &given.task, &given.profile, true, &given.effective, &err));
    assert_false(kube_job_make(&given.arena, &given.task, &given.profile, &given.effective, true,
                               (struct str){0}, &text, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    arena_fini(&given.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_job_is_for_a_container),
        cmocka_unit_test(processes_are_counted_where_they_are_ours_alone),
        cmocka_unit_test(the_environment_is_ours_then_the_profiles_then_the_tasks),
        cmocka_unit_test(a_referenced_key_stands_in_the_place_of_the_file),
        cmocka_unit_test(input_is_as_asked),
        cmocka_unit_test(a_network_that_is_not_proven_closed_stays_closed),
        cmocka_unit_test(what_a_task_got_decides_over_its_network),
        cmocka_unit_test(what_cannot_run_in_a_pod_is_refused),
        cmocka_unit_test(more_than_a_job_holds_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
