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

static void put(struct stage *stage, const char *name, enum phase phase, enum reason reason,
                int32_t exit_code)
{
    struct task task = stage_task(stage, name, phase, reason);

    task.status.exit_code = exit_code;
    stage_put(stage, &task);
}

static void success_is_0_and_any_other_ending_1(void **state)
{
    struct stage *stage = *state;

    put(stage, "ok", PHASE_SUCCEEDED, REASON_NONE, 0);
    put(stage, "slow", PHASE_FAILED, REASON_TIMEOUT, EXIT_UNKNOWN);
    put(stage, "stopped", PHASE_CANCELED, REASON_CANCELED, EXIT_UNKNOWN);
    stage_run(stage, "wait ok");
    assert_out(stage, "agenttask.execution.agenttask.io/ok condition met\n");
    assert_int_equal(stage->code, 0);
    stage_run(stage, "wait ok slow");
    assert_err(stage, "error: agenttask \"slow\" is over without Succeeded: Failed (Timeout)\n");
    assert_int_equal(stage->code, STATUS_ERROR);
    stage_run(stage, "wait stopped");
    assert_int_equal(stage->code, STATUS_ERROR);
}

static void every_ending_is_finished(void **state)
{
    struct stage *stage = *state;

    put(stage, "slow", PHASE_FAILED, REASON_TIMEOUT, EXIT_UNKNOWN);
    stage_run(stage, "wait slow --for=condition=Finished");
    assert_int_equal(stage->code, 0);
    stage_run(stage, "wait slow --for condition=finished=true");
    assert_int_equal(stage->code, STATUS_OK);
    stage_run(stage, "wait slow --for=condition=Succeeded=False");
    assert_int_equal(stage->code, 0);
}

static void exit_code_passes_on_what_happened(void **state)
{
    struct stage *stage = *state;

    put(stage, "ok", PHASE_SUCCEEDED, REASON_NONE, 0);
    put(stage, "seven", PHASE_FAILED, REASON_POD_FAILED, 7);
    put(stage, "slow", PHASE_FAILED, REASON_TIMEOUT, EXIT_UNKNOWN);
    put(stage, "fat", PHASE_FAILED, REASON_OOM_KILLED, EXIT_UNKNOWN);
    put(stage, "never", PHASE_FAILED, REASON_START_FAILED, EXIT_UNKNOWN);
    put(stage, "stopped", PHASE_CANCELED, REASON_CANCELED, EXIT_UNKNOWN);
    stage_run(stage, "wait ok --exit-code");
    assert_int_equal(stage->code, 0);
    stage_run(stage, "wait --exit-code seven");
    assert_int_equal(stage->code, 7);
    stage_run(stage, "wait --exit-code slow");
    assert_int_equal(stage->code, 124);
    stage_run(stage, "wait --exit-code fat");
    assert_int_equal(stage->code, 137);
    stage_run(stage, "wait --exit-code never");
    assert_int_equal(stage->code, 125);
    stage_run(stage, "wait --exit-code stopped");
    assert_int_equal(stage->code, 130);
    stage_run(stage, "wait --exit-code ok seven slow"); /* the first that failed */
    assert_int_equal(stage->code, 7);
    assert_out(stage, "");
}

static void a_time_out_of_ours_is_5(void **state)
{
    struct stage *stage = *state;

    stage_hold(stage, "runs");
    stage_pauses(1000);
    stage_run(stage, "wait runs --timeout 2s");
    assert_out(stage, "");
    assert_err(stage, "error: agenttask \"runs\": still waiting when --timeout ran out\n");
    assert_int_equal(stage->code, STATUS_TIME_OUT);
    stage_run(stage, "wait runs --timeout 0 --exit-code");
    assert_int_equal(stage->code, STATUS_TIME_OUT);
    stage_release(stage);
}

static struct stage *waited;

static void end_it(void)
{
    stage_end(waited, "runs", PHASE_FAILED, REASON_POD_FAILED, 3);
}

static void it_returns_when_the_task_ends(void **state)
{
    waited = *state;
    stage_hold(waited, "runs");
    stage_pauses(1000);
    stage_on_pause(end_it);
    stage_run(waited, "wait runs --exit-code");
    assert_int_equal(waited->code, 3);
    stage_release(waited);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(success_is_0_and_any_other_ending_1, setup, teardown),
        cmocka_unit_test_setup_teardown(every_ending_is_finished, setup, teardown),
        cmocka_unit_test_setup_teardown(exit_code_passes_on_what_happened, setup, teardown),
        cmocka_unit_test_setup_teardown(a_time_out_of_ours_is_5, setup, teardown),
        cmocka_unit_test_setup_teardown(it_returns_when_the_task_ends, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
