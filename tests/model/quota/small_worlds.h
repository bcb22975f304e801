// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Everything that can happen in a few steps to a few tenants: one more waits, gives up, a slot is
 * given back, time passes. After each step all free slots are given away. */
#include "judge.h"

enum {
    TENANTS = 3
};

struct small_rules {
    uint32_t tenants;
    int64_t total; /* 0: any number */
    int64_t weights[TENANTS], slots_max[TENANTS];
};

void small_worlds(const struct small_rules *rules, uint32_t steps, struct judge *judge);
