// SPDX-License-Identifier: Apache-2.0
#include "sys/loop.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "sys/clock.h"
#include "sys/entropy.h"

struct signal_watch {
    uv_signal_t handle;
    void (*caught)(void *ctx);
    void *ctx;
    struct signal_watch *next;
};

/* Alarms stand in a heap, the earliest at its root. alarm->slot is the place in it, from 1. What
 * is due at once is rung from an idle handle: a timer of no time would starve the sockets. */
struct loop {
    struct arena arena; /* holds the loop itself */
    uv_loop_t uv;
    uv_timer_t later;
    uv_idle_t at_once;
    struct buf heap; /* of struct alarm * */
    struct signal_watch *signals;
};

static struct alarm **slots(struct loop *loop)
{
    return (struct alarm **)(void *)loop->heap.at;
}

static uint32_t alarm_count(const struct loop *loop)
{
    return (uint32_t)(loop->heap.size / sizeof(struct alarm *));
}

static void put(struct loop *loop, uint32_t slot, struct alarm *alarm)
{
    slots(loop)[slot - 1] = alarm;
    alarm->slot = slot;
}

static void sift_up(struct loop *loop, struct alarm *alarm, uint32_t slot)
{
    while (slot > 1 && slots(loop)[slot / 2 - 1]->at_ms > alarm->at_ms) {
        put(loop, slot, slots(loop)[slot / 2 - 1]);
        slot /= 2;
    }
    put(loop, slot, alarm);
}

static void sift_down(struct loop *loop, struct alarm *alarm, uint32_t slot)
{
    uint32_t count = alarm_count(loop);

    while (slot * 2 <= count) {
        uint32_t child = slot * 2;
        if (child < count && slots(loop)[child]->at_ms < slots(loop)[child - 1]->at_ms)
            child++;
        if (slots(loop)[child - 1]->at_ms >= alarm->at_ms)
            break;
        put(loop, slot, slots(loop)[child - 1]);
        slot = child;
    }
    put(loop, slot, alarm);
}

static void heap_add(struct loop *loop, struct alarm *alarm)
{
    buf_add(&loop->heap, (struct str){(const char *)&alarm, sizeof(alarm)});
    sift_up(loop, alarm, alarm_count(loop));
}

static void heap_drop(struct loop *loop, struct alarm *alarm)
{
    struct alarm *last = slots(loop)[alarm_count(loop) - 1];
    uint32_t slot = alarm->slot;

    assert(slots(loop)[slot - 1] == alarm);
    alarm->slot = 0;
    loop->heap.size -= sizeof(last);
    if (last == alarm)
        return;
    sift_down(loop, last, slot);
    sift_up(loop, last, last->slot);
}

static void ring_later(uv_timer_t *timer);
static void ring_at_once(uv_idle_t *idle);

/* The loop's own time stands still while something runs: timers need to be told. */
static void set_timer(struct loop *loop)
{
    int64_t wait_ms = alarm_count(loop) ? slots(loop)[0]->at_ms - clock_monotonic_ms() : 0;

    uv_timer_stop(&loop->later);
    uv_idle_stop(&loop->at_once);
    if (alarm_count(loop) == 0)
        return;
    if (wait_ms <= 0) {
        uv_idle_start(&loop->at_once, ring_at_once);
        return;
    }
    uv_update_time(&loop->uv);
    uv_timer_start(&loop->later, ring_later, (uint64_t)wait_ms, 0);
}

static void ring_due(struct loop *loop)
{
    int64_t now_ms = clock_monotonic_ms();
    uint32_t count = alarm_count(loop); /* what is armed meanwhile has to wait for the sockets */

    while (count-- > 0 && alarm_count(loop) > 0 && slots(loop)[0]->at_ms <= now_ms) {
        struct alarm *alarm = slots(loop)[0];
        heap_drop(loop, alarm);
        alarm->ring(alarm->ctx);
    }
    set_timer(loop);
}

static void ring_later(uv_timer_t *timer)
{
    ring_due(timer->data);
}

static void ring_at_once(uv_idle_t *idle)
{
    ring_due(idle->data);
}

static int64_t now(void *self)
{
    (void)self;
    return clock_now_ms();
}

static int64_t monotonic(void *self)
{
    (void)self;
    return clock_monotonic_ms();
}

static uint32_t chance(void *self)
{
    (void)self;
    return entropy_u32();
}

static void arm(void *self, struct alarm *alarm, int64_t at_ms)
{
    struct loop *loop = self;

    if (alarm->slot)
        heap_drop(loop, alarm);
    alarm->at_ms = at_ms;
    heap_add(loop, alarm);
    set_timer(loop);
}

static void disarm(void *self, struct alarm *alarm)
{
    struct loop *loop = self;

    if (!alarm->slot)
        return;
    heap_drop(loop, alarm);
    set_timer(loop);
}

struct reactor loop_reactor(struct loop *loop)
{
    return (struct reactor){
        .self = loop,
        .now_ms = now,
        .monotonic_ms = monotonic,
        .arm = arm,
        .disarm = disarm,
        .chance = chance,
    };
}

bool loop_open(struct loop **ret, struct err *err)
{
    struct arena arena = {0};
    struct loop *loop = arena_alloc(&arena, sizeof(*loop));
    int failure = uv_loop_init(&loop->uv);

    if (failure < 0) {
        arena_fini(&arena);
        return err_sys(err, -failure, "open an event loop");
    }
    loop->arena = arena;
    buf_init(&loop->heap, SIZE_MAX / 2);
    uv_timer_init(&loop->uv, &loop->later);
    uv_idle_init(&loop->uv, &loop->at_once);
    loop->later.data = loop;
    loop->at_once.data = loop;
    *ret = loop;
    return true;
}

void loop_close(struct loop *loop)
{
    struct arena arena;

    if (!loop)
        return;
    uv_close((uv_handle_t *)&loop->later, NULL);
    uv_close((uv_handle_t *)&loop->at_once, NULL);
    for (struct signal_watch *watch = loop->signals; watch; watch = watch->next)
        uv_close((uv_handle_t *)&watch->handle, NULL);
    uv_run(&loop->uv, UV_RUN_NOWAIT); /* a handle is closed in the next round, */
    uv_run(&loop->uv, UV_RUN_NOWAIT); /* and so is what its last word closed */
    if (uv_loop_close(&loop->uv) < 0)
        abort(); /* somebody's handle is open: its memory is about to go */
    buf_fini(&loop->heap);
    arena = loop->arena;
    arena_fini(&arena);
}

void loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

uv_loop_t *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

static void signal_caught(uv_signal_t *handle, int signal_number)
{
    const struct signal_watch *watch = handle->data;

    (void)signal_number;
    watch->caught(watch->ctx);
}

bool loop_signal(struct loop *loop, int signal_number, void (*caught)(void *ctx), void *ctx,
                 struct err *err)
{
    struct signal_watch *watch = arena_alloc(&loop->arena, sizeof(*watch));
    int failure = uv_signal_init(&loop->uv, &watch->handle);

    if (failure < 0)
        return err_sys(err, -failure, "watch for signals");
    watch->handle.data = watch;
    watch->caught = caught;
    watch->ctx = ctx;
    watch->next = loop->signals;
    loop->signals = watch;
    failure = uv_signal_start(&watch->handle, signal_caught, signal_number);
    if (failure < 0)
        return err_sys(err, -failure, "watch for signal %d", signal_number);
    return true;
}
