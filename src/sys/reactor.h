// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Time, waiting and chance as a value: what code below the shell cannot compute. sys/loop.h has
 * the real one, a simulator has its own. Callbacks come from the loop, never from inside arm(). */
#include <stdbool.h>
#include <stdint.h>

#include "sys/fiber.h"

/* Embedded in whoever waits; zeroed at first. `ring` and `ctx` are the owner's, the rest is the
 * reactor's. */
struct alarm {
    void (*ring)(void *ctx);
    void *ctx;
    int64_t at_ms; /* monotonic */
    uint32_t slot; /* 0: not armed */
};

struct reactor {
    void *self;
    int64_t (*now_ms)(void *self);       /* wall clock, since 1970: for what others read */
    int64_t (*monotonic_ms)(void *self); /* for waiting and for leases */
    /* Rings once, not before at_ms; armed again, it is moved. */
    void (*arm)(void *self, struct alarm *alarm, int64_t at_ms);
    void (*disarm)(void *self, struct alarm *alarm); /* not armed: nothing happens */
    uint32_t (*chance)(void *self);
};

/* Within a fiber: waits that long, or until somebody wakes it. */
void fiber_sleep(struct fiber *fiber, const struct reactor *reactor, int64_t wait_ms);
