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

static void what_is_over_stays_as_it_is(void **state)
{
    struct stage *stage = *state;
    struct task task = stage_task(stage, "done", PHASE_SUCCEEDED, REASON_NONE);

    stage_put(stage, &task);
    stage_run(stage, "cancel done");
    assert_out(stage, "");
    assert_contains(stage->err, "error: ");
    assert_contains(stage->err, "done");
    assert_int_equal(stage->code, STATUS_ERROR);
    stage_run(stage, "list done -o jsonpath={.status.phase}{.spec.canceled}");
    assert_out(stage, "Succeeded");
}

static void what_runs_is_asked_to_stop(void **state)
{
    struct stage *stage = *state;

    stage_hold(stage, "runs");
    stage_run(stage, "cancel runs");
    assert_err(stage, "");
    assert_out(stage, "agenttask.execution.agenttask.io/runs canceled\n");
    assert_int_equal(stage->code, 0);
    stage_run(stage, "list runs -o jsonpath={.spec.canceled}");
    assert_out(stage, "true");
    stage_release(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_over_stays_as_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(what_runs_is_asked_to_stop, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
