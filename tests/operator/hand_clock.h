// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A reactor whose time stands still until a test moves it. Chance is always the same. */
#include <assert.h>
#include <stddef.h>

#include "sys/reactor.h"

enum {
    HAND_CLOCK_ALARMS = 512
};

struct hand_clock {
    int64_t now_ms;
    struct alarm *alarms[HAND_CLOCK_ALARMS];
};

static inline int64_t hand_clock_now(void *self)
{
    return ((struct hand_clock *)self)->now_ms;
}

static inline void hand_clock_disarm(void *self, struct alarm *alarm)
{
    struct hand_clock *clock = self;

    if (alarm->slot > 0)
        clock->alarms[alarm->slot - 1] = NULL;
    alarm->slot = 0;
}

static inline void hand_clock_arm(void *self, struct alarm *alarm, int64_t at_ms)
{
    struct hand_clock *clock = self;
    uint32_t i = 0;

    hand_clock_disarm(self, alarm);
    while (clock->alarms[i])
        i++;
    assert(i < HAND_CLOCK_ALARMS);
    clock->alarms[i] = alarm;
    alarm->slot = i + 1;
    alarm->at_ms = at_ms;
}

static inline uint32_t hand_clock_chance(void *self)
{
    (void)self;
    return 7;
}

static inline struct reactor hand_clock_reactor(struct hand_clock *clock)
{
    return (struct reactor){clock,          hand_clock_now,    hand_clock_now,
                            hand_clock_arm, hand_clock_disarm, hand_clock_chance};
}

/* What is due rings. */
static inline void hand_clock_ring(struct hand_clock *clock)
{
    for (uint32_t i = 0; i < HAND_CLOCK_ALARMS; i++) {
        struct alarm *alarm = clock->alarms[i];
        if (!alarm || alarm->at_ms > clock->now_ms)
            continue;
        hand_clock_disarm(clock, alarm);
        alarm->ring(alarm->ctx);
    }
}
