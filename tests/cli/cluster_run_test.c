// SPDX-License-Identifier: Apache-2.0
#include "cluster_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_PATH "/tmp/agenttask-cluster-run-test.py"
#define PROFILE   "GET /apis/execution.agenttask.io/v1alpha1/runtimeprofiles/python3.11 "
#define PROFILE_IS                                                                                 \
    "{\"metadata\":{\"name\":\"python3.11\"},\"spec\":{\"image\":\"python\",\"command\":"          \
    "[\"python\"],\"fileName\":\"a.py\"}}"
#define WATCH "GET " TASKS "?fieldSelector=metadata.name%3Da&watch=true"
#define FAILED                                                                                     \
    "\"phase\":\"Failed\",\"reason\":\"PodFailed\",\"exitCode\":7,\"message\":\"it failed\""

static struct cluster_stage stage;

static int setup(void **state)
{
    FILE *file = fopen(FILE_PATH, "w");

    (void)state;
    assert_non_null(file);
    fputs("pass\n", file);
    return fclose(file);
}

static int teardown(void **state)
{
    (void)state;
    return unlink(FILE_PATH);
}

static void it_is_created_followed_and_ends_with_the_code(void **state)
{
    static const struct answer script[] = {
        REPLY(PROFILE, 200, PROFILE_IS),
        REPLY("POST " TASKS " {", 201, TASK("a", "1", "")),
        REPLY(WATCH "&allowWatchBookmarks=true&resourceVersion=1&", 200,
              EVENT("MODIFIED", TASK("a", "2", RUNNING))),
        REPLY("GET /api/v1/namespaces/team/pods/a-pod/log?container=task&follow=true ", 200,
              "hello\n"),
        REPLY(WATCH, 200, EVENT("MODIFIED", TASK("a", "3", FAILED))),
    };

    (void)state;
    PLAY(&stage, "run " FILE_PATH, script);
    assert_string_equal(stage.out, "hello\n");
    assert_int_equal(stage.code, 7);
    assert_has(stage.asked.at, "\"runtimeProfile\":\"python3.11\"");
}

static void what_was_not_stored_did_not_run(void **state)
{
    static const struct {
        int32_t status;
        const char *body;
        int code;
    } rows[] = {
        {409,         REFUSAL("409",   "AlreadyExists",      "is there"), 1},
        {422,          REFUSAL("422",                         "Invalid",                                           "is wrong"), 2},
        {403,  REFUSAL("403","Forbidden","may not"), 125},
        {404,         REFUSAL("404",          "NotFound",                                      "no namespace"), 125},
        {500,        REFUSAL("500",                       "InternalError",                                         "etcd"), 125},
        {0, NULL,125},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct answer script[] = {
            REPLY(PROFILE, 200, PROFILE_IS),
            REPLY("POST " TASKS " {", rows[i].status, rows[i].body),
        };
        PLAY(&stage, "run " FILE_PATH " --name a", script);
        assert_string_equal(stage.out, "");
        assert_int_equal(stage.code, rows[i].code);
    }
}

static void who_may_not_look_at_profiles_may_use_them(void **state)
{
    static const struct answer script[] = {
        REPLY(PROFILE, 403, REFUSAL("403", "Forbidden", "may not")),
        REPLY("POST " TASKS " {", 201, TASK("a", "1", "")),
    };

    (void)state;
    PLAY(&stage, "run -d " FILE_PATH, script);
    assert_string_equal(stage.out, "agenttask.execution.agenttask.io/a created\n");
    assert_int_equal(stage.code, 0);
}

static void a_dry_run_is_the_servers(void **state)
{
    static const struct answer script[] = {
        REPLY(PROFILE, 200, PROFILE_IS),
        REPLY("POST " TASKS "?dryRun=All {", 201, TASK("a", "1", "")),
    };

    (void)state;
    PLAY(&stage, "run --dry-run " FILE_PATH, script);
    assert_string_equal(stage.out, "agenttask.execution.agenttask.io/a created (dry run)\n");
}

static void a_name_that_a_stranger_holds_is_no_key_of_ours(void **state)
{
    static const struct answer script[] = {
        REPLY(PROFILE, 200, PROFILE_IS),
        REPLY("POST " TASKS " {", 409, REFUSAL("409", "AlreadyExists", "is there")),
        REPLY("GET " TASKS "/", 200, TASK("a", "1", SUCCEEDED)),
    };

    (void)state;
    PLAY(&stage, "run --idempotency-key k --name a " FILE_PATH, script);
    assert_has(stage.err, "without this key");
    assert_int_equal(stage.code, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_created_followed_and_ends_with_the_code, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_was_not_stored_did_not_run, setup, teardown),
        cmocka_unit_test_setup_teardown(who_may_not_look_at_profiles_may_use_them, setup, teardown),
        cmocka_unit_test_setup_teardown(a_dry_run_is_the_servers, setup, teardown),
        cmocka_unit_test_setup_teardown(a_name_that_a_stranger_holds_is_no_key_of_ours, setup,
                                        teardown),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    cluster_stage_fini(&stage);
    return failed;
}
