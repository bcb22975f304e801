// SPDX-License-Identifier: Apache-2.0
#include "sys/fiber.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "base/arena.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(HAS_ADDRESS_SANITIZER)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else /* the sanitizer has to know on which stack it is; nobody else does */
#define __sanitizer_start_switch_fiber(save, bottom, size)          ((void)0)
#define __sanitizer_finish_switch_fiber(save, ret_bottom, ret_size) ((void)0)
#define ASAN_UNPOISON_MEMORY_REGION(start, size)                    ((void)0)
#endif

enum {
    GUARD_SIZE = 64 * 1024,     /* more than one page: no frame of ours steps over it */
    STACK_KEPT_SIZE = 32 * 1024 /* of memory, while the fiber rests in the pool */
};

enum fiber_state {
    FIBER_RESTS, /* in the pool */
    FIBER_RUNS,
    FIBER_WAITS,
};

struct fiber { /* stands at the upper end of its own mapping, above its stack */
    struct fiber_pool *pool;
    struct fiber *next_resting;
    fiber_main *main;
    void *ctx;
    enum fiber_state state;
    ucontext_t self, waker;
    const void *waker_stack; /* for the sanitizer */
    size_t waker_stack_size;
};

struct fiber_pool {
    struct arena arena; /* holds the pool itself */
    struct fiber *resting;
    uint32_t count, count_max;
};

struct fiber_pool *fiber_pool_new(uint32_t count_max)
{
    struct arena arena = {0};
    struct fiber_pool *pool = arena_alloc(&arena, sizeof(*pool));

    pool->arena = arena;
    pool->count_max = count_max;
    return pool;
}

static char *stack_of(struct fiber *fiber)
{
    return (char *)(fiber + 1) - FIBER_STACK_SIZE;
}

static size_t stack_size(void)
{
    return (FIBER_STACK_SIZE - sizeof(struct fiber)) / 16 * 16;
}

struct fiber_pool *fiber_pool_free(struct fiber_pool *pool)
{
    struct arena arena;

    if (!pool)
        return NULL;
    assert(pool->count == 0);
    while (pool->resting) {
        struct fiber *fiber = pool->resting;
        char *start = stack_of(fiber) - GUARD_SIZE;
        pool->resting = fiber->next_resting;
        ASAN_UNPOISON_MEMORY_REGION(stack_of(fiber), FIBER_STACK_SIZE);
        munmap(start, GUARD_SIZE + FIBER_STACK_SIZE);
    }
    arena = pool->arena;
    arena_fini(&arena);
    return NULL;
}

/* Back to whoever started or woke it. */
static void switch_out(struct fiber *fiber, enum fiber_state state)
{
    void *save = NULL;

    fiber->state = state;
    __sanitizer_start_switch_fiber(&save, fiber->waker_stack, fiber->waker_stack_size);
    if (swapcontext(&fiber->self, &fiber->waker) < 0)
        abort();
    __sanitizer_finish_switch_fiber(save, &fiber->waker_stack, &fiber->waker_stack_size);
    (void)save;
}

static void switch_in(struct fiber *fiber)
{
    void *save = NULL;

    fiber->state = FIBER_RUNS;
    __sanitizer_start_switch_fiber(&save, stack_of(fiber), stack_size());
    if (swapcontext(&fiber->waker, &fiber->self) < 0)
        abort();
    __sanitizer_finish_switch_fiber(save, NULL, NULL);
    (void)save;
}

/* A stack lives through many fibers: one after the other, each begins here. */
static void live(uint32_t high, uint32_t low)
{
    struct fiber *fiber = (struct fiber *)((uintptr_t)high << 32 | low); /* as makecontext has it */

    __sanitizer_finish_switch_fiber(NULL, &fiber->waker_stack, &fiber->waker_stack_size);
    for (;;) {
        fiber->main(fiber, fiber->ctx);
        switch_out(fiber, FIBER_RESTS);
    }
}

static struct fiber *fiber_new(struct fiber_pool *pool)
{
    char *start = mmap(NULL, GUARD_SIZE + FIBER_STACK_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    struct fiber *fiber;
    uintptr_t address;

    if (start == MAP_FAILED || mprotect(start, GUARD_SIZE, PROT_NONE) < 0)
        abort(); /* out of memory */
    fiber = (struct fiber *)(void *)(start + GUARD_SIZE + FIBER_STACK_SIZE) - 1;
    fiber->pool = pool;
    if (getcontext(&fiber->self) < 0)
        abort();
    fiber->self.uc_stack = (stack_t){.ss_sp = stack_of(fiber), .ss_size = stack_size()};
    address = (uintptr_t)fiber;
    makecontext(&fiber->self, (void (*)(void))live, 2, (uint32_t)(address >> 32),
                (uint32_t)address);
    return fiber;
}

static void give_back(struct fiber *fiber)
{
    struct fiber_pool *pool = fiber->pool;

    /* What a deep call once used is not held for ever. */
    madvise(stack_of(fiber), FIBER_STACK_SIZE - STACK_KEPT_SIZE, MADV_DONTNEED);
    fiber->next_resting = pool->resting;
    pool->resting = fiber;
    pool->count--;
}

static void fiber_run(struct fiber *fiber)
{
    switch_in(fiber);
    if (fiber->state == FIBER_RESTS)
        give_back(fiber);
}

bool fiber_start(struct fiber_pool *pool, fiber_main *main, void *ctx)
{
    struct fiber *fiber = pool->resting;

    if (pool->count == pool->count_max)
        return false;
    pool->count++;
    if (fiber)
        pool->resting = fiber->next_resting;
    else
        fiber = fiber_new(pool);
    fiber->main = main;
    fiber->ctx = ctx;
    fiber_run(fiber);
    return true;
}

void fiber_wait(struct fiber *fiber)
{
    assert(fiber->state == FIBER_RUNS);
    switch_out(fiber, FIBER_WAITS);
}

void fiber_wake(struct fiber *fiber)
{
    assert(fiber->state == FIBER_WAITS);
    fiber_run(fiber);
}
