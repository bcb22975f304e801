// SPDX-License-Identifier: Apache-2.0
#include "api/quantity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    REFUSED = -1
};

typedef bool reader(struct str s, int64_t *ret);

static void assert_read(reader *read, const char *text, int64_t expected)
{
    int64_t got = REFUSED;

    if (!read(str_of(text), &got))
        got = REFUSED;
    if (got != expected)
        fail_msg("%s: %lld", text, (long long)got);
}

static void every_suffix_has_its_size(void **state)
{
    static const char suffixes[] = "kMGTP";
    int64_t tens = 1, twos = 1;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(suffixes); i++) {
        char ten[] = {'3', suffixes[i], 0}, two[] = {'3', suffixes[i], 'i', 0};
        two[1] = (char)(two[1] == 'k' ? 'K' : two[1]);
        assert_read(quantity_read_bytes, ten, 3 * (tens *= 1000));
        assert_read(quantity_read_bytes, two, 3 * (twos *= 1024));
    }
    assert_read(quantity_read_bytes, "1E", tens * 1000);
    assert_read(quantity_read_bytes, "1Ei", twos * 1024);
    assert_read(quantity_read_milli, "2000000n", 2);
    assert_read(quantity_read_milli, "2000u", 2);
}

static void fractions_are_rounded_up(void **state)
{
    (void)state;
    assert_read(quantity_read_milli, "0.0001", 1);
    assert_read(quantity_read_milli, "1n", 1);
    assert_read(quantity_read_milli, "1.0005", 1001);
    assert_read(quantity_read_milli, ".5", 500);
    assert_read(quantity_read_milli, "1.", 1000);
    assert_read(quantity_read_bytes, "0.1Ki", 103);
    assert_read(quantity_read_bytes, "100m", 1);
    assert_read(quantity_read_bytes, "1e-9", 1);
    assert_read(quantity_read_bytes, "0.000000", 0);
}

static void the_largest_is_that_of_int64(void **state)
{
    (void)state;
    assert_read(quantity_read_bytes, "9223372036854775807", INT64_MAX);
    assert_read(quantity_read_bytes, "9223372036854775807.1", REFUSED);
    assert_read(quantity_read_bytes, "9223372036854775808", REFUSED);
    assert_read(quantity_read_bytes, "8Ei", REFUSED);
    assert_read(quantity_read_bytes, "1e99", REFUSED);
    assert_read(quantity_read_bytes, "0e99", 0);
    assert_read(quantity_read_bytes, "1e-99", 1);
    assert_read(quantity_read_bytes, "1e100", REFUSED);
    assert_read(quantity_read_bytes, "0.00000000000000000000000000000000000000000000001", 1);
    assert_read(quantity_read_bytes, "340282366920938463463374607431768211456", REFUSED);
}

static void what_is_no_quantity_is_refused(void **state)
{
    static const char *const rows[] = {"",      "-",    "+",     ".",   "Mi",   "1K",    "1mi",
                                       "1 G",   "1Gi ", "0x1",   "1e",  "1e+",  "1e1.5", "--1",
                                       "1.1.1", "1,5",  "1e1e1", "inf", "1EE2", "1Mib",  "-1m"};

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_read(quantity_read_bytes, rows[i], REFUSED);
    assert_read(quantity_read_bytes, "-0", 0);
}

static void whole_numbers_are_exact(void **state)
{
    int64_t got;

    (void)state;
    assert_read(quantity_read_whole, "300", 300);
    assert_read(quantity_read_whole, "3e2", 300);
    assert_read(quantity_read_whole, "300.000", 300);
    assert_read(quantity_read_whole, "30000e-2", 300);
    assert_read(quantity_read_whole, "0.5", REFUSED);
    assert_read(quantity_read_whole, "1e-1", REFUSED);
    assert_read(quantity_read_whole, "1k", REFUSED);
    assert_read(quantity_read_whole, "9223372036854775808", REFUSED);
    assert_true(quantity_read_whole(STR_LIT("-100"), &got));
    assert_int_equal(got, -100);
}

static void what_is_printed_is_read_as_the_same(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    uint64_t dice = 1;
    int64_t got;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        dice = dice * 6364136223846793005u + 1442695040888963407u;
        int64_t number = (int64_t)(dice >> 1 >> (i % 63) << (i % 7 ? 0 : 10));
        number = number < 0 ? INT64_MAX : number;
        assert_true(quantity_read_bytes(quantity_print_bytes(&arena, number), &got));
        assert_int_equal(got, number);
        assert_true(quantity_read_milli(quantity_print_milli(&arena, number), &got));
        assert_int_equal(got, number);
    }
    assert_true(str_is(quantity_print_bytes(&arena, 512 << 20), "512Mi"));
    assert_true(str_is(quantity_print_bytes(&arena, 1000), "1000"));
    assert_true(str_is(quantity_print_milli(&arena, 1500), "1500m"));
    assert_true(str_is(quantity_print_milli(&arena, 2000), "2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_suffix_has_its_size),
        cmocka_unit_test(fractions_are_rounded_up),
        cmocka_unit_test(the_largest_is_that_of_int64),
        cmocka_unit_test(what_is_no_quantity_is_refused),
        cmocka_unit_test(whole_numbers_are_exact),
        cmocka_unit_test(what_is_printed_is_read_as_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
