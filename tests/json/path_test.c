// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/path.h"

static const char sample[] =
    "{\"kind\":\"List\",\"n\":1.50,\"t\":true,\"null\":null,\"items\":["
    "{\"name\":\"a\",\"labels\":{\"x.io/"
    "y\":\"1\"},\"c\":[{\"type\":\"Finished\",\"status\":\"True\"}]},"
    "{\"name\":\"b\",\"c\":[{\"type\":\"Other\",\"status\":\"False\"},{\"type\":\"Finished\","
    "\"status\":\"Never\"}]},"
    "{\"name\":\"c\",\"n\":7}]}";

static void assert_path(const char *template, const char *expected)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf text = {0};
    struct json_value value;
    struct err err = {0};

    buf_init(&text, 4096);
    assert_true(json_read(&arena, str_of(sample), &value, &err));
    if (!path_print(&value, str_of(template), &text, &err))
        fail_msg("%s: %s", template, err.text);
    buf_add_char(&text, '\0');
    assert_string_equal(text.at, expected);
}

static void what_people_write_prints_as_kubectl(void **state)
{
    const struct {
        const char *template, *out;
    } rows[] = {
        {"{.kind}",                                                                  "List"                                         },
        {"{$.kind}{@.kind}{ .kind }",                                                "ListListList"                                 },
        {"kind is {.kind}!",                                                         "kind is List!"                                },
        {"{.n} {.t} {.null}",                                                        "1.50 true null"                               },
        {"{.absent}{.kind.deeper}{.items.name}",                                     ""                                             },
        {"{.items[0].name}{.items[-1].name}{.items[9].name}{.items[-9].name}",       "ac"                                           },
        {"{.items[*].name}",                                                         "a b c"                                        },
        {"{.items[0:2].name}|{.items[1:].name}|{.items[:-1].name}|{.items[:].name}",
         "a b|b c|a b|a b c"                                                                                                        },
        {"{.items[0]['name']}{.items[0][\"name\"]}{.items[0].['name']}",             "aaa"                                          },
        {"{.items[0].labels.x\\.io/y}{.items[0].labels['x.io/y']}",                  "11"                                           },
        {"{.items[2].*}",                                                            "c 7"                                          },
        {"{.items[2]}",                                                              "{\"name\":\"c\",\"n\":7}"                     },
        {"{.items[0].c}",                                                            "[{\"type\":\"Finished\",\"status\":\"True\"}]"},
        {"{range .items[*]}{.name}{\"\\t\"}{.n}{\"\\n\"}{end}",                      "a\t\nb\t\nc\t7\n"                             },
        {"{range .absent[*]}{.name}, never{end}x",                                   "x"                                            },
        {"{range .items[*]}{.name}:{range .c[*]}{.status},{end};{end}",
         "a:True,;b:False,Never,;c:;"                                                                                               },
        {"{range .items[*]}{$.kind}{end}",                                           "ListListList"                                 },
        {"{.items[1].c[?(@.type==\"Finished\")].status}",                            "Never"                                        },
        {"{.items[?(@.name!='b')].name}",                                            "a c"                                          },
        {"{.items[?(@.n == 7)].name}",                                               "c"                                            },
        {"{\"{}\\\"\\\\\"}",                                                         "{}\"\\"                                       },
        {"{.items[?(@.name==\"}\")].name}.",                                         "."                                            },
        {"",                                                                         ""                                             },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_path(rows[i].template, rows[i].out);
}

static void the_whole_object_is_a_path(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf text = {0};
    struct json_value value;
    struct err err = {0};

    (void)state;
    buf_init(&text, 4096);
    assert_true(json_read(&arena, STR_LIT("[1, {}]"), &value, &err));
    assert_true(path_print(&value, STR_LIT("{.}{$}{@}"), &text, &err));
    assert_true(str_is(buf_str(&text), "[1,{}][1,{}][1,{}]"));
}

static void what_is_wrong_is_told(void **state)
{
    const struct {
        const char *template, *message;
    } rows[] = {
        {"{.kind",                                                                            "jsonpath {.kind: { is not closed"                             },
        {"{\"}",                                                                              "jsonpath {\"}: { is not closed"                               },
        {"{end}",                                                                             "jsonpath: {end} without {range}"                              },
        {"{range .items[*]}x",                                                                "jsonpath: {range} without {end}"                              },
        {"{range .absent}x",                                                                  "jsonpath: {range} without {end}"                              },
        {"{kind}",                                                                            "jsonpath {kind}: a step begins with \".\" or \"[\""           },
        {"{..kind}",                                                                          "jsonpath {..kind}: \"..\" is not supported"                   },
        {"{.kind.}",                                                                          "jsonpath {.kind.}: a name is missing after \".\""             },
        {"{.items[}",                                                                         "jsonpath {.items[}: [] holds no index, slice, 'key', * or ?()"},
        {"{.items[0}",                                                                        "jsonpath {.items[0}: [ is not closed"                         },
        {"{.items[0:x]}",                                                                     "jsonpath {.items[0:x]}: the end of a slice is no number"      },
        {"{.items[99999999999999999999]}",
         "jsonpath {.items[99999999999999999999]}: [] holds no index, slice, 'key', * or ?()"                                                                },
        {"{.items[?(@.n<1)]}",                                                                "jsonpath {.items[?(@.n<1)]}: ?() compares with == or != only" },
        {"{.items[?(@.n==1]}",                                                                "jsonpath {.items[?(@.n==1]}: ?() is not closed"               },
        {"{.items[?(@.n==)]}",                                                                "jsonpath {.items[?(@.n==)]}: a comparison has no right side"  },
        {"{range .}{range .}{range .}{range .}{range .}{range .}{range .}{range .}{range .}",
         "jsonpath: more than 8 ranges in one another"                                                                                                       },
        {"{.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a}",
         "jsonpath {.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a...}: too many "
         "steps"                                                                                                                                             },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(buf_fini) struct buf text = {0};
        struct json_value value = json_object();
        struct err err = {0};
        buf_init(&text, 4096);
        assert_false(path_print(&value, str_of(rows[i].template), &text, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(err.text, rows[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_people_write_prints_as_kubectl),
        cmocka_unit_test(the_whole_object_is_a_path),
        cmocka_unit_test(what_is_wrong_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
