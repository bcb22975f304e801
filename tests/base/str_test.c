// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"

static void the_zero_value_is_the_empty_string(void **state)
{
    struct str none = {0};

    (void)state;
    assert_true(str_equal(none, STR_LIT("")));
    assert_true(str_is(none, ""));
    assert_int_equal(str_of(NULL).size, 0);
    assert_int_equal(str_order(none, STR_LIT("")), 0);
    assert_true(str_starts(none, "") && str_ends(none, ""));
    assert_false(str_starts(none, "a") || str_ends(none, "a"));
    assert_int_equal(str_skip(none, 3).size, 0);
    assert_true(str_is_utf8(none));
}

static void equality_looks_at_every_byte(void **state)
{
    (void)state;
    assert_true(str_equal(STR_LIT("a\0b"), STR_LIT("a\0b")));
    assert_false(str_equal(STR_LIT("a\0b"), STR_LIT("a\0c")));
    assert_false(str_equal(STR_LIT("a"), STR_LIT("a\0")));
    assert_true(str_is(STR_LIT("abc"), "abc"));
    assert_false(str_is(STR_LIT("abc"), "ab"));
}

static void order_is_by_bytes_and_then_by_size(void **state)
{
    const struct str ascending[] = {STR_LIT(""),   STR_LIT("\0"), STR_LIT("a"),   STR_LIT("a\0"),
                                    STR_LIT("ab"), STR_LIT("b"),  STR_LIT("\xff")};

    (void)state;
    for (size_t i = 0; i < countof(ascending); i++)
        for (size_t j = 0; j < countof(ascending); j++) {
            int order = str_order(ascending[i], ascending[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
}

static void starts_and_ends_never_look_past_the_string(void **state)
{
    struct str part = {"abcdef", 3};

    (void)state;
    assert_true(str_starts(part, "ab"));
    assert_false(str_starts(part, "abcd"));
    assert_true(str_ends(part, "bc"));
    assert_false(str_ends(part, "def"));
    assert_false(str_ends(part, "xabc"));
}

static void skip_takes_at_most_all(void **state)
{
    struct str s = STR_LIT("abc");

    (void)state;
    assert_true(str_is(str_skip(s, 0), "abc"));
    assert_true(str_is(str_skip(s, 2), "c"));
    assert_true(str_is(str_skip(s, 3), ""));
    assert_true(str_is(str_skip(s, SIZE_MAX), ""));
}

static void trim_takes_the_blanks_at_both_ends(void **state)
{
    static const char *const rows[][2] = {
        {"",        ""   },
        {"a",       "a"  },
        {" \t\r\n", ""   },
        {" a b\n",  "a b"},
        {"\na\n\n", "a"  },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_true(str_is(str_trim(str_of(rows[i][0])), rows[i][1]));
    assert_int_equal(str_trim((struct str){0}).size, 0);
}

static void cut_splits_at_the_first_separator(void **state)
{
    const struct {
        const char *in, *head, *tail; /* head NULL: does not split */
    } rows[] = {
        {"a=b",   "a",  "b"  },
        {"a=b=c", "a",  "b=c"},
        {"=b",    "",   "b"  },
        {"a=",    "a",  ""   },
        {"=",     "",   ""   },
        {"ab",    NULL, NULL },
        {"",      NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct str head = {0}, tail = {0};
        assert_int_equal(str_cut(str_of(rows[i].in), '=', &head, &tail), rows[i].head != NULL);
        if (rows[i].head) {
            assert_true(str_is(head, rows[i].head));
            assert_true(str_is(tail, rows[i].tail));
        }
    }
}

static void cut_may_write_over_its_own_argument(void **state)
{
    struct str rest = STR_LIT("a,b,c"), part;

    (void)state;
    assert_true(str_cut(rest, ',', &part, &rest));
    assert_true(str_is(part, "a"));
    assert_true(str_cut(rest, ',', &part, &rest));
    assert_true(str_is(part, "b"));
    assert_true(str_is(rest, "c"));
}

static void integers_are_decimal_and_within_64_bits(void **state)
{
    const struct {
        const char *in;
        bool is_valid;
        int64_t out;
    } rows[] = {
        {"0",                    true,  0        },
        {"-0",                   true,  0        },
        {"007",                  true,  7        },
        {"42",                   true,  42       },
        {"-42",                  true,  -42      },
        {"9223372036854775807",  true,  INT64_MAX},
        {"-9223372036854775808", true,  INT64_MIN},
        {"9223372036854775808",  false, 0        },
        {"-9223372036854775809", false, 0        },
        {"92233720368547758070", false, 0        },
        {"",                     false, 0        },
        {"-",                    false, 0        },
        {"--1",                  false, 0        },
        {"+1",                   false, 0        },
        {" 1",                   false, 0        },
        {"1 ",                   false, 0        },
        {"1.0",                  false, 0        },
        {"0x10",                 false, 0        },
        {"1e3",                  false, 0        },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        int64_t out = 12345;
        assert_int_equal(str_to_int(str_of(rows[i].in), &out), rows[i].is_valid);
        assert_int_equal(out, rows[i].is_valid ? rows[i].out : 12345);
    }
}

static void utf8_is_what_rfc_3629_allows(void **state)
{
    const struct {
        struct str in;
        bool is_valid;
    } rows[] = {
        {STR_LIT("plain"),            true },
        {STR_LIT("nul\0inside"),      true },
        {STR_LIT("\x7f"),             true },
        {STR_LIT("\x80"),             false},
        {STR_LIT("\xc1\xbf"),         false}, /* overlong */
        {STR_LIT("\xc2\x80"),         true },
        {STR_LIT("\xc2"),             false},
        {STR_LIT("\xc2\xc0"),         false},
        {STR_LIT("\xdf\xbf"),         true },
        {STR_LIT("\xe0\x9f\xbf"),     false}, /* overlong */
        {STR_LIT("\xe0\xa0\x80"),     true },
        {STR_LIT("\xed\x9f\xbf"),     true },
        {STR_LIT("\xed\xa0\x80"),     false}, /* surrogate */
        {STR_LIT("\xed\xbf\xbf"),     false},
        {STR_LIT("\xee\x80\x80"),     true },
        {STR_LIT("\xef\xbf\xbf"),     true },
        {STR_LIT("\xe2\x82"),         false},
        {STR_LIT("\xf0\x8f\xbf\xbf"), false}, /* overlong */
        {STR_LIT("\xf0\x90\x80\x80"), true },
        {STR_LIT("\xf4\x8f\xbf\xbf"), true },
        {STR_LIT("\xf4\x90\x80\x80"), false}, /* above U+10FFFF */
        {STR_LIT("\xf5\x80\x80\x80"), false},
        {STR_LIT("\xff"),             false},
        {STR_LIT("ok\xe2\x82\xac"
                 "a\x80"),
         false                             },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_int_equal(str_is_utf8(rows[i].in), rows[i].is_valid);
}

static void distance_counts_edits_and_swaps(void **state)
{
    const struct {
        const char *a, *b;
        unsigned limit, out;
    } rows[] = {
        {"",               "",               5, 0},
        {"abc",            "abc",            5, 0},
        {"",               "abc",            5, 3},
        {"abc",            "",               5, 3},
        {"timeoutSecond",  "timeoutSeconds", 5, 1},
        {"runtimeProfile", "runtimeprofile", 5, 1},
        {"ab",             "ba",             5, 1}, /* one swap, not two edits */
        {"abcd",           "acbd",           5, 1},
        {"kitten",         "sitting",        5, 3},
        {"ca",             "abc",            5, 3},
        {"aaaa",           "bbbb",           2, 2}, /* at most the limit */
        {"aaaa",           "bbbb",           0, 0},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct str a = str_of(rows[i].a), b = str_of(rows[i].b);
        assert_int_equal(str_distance(a, b, rows[i].limit), rows[i].out);
        assert_int_equal(str_distance(b, a, rows[i].limit), rows[i].out);
    }
}

static void long_strings_are_simply_far(void **state)
{
    char bytes[65];

    (void)state;
    memset(bytes, 'a', sizeof(bytes));
    assert_int_equal(str_distance((struct str){bytes, 65}, (struct str){bytes, 65}, 9), 9);
    assert_int_equal(str_distance((struct str){bytes, 64}, (struct str){bytes, 64}, 9), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_zero_value_is_the_empty_string),
        cmocka_unit_test(equality_looks_at_every_byte),
        cmocka_unit_test(order_is_by_bytes_and_then_by_size),
        cmocka_unit_test(starts_and_ends_never_look_past_the_string),
        cmocka_unit_test(skip_takes_at_most_all),
        cmocka_unit_test(trim_takes_the_blanks_at_both_ends),
        cmocka_unit_test(cut_splits_at_the_first_separator),
        cmocka_unit_test(cut_may_write_over_its_own_argument),
        cmocka_unit_test(integers_are_decimal_and_within_64_bits),
        cmocka_unit_test(utf8_is_what_rfc_3629_allows),
        cmocka_unit_test(distance_counts_edits_and_swaps),
        cmocka_unit_test(long_strings_are_simply_far),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
