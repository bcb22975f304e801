// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "yaml/yaml.h"

/* All documents as JSON, one a line. */
static void assert_read(const char *yaml, const char *json)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf text = {0};
    struct json_value *documents;
    uint32_t count;
    struct err err = {0};

    buf_init(&text, 64 * 1024);
    if (!yaml_read(&arena, str_of(yaml), "f.yaml", &documents, &count, &err))
        fail_msg("%s: %s", yaml, err.text);
    for (uint32_t i = 0; i < count; i++) {
        json_print(&documents[i], JSON_COMPACT, &text);
        buf_add_char(&text, '\n');
    }
    buf_add_char(&text, '\0');
    assert_string_equal(text.at, json);
}

static void assert_refused(struct str yaml, const char *message)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value *documents;
    uint32_t count;
    struct err err = {0};

    if (yaml_read(&arena, yaml, "f.yaml", &documents, &count, &err))
        fail_msg("%.*s", STR_ARG(yaml));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_string_equal(err.text, message);
}

static void scalars_are_those_of_kubernetes(void **state)
{
    (void)state;
    assert_read(
        "a: yes\nb: \"yes\"\nc: 'n'\nd: 0644\ne: '0644'\nf: ~\ng:\nh: 2026-11-24\n",
        "{\"a\":true,\"b\":\"yes\",\"c\":\"n\",\"d\":420,\"e\":\"0644\",\"f\":null,\"g\":null,"
        "\"h\":\"2026-11-24\"}\n");
    assert_read("- !!str 1\n- !!int \"5\"\n- ! yes\n- !!bool \"on\"\n- !!float '1.5'\n- !!null ''\n"
                "- !!timestamp 2026-11-24\n",
                "[\"1\",5,\"yes\",true,1.5,null,\"2026-11-24\"]\n");
    assert_read("1: a\ntrue: b\n0x10: c\n'2': d\n",
                "{\"1\":\"a\",\"true\":\"b\",\"16\":\"c\",\"2\":\"d\"}\n");
    assert_read("s: |\n  one\n  two\nf: >-\n  one\n  two\n",
                "{\"s\":\"one\\ntwo\\n\",\"f\":\"one two\"}\n");
    assert_read("\"nul\\0\"\n", "\"nul\\u0000\"\n");
}

static void json_is_yaml(void **state)
{
    (void)state;
    assert_read("{\"a\": [1, -2.50, true, null, \"\\u00e9\\n\\/\", {}, []]}",
                "{\"a\":[1,-2.50,true,null,\"\xc3\xa9\\n/\",{},[]]}\n");
    assert_read("{\n\t\"a\": 1e3,\n\t\"b\": \"yes\"\n}\n", "{\"a\":1e3,\"b\":\"yes\"}\n");
}

static void documents_follow_each_other(void **state)
{
    (void)state;
    assert_read("", "");
    assert_read("# nothing\n", "");
    assert_read("---\na: 1\n---\n---\n# empty\n---\nnull\n---\n- 2\n...\n", "{\"a\":1}\n[2]\n");
    assert_read("\xef\xbb\xbf"
                "a: 1\n",
                "{\"a\":1}\n");
}

static void aliases_are_copies_and_merges_merge(void **state)
{
    (void)state;
    assert_read("a: &x [1, 2]\nb: *x\n", "{\"a\":[1,2],\"b\":[1,2]}\n");
    assert_read("a: &x 1\nb: &x 2\nc: *x\n", "{\"a\":1,\"b\":2,\"c\":2}\n");
    assert_read("base: &b {x: 1, w: 2}\nd:\n  w: 3\n  <<: *b\n  z: 4\n",
                "{\"base\":{\"x\":1,\"w\":2},\"d\":{\"w\":3,\"z\":4,\"x\":1}}\n");
    assert_read("- &a {x: 1}\n- &b {x: 2, w: 2}\n- <<: [*a, *b]\n",
                "[{\"x\":1},{\"x\":2,\"w\":2},{\"x\":1,\"w\":2}]\n");
    assert_read("\"<<\": 1\na: <<\n", "{\"<<\":1,\"a\":\"<<\"}\n");
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
    (void)state;
    assert_refused(STR_LIT("a: 1\nb: 2\na: 3\n"),
                   "f.yaml:3:1: the key \"a\" stands twice in one object");
    assert_refused(STR_LIT("x:\n  1: a\n  \"1\": b\n"),
                   "f.yaml:3:3: the key \"1\" stands twice in one object");
    assert_refused(STR_LIT("a: [1\nb: 2\n"), "f.yaml:2:2: did not find expected ',' or ']'");
    assert_refused(STR_LIT("a: b: c\n"),
                   "f.yaml:1:5: mapping values are not allowed in this context");
    assert_refused(STR_LIT("a:\n\t- x\n"),
                   "f.yaml:2:1: found character that cannot start any token");
    assert_refused(STR_LIT("a: *x\n"), "f.yaml:1:4: there is no anchor \"x\" above");
    assert_refused(STR_LIT("a: &x [*x]\n"), "f.yaml:1:8: there is no anchor \"x\" above");
    assert_refused(STR_LIT("--- &x 1\n--- *x\n"), "f.yaml:2:5: there is no anchor \"x\" above");
    assert_refused(STR_LIT("a: .inf\n"), "f.yaml:1:4: \".inf\" is a number that JSON lacks");
    assert_refused(STR_LIT("a: !!python/object x\n"),
                   "f.yaml:1:4: this cannot be read with the tag "
                   "\"tag:yaml.org,2002:python/object\"");
    assert_refused(STR_LIT("a: !!int x\n"),
                   "f.yaml:1:4: this cannot be read with the tag \"tag:yaml.org,2002:int\"");
    assert_refused(STR_LIT("a: !set {x}\n"),
                   "f.yaml:1:4: this cannot be read with the tag \"!set\"");
    assert_refused(STR_LIT("? [a]\n: 1\n"), "f.yaml:1:3: a key must be a text");
    assert_refused(STR_LIT("~: 1\n"), "f.yaml:1:1: a key must be a text");
    assert_refused(STR_LIT("a: {<<: 1}\n"), "f.yaml:1:5: << takes an object or a list of objects");
    assert_refused(STR_LIT("a: x\nb: \xff\n"), "f.yaml:2:4: invalid leading UTF-8 octet");
    assert_refused(STR_LIT("a: \x1b\n"), "f.yaml:1:4: control characters are not allowed");
    assert_refused(STR_LIT("a: \0\n"), "f.yaml:1:4: control characters are not allowed");
    assert_refused(STR_LIT("\xff\xfe"
                           "a\0"),
                   "f.yaml:1:1: invalid leading UTF-8 octet");
    assert_refused(STR_LIT("\"\\x1b\\n\": 1\n\"\\x1b\\n\": 2\n"),
                   "f.yaml:2:1: the key \"\\x1b\\x0a\" stands twice in one object");
}

static struct str repeated(struct arena *arena, const char *text, uint32_t count)
{
    size_t size = strlen(text);
    char *ret = arena_alloc(arena, size * count + 1);

    for (uint32_t i = 0; i < count; i++)
        memcpy(ret + i * size, text, size);
    return (struct str){ret, size * count};
}

static void everything_is_bounded(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value *documents;
    uint32_t count;
    struct err err = {0};
    struct str open = repeated(&arena, "[", JSON_DEPTH_MAX), close = repeated(&arena, "]", 100);
    struct str deepest = arena_print(&arena, "%s%s", open.at, close.at);

    (void)state;
    assert_true(yaml_read(&arena, deepest, "f.yaml", &documents, &count, &err));
    assert_refused(arena_print(&arena, "[%s]", deepest.at), "f.yaml:1:101: nested too deeply");
    assert_refused(repeated(&arena, "[", 1000 * 1000), "f.yaml:1:101: nested too deeply");
    assert_refused(repeated(&arena, "#", YAML_SIZE_MAX + 1), "f.yaml:1:1: larger than 4 MiB");
    assert_refused(repeated(&arena, "- 1\n", YAML_NODES_MAX),
                   "f.yaml:100000:3: too many values, aliases counted in full");
    assert_refused(repeated(&arena, "--- 1\n", YAML_DOCUMENTS_MAX + 1),
                   "f.yaml:1002:1: too many documents");
    assert_true(yaml_read(&arena, repeated(&arena, "- 1\n", YAML_NODES_MAX - 1), "f.yaml",
                          &documents, &count, &err));
}

static void bombs_of_aliases_are_refused(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf yaml = {0};
    struct str deep = {0};

    (void)state;
    assert_refused(STR_LIT("- &a [0,0,0,0,0,0,0,0,0,0]\n"
                           "- &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                           "- &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
                           "- &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                           "- &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"),
                   "f.yaml:5:28: too many values, aliases counted in full");
    buf_init(&yaml, YAML_SIZE_MAX);
    buf_print(&yaml, "- &a %s\n", repeated(&arena, "x", 1024 * 1024).at);
    for (int i = 0; i < 9; i++)
        buf_print(&yaml, "- *a\n");
    assert_refused(buf_str(&yaml), "f.yaml:9:3: too much text, aliases counted in full");
    for (int i = 0; i < 10; i++)
        deep = arena_print(&arena, "%.*s- &a%d %s%s%d%s\n", STR_ARG(deep), i,
                           repeated(&arena, "[", 15).at, i ? "*a" : "", i ? i - 1 : 0,
                           repeated(&arena, "]", 15).at);
    assert_refused(deep, "f.yaml:7:22: nested too deeply");
    buf_drop(&yaml, yaml.size);
    for (int i = 0; i < 257; i++)
        buf_print(&yaml, "- &a%d 1\n", i);
    assert_refused(buf_str(&yaml), "f.yaml:257:3: too many anchors");
}

/* Four megabytes of what is worst for a reader of YAML. */
static void the_worst_text_is_quick(void **state)
{
    static const char *const worst[] = {"- a\n",  "{", "[{",      "- ",    "? ",     "a: &a\n",
                                        "- *a\n", "!", "\"\\x41", "# c\n", "--- \n", "|\n"};

    (void)state;
    for (size_t i = 0; i < countof(worst); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        uint32_t times = (uint32_t)(YAML_SIZE_MAX / strlen(worst[i]));
        struct json_value *documents;
        uint32_t count;
        struct err err = {0};
        clock_t began = clock();
        (void)!yaml_read(&arena, repeated(&arena, worst[i], times), "f.yaml", &documents, &count,
                         &err);
        if (clock() - began > 5 * CLOCKS_PER_SEC)
            fail_msg("%s: %g s", worst[i], (double)(clock() - began) / CLOCKS_PER_SEC);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_are_those_of_kubernetes),
        cmocka_unit_test(json_is_yaml),
        cmocka_unit_test(documents_follow_each_other),
        cmocka_unit_test(aliases_are_copies_and_merges_merge),
        cmocka_unit_test(what_is_wrong_is_named_with_its_place),
        cmocka_unit_test(everything_is_bounded),
        cmocka_unit_test(bombs_of_aliases_are_refused),
        cmocka_unit_test(the_worst_text_is_quick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
