// SPDX-License-Identifier: Apache-2.0
#include "stage.h"

#include <string.h>

#include "cli/describe.h"

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

static void h59_describe_shows_phase_and_only_a_known_exit_code(void **state)
{
    struct stage *stage = *state;
    struct task task = stage_task(stage, "slow", PHASE_FAILED, REASON_TIMEOUT);

    stage_put(stage, &task);
    stage_run(stage, "describe slow");
    assert_contains(stage->out, "Name:            slow\n");
    assert_contains(stage->out, "Namespace:       default\n");
    assert_contains(stage->out, "Labels:          <none>\n");
    assert_contains(stage->out, "Phase:           Failed\nReason:          Timeout\n");
    assert_null(strstr(stage->out, "Exit Code"));
    assert_contains(stage->out, "  Run:           10s\n");
    assert_contains(stage->out, "Conditions:\n  Type ");
    assert_contains(stage->out, "  Finished ");
    assert_int_equal(stage->code, 0);
}

static void describe_shows_the_result(void **state)
{
    struct stage *stage = *state;
    struct task task = stage_task(stage, "ok", PHASE_SUCCEEDED, REASON_NONE);

    task.status.exit_code = 0;
    task.status.result = (struct task_result){
        .verdict = RESULT_VALID,
        .json = STR_LIT("{\"status\":\"success\",\"insight\":42}"),
        .bytes = 36,
        .sha256 = STR_LIT("6d7cad2ac1c5a7a0ae8e7c2f7b5ae2f3cc1a3b6ad2b4d0b9ab7e7d7e6a4e1c2b"),
    };
    stage_put(stage, &task);
    stage_run(stage, "describe ok");
    assert_contains(stage->out, "Exit Code:       0\n");
    assert_contains(stage->out, "  JSON:          {\"status\":\"success\",\"insight\":42}\n");
    assert_contains(stage->out, "  Bytes:         36\n");
    assert_null(strstr(stage->out, "Reason:"));
}

static void the_place_in_the_queue_is_shown_while_there_is_one(void **state)
{
    static const struct {
        struct task_queue queue;
        const char *line; /* NULL: none */
    } rows[] = {
        {{0, 0}, NULL                                    },
        {{1, 0}, "Queue:           position 1, 0 ahead\n"},
        {{3, 2}, "Queue:           position 3, 2 ahead\n"},
    };
    struct stage *stage = *state;

    for (size_t i = 0; i < countof(rows); i++) {
        struct task task = stage_task(stage, "next", PHASE_PENDING, REASON_QUEUED);
        auto_end(buf_fini) struct buf page = {0};
        const char *text;

        buf_init(&page, 64 * 1024);
        task.status.queue = rows[i].queue;
        describe_task(&task, STAGE_NOW_MS, &stage->arena, &page);
        text = arena_text(&stage->arena, buf_str(&page));
        if (rows[i].line)
            assert_contains(text, rows[i].line);
        else
            assert_null(strstr(text, "position"));
    }
}

static void describe_says_what_was_switched_off(void **state)
{
    struct stage *stage = *state;
    struct task task = stage_task(stage, "weak", PHASE_SUCCEEDED, REASON_NONE);

    task.status.isolation = (struct isolation){
        .controls = CONTROL_BIT(CONTROL_USER_NAMESPACE) | CONTROL_BIT(CONTROL_LANDLOCK),
        .switched_off = CONTROL_BIT(CONTROL_SECCOMP),
        .landlock_abi = 4,
        .limiter = LIMITER_POLLED,
        .is_known = true,
    };
    stage_put(stage, &task);
    stage_run(stage, "describe weak");
    assert_contains(stage->out, "  Switched Off:  seccomp\n");
    assert_contains(stage->out, "  Limits By:     polled\n");
    assert_contains(stage->out, "  Landlock ABI:  4\n");
    assert_contains(stage->out, "landlock\n");
}

static void x12_describe_escapes_what_the_user_wrote(void **state)
{
    struct stage *stage = *state;
    struct task task = stage_task(stage, "evil", PHASE_SUCCEEDED, REASON_NONE);
    static const struct str arg = {"\x1b]0;owned\x07\nPhase: Failed", 24};

    task.spec.args = (struct strs){&arg, 1};
    task.status.result = (struct task_result){
        .verdict = RESULT_VALID, .json = STR_LIT("\"\x7f\xe2\x80\xae\""), .bytes = 6};
    stage_put(stage, &task);
    stage_run(stage, "describe evil");
    assert_contains(stage->out, "\\x1b]0;owned\\x07\\nPhase: Failed");
    assert_contains(stage->out, "\"\\u007f\\u202e\"");
    assert_null(strchr(stage->out, '\x1b'));
}

static void several_are_set_apart(void **state)
{
    struct stage *stage = *state;
    struct task a = stage_task(stage, "a", PHASE_SUCCEEDED, REASON_NONE);
    struct task b = stage_task(stage, "b", PHASE_PENDING, REASON_QUEUED);

    stage_put(stage, &a);
    stage_put(stage, &b);
    stage_run(stage, "describe a b");
    assert_contains(stage->out, "\n\n\nName:            b\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(h59_describe_shows_phase_and_only_a_known_exit_code, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(describe_shows_the_result, setup, teardown),
        cmocka_unit_test_setup_teardown(the_place_in_the_queue_is_shown_while_there_is_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(describe_says_what_was_switched_off, setup, teardown),
        cmocka_unit_test_setup_teardown(x12_describe_escapes_what_the_user_wrote, setup, teardown),
        cmocka_unit_test_setup_teardown(several_are_set_apart, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
