// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/keys.h"

static void few_and_many_keys_agree(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};

    (void)state;
    for (uint32_t count = 2; count < 60; count++)
        for (uint32_t twin = 1; twin < count; twin++) {
            struct str *keys = arena_array(&arena, count, sizeof(struct str));
            uint32_t at = 0;
            for (uint32_t i = 0; i < count; i++)
                keys[i] = arena_print(&arena, "key %u", (i * 7919) % 1000);
            assert_false(keys_repeat(&arena, keys, count, &at));
            keys[twin] = keys[twin / 2];
            assert_true(keys_repeat(&arena, keys, count, &at));
            assert_int_equal(at, twin);
        }
}

static void no_keys_and_the_empty_key(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct str keys[] = {{0}, STR_LIT("a"), STR_LIT("")};
    uint32_t at = 9;

    (void)state;
    assert_false(keys_repeat(&arena, keys, 0, &at));
    assert_false(keys_repeat(&arena, keys, 2, &at));
    assert_int_equal(at, 9);
    assert_true(keys_repeat(&arena, keys, 3, &at));
    assert_int_equal(at, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_and_many_keys_agree),
        cmocka_unit_test(no_keys_and_the_empty_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
