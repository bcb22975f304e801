// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/selector.h"

static const struct pair pairs[] = {
    {{"app", 3},       {"web", 3}},
    {{"x.io/tier", 9}, {"1", 1}  },
    {{"empty", 5},     {"", 0}   },
};
static const struct pairs labels = {pairs, countof(pairs)};

static void selects_as_kubectl_does(void **state)
{
    static const struct {
        const char *text;
        bool selects;
    } rows[] = {
        {"",                      true },
        {"  ",                    true },
        {"app=web",               true },
        {"app==web",              true },
        {" app = web ",           true },
        {"app=db",                false},
        {"app!=db",               true },
        {"app!=web",              false},
        {"missing!=x",            true },
        {"missing=x",             false},
        {"app",                   true },
        {"missing",               false},
        {"!missing",              true },
        {"!app",                  false},
        {"app in (web,db)",       true },
        {"app in ( db , web )",   true },
        {"app in (db)",           false},
        {"missing in (db)",       false},
        {"app notin (db)",        true },
        {"app notin (web)",       false},
        {"missing notin (db)",    true },
        {"empty=",                true },
        {"empty in ()",           true },
        {"app=",                  false},
        {"app=web,x.io/tier=1",   true },
        {"app=web,x.io/tier=2",   false},
        {"app in (web),!missing", true },
        {"app,x.io/tier",         true },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct selector selector;
        struct err err = {0};

        if (!selector_parse(&arena, str_of(rows[i].text), &selector, &err))
            fail_msg("%s: %s", rows[i].text, err.text);
        if (selector_selects(&selector, &labels) != rows[i].selects)
            fail_msg("\"%s\" should %s", rows[i].text, rows[i].selects ? "select" : "not select");
    }
}

static void says_where_it_is_wrong(void **state)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"=web",       "selector: expected a label key at character 1 of \"=web\""                    },
        {"a,,b",       "selector: expected a label key at character 3 of \"a,,b\""                    },
        {"a=b,",       "selector: expected a label key at character 5 of \"a=b,\""                    },
        {"a b",        "selector: expected =, !=, in or notin at character 4 of \"a b\""              },
        {"a in b",     "selector: expected ( at character 6 of \"a in b\""                            },
        {"a in (b",    "selector: expected , or ) at character 8 of \"a in (b\""                      },
        {"a in (b c)", "selector: expected , or ) at character 9 of \"a in (b c)\""                   },
        {"a=b c",      "selector: expected a comma at character 5 of \"a=b c\""                       },
        {"a=b=c",      "selector: expected a comma at character 4 of \"a=b=c\""                       },
        {"-a=b",       "selector: expected a label key at character 3 of \"-a=b\""                    },
        {"a=-b-",      "selector: the value before this is no label value at character 6 of \"a=-b-\""},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct selector selector;
        struct err err = {0};

        assert_false(selector_parse(&arena, str_of(rows[i].text), &selector, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(err.text, rows[i].error);
    }
}

static void demands_and_values_are_bounded(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct str text = STR_LIT("a"), values = STR_LIT("a in (b");
    struct selector selector;
    struct err err = {0}, values_err = {0};

    (void)state;
    for (int i = 0; i < SELECTOR_DEMANDS_MAX; i++)
        text = arena_print(&arena, "%.*s,a", STR_ARG(text));
    assert_false(selector_parse(&arena, text, &selector, &err));
    assert_non_null(strstr(err.text, "too many demands"));
    for (int i = 0; i < SELECTOR_VALUES_MAX; i++)
        values = arena_print(&arena, "%.*s,b", STR_ARG(values));
    assert_false(selector_parse(&arena, values, &selector, &values_err));
    assert_non_null(strstr(values_err.text, "too many values"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selects_as_kubectl_does),
        cmocka_unit_test(says_where_it_is_wrong),
        cmocka_unit_test(demands_and_values_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
