// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

static void what_is_added_is_there(void **state)
{
    auto_end(buf_fini) struct buf buf = {0};

    (void)state;
    buf_init(&buf, 100);
    buf_add(&buf, STR_LIT("ab\0c"));
    buf_add(&buf, (struct str){0});
    buf_add_char(&buf, '-');
    buf_print(&buf, "%d:%s", 42, "x");
    assert_int_equal(buf.size, 9);
    assert_memory_equal(buf.at, "ab\0c-42:x", 9);
    assert_false(buf.is_full);
}

static void a_full_buf_takes_the_last_byte_and_no_more(void **state)
{
    auto_end(buf_fini) struct buf buf = {0};

    (void)state;
    buf_init(&buf, 4);
    buf_add(&buf, STR_LIT("abcd"));
    assert_false(buf.is_full);
    buf_add_char(&buf, 'e');
    assert_true(buf.is_full);
    assert_true(str_is(buf_str(&buf), "abcd"));
}

static void what_does_not_fit_is_not_cut(void **state)
{
    auto_end(buf_fini) struct buf buf = {0};

    (void)state;
    buf_init(&buf, 4);
    buf_add(&buf, STR_LIT("abc"));
    buf_add(&buf, STR_LIT("de"));
    assert_true(buf.is_full);
    assert_true(str_is(buf_str(&buf), "abc"));
}

static void print_fills_the_buf_to_its_last_byte(void **state)
{
    auto_end(buf_fini) struct buf buf = {0};

    (void)state;
    buf_init(&buf, 4);
    buf_print(&buf, "%s", "abcd");
    assert_false(buf.is_full);
    assert_true(str_is(buf_str(&buf), "abcd"));
    buf_print(&buf, "%s", "");
    assert_false(buf.is_full);
    buf_print(&buf, "%s", "e");
    assert_true(buf.is_full);
    assert_true(str_is(buf_str(&buf), "abcd"));
}

static void reserving_beyond_the_bound_loses_nothing(void **state)
{
    auto_end(buf_fini) struct buf buf = {0};
    char *at;

    (void)state;
    buf_init(&buf, 300);
    assert_null(buf_reserve(&buf, 301));
    assert_null(buf_reserve(&buf, SIZE_MAX));
    at = buf_reserve(&buf, 300);
    assert_non_null(at);
    memset(at, 'x', 300);
    buf_added(&buf, 300);
    assert_null(buf_reserve(&buf, SIZE_MAX));
    assert_null(buf_reserve(&buf, 1));
    assert_false(buf.is_full);
    assert_int_equal(buf.size, 300);
}

static void growth_keeps_what_is_there(void **state)
{
    auto_end(buf_fini) struct buf buf = {0};

    (void)state;
    buf_init(&buf, 100000);
    for (int i = 0; i < 100000; i++)
        buf_add_char(&buf, (char)(i % 251));
    assert_int_equal(buf.size, 100000);
    for (int i = 0; i < 100000; i++)
        if (buf.at[i] != (char)(i % 251))
            fail_msg("byte %d", i);
}

static void dropping_takes_from_the_front(void **state)
{
    auto_end(buf_fini) struct buf buf = {0};

    (void)state;
    buf_init(&buf, 10);
    buf_drop(&buf, 1);
    buf_add(&buf, STR_LIT("abcdef"));
    buf_drop(&buf, 0);
    buf_drop(&buf, 2);
    assert_true(str_is(buf_str(&buf), "cdef"));
    buf_add(&buf, STR_LIT("ghij"));
    assert_true(str_is(buf_str(&buf), "cdefghij"));
    buf_drop(&buf, 100);
    assert_int_equal(buf.size, 0);
}

static void the_zero_value_ends_twice(void **state)
{
    struct buf buf = {0};

    (void)state;
    buf_fini(&buf);
    buf_fini(&buf);
    buf_add_char(&buf, 'a'); /* its bound is 0 */
    assert_true(buf.is_full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_is_there),
        cmocka_unit_test(a_full_buf_takes_the_last_byte_and_no_more),
        cmocka_unit_test(what_does_not_fit_is_not_cut),
        cmocka_unit_test(print_fills_the_buf_to_its_last_byte),
        cmocka_unit_test(reserving_beyond_the_bound_loses_nothing),
        cmocka_unit_test(growth_keeps_what_is_there),
        cmocka_unit_test(dropping_takes_from_the_front),
        cmocka_unit_test(the_zero_value_ends_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
