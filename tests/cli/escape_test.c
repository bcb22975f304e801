// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "cli/escape.h"

struct row {
    struct str in;
    const char *text, *line, *json;
};

#define WIDE "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" /* two, three and four bytes */

static const struct row rows[] = {
    {{"plain", 5},                     "plain",           "plain",                "plain"                },
    {{"", 0},                          "",                "",                     ""                     },
    {{"a\nb\tc", 5},                   "a\nb\tc",         "a\\nb\\tc",            "a\nb\tc"              },
    {{"a\rb", 3},                      "a\\rb",           "a\\rb",                "a\\rb"                },
    {{"\x1b[2J", 4},                   "\\x1b[2J",        "\\x1b[2J",             "\\u001b[2J"           },
    {{"\0", 1},                        "\\x00",           "\\x00",                "\\u0000"              },
    {{"\x7f", 1},                      "\\x7f",           "\\x7f",                "\\u007f"              },
    {{"\xc2\x9b"
      "31m",
      5},
     "\\u009b31m",                                        "\\u009b31m",
     "\\u009b31m"                                                                                        },
    {{"\xe2\x80\xae", 3},              "\\u202e",         "\\u202e",              "\\u202e"              },
    {{"\xe2\x81\xa6x\xe2\x81\xa9", 7}, "\\u2066x\\u2069", "\\u2066x\\u2069",      "\\u2066x\\u2069"      },
    {{"\xe2\x80\xa8", 3},              "\\u2028",         "\\u2028",              "\\u2028"              },
    {{WIDE, 11},                       WIDE,              WIDE,                   WIDE                   },
    {{"\x9b", 1},                      "\\x9b",           "\\x9b",                "\\ufffd"              },
    {{"\xff\xfe", 2},                  "\\xff\\xfe",      "\\xff\\xfe",           "\\ufffd\\ufffd"       },
    {{"\xc0\x80", 2},                  "\\xc0\\x80",      "\\xc0\\x80",           "\\ufffd\\ufffd"       },
    {{"\xed\xa0\x80", 3},              "\\xed\\xa0\\x80", "\\xed\\xa0\\x80",      "\\ufffd\\ufffd\\ufffd"},
    {{"\xe2\x82", 2},                  "\\xe2\\x82",      "\\xe2\\x82",           "\\ufffd\\ufffd"       },
    {{"\xe2(", 2},                     "\\xe2(",          "\\xe2(",               "\\ufffd("             },
    {{"\xf4\x90\x80\x80", 4},
     "\\xf4\\x90\\x80\\x80",                              "\\xf4\\x90\\x80\\x80",
     "\\ufffd\\ufffd\\ufffd\\ufffd"                                                                      },
};

static void assert_shown(enum escape_mode mode, struct str in, const char *expected)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct str shown = escape_text(&arena, mode, in);

    assert_string_equal(shown.at, expected);
}

static void h64_raw_terminal(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        assert_shown(ESCAPE_TEXT, rows[i].in, rows[i].text);
        assert_shown(ESCAPE_LINE, rows[i].in, rows[i].line);
        assert_shown(ESCAPE_JSON, rows[i].in, rows[i].json);
    }
}

/* Every byte, and every pair of bytes, in every mode: x12 by brute force. */
static void x12_no_control_byte_comes_through(void **state)
{
    auto_end(buf_fini) struct buf shown = {0};

    (void)state;
    buf_init(&shown, 64);
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        char in[2] = {(char)(pair >> 8), (char)pair};

        buf_drop(&shown, shown.size);
        escape_add(ESCAPE_LINE, (struct str){in, 2}, &shown);
        assert_true(str_is_utf8(buf_str(&shown)));
        for (size_t i = 0; i < shown.size; i++) {
            unsigned char byte = (unsigned char)shown.at[i];

            assert_true(byte >= 0x20 && byte != 0x7f);
            assert_true(byte != 0xc2 || (unsigned char)shown.at[i + 1] >= 0xa0);
        }
    }
}

static void a_cut_character_is_put_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        for (size_t step = 1; step < 4; step++) {
            auto_end(buf_fini) struct buf shown = {0};
            struct escape escape = {0};
            struct str rest = rows[i].in;

            buf_init(&shown, 256);
            while (rest.size > 0) {
                size_t size = step < rest.size ? step : rest.size;

                escape_feed(&escape, ESCAPE_TEXT, (struct str){rest.at, size}, &shown);
                rest = str_skip(rest, size);
            }
            escape_end(&escape, ESCAPE_TEXT, &shown);
            buf_add_char(&shown, '\0');
            assert_string_equal(shown.at, rows[i].text);
        }
}

static void what_is_held_back_is_shown_at_the_end_only(void **state)
{
    auto_end(buf_fini) struct buf shown = {0};
    struct escape escape = {0};

    (void)state;
    buf_init(&shown, 64);
    escape_feed(&escape, ESCAPE_TEXT, (struct str){"x\xe2\x82", 3}, &shown);
    assert_int_equal(shown.size, 1);
    escape_end(&escape, ESCAPE_TEXT, &shown);
    assert_true(str_is(buf_str(&shown), "x\\xe2\\x82"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(h64_raw_terminal),
        cmocka_unit_test(x12_no_control_byte_comes_through),
        cmocka_unit_test(a_cut_character_is_put_together),
        cmocka_unit_test(what_is_held_back_is_shown_at_the_end_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
