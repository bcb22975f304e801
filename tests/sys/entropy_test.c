// SPDX-License-Identifier: Apache-2.0
#include "sys/entropy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_uuid_is_of_version_4_and_new_each_time(void **state)
{
    char one[UUID_TEXT], two[UUID_TEXT];

    (void)state;
    for (int i = 0; i < 200; i++) {
        uuid_new(one);
        uuid_new(two);
        assert_int_equal(strlen(one), UUID_TEXT - 1);
        assert_int_equal(strspn(one, "0123456789abcdef-"), UUID_TEXT - 1);
        assert_int_equal(one[14], '4');
        assert_non_null(strchr("89ab", one[19]));
        assert_string_not_equal(one, two);
    }
}

static void chance_is_not_constant(void **state)
{
    uint32_t ones = 0, zeros = UINT32_MAX;

    (void)state;
    for (int i = 0; i < 64; i++) {
        uint32_t number = entropy_u32();
        ones |= number;
        zeros &= number;
    }
    assert_int_equal(ones, UINT32_MAX);
    assert_int_equal(zeros, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_uuid_is_of_version_4_and_new_each_time),
        cmocka_unit_test(chance_is_not_constant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
