// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "yaml/scalar.h"

static void assert_texts(const char *words)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct str word, rest = str_of(words);

    while (str_cut(rest, '|', &word, &rest)) {
        struct json_value value;
        if (scalar_resolve(&arena, word, &value) != SCALAR_TEXT)
            fail_msg("%.*s is no text", STR_ARG(word));
        assert_int_equal(value.kind, JSON_TEXT);
        assert_true(str_equal(value.text, word));
    }
}

static void words_of_yaml_1_1_are_booleans(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    static const char *const words[] = {
        "n|N|no|No|NO|false|False|FALSE|off|Off|OFF|",
        "y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|",
    };

    (void)state;
    for (int flag = 0; flag < 2; flag++) {
        struct str word, rest = str_of(words[flag]);
        while (str_cut(rest, '|', &word, &rest)) {
            struct json_value value;
            assert_int_equal(scalar_resolve(&arena, word, &value), SCALAR_BOOL);
            assert_int_equal(value.kind, JSON_BOOL);
            assert_int_equal(value.flag, flag);
        }
    }
}

static void words_of_nothing_are_null(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct str word, rest = str_of("|~|null|Null|NULL|");

    (void)state;
    while (str_cut(rest, '|', &word, &rest)) {
        struct json_value value;
        assert_int_equal(scalar_resolve(&arena, word, &value), SCALAR_NULL);
        assert_int_equal(value.kind, JSON_NULL);
    }
}

static void numbers_are_those_of_kubernetes(void **state)
{
    static const char *const rows[][2] = {
        {"0",                              "0"                             },
        {"-0",                             "-0"                            },
        {"42",                             "42"                            },
        {"-17",                            "-17"                           },
        {"+17",                            "17"                            },
        {"0644",                           "420"                           },
        {"-0644",                          "-420"                          },
        {"00",                             "0"                             },
        {"-00",                            "0"                             },
        {"0o17",                           "15"                            },
        {"0x1F",                           "31"                            },
        {"0XfF",                           "255"                           },
        {"0b101",                          "5"                             },
        {"-0b101",                         "-5"                            },
        {"1_000_000",                      "1000000"                       },
        {"0x_1f",                          "31"                            },
        {"18446744073709551615",           "18446744073709551615"          },
        {"0xffffffffffffffff",             "18446744073709551615"          },
        {"123456789012345678901234567890", "123456789012345678901234567890"},
        {"089",                            "89"                            },
        {"08.50",                          "8.50"                          },
        {"1.10",                           "1.10"                          },
        {"1.",                             "1"                             },
        {".5",                             "0.5"                           },
        {"-.5",                            "-0.5"                          },
        {"+1.5",                           "1.5"                           },
        {"1e3",                            "1e3"                           },
        {"1E+3",                           "1E+3"                          },
        {"1.e3",                           "1e3"                           },
        {"+1e-3",                          "1e-3"                          },
        {"1e400",                          "1e400"                         },
        {"3.11",                           "3.11"                          },
    };
    auto_end(arena_fini) struct arena arena = {0};

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct json_value value = {0};
        assert_int_equal(scalar_resolve(&arena, str_of(rows[i][0]), &value), SCALAR_NUMBER);
        assert_int_equal(value.kind, JSON_NUMBER);
        assert_string_equal(arena_text(&arena, value.text), rows[i][1]);
    }
}

static void everything_else_is_a_text(void **state)
{
    (void)state;
    assert_texts("yEs|tRUE|nUll|oN|Y es|yes |none|");
    assert_texts("1:30|12:30:45|2026-11-24|2026-11-24T08:00:00Z|1.2.3|10.0.0.0/8|");
    assert_texts("0x|0xg|0b2|0o8|-|+|.|-.|+.|..|e3|.e3|1e|1e+|--1|+-1|1-|0x1.8|_|_1|512Mi|500m|");
    assert_texts("inf|nan|Infinity|NaN|+nan|<|<<<|=|\xd9\xa3|");
}

static void what_json_lacks_is_told_apart(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct str word, rest = str_of(".inf|.Inf|.INF|+.inf|-.inf|-.INF|.nan|.NaN|.NAN|");
    struct json_value value;

    (void)state;
    while (str_cut(rest, '|', &word, &rest))
        assert_int_equal(scalar_resolve(&arena, word, &value), SCALAR_ENDLESS);
    assert_int_equal(scalar_resolve(&arena, STR_LIT("<<"), &value), SCALAR_MERGE);
}

static void texts_that_would_change_need_quotes(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct str word, rest = str_of("n|null|~||0644|1e3|.5|<<|.inf|2026-11-24|1:30|-1:30|=|1_0|");

    (void)state;
    while (str_cut(rest, '|', &word, &rest))
        if (!scalar_needs_quotes(&arena, word))
            fail_msg("%.*s", STR_ARG(word));
    rest = str_of("name|512Mi|v1|docker.io/library/python:3.11-slim|a: b|- x|10.0.0.1|");
    while (str_cut(rest, '|', &word, &rest))
        if (scalar_needs_quotes(&arena, word))
            fail_msg("%.*s", STR_ARG(word));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_yaml_1_1_are_booleans),
        cmocka_unit_test(words_of_nothing_are_null),
        cmocka_unit_test(numbers_are_those_of_kubernetes),
        cmocka_unit_test(everything_else_is_a_text),
        cmocka_unit_test(what_json_lacks_is_told_apart),
        cmocka_unit_test(texts_that_would_change_need_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
