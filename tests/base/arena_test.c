// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"

static void memory_is_zeroed_aligned_and_apart(void **state)
{
    const size_t sizes[] = {1, 15, 16, 17, 0, 16000, 16384, 100000, 3};
    auto_end(arena_fini) struct arena arena = {0};
    unsigned char *parts[countof(sizes)];

    (void)state;
    for (size_t i = 0; i < countof(sizes); i++) {
        parts[i] = arena_alloc(&arena, sizes[i]);
        assert_non_null(parts[i]);
        assert_int_equal((uintptr_t)parts[i] % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(parts[i][j], 0);
        memset(parts[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < countof(sizes); i++)
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(parts[i][j], i + 1);
}

static void many_small_ones_stay_apart(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    uint32_t *numbers[5000];

    (void)state;
    for (uint32_t i = 0; i < countof(numbers); i++) {
        numbers[i] = arena_alloc(&arena, sizeof(uint32_t));
        *numbers[i] = i;
    }
    for (uint32_t i = 0; i < countof(numbers); i++)
        assert_int_equal(*numbers[i], i);
}

static void a_copy_is_terminated_and_its_own(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    char bytes[] = "a\0b";
    struct str copy = arena_copy(&arena, (struct str){bytes, 3});

    (void)state;
    bytes[0] = 'x';
    assert_int_equal(copy.size, 3);
    assert_memory_equal(copy.at, "a\0b\0", 4);
    assert_string_equal(arena_text(&arena, (struct str){"abc", 2}), "ab");
    assert_string_equal(arena_text(&arena, (struct str){0}), "");
}

static void print_has_no_bound_of_its_own(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct str text = arena_print(&arena, "%s-%05d", "x", 42);

    (void)state;
    assert_true(str_is(text, "x-00042"));
    assert_int_equal(text.at[text.size], 0);
    assert_int_equal(arena_print(&arena, "%40000s", "").size, 40000);
    assert_int_equal(arena_print(&arena, "%s", "").size, 0);
}

static void an_ended_arena_can_be_used_again(void **state)
{
    struct arena arena = {0};

    (void)state;
    arena_fini(&arena);
    arena_alloc(&arena, 10);
    arena_fini(&arena);
    arena_fini(&arena);
    assert_null(arena.block);
    arena_alloc(&arena, 10);
    arena_fini(&arena);
}

/* How a child ended that asks for what cannot be had. */
static int ending_of(size_t count, size_t item_size)
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        struct arena arena = {0};
        signal(SIGABRT, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr))
            _exit(2);
        arena_array(&arena, count, item_size);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void an_array_that_overflows_aborts(void **state)
{
    (void)state;
    assert_int_equal(ending_of(SIZE_MAX, 2), SIGABRT);
    assert_int_equal(ending_of(SIZE_MAX / 2 + 2, 1), SIGABRT);
    assert_int_equal(ending_of(10, 10), 0);
    assert_int_equal(ending_of(0, 10), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(many_small_ones_stay_apart),
        cmocka_unit_test(a_copy_is_terminated_and_its_own),
        cmocka_unit_test(print_has_no_bound_of_its_own),
        cmocka_unit_test(an_ended_arena_can_be_used_again),
        cmocka_unit_test(an_array_that_overflows_aborts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
