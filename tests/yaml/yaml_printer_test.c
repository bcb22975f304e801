// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "yaml/yaml.h"

static void assert_printed(const char *json, const char *yaml)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf text = {0};
    struct json_value value;
    struct err err = {0};

    buf_init(&text, 64 * 1024);
    assert_true(json_read(&arena, str_of(json), &value, &err));
    yaml_print(&value, &text);
    buf_add_char(&text, '\0');
    assert_string_equal(text.at, yaml);
}

static void objects_print_as_kubectl_prints_them(void **state)
{
    (void)state;
    assert_printed(
        "{\"apiVersion\":\"v1\",\"items\":[{\"a\":1,\"l\":[\"x\",[true]]}],\"e\":{},\"n\":[],"
        "\"z\":null}",
        "apiVersion: v1\nitems:\n- a: 1\n  l:\n  - x\n  - - true\ne: {}\n\"n\": []\nz: null\n");
    assert_printed("{\"code\":{\"source\":\"import json\\nprint(1)\\n\"},\"x\":\"a\\n\\nb\"}",
                   "code:\n  source: |\n    import json\n    print(1)\nx: |-\n  a\n\n  b\n");
    assert_printed(
        "{\"creationTimestamp\":\"2026-11-24T08:00:00Z\",\"n\":\"n\",\"m\":\"0644\","
        "\"e\":\"\",\"c\":\"a: b\",\"l\":\"- x\",\"o\":0.10,\"true\":\"512Mi\"}",
        "creationTimestamp: \"2026-11-24T08:00:00Z\"\n\"n\": \"n\"\nm: \"0644\"\ne: \"\"\n"
        "c: 'a: b'\nl: '- x'\no: 0.10\n\"true\": 512Mi\n");
}

static void odd_texts_are_quoted(void **state)
{
    (void)state;
    assert_printed(
        "[\"a\\tb\",\"\\u001b[0m\",\"a\\r\\nb\",\"\\u2028\",\"caf\\u00e9\",\" x\",\"x \"]",
        "- \"a\\tb\"\n- \"\\e[0m\"\n- \"a\\r\\nb\"\n- \"\\L\"\n- caf\xc3\xa9\n- ' x'\n- 'x '\n");
}

static void what_is_no_utf8_is_replaced(void **state)
{
    auto_end(buf_fini) struct buf text = {0};
    struct json_value value = json_text(STR_LIT("a\xff"));

    (void)state;
    buf_init(&text, 1024);
    yaml_print(&value, &text);
    assert_true(str_starts(buf_str(&text), "a\xef\xbf\xbd\n"));
}

/* -- whatever is printed is read as it was --------------------------------- */

struct dice {
    uint64_t state;
};

static uint32_t roll(struct dice *dice, uint32_t sides)
{
    dice->state = dice->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(dice->state >> 33) % sides;
}

static struct str random_text(struct arena *arena, struct dice *dice)
{
    static const char *const parts[] = {
        "a",
        "b",
        " ",
        "  ",
        "\n",
        "\n\n",
        ":",
        ": ",
        "-",
        "- ",
        "#",
        " #",
        "\"",
        "'",
        "\\",
        "\t",
        "\r",
        "?",
        "!",
        "&",
        "*",
        "|",
        ">",
        "%",
        "@",
        "`",
        "{",
        "}",
        "[",
        "]",
        ",",
        "yes",
        "null",
        "0644",
        "1e3",
        "<<",
        "---",
        "...",
        "=",
        "~",
        "\x1b",
        "\x7f",
        "\xc2\x85",
        "\xe2\x80\xa8",
        "\xef\xbb\xbf",
        "\xc3\xa9",
        "\xf0\x9f\x98\x80",
        "\xc2\x9b",
        ".",
        "1:30",
        "2026-11-24",
    };
    struct str ret = {0};
    uint32_t count = roll(dice, 7);

    for (uint32_t i = 0; i < count; i++) {
        const char *part = parts[roll(dice, countof(parts))];
        ret = arena_print(arena, "%.*s%s", STR_ARG(ret), part);
    }
    return ret;
}

static struct json_value random_value(struct arena *arena, struct dice *dice, unsigned level)
{
    static const char *const numbers[] = {"0",    "-0",    "1e400",
                                          "0.10", "-1E-2", "123456789012345678901"};
    struct json_value ret = {0};
    uint32_t count = roll(dice, 4);

    switch (roll(dice, level > 4 ? 4 : 7)) {
    case 0:
        return ret;
    case 1:
        return json_bool(roll(dice, 2));
    case 2:
        return (struct json_value){.kind = JSON_NUMBER,
                                   .text = str_of(numbers[roll(dice, countof(numbers))])};
    case 3:
        return json_text(random_text(arena, dice));
    case 4:
        ret = json_list();
        for (uint32_t i = 0; i < count; i++)
            json_add(arena, &ret, random_value(arena, dice, level + 1));
        return ret;
    default:
        ret = json_object();
        for (uint32_t i = 0; i < count; i++) {
            struct str key = random_text(arena, dice);
            if (!json_get(&ret, arena_text(arena, key)))
                json_put_key(arena, &ret, key, random_value(arena, dice, level + 1));
        }
        return ret;
    }
}

static void print_json(const struct json_value *value, struct buf *ret)
{
    buf_init(ret, 1024 * 1024);
    json_print(value, JSON_COMPACT, ret);
}

static void printed_and_read_is_the_same(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20000; seed++) {
        auto_end(arena_fini) struct arena arena = {0};
        auto_end(buf_fini) struct buf yaml = {0}, before = {0}, after = {0};
        struct dice dice = {seed};
        struct json_value value = random_value(&arena, &dice, 0), *documents;
        uint32_t count;
        struct err err = {0};
        buf_init(&yaml, 1024 * 1024);
        yaml_print(&value, &yaml);
        if (!yaml_read(&arena, buf_str(&yaml), "f", &documents, &count, &err))
            fail_msg("seed %d: %s in\n%.*s", (int)seed, err.text, STR_ARG(buf_str(&yaml)));
        if (value.kind == JSON_NULL) {
            assert_int_equal(count, 0);
            continue;
        }
        assert_int_equal(count, 1);
        print_json(&value, &before);
        print_json(&documents[0], &after);
        if (!str_equal(buf_str(&before), buf_str(&after)))
            fail_msg("seed %d:\n%.*s\n%.*s\n%.*s", (int)seed, STR_ARG(buf_str(&before)),
                     STR_ARG(buf_str(&yaml)), STR_ARG(buf_str(&after)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_print_as_kubectl_prints_them),
        cmocka_unit_test(odd_texts_are_quoted),
        cmocka_unit_test(what_is_no_utf8_is_replaced),
        cmocka_unit_test(printed_and_read_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
