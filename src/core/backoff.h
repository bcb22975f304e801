// SPDX-License-Identifier: Apache-2.0
#pragma once

/* How long to wait before the next try: 5 ms doubled for every failure, at most 1000 s, as
 * client-go's item rate limiter. Pure: `dice` is a random number of the caller's; the wait is
 * jittered by up to a quarter. */
#include <stdint.h>

#define BACKOFF_FIRST_MS INT64_C(5)
#define BACKOFF_LAST_MS  INT64_C(1000000)

int64_t backoff_ms(uint32_t failures, uint32_t dice);
