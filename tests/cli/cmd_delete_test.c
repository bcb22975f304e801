// SPDX-License-Identifier: Apache-2.0
#include "stage.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void e5_a_store_that_cannot_be_written_loses_nothing(void **state)
{
    struct stage *stage = *state;
    struct str store = arena_print(&stage->arena, "%s/store.db", stage->state);
    struct str command = arena_print(&stage->arena, "chown -R 12345 %s", stage->directory);
    struct task task = stage_task(stage, "a", PHASE_SUCCEEDED, REASON_NONE);
    struct rundir dir;
    struct err err = {0};
    pid_t child;
    int status;

    stage_put(stage, &task);
    if (!rundir_create(stage->state, task.uid, &dir, &err) ||
        !rundir_write(&dir, "result", STR_LIT("{}"), &err))
        fail_msg("%s", err.text);
    /* Everything is the user's and only the store's file cannot be written: the run's directory
     * could be removed. */
    assert_int_equal(chmod(store.at, 0444), 0);
    if (geteuid() == 0)
        assert_int_equal(system(command.at), 0);
    child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setuid(12345) < 0)
            _exit(1);
        stage_run(stage, "delete a");
        _exit(stage->code == STATUS_ERROR && *stage->out == '\0' ? 0 : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(faccessat(dir.fd, "result", F_OK, 0), 0);
    rundir_close(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_go, setup, teardown),
        cmocka_unit_test_setup_teardown(all_go, setup, teardown),
        cmocka_unit_test_setup_teardown(the_selected_go, setup, teardown),
        cmocka_unit_test_setup_teardown(e5_a_store_that_cannot_be_written_loses_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(absent_tasks_may_be_fine, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
