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

static void a_line_for_people_and_an_object_for_programs(void **state)
{
    struct stage *stage = *state;

    stage_run(stage, "version");
    assert_out(stage, "agentctl " AGENTTASK_VERSION "\n");
    stage_run(stage, "--version");
    assert_out(stage, "agentctl " AGENTTASK_VERSION "\n");
    stage_run(stage, "version -o json");
    assert_contains(stage->out, "\"version\": \"" AGENTTASK_VERSION "\"");
    assert_contains(stage->out, "\"apiVersion\": \"execution.agenttask.io/v1alpha1\"");
    stage_run(stage, "version -o yaml");
    assert_contains(stage->out, "version: " AGENTTASK_VERSION "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_for_people_and_an_object_for_programs, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
