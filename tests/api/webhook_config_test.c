// SPDX-License-Identifier: Apache-2.0
#include "api/webhook_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define SPACE STR_LIT("agenttask-system")

static struct json_value read_text(struct arena *arena, struct str text)
{
    struct json_value ret;
    struct err err = {0};

    if (!json_read(arena, text, &ret, &err))
        fail_msg("%s", err.text);
    return ret;
}

static const char good[] =
    "{'metadata':{'name':'c','resourceVersion':'7','creationTimestamp':'2026-11-24T12:00:00Z'},"
    "'webhooks':[{'name':'create.x','clientConfig':{'caBundle':'Zm9v','service':{"
    "'name':'agenttask-webhook-service','namespace':'agenttask-system','port':443,"
    "'path':'/validate-execution-agenttask-io-v1alpha1-agenttask'}},'failurePolicy':'Fail',"
    "'namespaceSelector':{},'objectSelector':{},'rules':[{'apiGroups':['execution.agenttask.io'],"
    "'apiVersions':['v1alpha1'],'operations':['CREATE'],'resources':['agenttasks'],"
    "'scope':'*'}]}]}";

/* The good one with the first `from` made `to`, and quotes as JSON has them. */
static struct json_value changed(struct arena *arena, const char *from, const char *to)
{
    const char *at = strstr(good, from);
    struct str text;

    assert_non_null(at);
    text = arena_print(arena, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    for (char *c = (char *)(uintptr_t)text.at; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    return read_text(arena, text);
}

static const struct guard_row {
    const char *what;
    bool guards;
    const char *from, *to;
} guard_rows[] = {
    {"as installed",                true,  "CREATE",                    "CREATE"                                    },
    {"anything is covered",         true,  "'CREATE'",                  "'DELETE','*'"                              },
    {"any group",                   true,  "'execution.agenttask.io'",  "'*'"                                       },
    {"any version",                 true,  "'v1alpha1'",                "'*'"                                       },
    {"any resource",                true,  "'agenttasks'",              "'*'"                                       },
    {"any resource with its parts", true,  "'agenttasks'",              "'*/*'"                                     },
    {"of namespaces",               true,  "'scope':'*'",               "'scope':'Namespaced'"                      },
    {"no scope said",               true,  ",'scope':'*'",              ""                                          },
    {"no port said",                true,  "'port':443,",               ""                                          },
    {"conditions: none",            true,  "'objectSelector':{}",       "'matchConditions':[]"                      },
    {"selectors: null",             true,  "'objectSelector':{}",       "'objectSelector':null"                     },
    {"updates alone",               false, "'CREATE'",                  "'UPDATE'"                                  },
    {"another group",               false, "'execution.agenttask.io'",  "'apps'"                                    },
    {"another version",             false, "'v1alpha1'",                "'v1'"                                      },
    {"another resource",            false, "'agenttasks'",              "'runtimeprofiles'"                         },
    {"the status alone",            false, "'agenttasks'",              "'agenttasks/status'"                       },
    {"of the cluster alone",        false, "'scope':'*'",               "'scope':'Cluster'"                         },
    {"no rules",                    false, "'rules'",                   "'rulez'"                                   },
    {"lets pass",                   false, "'Fail'",                    "'Ignore'"                                  },
    {"no policy said",              false, "'failurePolicy'",           "'other'"                                   },
    {"another service",             false, "agenttask-webhook-service", "evil"                                      },
    {"the service of another",      false, "agenttask-system",          "evil"                                      },
    {"another page",                false, "v1alpha1-agenttask'",       "v1alpha1-runtimeprofile'"                  },
    {"another port",                false, "443",                       "444"                                       },
    {"by address",                  false, "'service'",                 "'url':'https://x','other'"                 },
    {"some namespaces",             false, "'namespaceSelector':{}",
     "'namespaceSelector':{'matchLabels':{'a':'b'}}"                                                                },
    {"some objects",                false, "'objectSelector':{}",
     "'objectSelector':{'matchExpressions':[{'key':'a','operator':'Exists'}]}"                                      },
    {"on a condition",              false, "'objectSelector':{}",
     "'matchConditions':[{'name':'x','expression':'false'}]"                                                        },
    {"a selector of another kind",  false, "'objectSelector':{}",       "'objectSelector':5"                        },
    {"trusts nobody",               false, "'caBundle':'Zm9v',",        ""                                          },
    {"trusts nothing",              false, "'Zm9v'",                    "''"                                        },
    {"goes",                        false, "'name':'c'",                "'deletionTimestamp':'2026-11-24T12:00:00Z'"},
    {"no entries",                  false, "'webhooks'",                "'other'"                                   },
};

static void it_guards_only_as_a_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(guard_rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct json_value value = changed(&arena, guard_rows[i].from, guard_rows[i].to);
        const char *why = NULL;
        bool guards = webhook_config_guards(&value, SPACE, &why);
        if (guards != guard_rows[i].guards || !why != guards)
            fail_msg("%s: %d, %s", guard_rows[i].what, guards, why ? why : "");
    }
}

static void a_second_entry_may_be_the_one(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const char *why;

    (void)state;
    struct json_value value =
        changed(&arena, "'webhooks':[", "'webhooks':[{'name':'other'},5,null,");
    assert_true(webhook_config_guards(&value, SPACE, &why));
    value = changed(&arena, "'webhooks':[{'name'", "'webhooks':[{'name':{},'x'");
    assert_true(webhook_config_guards(&value, SPACE, &why));
}

static void nothing_guards_nothing(void **state)
{
    static const char *const texts[] = {"null", "[]", "{}", "{\"webhooks\":{}}", "5"};

    (void)state;
    for (size_t i = 0; i < countof(texts); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct json_value value = read_text(&arena, str_of(texts[i]));
        const char *why;
        assert_false(webhook_config_guards(&value, SPACE, &why));
        assert_int_equal(webhook_config_bundle(&arena, &value, SPACE).size, 0);
        assert_int_equal(webhook_config_created_ms(&value), 0);
        assert_true(webhook_config_trusts(&value, SPACE, STR_LIT("x")));
    }
}

static void it_says_since_when(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};

    (void)state;
    struct json_value value = changed(&arena, "CREATE", "CREATE");
    assert_int_equal(webhook_config_created_ms(&value), INT64_C(1795521600000));
}

static void trust_is_compared_whole(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};

    (void)state;
    struct json_value value = changed(&arena, "CREATE", "CREATE");
    assert_true(webhook_config_trusts(&value, SPACE, STR_LIT("foo")));
    assert_false(webhook_config_trusts(&value, SPACE, STR_LIT("foo2")));
    assert_true(webhook_config_trusts(&value, STR_LIT("elsewhere"), STR_LIT("foo2")));
    assert_true(str_is(webhook_config_bundle(&arena, &value, SPACE), "foo"));
    assert_int_equal(webhook_config_bundle(&arena, &value, STR_LIT("elsewhere")).size, 0);
    value = changed(&arena, "Zm9v", "%%");
    assert_int_equal(webhook_config_bundle(&arena, &value, SPACE).size, 0);
}

static void a_patch_changes_trust_alone(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};

    (void)state;
    struct json_value value = changed(&arena, "'webhooks':[",
                                      "'webhooks':[{'clientConfig':{'url':'u'},'unknown':[1.50]},");
    struct json_value patch = webhook_config_patch(&arena, &value, SPACE, STR_LIT("bar!"));
    struct str text = json_compact(&arena, &patch);
    assert_true(str_starts(text, "{\"metadata\":{\"resourceVersion\":\"7\"},\"webhooks\":["
                                 "{\"clientConfig\":{\"url\":\"u\"},\"unknown\":[1.50]},"
                                 "{\"name\":\"create.x\",\"failurePolicy\":\"Fail\","));
    assert_true(webhook_config_trusts(&patch, SPACE, STR_LIT("bar!")));
    assert_false(webhook_config_trusts(&patch, SPACE, STR_LIT("foo")));
    const char *why;
    assert_true(webhook_config_guards(&patch, SPACE, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_guards_only_as_a_whole),
        cmocka_unit_test(a_second_entry_may_be_the_one),
        cmocka_unit_test(nothing_guards_nothing),
        cmocka_unit_test(it_says_since_when),
        cmocka_unit_test(trust_is_compared_whole),
        cmocka_unit_test(a_patch_changes_trust_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
