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

static void put(struct stage *stage, const char *name, const struct pair *label)
{
    struct task task = stage_task(stage, name, PHASE_SUCCEEDED, REASON_NONE);

    task.labels = (struct pairs){label, label ? 1 : 0};
    stage_put(stage, &task);
}

static void put_three(struct stage *stage)
{
    static const struct pair web = {
        {"app", 3},
        {"web", 3}
    };

    put(stage, "a", &web);
    put(stage, "b", NULL);
    put(stage, "c", &web);
}

static void names_go(void **state)
{
    struct stage *stage = *state;

    put_three(stage);
    stage_run(stage, "delete a agenttask.execution.agenttask.io/c");
    assert_err(stage, "");
    assert_out(stage, "agenttask.execution.agenttask.io \"a\" deleted\n"
                      "agenttask.execution.agenttask.io \"c\" deleted\n");
    stage_run(stage, "list -o name");
    assert_out(stage, "agenttask.execution.agenttask.io/b\n");
}

static void all_go(void **state)
{
    struct stage *stage = *state;

    put_three(stage);
    stage_run(stage, "delete --all");
    assert_out(stage, "agenttask.execution.agenttask.io \"a\" deleted\n"
                      "agenttask.execution.agenttask.io \"b\" deleted\n"
                      "agenttask.execution.agenttask.io \"c\" deleted\n");
    stage_run(stage, "delete --all");
    assert_out(stage, "");
    assert_err(stage, "No resources found.\n");
    assert_int_equal(stage->code, 0);
}

static void the_selected_go(void **state)
{
    struct stage *stage = *state;

    put_three(stage);
    stage_run(stage, "delete -l app=web");
    assert_out(stage, "agenttask.execution.agenttask.io \"a\" deleted\n"
                      "agenttask.execution.agenttask.io \"c\" deleted\n");
}

static void absent_tasks_may_be_fine(void **state)
{
    struct stage *stage = *state;

    put_three(stage);
    stage_run(stage, "delete x b --ignore-not-found");
    assert_err(stage, "");
    assert_out(stage, "agenttask.execution.agenttask.io \"b\" deleted\n");
    assert_int_equal(stage->code, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_go, setup, teardown),
        cmocka_unit_test_setup_teardown(all_go, setup, teardown),
        cmocka_unit_test_setup_teardown(the_selected_go, setup, teardown),
        cmocka_unit_test_setup_teardown(absent_tasks_may_be_fine, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
