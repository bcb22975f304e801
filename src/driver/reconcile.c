// SPDX-License-Identifier: Apache-2.0
#include "driver/reconcile.h"

#include <assert.h>

#include "core/decide.h"

static bool asks_for_live(const struct plan *plan)
{
    return plan->action_count == 1 && plan->actions[0] == ACTION_LOOK_AGAIN;
}

/* Decides from what is cheap to see; where the decision wants the truth, asks for it once more. */
static bool look(const struct driver *driver, struct arena *arena, struct world *world,
                 struct plan *plan, struct err *err)
{
    if (!driver->observe(driver->self, false, arena, world, err))
        return false;
    decide(world, plan);
    if (!asks_for_live(plan))
        return true;
    if (!driver->observe(driver->self, true, arena, world, err))
        return false;
    decide(world, plan);
    assert(!asks_for_live(plan));
    return true;
}

bool reconcile_task(const struct driver *driver, struct arena *arena, struct reconcile_result *ret,
                    struct err *err)
{
    struct world world;
    struct plan plan;
    enum phase from;
    bool is_gone = false;

    if (!look(driver, arena, &world, &plan, err))
        return false; /* ERR_ABSENT: there is no such task any more */
    from = world.task->status.phase;
    for (uint32_t i = 0; i < plan.action_count; i++) {
        if (!driver->apply(driver->self, &world, &plan, plan.actions[i], err))
            return err_wrap(err, "%s", plan.because); /* stop: the order was the safety */
        is_gone |= plan.actions[i] == ACTION_DROP_TASK;
    }
    *ret = (struct reconcile_result){
        .because = plan.because,
        .from = from,
        .to = plan.status.phase,
        .wake_at_ms = plan.wake_at_ms,
        .action_count = plan.action_count,
        .is_gone = is_gone,
    };
    return true;
}
