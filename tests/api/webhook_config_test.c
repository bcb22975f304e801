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
    const char *what, *from, *to;
    bool guards;
} guard_rows[] = {
    {"as installed",                "CREATE",                    "CREATE",                                        true },
    {"anything is covered",         "'CREATE'",                  "'DELETE','*'",                                  true },
    {"any group",                   "'execution.agenttask.io'",  "'*'",                                           true },
    {"any version",                 "'v1alpha1'",                "'*'",                                           true },
    {"any resource",                "'agenttasks'",              "'*'",                                           true },
    {"any resource with its parts", "'agenttasks'",              "'*/*'",                                         true },
    {"of namespaces",               "'scope':'*'",               "'scope':'Namespaced'",                          true },
    {"no scope said",               ",'scope':'*'",              "",                                              true },
    {"no port said",                "'port':443,",               "",                                              true },
    {"conditions: none",            "'objectSelector':{}",       "'matchConditions':[]",                          true },
    {"selectors: null",             "'objectSelector':{}",       "'objectSelector':null",                         true },
    {"updates alone",               "'CREATE'",                  "'UPDATE'",                                      false},
    {"another group",               "'execution.agenttask.io'",  "'apps'",                                        false},
    {"another version",             "'v1alpha1'",                "'v1'",                                          false},
    {"another resource",            "'agenttasks'",              "'runtimeprofiles'",                             false},
    {"the status alone",            "'agenttasks'",              "'agenttasks/status'",                           false},
    {"of the cluster alone",        "'scope':'*'",               "'scope':'Cluster'",                             false},
    {"no rules",                    "'rules'",                   "'rulez'",                                       false},
    {"lets pass",                   "'Fail'",                    "'Ignore'",                                      false},
    {"no policy said",              "'failurePolicy'",           "'other'",                                       false},
    {"another service",             "agenttask-webhook-service", "evil",                                          false},
    {"the service of another",      "agenttask-system",          "evil",                                          false},
    {"another page",                "v1alpha1-agenttask'",       "v1alpha1-runtimeprofile'",                      false},
    {"another port",                "443",                       "444",                                           false},
    {"by address",                  "'service'",                 "'url':'https://x','other'",                     false},
    {"some namespaces",             "'namespaceSelector':{}",    "'namespaceSelector':{'matchLabels':{'a':'b'}}",
     false                                                                                                             },
    {"some objects",                "'objectSelector':{}",
     "'objectSelector':{'matchExpressions':[{'key':'a','operator':'Exists'}]}",                                   false},
    {"on a condition",              "'objectSelector':{}",
     "'matchConditions':[{'name':'x','expression':'false'}]",                                                     false},
    {"a selector of another kind",  "'objectSelector':{}",       "'objectSelector':5",                            false},
    {"trusts nobody",               "'caBundle':'Zm9v',",        "",                                              false},
    {"trusts nothing",              "'Zm9v'",                    "''",                                            false},
    {"goes",                        "'name':'c'",                "'deletionTimestamp':'2026-11-24T12:00:00Z'",    false},
    {"no entries",                  "'webhooks'",                "'other'",                                       false},
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
