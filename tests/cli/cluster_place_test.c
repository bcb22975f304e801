// SPDX-License-Identifier: Apache-2.0
#include "cluster_stage.h"

#include <string.h>

static struct cluster_stage stage;

static void all_namespaces_have_a_column(void **state)
{
    static const struct answer script[] = {
        REPLY("GET /apis/execution.agenttask.io/v1alpha1/agenttasks?limit=100 ", 200,
              LIST("7", "", TASK("a", "5", RUNNING) "," TASK("b", "6", ""))),
    };

    (void)state;
    PLAY(&stage, "list -A", script);
    assert_string_equal(stage.out, "NAMESPACE   NAME   PHASE     REASON   AGE   POD\n"
                                   "team        a      Running            60s   a-pod\n"
                                   "team        b                         60s\n");
    assert_int_equal(stage.code, 0);
}

static void a_list_comes_page_by_page(void **state)
{
    static const struct answer script[] = {
        REPLY("GET " TASKS "?limit=100 ", 200, LIST("7", "next", TASK("a", "5", ""))),
        REPLY("GET " TASKS "?limit=100&continue=next ", 200, LIST("7", "", TASK("b", "6", ""))),
    };

    (void)state;
    PLAY(&stage, "list -o name", script);
    assert_string_equal(stage.out, "agenttask.execution.agenttask.io/a\n"
                                   "agenttask.execution.agenttask.io/b\n");
}

static void the_server_selects_by_label(void **state)
{
    static const struct answer script[] = {
        REPLY("GET " TASKS "?labelSelector=team%3Dred&limit=100 ", 200, LIST("7", "", "")),
    };

    (void)state;
    PLAY(&stage, "list -l team=red", script);
    assert_string_equal(stage.err, "No resources found.\n");
}

static void a_refusal_says_what_to_do(void **state)
{
    static const struct {
        struct answer answer;
        const char *hint;
        int code;
    } rows[] = {
        {{.status = 401, .body = REFUSAL("401", "Unauthorized", "no")}, "(log in again: ",                           1},
        {{.status = 403, .body = REFUSAL("403", "Forbidden", "no")},    "(an administrator ",                        1},
        {{.status = 404, .body = "404 page not found\n"},               "(is the operator installed ",               1},
        {{.status = 404, .body = REFUSAL("404", "NotFound", "no")},
         " not found (agentctl list ",                                                                               3},
        {{.status = 0},                                                 "the connection broke (is the cluster up? ", 1},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct answer answer = rows[i].answer;
        answer.request = "GET " TASKS "/a ";
        cluster_stage_run(&stage, "get a", &answer, 1);
        assert_has(stage.err, rows[i].hint);
        assert_int_equal(stage.code, rows[i].code);
    }
}

static void the_newest_is_looked_up(void **state)
{
    static const struct answer script[] = {
        REPLY("GET " TASKS "?limit=100 ", 200,
              LIST("7", "", TASK("a", "5", "") "," TASK("b", "6", ""))),
        REPLY("GET " TASKS "/b ", 200, TASK("b", "6", RUNNING)),
        REPLY("GET " TASKS "/b ", 200, TASK("b", "6", RUNNING)),
    };

    (void)state;
    PLAY(&stage, "get @latest -o jsonpath={.status.phase}", script);
    assert_string_equal(stage.out, "Running");
}

static void what_is_canceled_is_patched(void **state)
{
    static const struct answer script[] = {
        REPLY("GET " TASKS "/a ", 200, TASK("a", "5", RUNNING)),
        REPLY("PATCH " TASKS "/a {\"spec\":{\"canceled\":true}}", 200, TASK("a", "6", RUNNING)),
    };

    (void)state;
    PLAY(&stage, "cancel a", script);
    assert_int_equal(stage.code, 0);
}

static void delete_returns_when_it_is_gone(void **state)
{
    static const struct answer script[] = {
        REPLY("GET " TASKS "/a ", 200, TASK("a", "5", RUNNING)),
        REPLY("DELETE " TASKS "/a {\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\","
              "\"preconditions\":{\"uid\":\"u-a\"}",
              200, TASK("a", "6", RUNNING)),
        REPLY("GET " TASKS "?fieldSelector=metadata.name%3Da&watch=true", 200,
              EVENT("MODIFIED", TASK("a", "6", RUNNING))),
        REPLY("GET " TASKS "?fieldSelector=metadata.name%3Da&watch=true", 200,
              EVENT("DELETED", TASK("a", "7", RUNNING))),
    };

    (void)state;
    PLAY(&stage, "delete a", script);
    assert_string_equal(stage.out, "agenttask.execution.agenttask.io \"a\" deleted\n");
    assert_int_equal(stage.code, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_namespaces_have_a_column),
        cmocka_unit_test(a_list_comes_page_by_page),
        cmocka_unit_test(the_server_selects_by_label),
        cmocka_unit_test(a_refusal_says_what_to_do),
        cmocka_unit_test(the_newest_is_looked_up),
        cmocka_unit_test(what_is_canceled_is_patched),
        cmocka_unit_test(delete_returns_when_it_is_gone),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    cluster_stage_fini(&stage);
    return failed;
}
