// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct str number_key(uint32_t number, char ret[16])
{
    int size = snprintf(ret, 16, "%u", number);

    return (struct str){ret, (size_t)size};
}

static uint32_t next_dice(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void an_empty_map_has_nothing(void **state)
{
    struct map map = {0};

    (void)state;
    assert_null(map_find(&map, STR_LIT("")));
    assert_null(map_first(&map));
    assert_null(map_after(&map, STR_LIT("")));
    assert_false(map_drop(&map, STR_LIT("a")));
    map_fini(&map);
    map_fini(&map);
}

static void a_value_is_zeroed_aligned_and_stays_where_it_is(void **state)
{
    auto_end(map_fini) struct map map = {0};
    char text[16];

    (void)state;
    unsigned char *value = map_put(&map, STR_LIT("k"), 13);
    assert_int_equal((uintptr_t)value % sizeof(void *), 0);
    for (size_t i = 0; i < 13; i++)
        assert_int_equal(value[i], 0);
    memset(value, 0xee, 13);
    for (uint32_t i = 0; i < 1000; i++)
        map_put(&map, number_key(i, text), 1);
    for (uint32_t i = 0; i < 1000; i += 2)
        assert_true(map_drop(&map, number_key(i, text)));
    assert_ptr_equal(map_find(&map, STR_LIT("k")), value);
    assert_int_equal(value[12], 0xee);
    assert_true(str_is(map_key(value), "k"));
}

static void a_second_put_takes_the_place_of_the_first(void **state)
{
    auto_end(map_fini) struct map map = {0};

    (void)state;
    *(int *)map_put(&map, STR_LIT("a"), sizeof(int)) = 1;
    void *old = map_put(&map, STR_LIT("b"), sizeof(int));
    *(int *)map_put(&map, map_key(old), 4000) = 3;
    assert_int_equal(map.count, 2);
    assert_int_equal(*(int *)map_find(&map, STR_LIT("b")), 3);
    assert_int_equal(*(int *)map_find(&map, STR_LIT("a")), 1);
}

static void keys_may_be_empty_and_hold_nul(void **state)
{
    auto_end(map_fini) struct map map = {0};

    (void)state;
    map_put(&map, STR_LIT("a\0b"), 0);
    map_put(&map, STR_LIT("a"), 0);
    map_put(&map, (struct str){0}, 0);
    assert_int_equal(map.count, 3);
    assert_int_equal(map_key(map_first(&map)).size, 0);
    assert_int_equal(map_key(map_after(&map, STR_LIT("a"))).size, 3);
    assert_null(map_after(&map, STR_LIT("a\0b")));
}

/* Against an array of what should be there. */
static void it_holds_what_was_put_and_not_dropped(void **state)
{
    enum {
        KEYS = 257
    };
    auto_end(map_fini) struct map map = {0};
    uint32_t expected[KEYS] = {0}, count = 0, seed = 42;
    char text[16];

    (void)state;
    for (uint32_t step = 1; step < 60000; step++) {
        uint32_t number = next_dice(&seed) % KEYS;
        struct str key = number_key(number, text);
        if (next_dice(&seed) % 2) {
            *(uint32_t *)map_put(&map, key, sizeof(step)) = step;
            count += expected[number] == 0;
            expected[number] = step;
        } else {
            assert_int_equal(map_drop(&map, key), expected[number] != 0);
            count -= expected[number] != 0;
            expected[number] = 0;
        }
        assert_int_equal(map.count, count);
        number = next_dice(&seed) % KEYS;
        uint32_t *found = map_find(&map, number_key(number, text));
        assert_int_equal(found ? *found : 0, expected[number]);
    }
}

static void a_walk_meets_all_in_order(void **state)
{
    auto_end(map_fini) struct map map = {0};
    uint32_t met = 0, seed = 7;
    char text[16];
    struct str last = {0};

    (void)state;
    for (uint32_t i = 0; i < 3000; i++)
        map_put(&map, number_key(next_dice(&seed) % 100000, text), 0);
    for (void *at = map_first(&map); at; at = map_after(&map, last)) {
        assert_true(met == 0 || str_order(last, map_key(at)) < 0);
        last = map_key(at);
        met++;
    }
    assert_int_equal(met, map.count);
}

/* A tree that leans would need ten thousand million steps for this. */
static void sorted_keys_do_not_make_it_slow(void **state)
{
    enum {
        KEYS = 200000
    };
    auto_end(map_fini) struct map map = {0};
    char text[16];

    (void)state;
    for (uint32_t i = 0; i < KEYS; i++)
        map_put(&map, number_key(KEYS + i, text), 0);
    for (uint32_t i = 0; i < KEYS; i++)
        assert_true(map_drop(&map, number_key(KEYS + (i % 2 ? i : KEYS - 2 - i), text)));
    assert_int_equal(map.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(a_value_is_zeroed_aligned_and_stays_where_it_is),
        cmocka_unit_test(a_second_put_takes_the_place_of_the_first),
        cmocka_unit_test(keys_may_be_empty_and_hold_nul),
        cmocka_unit_test(it_holds_what_was_put_and_not_dropped),
        cmocka_unit_test(a_walk_meets_all_in_order),
        cmocka_unit_test(sorted_keys_do_not_make_it_slow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
