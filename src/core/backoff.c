// SPDX-License-Identifier: Apache-2.0
#include "core/backoff.h"

int64_t backoff_ms(uint32_t failures, uint32_t dice)
{
    if (failures == 0)
        return 0;
    int64_t wait_ms = BACKOFF_FIRST_MS;
    for (uint32_t i = 1; i < failures && wait_ms < BACKOFF_LAST_MS; i++)
        wait_ms *= 2;
    if (wait_ms > BACKOFF_LAST_MS)
        wait_ms = BACKOFF_LAST_MS;
    int64_t jitter_ms = wait_ms / 4;
    return wait_ms - (int64_t)dice % (jitter_ms + 1); /* down, so that the last is the most */
}
