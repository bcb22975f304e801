// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Those who wait, in the order of a number that stays the same for as long as they do. A waiter
 * begins a value of a map (base/map.h), whose key decides between equal numbers. O(log n) to find
 * one's rank; to come and to go moves pointers, 8 bytes for each of those behind. */
#include "base/buf.h"

struct waiter {
    int64_t order_ms;
};

struct waitlist {
    struct buf waiters; /* of struct waiter *, in order */
};

void waitlist_init(struct waitlist *list);
void waitlist_fini(struct waitlist *list);

uint32_t waitlist_count(const struct waitlist *list);
struct waiter *waitlist_at(const struct waitlist *list,
                           uint32_t rank); /* from 0, below the count */
uint32_t waitlist_rank(const struct waitlist *list, const struct waiter *waiter);

void waitlist_add(struct waitlist *list, struct waiter *waiter);
void waitlist_remove(struct waitlist *list, const struct waiter *waiter); /* which is in it */
