// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/json.h"

static void assert_printed(const struct json_value *value, enum json_style style,
                           struct str expected)
{
    auto_end(buf_fini) struct buf text = {0};

    buf_init(&text, 1024 * 1024);
    json_print(value, style, &text);
    assert_int_equal(text.size, expected.size);
    assert_memory_equal(text.at, expected.at, expected.size);
}

static void texts_are_escaped(void **state)
{
    const struct {
        struct str in, out;
    } rows[] = {
        {STR_LIT(""),                                     STR_LIT("\"\"")                     },
        {STR_LIT("plain"),                                STR_LIT("\"plain\"")                },
        {STR_LIT("\"\\/"),                                STR_LIT("\"\\\"\\\\/\"")            },
        {STR_LIT("\n\t\r\b\f"),                           STR_LIT("\"\\n\\t\\r\\b\\f\"")      },
        {STR_LIT("\0\x1b\x7f"),                           STR_LIT("\"\\u0000\\u001b\\u007f\"")},
        {STR_LIT("a\xc2\x9bz"),                           STR_LIT("\"a\\u009bz\"")            },
        {STR_LIT("\xc2\xa0\xc3\xa9"),                     STR_LIT("\"\xc2\xa0\xc3\xa9\"")     },
        {STR_LIT("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"),
         STR_LIT("\"\\u2028\\u2029\xe2\x80\xaa\"")                                            },
        {STR_LIT("\xf0\x9f\x98\x80"),                     STR_LIT("\"\xf0\x9f\x98\x80\"")     },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct json_value value = json_text(rows[i].in);
        assert_printed(&value, JSON_COMPACT, rows[i].out);
    }
}

static void pretty_is_as_kubectl_prints(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value object = json_object(), list = json_list(), empty = json_object();

    (void)state;
    json_add(&arena, &list, json_number(&arena, -1));
    json_add(&arena, &list, (struct json_value){.kind = JSON_NULL});
    json_put(&arena, &object, "a", json_text(STR_LIT("x")));
    json_put(&arena, &object, "l", list);
    json_put(&arena, &object, "e", empty);
    json_put(&arena, &object, "n", json_list());
    assert_printed(&object, JSON_COMPACT,
                   STR_LIT("{\"a\":\"x\",\"l\":[-1,null],\"e\":{},\"n\":[]}"));
    assert_printed(&object, JSON_PRETTY,
                   STR_LIT("{\n    \"a\": \"x\",\n    \"l\": [\n        -1,\n        null\n    ],\n"
                           "    \"e\": {},\n    \"n\": []\n}\n"));
}

static void compact_is_the_same_in_the_arena_however_long(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const size_t size = JSON_SIZE_MAX + 1; /* more than a reader takes */
    char *bytes = arena_alloc(&arena, size);
    struct json_value list = json_list();
    struct str printed;

    (void)state;
    memset(bytes, 'x', size);
    json_add(&arena, &list, json_text((struct str){bytes, size}));
    json_add(&arena, &list, json_bool(true));
    printed = json_compact(&arena, &list);
    assert_int_equal(printed.size, size + strlen("[\"\",true]"));
    assert_true(str_starts(printed, "[\"xx") && str_ends(printed, "x\",true]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(pretty_is_as_kubectl_prints),
        cmocka_unit_test(compact_is_the_same_in_the_arena_however_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
