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

static void the_shipped_ones_are_listed(void **state)
{
    struct stage *stage = *state;

    stage_run(stage, "profiles");
    assert_err(stage, "");
    assert_contains(stage->out, "NAME         AVAILABLE   INTERPRETER");
    assert_contains(stage->out, "\npython3.11 ");
    assert_contains(stage->out, "\nnode22 ");
    assert_contains(stage->out, "built in\n");
    stage_run(stage, "profiles -o name");
    assert_contains(stage->out, "runtimeprofile.execution.agenttask.io/bash\n");
}

static void documents_are_objects_and_lists(void **state)
{
    struct stage *stage = *state;

    stage_run(stage, "profiles bash -o jsonpath={.kind}/{.metadata.name}");
    assert_out(stage, "RuntimeProfile/bash");
    stage_run(stage, "profiles -o jsonpath={.kind}");
    assert_out(stage, "List");
    stage_run(stage, "profiles bash -o yaml");
    assert_contains(stage->out, "kind: RuntimeProfile\n");
}

static void an_unknown_one_is_exit_3(void **state)
{
    struct stage *stage = *state;

    stage_run(stage, "profiles python2");
    assert_out(stage, "");
    assert_contains(stage->err, "python2");
    assert_int_equal(stage->code, STATUS_ABSENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_shipped_ones_are_listed, setup, teardown),
        cmocka_unit_test_setup_teardown(documents_are_objects_and_lists, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unknown_one_is_exit_3, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
