// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Where tasks run: a pair of observe and apply. The cluster, this machine and the simulator each
 * have one; what should happen is decided in core/decide.h for all of them. */
#include "base/arena.h"
#include "base/err.h"
#include "core/plan.h"

struct driver {
    void *self;
    /* Fills in the whole world of the task. `is_live`: read from the source of truth. */
    bool (*observe)(void *self, bool is_live, struct arena *arena, struct world *ret,
                    struct err *err);
    /* Carries out one action of the plan; idempotent. */
    bool (*apply)(void *self, const struct world *world, const struct plan *plan,
                  enum action action, struct err *err);
};
