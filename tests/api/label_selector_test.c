// SPDX-License-Identifier: Apache-2.0
#include "api/label_selector.h"
#include "given.h"

#define EXPRESSION(key, operator, more)                                                            \
    "{\"matchExpressions\":[{\"key\":\"" key "\",\"operator\":\"" operator"\"" more "}]}"
#define AMONG(a)  ",\"values\":[\"" a "\"]"
#define EXACT(at) "{\"matchLabels\":" at "}"

/* Of these, those that it selects: n: without labels · a: {task: a} · w: {task: a, app: web} */
static const struct {
    const char *selector, *selects;
} rows[] = {
    {"null",                                    "naw"               },
    {"{}",                                      "naw"               },
    {EXACT("{}"),                               "naw"               },
    {EXACT("{\"task\":\"a\"}"),                 "aw"                },
    {EXACT("{\"task\":\"b\"}"),                 ""                  },
    {EXACT("{\"task\":\"a\",\"app\":\"web\"}"), "w"                 },
    {EXPRESSION("app",                          "Exists",             ""), "w"},
    {EXPRESSION("app",                                      "DoesNotExist",                                                          ""), "na"},
    {EXPRESSION("task","In",AMONG("a")), "aw"},
    {EXPRESSION("task",                                         "In",                                             AMONG("b")), ""},
    {EXPRESSION("task",                              "In",                                                                                                 AMONG("b\",\"a")), "aw"},
    {EXPRESSION("task",                         "NotIn", AMONG("a")), "n"},
    {EXPRESSION("app",                                       "NotIn",                                                           AMONG("db")), "naw"},
    {EXPRESSION("app",        "In",""), ""},
    {EXPRESSION("app",                                         "Newer",                                             ""), "naw"},
    {"{\"matchExpressions\":[7]}",                              "naw"                                              },
    {EXACT("[7]"),                          "naw"},
};

static void selectors_select(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value task = given_json(&arena, STR_LIT("{\"task\":\"a\"}"));
    struct json_value both = given_json(&arena, STR_LIT("{\"task\":\"a\",\"app\":\"web\"}"));

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct json_value selector = given_json(&arena, str_of(rows[i].selector));
        struct str selects =
            arena_print(&arena, "%s%s%s", label_selector_matches(&selector, NULL) ? "n" : "",
                        label_selector_matches(&selector, &task) ? "a" : "",
                        label_selector_matches(&selector, &both) ? "w" : "");
        if (!str_is(selects, rows[i].selects))
            fail_msg("%s: selects '%s'", rows[i].selector, selects.at);
    }
    assert_true(label_selector_matches(NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(selectors_select)};

    return cmocka_run_group_tests_name("label_selector", tests, NULL, NULL);
}
