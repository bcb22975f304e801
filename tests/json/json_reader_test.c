// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "json/json.h"

static void what_is_read_prints_the_same(void **state)
{
    static const char *const rows[] = {
        "null",
        "true",
        "\"\"",
        "-0",
        "1e400",
        "0.10",
        "12345678901234567890123456789",
        "[]",
        "{}",
        "[[],{},[{}]]",
        "{\"a\":{\"b\":[1,{\"c\":null},2],\"d\":{}},\"e\":[[[\"x\"]]],\"\":false}",
        "{\"nul\":\"\\u0000\",\"a\\u0000\":1,\"a\":2}",
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        auto_end(buf_fini) struct buf text = {0};
        struct json_value value;
        struct err err = {0};
        buf_init(&text, 4096);
        assert_true(json_read(&arena, str_of(rows[i]), &value, &err));
        json_print(&value, JSON_COMPACT, &text);
        buf_add_char(&text, '\0');
        assert_string_equal(text.at, rows[i]);
    }
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
    const struct {
        struct str in;
        const char *out;
    } rows[] = {
        {STR_LIT(""),                                        "1:1: no JSON: it is empty"},
        {STR_LIT("{\n  \"a\": tru\n}"),                      "2:8: "                    },
        {STR_LIT("{\"a\":1} x"),                             "1:9: "                    },
        {STR_LIT("[1,]"),                                    "1:3: trailing comma"      },
        {STR_LIT("\"\xff\""),                                "1:2: "                    },
        {STR_LIT("{\"a\":1,\"b\":{\"x\":1,\"\\u0078\":2}}"),
         "the key \"x\" stands twice in one object"                                     },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct json_value value;
        struct err err = {0};
        assert_false(json_read(&arena, rows[i].in, &value, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        if (!str_starts(str_of(err.text), rows[i].out))
            fail_msg("%s", err.text);
    }
}

/* `depth` lists in one another. */
static struct str nested(struct arena *arena, size_t depth)
{
    char *text = arena_alloc(arena, 2 * depth);

    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return (struct str){text, 2 * depth};
}

static void depth_and_size_are_bounded(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value value;
    struct err err = {0}, deep = {0}, deepest = {0}, large = {0};
    struct str blanks = {arena_alloc(&arena, JSON_SIZE_MAX + 1), JSON_SIZE_MAX + 1};

    (void)state;
    assert_true(json_read(&arena, nested(&arena, JSON_DEPTH_MAX), &value, &err));
    assert_false(json_read(&arena, nested(&arena, JSON_DEPTH_MAX + 1), &value, &deep));
    assert_string_equal(deep.text, "1:101: nested too deeply");
    assert_false(json_read(&arena, nested(&arena, 1000 * 1000), &value, &deepest));
    assert_false(json_read(&arena, blanks, &value, &large));
    assert_string_equal(large.text, "JSON of more than 8388608 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_prints_the_same),
        cmocka_unit_test(what_is_wrong_is_named_with_its_place),
        cmocka_unit_test(depth_and_size_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
