// SPDX-License-Identifier: Apache-2.0
#include "sys/reactor.h"

static void wake(void *ctx)
{
    fiber_wake(ctx);
}

void fiber_sleep(struct fiber *fiber, const struct reactor *reactor, int64_t wait_ms)
{
    struct alarm alarm = {.ring = wake, .ctx = fiber};

    reactor->arm(reactor->self, &alarm, reactor->monotonic_ms(reactor->self) + wait_ms);
    fiber_wait(fiber);
    reactor->disarm(reactor->self, &alarm); /* it stands on this stack */
}
