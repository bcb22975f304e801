// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Milliseconds on a clock that nobody sets, and how long a poll may sleep until one of them. */
#include <limits.h>
#include <stdint.h>
#include <time.h>

#define TIMER_NEVER INT64_MAX

static inline int64_t timer_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int timer_left(int64_t deadline_ms) /* -1: for ever */
{
    int64_t left_ms = deadline_ms - timer_now();

    if (deadline_ms == TIMER_NEVER)
        return -1;
    return left_ms < 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}
