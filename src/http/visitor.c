// SPDX-License-Identifier: Apache-2.0
#include "http/visitor.h"

#include <assert.h>
#include <sys/socket.h>

#include "http/server.h"

static int64_t limit_ms(enum visitor_stage stage)
{
    switch (stage) {
    case VISITOR_ASKING:
    case VISITOR_TAKING:
        return HTTP_ASK_MS;
    case VISITOR_IDLE:
        return HTTP_IDLE_MS;
    case VISITOR_WAITING:
    case VISITOR_CUT:
    case VISITOR_STAGES:
        break;
    }
    return INT64_MAX;
}

/* -- queues ------------------------------------------------------------------- */

static void put_last(struct visitor_queue *queue, struct visitor *visitor)
{
    visitor->longer = queue->shortest;
    visitor->shorter = NULL;
    if (queue->shortest)
        queue->shortest->shorter = visitor;
    else
        queue->longest = visitor;
    queue->shortest = visitor;
}

static void take_out(struct visitor_queue *queue, struct visitor *visitor)
{
    if (visitor->longer)
        visitor->longer->shorter = visitor->shorter;
    else
        queue->longest = visitor->shorter;
    if (visitor->shorter)
        visitor->shorter->longer = visitor->longer;
    else
        queue->shortest = visitor->longer;
}

/* -- coming, going ------------------------------------------------------------ */

void visitors_init(struct visitors *visitors, struct arena *arena, uint32_t count_max)
{
    struct visitor *all = arena_array(arena, count_max, sizeof(*all));

    *visitors = (struct visitors){.count_max = count_max};
    for (uint32_t i = 0; i < count_max; i++)
        put_last(&visitors->unused, &all[i]);
}

void visitors_move(struct visitors *visitors, struct visitor *visitor, enum visitor_stage stage,
                   int64_t now_ms)
{
    take_out(&visitors->queues[visitor->stage], visitor);
    visitor->stage = stage;
    visitor->since_ms = now_ms;
    put_last(&visitors->queues[stage], visitor);
}

void visitors_cut(struct visitors *visitors, struct visitor *visitor, int64_t now_ms)
{
    (void)shutdown(visitor->fd, SHUT_RDWR);
    visitors_move(visitors, visitor, VISITOR_CUT, now_ms);
}

/* Who is idle loses nothing but a handshake; who still asks after that long is none of those that
 * have something to say. */
static void make_room(struct visitors *visitors, int64_t now_ms)
{
    static const enum visitor_stage order[] = {VISITOR_IDLE, VISITOR_ASKING};

    for (size_t i = 0; i < countof(order); i++) {
        struct visitor *longest = visitors->queues[order[i]].longest;
        if (longest && now_ms - longest->since_ms >= VISITOR_STAY_MS) {
            visitors_cut(visitors, longest, now_ms);
            return;
        }
    }
}

struct visitor *visitors_add(struct visitors *visitors, int fd, int64_t now_ms)
{
    struct visitor *visitor = visitors->unused.longest;

    if (!visitor)
        return NULL;
    if (visitors->count >= visitors->count_max - visitors->count_max / 8)
        make_room(visitors, now_ms);
    take_out(&visitors->unused, visitor);
    *visitor = (struct visitor){.fd = fd, .since_ms = now_ms, .stage = VISITOR_ASKING};
    put_last(&visitors->queues[VISITOR_ASKING], visitor);
    visitors->count++;
    return visitor;
}

void visitors_drop(struct visitors *visitors, struct visitor *visitor)
{
    assert(visitors->count > 0);
    take_out(&visitors->queues[visitor->stage], visitor);
    put_last(&visitors->unused, visitor);
    visitors->count--;
}

/* Who is cut off may still be read from, once. */
bool visitors_are_newer(const struct visitors *visitors, int64_t time_ms)
{
    const struct visitor *longest = visitors->queues[VISITOR_ASKING].longest;

    return (!longest || longest->since_ms > time_ms) && !visitors->queues[VISITOR_CUT].longest;
}

int64_t visitors_sweep(struct visitors *visitors, int64_t now_ms)
{
    static const enum visitor_stage stages[] = {VISITOR_ASKING, VISITOR_TAKING, VISITOR_IDLE};
    int64_t next_ms = INT64_MAX;

    for (size_t i = 0; i < countof(stages); i++) {
        struct visitor_queue *queue = &visitors->queues[stages[i]];
        int64_t limit = limit_ms(stages[i]);
        while (queue->longest && now_ms - queue->longest->since_ms >= limit)
            visitors_cut(visitors, queue->longest, now_ms);
        if (queue->longest && queue->longest->since_ms + limit < next_ms)
            next_ms = queue->longest->since_ms + limit;
    }
    return next_ms;
}
