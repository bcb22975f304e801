// SPDX-License-Identifier: Apache-2.0
#pragma once

/* One task, one direction: observe, decide, apply, say when to look again. */
#include "driver/driver.h"

struct reconcile_result {
    const char *because;
    enum phase from, to;
    int64_t wake_at_ms;
    uint32_t action_count; /* none: nothing is left to do until wake_at_ms or an event */
    bool is_gone;          /* the task itself was dropped */
};

must_use bool reconcile_task(const struct driver *driver, struct arena *arena,
                             struct reconcile_result *ret, struct err *err);
