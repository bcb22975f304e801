// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Lives every life of a toy world: from its birth, whatever can happen next happens, in every
 * order, with a crash after every action, until nothing is left to do. A world that was seen before
 * is not lived again; the lives through it are counted all the same. */
#include "toy.h"
#include "witness.h"

struct lives {
    struct witness witness;
    double count;    /* paths from birth to rest */
    uint64_t worlds; /* different ones */
    uint64_t steps;  /* from one world to the next */
};

void lives_live(const struct toy_fate *fate, struct lives *lives);

/* The demands on one step of one operator, on a plan, and on a world at rest. */
void demand_of_action(struct witness *witness, const struct toy_fate *fate,
                      const struct toy *before, const struct toy *after, enum action action);
void demand_of_event(struct witness *witness, const struct toy *before, const struct toy *after,
                     enum toy_event event);
void demand_of_plan(struct witness *witness, const struct toy_fate *fate, const struct toy *toy,
                    const struct toy_facts *seen, const struct plan *plan);
void demand_of_rest(struct witness *witness, const struct toy_fate *fate, const struct toy *toy);
