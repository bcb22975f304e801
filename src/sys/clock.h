// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The only place that asks the kernel for the time. */
#include <stdint.h>

int64_t clock_now_ms(void);       /* wall clock, since 1970 */
int64_t clock_monotonic_ms(void); /* never goes back; for waiting */
