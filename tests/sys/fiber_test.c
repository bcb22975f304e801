// SPDX-License-Identifier: Apache-2.0
#include "sys/fiber.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct story { /* what happened, one letter each */
    struct fiber_pool *pool;
    struct fiber *outer, *inner;
    char text[64];
};

static void tell(struct story *story, char what)
{
    size_t size = strlen(story->text);

    assert_true(size + 1 < sizeof(story->text));
    story->text[size] = what;
}

static void waits_twice(struct fiber *fiber, void *ctx)
{
    struct story *story = ctx;

    story->inner = fiber;
    tell(story, 'a');
    fiber_wait(fiber);
    tell(story, 'b');
    fiber_wait(fiber);
    tell(story, 'c');
}

static void a_fiber_runs_until_it_waits(void **state)
{
    struct story story = {.pool = fiber_pool_new(1)};

    (void)state;
    assert_true(fiber_start(story.pool, waits_twice, &story));
    tell(&story, '1');
    fiber_wake(story.inner);
    tell(&story, '2');
    fiber_wake(story.inner);
    tell(&story, '3');
    assert_string_equal(story.text, "a1b2c3");
    assert_null(fiber_pool_free(story.pool));
}

static void starts_another(struct fiber *fiber, void *ctx)
{
    struct story *story = ctx;

    story->outer = fiber;
    tell(story, 'x');
    assert_true(fiber_start(story->pool, waits_twice, story));
    tell(story, 'y');
    fiber_wait(fiber);
    fiber_wake(story->inner);
    tell(story, 'z');
}

static void fibers_start_and_wake_each_other(void **state)
{
    struct story story = {.pool = fiber_pool_new(2)};

    (void)state;
    assert_true(fiber_start(story.pool, starts_another, &story));
    tell(&story, '1');
    fiber_wake(story.inner); /* started by another, woken from here */
    tell(&story, '2');
    fiber_wake(story.outer); /* wakes the other, which ends on its stack */
    tell(&story, '3');
    assert_string_equal(story.text, "xay1b2cz3");
    fiber_pool_free(story.pool);
}

static void ends(struct fiber *fiber, void *ctx)
{
    (void)fiber;
    tell(ctx, 'e');
}

static void no_more_than_the_pool_allows(void **state)
{
    struct story one = {.pool = fiber_pool_new(2)}, two = {.pool = one.pool}, three = {0};

    (void)state;
    assert_true(fiber_start(one.pool, waits_twice, &one));
    assert_true(fiber_start(one.pool, waits_twice, &two));
    assert_false(fiber_start(one.pool, ends, &three));
    assert_string_equal(three.text, "");
    fiber_wake(two.inner);
    fiber_wake(two.inner);
    assert_true(fiber_start(one.pool, ends, &three));
    assert_true(fiber_start(one.pool, ends, &three));
    assert_string_equal(three.text, "ee");
    fiber_wake(one.inner);
    fiber_wake(one.inner);
    assert_string_equal(one.text, "abc");
    fiber_pool_free(one.pool);
}

struct count {
    struct fiber *fiber;
    uint64_t sum;
    double fraction;
};

static void counts(struct fiber *fiber, void *ctx)
{
    struct count *count = ctx;
    double own = 0;

    count->fiber = fiber;
    for (int i = 0; i < 10000; i++) {
        char bytes[512]; /* own to this stack */
        memset(bytes, i, sizeof(bytes));
        fiber_wait(fiber);
        assert_int_equal((unsigned char)bytes[511], i & 0xff);
        own += 0.5;
        count->sum += 1;
    }
    count->fraction = own;
}

static void ten_thousand_switches_keep_every_stack_apart(void **state)
{
    struct fiber_pool *pool = fiber_pool_new(3);
    struct count all[3] = {0};

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(fiber_start(pool, counts, &all[i]));
    for (int turn = 0; turn < 10000; turn++)
        for (int i = 0; i < 3; i++)
            fiber_wake(all[i].fiber);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(all[i].sum, 10000);
        assert_true(all[i].fraction > 4999.9 && all[i].fraction < 5000.1);
    }
    fiber_pool_free(pool);
}

/* The sanitizer would put the frame elsewhere, the optimizer make it small. */
static __attribute__((noinline, no_sanitize("address"))) uint32_t sink(uint32_t depth)
{
    char frame[4096];
    uint32_t ret = depth ? sink(depth - 1) : 0;

    __asm__ volatile("" : : "r"(frame) : "memory");
    return ret;
}

static void sinks(struct fiber *fiber, void *ctx)
{
    uint32_t *depth = ctx;

    (void)fiber;
    *depth = sink(*depth);
}

static void a_stack_holds_what_it_says(void **state)
{
    struct fiber_pool *pool = fiber_pool_new(1);
    uint32_t depth = 40; /* 160 KiB and more */

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(fiber_start(pool, sinks, &depth));
        depth = 40;
    }
    fiber_pool_free(pool);
}

static int end_of_deep_recursion(void)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        struct fiber_pool *pool = fiber_pool_new(1);
        uint32_t depth = 72; /* a little more than there is: into the guard, and no further */
        setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        close(STDERR_FILENO); /* a sanitizer would explain at length */
        signal(SIGSEGV, SIG_DFL);
        _exit(fiber_start(pool, sinks, &depth) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void deep_recursion_hits_the_guard(void **state)
{
    int status = end_of_deep_recursion();

    (void)state;
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
}

static void the_memory_of_a_deep_call_is_given_back(void **state)
{
    struct fiber_pool *pool = fiber_pool_new(64);
    uint32_t depth = 40;
    struct story stories[64] = {0};
    long pages[2], size;

    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        FILE *file = fopen("/proc/self/statm", "re");
        assert_non_null(file);
        assert_int_equal(fscanf(file, "%ld %ld", &size, &pages[turn]), 2);
        fclose(file);
        if (turn == 1)
            break;
        for (int i = 0; i < 63; i++) { /* so that the next one gets a stack of its own */
            assert_true(fiber_start(pool, sinks, &depth));
            depth = 40;
            assert_true(fiber_start(pool, waits_twice, &stories[i]));
        }
    }
    assert_true(pages[1] - pages[0] < 63L * 64 * 1024 / 4096);
    for (int i = 0; i < 126; i++)
        fiber_wake(stories[i % 63].inner);
    fiber_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fiber_runs_until_it_waits),
        cmocka_unit_test(fibers_start_and_wake_each_other),
        cmocka_unit_test(no_more_than_the_pool_allows),
        cmocka_unit_test(ten_thousand_switches_keep_every_stack_apart),
        cmocka_unit_test(a_stack_holds_what_it_says),
        cmocka_unit_test(deep_recursion_hits_the_guard),
        cmocka_unit_test(the_memory_of_a_deep_call_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
