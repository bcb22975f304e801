// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Fibers: straight-line code on an event loop. A fiber runs on its own stack until it waits; then
 * whoever started or woke it goes on. One thread, no preemption: between two waits nothing else
 * runs, so there is nothing to lock. The fiber is an argument of what may wait: no global says
 * which one runs. A stack is FIBER_STACK_SIZE with a guard page below it, taken from the pool and
 * given back when the fiber's main returns. */
#include <stdbool.h>
#include <stdint.h>

#include "base/lang.h"

enum {
    FIBER_STACK_SIZE = 256 * 1024, /* address space; memory is used as it is touched */
};

struct fiber;
struct fiber_pool;
typedef void fiber_main(struct fiber *fiber, void *ctx);

/* At most count_max fibers at a time. Ends only when none is left. */
struct fiber_pool *fiber_pool_new(uint32_t count_max);
struct fiber_pool *fiber_pool_free(struct fiber_pool *pool); /* NULL is fine; returns NULL */

/* Runs it at once, until it first waits or ends. False: count_max run already. */
must_use bool fiber_start(struct fiber_pool *pool, fiber_main *main, void *ctx);

/* Within the fiber: gives way until somebody wakes it. Who waits for several things is woken by
 * the first and has to undo the others. */
void fiber_wait(struct fiber *fiber);

/* From outside of any fiber, or from another one: runs it until it waits again or ends. Only a
 * fiber that waits may be woken (asserted), so it is woken exactly once per wait. */
void fiber_wake(struct fiber *fiber);
