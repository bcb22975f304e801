// SPDX-License-Identifier: Apache-2.0
#include "kube/queue.h"

#include <assert.h>

#include "base/arena.h"
#include "base/map.h"
#include "core/backoff.h"

#define NEVER INT64_MAX

/* A key that waits, is handed out, or both; one that is neither is forgotten. */
struct item {
    int64_t since_ms; /* when it was handed out, or is due */
    uint64_t order;   /* among those of one time */
    int64_t due_ms;   /* handed out: when it had been due */
    int64_t again_ms; /* handed out: added again for then; NEVER: not */
    uint32_t failures;
    bool is_active;
};

struct queue {
    struct arena arena; /* of this struct alone */
    struct map items;   /* by key */
    struct map waiting; /* by when and order: pointers to the items that are not active */
    struct map active;  /* the others, by since when */
    uint64_t order;
    int64_t told_ms; /* the latest time we were told */
    uint64_t adds, retries;
};

/* Sorts as (time, order) do. */
struct moment {
    unsigned char at[16];
};

struct queue *queue_new(void)
{
    struct arena arena = {0};
    struct queue *queue = arena_alloc(&arena, sizeof(*queue));

    queue->arena = arena;
    return queue;
}

struct queue *queue_free(struct queue *queue)
{
    if (!queue)
        return NULL;
    struct arena arena = queue->arena;
    map_fini(&queue->items);
    map_fini(&queue->waiting);
    map_fini(&queue->active);
    arena_fini(&arena);
    return NULL;
}

static struct str moment_of(const struct item *item, struct moment *ret)
{
    for (int i = 0; i < 8; i++) {
        ret->at[i] = (unsigned char)((uint64_t)item->since_ms >> (56 - 8 * i));
        ret->at[8 + i] = (unsigned char)(item->order >> (56 - 8 * i));
    }
    return (struct str){(const char *)ret->at, sizeof(ret->at)};
}

static struct map *place_of(struct queue *queue, const struct item *item)
{
    return item->is_active ? &queue->active : &queue->waiting;
}

static void place(struct queue *queue, struct item *item, bool is_active, int64_t since_ms)
{
    struct moment moment;

    item->is_active = is_active;
    item->since_ms = since_ms;
    item->order = queue->order++;
    item->again_ms = NEVER;
    *(struct item **)map_put(place_of(queue, item), moment_of(item, &moment), sizeof(item)) = item;
}

static void displace(struct queue *queue, const struct item *item)
{
    struct moment moment;

    map_drop(place_of(queue, item), moment_of(item, &moment));
}

static void hear(struct queue *queue, int64_t now_ms)
{
    if (now_ms > queue->told_ms)
        queue->told_ms = now_ms;
}

void queue_add(struct queue *queue, struct str key, int64_t at_ms)
{
    struct item *item = map_find(&queue->items, key);

    if (at_ms < queue->told_ms)
        at_ms = queue->told_ms;
    if (!item) {
        queue->adds++;
        place(queue, map_put(&queue->items, key, sizeof(*item)), false, at_ms);
    } else if (item->is_active) {
        queue->adds += item->again_ms == NEVER;
        item->again_ms = at_ms < item->again_ms ? at_ms : item->again_ms;
    } else if (at_ms < item->since_ms) {
        displace(queue, item);
        place(queue, item, false, at_ms);
    }
}

static struct item *first_of(const struct map *map)
{
    struct item **first = map_first(map);

    return first ? *first : NULL;
}

bool queue_take(struct queue *queue, int64_t now_ms, struct str *ret)
{
    struct item *item = first_of(&queue->waiting);

    hear(queue, now_ms);
    if (!item || item->since_ms > now_ms)
        return false;
    displace(queue, item);
    item->due_ms = item->since_ms;
    place(queue, item, true, now_ms);
    *ret = map_key(item);
    return true;
}

int64_t queue_due_ms(const struct queue *queue, struct str key)
{
    const struct item *item = map_find(&queue->items, key);

    assert(item && item->is_active);
    return item->due_ms;
}

void queue_done(struct queue *queue, struct str key, enum queue_outcome outcome, int64_t now_ms,
                uint32_t dice)
{
    struct item *item = map_find(&queue->items, key);
    assert(item && item->is_active);
    int64_t next_ms = item->again_ms;

    hear(queue, now_ms);
    displace(queue, item);
    if (outcome == QUEUE_FAILED) {
        item->failures += item->failures < UINT32_MAX;
        queue->retries++;
        int64_t backed_off_ms = now_ms + backoff_ms(item->failures, dice);
        next_ms = backed_off_ms < next_ms ? backed_off_ms : next_ms;
    } else {
        item->failures = 0;
    }
    if (next_ms == NEVER)
        map_drop(&queue->items, key);
    else
        place(queue, item, false, next_ms);
}

int64_t queue_next_ms(const struct queue *queue)
{
    const struct item *item = first_of(&queue->waiting);

    return item ? item->since_ms : NEVER;
}

static uint32_t count_due(const struct queue *queue, int64_t now_ms)
{
    uint32_t count = 0;

    for (struct item **at = map_first(&queue->waiting); at && (*at)->since_ms <= now_ms;
         at = map_after(&queue->waiting, map_key(at)))
        count++;
    return count;
}

struct queue_facts queue_facts(const struct queue *queue, int64_t now_ms)
{
    const struct item *oldest = first_of(&queue->active);

    return (struct queue_facts){
        .depth = count_due(queue, now_ms),
        .active = queue->active.count,
        .adds = queue->adds,
        .retries = queue->retries,
        .oldest_active_ms = oldest ? oldest->since_ms : 0,
    };
}
