// SPDX-License-Identifier: Apache-2.0
#include "operator/waitlist.h"

#include <assert.h>

#include "base/map.h"

enum {
    WAITLIST_SIZE_MAX = 1024 * 1024 * 1024, /* bytes of pointers: more tasks than a cluster holds */
};

void waitlist_init(struct waitlist *list)
{
    buf_init(&list->waiters, WAITLIST_SIZE_MAX);
}

void waitlist_fini(struct waitlist *list)
{
    buf_fini(&list->waiters);
}

static struct waiter **array_of(const struct waitlist *list)
{
    return (struct waiter **)(void *)list->waiters.at;
}

uint32_t waitlist_count(const struct waitlist *list)
{
    return (uint32_t)(list->waiters.size / sizeof(struct waiter *));
}

struct waiter *waitlist_at(const struct waitlist *list, uint32_t rank)
{
    assert(rank < waitlist_count(list));
    return array_of(list)[rank];
}

static int order(const struct waiter *a, const struct waiter *b)
{
    if (a->order_ms != b->order_ms)
        return a->order_ms < b->order_ms ? -1 : 1;
    return str_order(map_key(a), map_key(b));
}

uint32_t waitlist_rank(const struct waitlist *list, const struct waiter *waiter)
{
    uint32_t low = 0, high = waitlist_count(list);

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (order(array_of(list)[middle], waiter) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void waitlist_add(struct waitlist *list, struct waiter *waiter)
{
    struct buf *buf = &list->waiters;
    size_t at = waitlist_rank(list, waiter) * sizeof(waiter);

    buf_add(buf, (struct str){(const char *)&waiter, sizeof(waiter)});
    assert(!buf->is_full);
    memmove(buf->at + at + sizeof(waiter), buf->at + at, buf->size - sizeof(waiter) - at);
    memcpy(buf->at + at, &waiter, sizeof(waiter));
}

void waitlist_remove(struct waitlist *list, const struct waiter *waiter)
{
    struct buf *buf = &list->waiters;
    size_t at = waitlist_rank(list, waiter) * sizeof(waiter);

    assert(waitlist_at(list, waitlist_rank(list, waiter)) == waiter);
    memmove(buf->at + at, buf->at + at + sizeof(waiter), buf->size - sizeof(waiter) - at);
    buf->size -= sizeof(waiter);
}
