// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "json/json.h"

enum {
    DEPTH_MAX = 64,
    SIZE_MAX_RESULT = 1024 * 1024,
};

static void good_results_are_minified(void **state)
{
    const struct {
        struct str in;
        const char *out;
    } rows[] = {
        {STR_LIT("{\"status\": \"success\", \"insight\": 42}\n"),
         "{\"status\":\"success\",\"insight\":42}"                                                                             },
        {STR_LIT(" [ 1 , 2.50 , -0 , 1E+2, 1e400, 100000000000000000000000000000000001 ] "),
         "[1,2.50,-0,1E+2,1e400,100000000000000000000000000000000001]"                                                         },
        {STR_LIT("\t\"a\\u0000b\\u001b\\ud83d\\ude00\\/\"\r\n"),
         "\"a\\u0000b\\u001b\xf0\x9f\x98\x80/\""                                                                               },
        {STR_LIT("\"\x7f\xc2\x9b\""),                                                        "\"\\u007f\\u009b\""              },
        {STR_LIT("{\"a\":{\"a\":{}},\"b\":[{\"a\":1},{\"a\":2}]}"),
         "{\"a\":{\"a\":{}},\"b\":[{\"a\":1},{\"a\":2}]}"                                                                      },
        {STR_LIT("{\"\\n\":[[],{},[{}]],\"\":null}"),                                        "{\"\\n\":[[],{},[{}]],\"\":null}"},
        {STR_LIT("true"),                                                                    "true"                            },
        {STR_LIT(" false "),                                                                 "false"                           },
        {STR_LIT("{}"),                                                                      "{}"                              },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct str minified;
        struct err err = {0};
        assert_true(json_minify(&arena, rows[i].in, DEPTH_MAX, &minified, &err));
        assert_string_equal(minified.at, rows[i].out);
        assert_int_equal(minified.size, strlen(rows[i].out));
    }
}

/* Program 34 of the hostile suite, and its relatives. */
static void bad_results_are_refused(void **state)
{
    const struct str rows[] = {
        STR_LIT(""),
        STR_LIT("   \n"),
        STR_LIT("\xef\xbb\xbf{}"),
        STR_LIT("{} {}"),
        STR_LIT("{}\0"),
        STR_LIT("\0{}"),
        STR_LIT("{\"a\":\"\0\"}"),
        STR_LIT("{\"a\":\0001}"),
        STR_LIT("\"\x1b\""),
        STR_LIT("\"\n\""),
        STR_LIT("\"\xff\""),
        STR_LIT("\"\xc0\x80\""),
        STR_LIT("\"\xed\xa0\x80\""),
        STR_LIT("\"\xf4\x90\x80\x80\""),
        STR_LIT("\"\xe2\x82\""),
        STR_LIT("\"\\ud800\""),
        STR_LIT("\"\\udc00\""),
        STR_LIT("\"\\udc00\\ud800\""),
        STR_LIT("\"\\x41\""),
        STR_LIT("\"open"),
        STR_LIT("{\"a\":1,\"a\":1}"),
        STR_LIT("{\"a\":1,\"\\u0061\":2}"),
        STR_LIT("[{\"x\":{\"b\":1,\"c\":2,\"b\":3}}]"),
        STR_LIT("NaN"),
        STR_LIT("Infinity"),
        STR_LIT("-Infinity"),
        STR_LIT("inf"),
        STR_LIT("[1,2,]"),
        STR_LIT("{\"a\":1,}"),
        STR_LIT("// x\n1"),
        STR_LIT("/* x */ 1"),
        STR_LIT("01"),
        STR_LIT("+1"),
        STR_LIT("1."),
        STR_LIT(".5"),
        STR_LIT("1e"),
        STR_LIT("0x10"),
        STR_LIT("-"),
        STR_LIT("'a'"),
        STR_LIT("{a:1}"),
        STR_LIT("True"),
        STR_LIT("[1"),
        STR_LIT("]"),
        STR_LIT("{\"a\"}"),
        STR_LIT("{1:2}"),
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct str minified = STR_LIT("untouched");
        struct err err = {0};
        if (json_minify(&arena, rows[i], DEPTH_MAX, &minified, &err))
            fail_msg("row %zu is accepted: %s", i, minified.at);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_true(str_is(minified, "untouched"));
    }
}

static void depth_is_bounded_at_every_level(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    char *text = arena_alloc(&arena, SIZE_MAX_RESULT);
    struct str minified;
    struct err err = {0}, deep = {0}, deepest = {0};

    (void)state;
    memset(text, '[', DEPTH_MAX);
    memset(text + DEPTH_MAX, ']', DEPTH_MAX);
    assert_true(json_minify(&arena, (struct str){text, 2 * DEPTH_MAX}, DEPTH_MAX, &minified, &err));
    assert_int_equal(minified.size, 2 * DEPTH_MAX);
    memset(text, '[', DEPTH_MAX + 1);
    memset(text + DEPTH_MAX + 1, ']', DEPTH_MAX + 1);
    assert_false(
        json_minify(&arena, (struct str){text, 2 * DEPTH_MAX + 2}, DEPTH_MAX, &minified, &deep));
    memset(text, '[', SIZE_MAX_RESULT);
    assert_false(
        json_minify(&arena, (struct str){text, SIZE_MAX_RESULT}, DEPTH_MAX, &minified, &deepest));
}

static void brackets_in_a_text_are_no_depth(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct str minified;
    struct err err = {0};

    (void)state;
    assert_true(json_minify(&arena, STR_LIT("[\"[[[[\\\"[[[[\"]"), 1, &minified, &err));
    assert_string_equal(minified.at, "[\"[[[[\\\"[[[[\"]");
}

static int64_t cpu_ms(void)
{
    return (int64_t)clock() * 1000 / CLOCKS_PER_SEC;
}

/* Documents of 1 MiB that would be slow for a careless reader. */
static void the_worst_megabyte_is_quick(void **state)
{
    (void)state;
    for (int with_prefix = 0; with_prefix < 2; with_prefix++) {
        auto_end(arena_fini) struct arena arena = {0};
        auto_end(buf_fini) struct buf text = {0};
        struct str minified;
        struct err err = {0};
        int64_t began_ms = cpu_ms();
        buf_init(&text, SIZE_MAX_RESULT);
        buf_add_char(&text, '{');
        for (unsigned key = 0; text.size + 64 < SIZE_MAX_RESULT; key++) {
            struct str name = !with_prefix ? arena_print(&arena, "%05x", key * 7919 % 1048573)
                                           : arena_print(&arena, "%038d%05x", 0, key);
            buf_print(&text, "%s\"%.*s\":0", key ? "," : "", STR_ARG(name));
        }
        buf_add_char(&text, '}');
        assert_true(json_minify(&arena, buf_str(&text), DEPTH_MAX, &minified, &err));
        assert_int_equal(minified.size, text.size);
        assert_true(cpu_ms() - began_ms < 2000); /* 0.05 s; with n * n comparisons, minutes */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_results_are_minified),
        cmocka_unit_test(bad_results_are_refused),
        cmocka_unit_test(depth_is_bounded_at_every_level),
        cmocka_unit_test(brackets_in_a_text_are_no_depth),
        cmocka_unit_test(the_worst_megabyte_is_quick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
