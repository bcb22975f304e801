// SPDX-License-Identifier: Apache-2.0
#include "stage.h"

#include <string.h>

static int setup(void **state)
{
    static struct stage stage;

    stage_init(&stage);
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    stage_fini(*state);
    return 0;
}

static void put(struct stage *stage, const char *name, enum phase phase, enum reason reason)
{
    struct task task = stage_task(stage, name, phase, reason);

    stage_put(stage, &task);
}

static void put_three(struct stage *stage)
{
    struct task task = stage_task(stage, "ok", PHASE_SUCCEEDED, REASON_NONE);
    static const struct pair label = {
        {"app", 3},
        {"web", 3}
    };

    task.labels = (struct pairs){&label, 1};
    task.status.exit_code = 0;
    stage_put(stage, &task);
    put(stage, "slow", PHASE_FAILED, REASON_TIMEOUT);
    task = stage_task(stage, "bad", PHASE_FAILED, REASON_POD_FAILED);
    task.status.exit_code = 7;
    stage_put(stage, &task);
}

static void the_seeds_columns_are_shown(void **state)
{
    struct stage *stage = *state;

    put_three(stage);
    stage_run(stage, "list");
    assert_err(stage, "");
    assert_out(stage, "NAME   PHASE       REASON      AGE   POD\n"
                      "bad    Failed      PodFailed   60s   bad-pod\n"
                      "ok     Succeeded               60s   ok-pod\n"
                      "slow   Failed      Timeout     60s   slow-pod\n");
    assert_int_equal(stage->code, 0);
    stage_run(stage, "get");
    assert_contains(stage->out, "NAME   PHASE");
}

static void h59_exit_zero_or_unknown(void **state)
{
    struct stage *stage = *state;

    put_three(stage);
    stage_run(stage, "list -o wide");
    assert_out(
        stage,
        "NAME   PHASE       REASON      AGE   POD        PROFILE      NODE   EXIT   DURATION\n"
        "bad    Failed      PodFailed   60s   bad-pod    python3.11   host   7      10s\n"
        "ok     Succeeded               60s   ok-pod     python3.11   host   0      10s\n"
        "slow   Failed      Timeout     60s   slow-pod   python3.11   host          10s\n");
}

static void nothing_is_said_on_stderr(void **state)
{
    struct stage *stage = *state;

    stage_run(stage, "list");
    assert_out(stage, "");
    assert_err(stage, "No resources found.\n");
    assert_int_equal(stage->code, 0);
    stage_run(stage, "list -o json");
    assert_contains(stage->out, "\"items\": []");
    assert_contains(stage->out, "\"kind\": \"List\"");
    assert_err(stage, "");
}

static void names_are_what_delete_takes(void **state)
{
    struct stage *stage = *state;

    put_three(stage);
    stage_run(stage, "list -o name");
    assert_out(stage, "agenttask.execution.agenttask.io/bad\n"
                      "agenttask.execution.agenttask.io/ok\n"
                      "agenttask.execution.agenttask.io/slow\n");
    stage_run(stage, "list agenttask.execution.agenttask.io/ok agenttask/bad --no-headers");
    assert_out(stage, "ok    Succeeded               60s   ok-pod\n"
                      "bad   Failed      PodFailed   60s   bad-pod\n");
}

static void labels_select(void **state)
{
    struct stage *stage = *state;

    put_three(stage);
    stage_run(stage, "list -l app=web -o name");
    assert_out(stage, "agenttask.execution.agenttask.io/ok\n");
    stage_run(stage, "list --selector=!app -o name");
    assert_out(stage, "agenttask.execution.agenttask.io/bad\n"
                      "agenttask.execution.agenttask.io/slow\n");
}

static void one_name_is_an_object_and_more_are_a_list(void **state)
{
    struct stage *stage = *state;

    put_three(stage);
    stage_run(stage, "list ok -o jsonpath={.kind}/{.metadata.name}");
    assert_out(stage, "AgentTask/ok");
    stage_run(stage, "list ok bad -o jsonpath={.kind}:{.items[*].metadata.name}");
    assert_out(stage, "List:ok bad");
    stage_run(stage, "list -o jsonpath={.items[*].status.reason}");
    assert_out(stage, "PodFailed Timeout");
    stage_run(stage, "list ok -o yaml");
    assert_contains(stage->out, "kind: AgentTask\n");
    assert_contains(stage->out, "  phase: Succeeded\n");
}

static void the_newest_has_a_name(void **state)
{
    struct stage *stage = *state;
    struct task task;

    put_three(stage);
    task = stage_task(stage, "new", PHASE_RUNNING, REASON_NONE);
    task.created_ms += 1000;
    stage_put(stage, &task);
    stage_run(stage, "list @latest -o name");
    assert_out(stage, "agenttask.execution.agenttask.io/new\n");
}

static void phases_are_coloured_on_a_terminal_only(void **state)
{
    struct stage *stage = *state;

    put(stage, "a", PHASE_SUCCEEDED, REASON_NONE);
    stage->environment[2] = "TERM=xterm";
    stage->out_is_terminal = true;
    stage_run(stage, "list --no-headers");
    assert_out(stage, "a   \x1b[32mSucceeded\x1b[0m      60s   a-pod\n");
    stage->environment[3] = "NO_COLOR=1";
    stage_run(stage, "list --no-headers");
    assert_out(stage, "a   Succeeded      60s   a-pod\n");
}

static void x12_a_document_holds_no_control_bytes(void **state)
{
    struct stage *stage = *state;
    struct task task = stage_task(stage, "x", PHASE_SUCCEEDED, REASON_NONE);

    task.spec.source = STR_LIT("print('\x1b[2J\xc2\x9b\x7f')\xe2\x80\xae");
    stage_put(stage, &task);
    stage_run(stage, "list x -o json");
    assert_contains(stage->out, "print('\\u001b[2J\\u009b\\u007f')\\u202e");
    stage_run(stage, "list x -o jsonpath={.spec.code.source}");
    assert_out(stage, "print('\\x1b[2J\\u009b\\x7f')\\u202e");
    stage_run(stage, "list x -o yaml");
    assert_null(strchr(stage->out, '\x1b'));
    assert_null(strchr(stage->out, '\x7f'));
    assert_null(strchr(stage->out, '\xe2'));
}

static void watching_prints_what_is_there_and_ends_with_the_pause(void **state)
{
    struct stage *stage = *state;

    put_three(stage);
    stage_pauses(3);
    stage_run(stage, "list -w");
    assert_out(stage, "NAME   PHASE       REASON      AGE   POD\n"
                      "bad    Failed      PodFailed   60s   bad-pod\n"
                      "ok     Succeeded               60s   ok-pod\n"
                      "slow   Failed      Timeout     60s   slow-pod\n");
    assert_int_equal(stage->code, 0);
}

static struct stage *watched;

static void store_another(void)
{
    put(watched, "later", PHASE_FAILED, REASON_OOM_KILLED);
}

static void watching_prints_changes_under_the_same_columns(void **state)
{
    watched = *state;
    put(watched, "first", PHASE_SUCCEEDED, REASON_NONE);
    stage_pauses(3);
    stage_on_pause(store_another);
    stage_run(watched, "list --watch");
    assert_out(watched, "NAME    PHASE       REASON   AGE   POD\n"
                        "first   Succeeded            60s   first-pod\n"
                        "later   Failed      OOMKilled   60s   later-pod\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_seeds_columns_are_shown, setup, teardown),
        cmocka_unit_test_setup_teardown(h59_exit_zero_or_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_said_on_stderr, setup, teardown),
        cmocka_unit_test_setup_teardown(names_are_what_delete_takes, setup, teardown),
        cmocka_unit_test_setup_teardown(labels_select, setup, teardown),
        cmocka_unit_test_setup_teardown(one_name_is_an_object_and_more_are_a_list, setup, teardown),
        cmocka_unit_test_setup_teardown(the_newest_has_a_name, setup, teardown),
        cmocka_unit_test_setup_teardown(phases_are_coloured_on_a_terminal_only, setup, teardown),
        cmocka_unit_test_setup_teardown(x12_a_document_holds_no_control_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(watching_prints_what_is_there_and_ends_with_the_pause,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(watching_prints_changes_under_the_same_columns, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
