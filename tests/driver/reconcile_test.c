// SPDX-License-Identifier: Apache-2.0
#include "driver/reconcile.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A world of one task: what was applied is remembered, and one action can be made to fail. */
struct toy {
    struct task task;
    struct world world;
    enum action applied[16], fails;
    uint32_t applied_count;
    uint32_t looks, live_looks;
    bool is_absent;
};

static bool toy_observe(void *self, bool is_live, struct arena *arena, struct world *ret,
                        struct err *err)
{
    struct toy *toy = self;

    (void)arena;
    toy->looks++;
    toy->live_looks += is_live;
    if (toy->is_absent)
        return err_set(err, ERR_ABSENT, "gone");
    toy->world.task = &toy->task;
    toy->world.is_live = is_live;
    *ret = toy->world;
    return true;
}

static bool toy_apply(void *self, const struct world *world, const struct plan *plan,
                      enum action action, struct err *err)
{
    struct toy *toy = self;

    (void)world;
    if (action == toy->fails)
        return err_set(err, ERR_RETRY, "no luck");
    toy->applied[toy->applied_count++] = action;
    if (action == ACTION_SET_STATUS)
        toy->task.status = plan->status;
    return true;
}

static struct toy toy_new(void)
{
    struct toy toy = {
        .task = {.name = STR_LIT("t"),
                 .uid = STR_LIT("u"),
                 .has_finalizer = true,
                 .spec = {.ttl_ms = TTL_KEEP}              },
        .world = { .now_ms = 1000,
                 .profile_known = true,
                 .has_room = true,
                 .has_policy = true,
                 .has_code = true,
                 .run = {.ref = {.name = STR_LIT("t-pod")}}},
        .fails = ACTION_COUNT,
    };

    task_status_init(&toy.task.status);
    return toy;
}

static struct driver toy_driver(struct toy *toy)
{
    return (struct driver){.self = toy, .observe = toy_observe, .apply = toy_apply};
}

static void the_intent_is_written_before_the_run_starts(void **state)
{
    struct toy toy = toy_new();
    struct driver driver = toy_driver(&toy);
    struct reconcile_result result;
    struct arena arena = {0};
    struct err err = {0};

    (void)state;
    assert_true(reconcile_task(&driver, &arena, &result, &err));
    assert_int_equal(toy.applied_count, 2);
    assert_int_equal(toy.applied[0], ACTION_SET_STATUS);
    assert_int_equal(toy.applied[1], ACTION_START_RUN);
    assert_int_equal(result.from, PHASE_NONE);
    assert_int_equal(result.to, PHASE_SCHEDULED);
    assert_int_equal(toy.live_looks, 1); /* a start is believed only at the source */
}

static void a_plan_stops_at_the_first_failure(void **state)
{
    struct toy toy = toy_new();
    struct driver driver = toy_driver(&toy);
    struct reconcile_result result;
    struct arena arena = {0};
    struct err err = {0};

    (void)state;
    toy.fails = ACTION_SET_STATUS;
    assert_false(reconcile_task(&driver, &arena, &result, &err));
    assert_int_equal(err.kind, ERR_RETRY);
    assert_int_equal(toy.applied_count, 0);
}

static void an_absent_task_is_an_error_of_its_own(void **state)
{
    struct toy toy = toy_new();
    struct driver driver = toy_driver(&toy);
    struct reconcile_result result;
    struct arena arena = {0};
    struct err err = {0};

    (void)state;
    toy.is_absent = true;
    assert_false(reconcile_task(&driver, &arena, &result, &err));
    assert_int_equal(err.kind, ERR_ABSENT);
}

static void an_empty_plan_asks_once(void **state)
{
    struct toy toy = toy_new();
    struct driver driver = toy_driver(&toy);
    struct reconcile_result result;
    struct arena arena = {0};
    struct err err = {0};

    (void)state;
    toy.task.status.phase = PHASE_SUCCEEDED;
    assert_true(reconcile_task(&driver, &arena, &result, &err));
    assert_int_equal(result.action_count, 0);
    assert_int_equal(toy.looks, 1);
    assert_false(result.is_gone);
}

static void a_dropped_task_is_gone(void **state)
{
    struct toy toy = toy_new();
    struct driver driver = toy_driver(&toy);
    struct reconcile_result result;
    struct arena arena = {0};
    struct err err = {0};

    (void)state;
    toy.task.status.phase = PHASE_SUCCEEDED;
    toy.task.status.finished_ms = 500;
    toy.task.spec.ttl_ms = 0;
    assert_true(reconcile_task(&driver, &arena, &result, &err));
    assert_true(result.is_gone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_intent_is_written_before_the_run_starts),
        cmocka_unit_test(a_plan_stops_at_the_first_failure),
        cmocka_unit_test(an_absent_task_is_an_error_of_its_own),
        cmocka_unit_test(an_empty_plan_asks_once),
        cmocka_unit_test(a_dropped_task_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
