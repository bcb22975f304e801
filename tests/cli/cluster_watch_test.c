// SPDX-License-Identifier: Apache-2.0
#include "cluster_stage.h"

#include <string.h>

#define WATCH "GET " TASKS "?fieldSelector=metadata.name%3Da&watch=true&allowWatchBookmarks=true"

static struct cluster_stage stage;

static void wait_looks_when_something_has_changed(void **state)
{
    static const struct answer script[] = {
        REPLY("GET " TASKS "/a ", 200, TASK("a", "5", RUNNING)),
        REPLY(WATCH "&resourceVersion=5&", 200, EVENT("MODIFIED", TASK("a", "6", SUCCEEDED))),
        REPLY("GET " TASKS "/a ", 200, TASK("a", "6", SUCCEEDED)),
    };

    (void)state;
    PLAY(&stage, "wait a", script);
    assert_string_equal(stage.out, "agenttask.execution.agenttask.io/a condition met\n");
    assert_int_equal(stage.code, 0);
}

static void a_version_that_is_too_old_is_given_up(void **state)
{
    static const struct answer script[] = {
        REPLY("GET " TASKS "/a ", 200, TASK("a", "5", RUNNING)),
        REPLY(WATCH "&resourceVersion=5&", 200,
              EVENT("ERROR", REFUSAL("410", "Expired", "too old"))),
        REPLY(WATCH "&timeoutSeconds=", 200,
              EVENT("ADDED", TASK("a", "5", RUNNING)) EVENT("MODIFIED", TASK("a", "9", SUCCEEDED))),
        REPLY("GET " TASKS "/a ", 200, TASK("a", "9", SUCCEEDED)),
    };

    (void)state;
    PLAY(&stage, "wait a", script);
    assert_int_equal(stage.code, 0);
}

static void a_watch_that_breaks_goes_on_where_it_was(void **state)
{
    static const struct answer script[] = {
        REPLY("GET " TASKS "/a ", 200, TASK("a", "5", RUNNING)),
        CUT_REPLY(WATCH "&resourceVersion=5&", 200,
                  EVENT("BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"8\"}}")),
        REPLY(WATCH "&resourceVersion=8&", 200, EVENT("MODIFIED", TASK("a", "9", SUCCEEDED))),
        REPLY("GET " TASKS "/a ", 200, TASK("a", "9", SUCCEEDED)),
    };

    (void)state;
    PLAY(&stage, "wait a", script);
    assert_int_equal(stage.code, 0);
}

static void who_may_not_watch_looks_now_and_then(void **state)
{
    static const struct answer script[] = {
        REPLY("GET " TASKS "/a ", 200, TASK("a", "5", RUNNING)),
        REPLY(WATCH, 403, REFUSAL("403", "Forbidden", "cannot watch")),
        REPLY("GET " TASKS "/a ", 200, TASK("a", "6", SUCCEEDED)),
    };

    (void)state;
    PLAY(&stage, "wait a", script);
    assert_int_equal(stage.code, 0);
    assert_string_equal(stage.err, "");
}

/* Follows until it may not any more, which ends the test. */
static void a_list_goes_on_from_its_version(void **state)
{
    static const struct answer script[] = {
        REPLY("GET " TASKS "?limit=100 ", 200, LIST("7", "", TASK("a", "5", RUNNING))),
        REPLY("GET " TASKS "?watch=true&allowWatchBookmarks=true&resourceVersion=7&", 200,
              EVENT("ADDED", TASK("b", "8", "")) EVENT("DELETED", TASK("a", "9", RUNNING))
                  EVENT("ERROR", REFUSAL("410", "Expired", "too old"))),
        REPLY("GET " TASKS "?limit=100 ", 200,
              LIST("12", "", TASK("b", "8", "") "," TASK("c", "11", SUCCEEDED))),
        REPLY("GET " TASKS "?watch=true&allowWatchBookmarks=true&resourceVersion=12&", 403,
              REFUSAL("403", "Forbidden", "enough")),
    };

    (void)state;
    PLAY(&stage, "list -w --no-headers", script);
    assert_string_equal(stage.out, "a   Running      60s   a-pod\n"
                                   "b                60s\n"
                                   "c   Succeeded      60s\n");
    assert_int_equal(stage.code, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wait_looks_when_something_has_changed),
        cmocka_unit_test(a_version_that_is_too_old_is_given_up),
        cmocka_unit_test(a_watch_that_breaks_goes_on_where_it_was),
        cmocka_unit_test(who_may_not_watch_looks_now_and_then),
        cmocka_unit_test(a_list_goes_on_from_its_version),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    cluster_stage_fini(&stage);
    return failed;
}
