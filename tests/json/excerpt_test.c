// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/excerpt.h"

static void foreign_text_is_one_short_line(void **state)
{
    const struct {
        struct str in;
        const char *out;
    } rows[] = {
        {STR_LIT("plain"),                   "plain"                 },
        {STR_LIT(""),                        ""                      },
        {STR_LIT("a\nb\tc\x1b[31m"),         "a\\x0ab\\x09c\\x1b[31m"},
        {STR_LIT("nul\0."),                  "nul\\x00."             },
        {STR_LIT("caf\xc3\xa9"),             "caf\xc3\xa9"           },
        {STR_LIT("csi \xc2\x9b"),            "csi \\xc2\\x9b"        },
        {STR_LIT("bad \xff\xc3"),            "bad \\xff\\xc3"        },
        {STR_LIT("0123456789abcdef+"),       "0123456789abcdef..."   },
        {STR_LIT("0123456789abcde\xc3\xa9"), "0123456789abcde..."    },
    };
    auto_end(arena_fini) struct arena arena = {0};

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_string_equal(excerpt_of(&arena, rows[i].in, 16), rows[i].out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_text_is_one_short_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
