// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The conditions of a task, as they stand in the object: for `describe` and `wait --for`. */
#include "base/arena.h"
#include "core/task.h"

struct condition {
    struct str type, status, reason, message; /* status: True, False or Unknown */
};

struct conditions {
    const struct condition *at;
    uint32_t count;
};

struct conditions condition_list(struct arena *arena, const struct task *task);
/* Upper and lower case do not matter, as for kubectl. */
bool condition_is(const struct condition *condition, struct str status);
/* NULL: it has none of this type. Nor does case matter here. */
const struct condition *condition_find(const struct conditions *conditions, struct str type);
