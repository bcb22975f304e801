// SPDX-License-Identifier: Apache-2.0
#include "stage.h"

#include <string.h>

#include "store/rundir.h"

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

static void put(struct stage *stage, const char *name, enum result_verdict verdict, struct str json)
{
    struct task task = stage_task(stage, name, PHASE_SUCCEEDED, REASON_NONE);

    task.status.result =
        (struct task_result){.verdict = verdict, .json = json, .bytes = (int64_t)json.size};
    stage_put(stage, &task);
}

static void the_document_and_a_newline(void **state)
{
    struct stage *stage = *state;

    put(stage, "ok", RESULT_VALID, STR_LIT("{\"status\":\"success\",\"n\":1.50}"));
    stage_run(stage, "result ok");
    assert_out(stage, "{\"status\": \"success\", \"n\": 1.50}\n");
    assert_err(stage, "");
    assert_int_equal(stage->code, 0);
}

static void a_large_one_is_read_from_its_file(void **state)
{
    struct stage *stage = *state;
    struct task task = stage_task(stage, "large", PHASE_SUCCEEDED, REASON_NONE);
    char *text = arena_alloc(&stage->arena, RESULT_SIZE_MAX + 1);
    struct rundir dir;
    struct err err = {0};

    memset(text, '7', RESULT_SIZE_MAX);
    task.status.result = (struct task_result){.verdict = RESULT_VALID, .bytes = RESULT_SIZE_MAX};
    stage_put(stage, &task);
    if (!rundir_create(stage->state, task.uid, &dir, &err) ||
        !rundir_write(&dir, "result", (struct str){text, RESULT_SIZE_MAX}, &err))
        fail_msg("%s", err.text);
    rundir_close(&dir);
    stage_run(stage, "result large");
    assert_int_equal(strlen(stage->out), RESULT_SIZE_MAX + 1);
    assert_int_equal(stage->code, 0);
}

static void none_is_exit_1_and_the_reason(void **state)
{
    struct stage *stage = *state;
    struct task running = stage_task(stage, "running", PHASE_PENDING, REASON_QUEUED);

    put(stage, "missing", RESULT_MISSING, (struct str){0});
    put(stage, "huge", RESULT_TOO_LARGE, (struct str){0});
    put(stage, "wrong", RESULT_INVALID, (struct str){0});
    stage_put(stage, &running);
    stage_run(stage, "result missing");
    assert_out(stage, "");
    assert_err(stage, "error: agenttask \"missing\" has no result: ResultMissing\n");
    assert_int_equal(stage->code, STATUS_ERROR);
    stage_run(stage, "result huge");
    assert_err(stage, "error: agenttask \"huge\" has no result: ResultTooLarge\n");
    stage_run(stage, "result wrong");
    assert_err(stage, "error: agenttask \"wrong\" has no result: ResultInvalid\n");
}

static void x12_control_characters_become_json_escapes(void **state)
{
    struct stage *stage = *state;

    put(stage, "x", RESULT_VALID, STR_LIT("\"\x7f\xc2\x9b\xe2\x80\xae\""));
    stage_run(stage, "result x");
    assert_out(stage, "\"\\u007f\\u009b\\u202e\"\n");
    stage_run(stage, "result x --raw");
    assert_out(stage, "\"\x7f\xc2\x9b\xe2\x80\xae\"\n");
    stage->out_is_terminal = true;
    stage_run(stage, "result x --raw");
    assert_out(stage, "");
    assert_err(stage, "error: --raw is not for terminals\n");
    assert_int_equal(stage->code, STATUS_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_document_and_a_newline, setup, teardown),
        cmocka_unit_test_setup_teardown(a_large_one_is_read_from_its_file, setup, teardown),
        cmocka_unit_test_setup_teardown(none_is_exit_1_and_the_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(x12_control_characters_become_json_escapes, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
