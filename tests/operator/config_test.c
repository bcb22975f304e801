// SPDX-License-Identifier: Apache-2.0
#include "operator/config.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void an_empty_file_gives_the_defaults(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct config config, expected;
    struct err err = {0};

    (void)state;
    config_init(&expected);
    assert_true(config_read(&arena, STR_LIT(""), "c", &config, &err));
    assert_int_equal(config.pull_grace_ms, expected.pull_grace_ms);
    assert_int_equal(config.pull_grace_ms, 120000);
    assert_int_equal(config.policy_settle_ms, expected.policy_settle_ms);
    assert_int_equal(config.egress_keep_ms, 300000);
    assert_int_equal(config.running_max, 0);
    assert_int_equal(config.tenant_count, 0);
}

static void everything_can_be_set(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct config config;
    struct err err = {0};

    (void)state;
    assert_true(config_read(&arena,
                            STR_LIT("maxRunning: 50\n"
                                    "maxRunningPerTenant: 20\n"
                                    "tenants:\n"
                                    "  red:\n"
                                    "    maxRunning: 0\n"
                                    "  blue: {maxRunning: 5, weight: 3, namespaces: [a, b],\n"
                                    "         users: [ann], groups: ['x:y', z]}\n"
                                    "  grey: {}\n"
                                    "pullGraceSeconds: 0\n"
                                    "policySettleSeconds: 3\n"
                                    "egressKeepSeconds: 7\n"
                                    "workers: 4\n"),
                            "c", &config, &err));
    assert_int_equal(config.running_total, 50);
    assert_int_equal(config.running_max, 20);
    assert_int_equal(config.tenant_count, 3);
    assert_int_equal(config_find(&config, STR_LIT("red"))->running_max, 0);
    assert_int_equal(config_find(&config, STR_LIT("red"))->weight, 1);
    assert_int_equal(config_find(&config, STR_LIT("grey"))->running_max, 20);
    assert_int_equal(config_find(&config, STR_LIT("blue"))->running_max, 5);
    assert_int_equal(config_find(&config, STR_LIT("blue"))->weight, 3);
    assert_int_equal(config_find(&config, STR_LIT("blue"))->namespaces.count, 2);
    assert_true(str_is(config_find(&config, STR_LIT("blue"))->groups.at[0], "x:y"));
    assert_null(config_find(&config, STR_LIT("green")));
    assert_null(config_find(&config, STR_LIT("")));
    assert_int_equal(config.pull_grace_ms, 0);
    assert_int_equal(config.policy_settle_ms, 3000);
    assert_int_equal(config.egress_keep_ms, 7000);
    assert_int_equal(config.workers, 4);
}

#define RULES                                                                                      \
    "tenants:\n"                                                                                   \
    "  blue: {namespaces: [a], users: [ann], groups: [gods]}\n"                                    \
    "  pink: {namespaces: [a]}\n"                                                                  \
    "  grey: {users: [ann]}\n"

static void who_may_name_a_tenant(void **state)
{
    static const struct str groups[] = {
        {"people", 6},
        {"gods",   4},
    };
    static const struct {
        const char *tenant, *space, *user;
        uint32_t groups;
        bool is_bound, is_believed, is_believed_reviewed;
    } rows[] = {
        {"",       "n", "bob",  0, true,  false, false}, /* names none: its namespace */
        {"n",      "n", "bob",  0, true,  true,  true }, /* its namespace, by name */
        {"blue",   "a", "bob",  0, true,  true,  true },
        {"blue",   "n", "ann",  0, true,  false, true },
        {"blue",   "n", "bob",  2, true,  false, true },
        {"blue",   "n", "bob",  1, false, false, true },
        {"blue",   "n", "ann ", 0, false, false, true },
        {"blue",   "n", "",     0, false, false, true },
        {"Blue",   "a", "ann",  2, false, false, false},
        {"pink",   "n", "ann",  2, false, false, false}, /* nobody but a namespace may name it */
        {"pink",   "a", "ann",  0, true,  true,  true },
        {"grey",   "n", "ann",  0, true,  false, true },
        {"a",      "n", "ann",  2, false, false, false}, /* another namespace's budget */
        {"nobody", "n", "ann",  2, false, false, false},
    };
    auto_end(arena_fini) struct arena arena = {0};
    struct config config;
    struct err err = {0};

    (void)state;
    assert_true(config_read(&arena, STR_LIT(RULES), "c", &config, &err));
    for (size_t i = 0; i < countof(rows); i++) {
        struct str tenant = str_of(rows[i].tenant), space = str_of(rows[i].space);
        struct strs few = {groups, rows[i].groups};
        struct str bare = config_tenant_of(&config, space, tenant, false);
        struct str reviewed = config_tenant_of(&config, space, tenant, true);
        if (config_binds(&config, tenant, space, str_of(rows[i].user), few) != rows[i].is_bound ||
            !str_equal(bare, rows[i].is_believed ? tenant : space) ||
            !str_equal(reviewed, rows[i].is_believed_reviewed ? tenant : space))
            fail_msg("row %zu: %s in %s", i, rows[i].tenant, rows[i].space);
    }
}

static void without_a_config_nobody_names_another(void **state)
{
    struct config config;

    (void)state;
    config_init(&config);
    assert_false(config_binds(&config, STR_LIT("b"), STR_LIT("a"), STR_LIT("u"), (struct strs){0}));
    assert_true(str_is(config_tenant_of(&config, STR_LIT("a"), STR_LIT("b"), true), "a"));
}

static void errors_stand_at_their_place(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"maxRunningPerTenants: 1\n",
         "c:1:1: maxRunningPerTenants: no such field; did you mean maxRunningPerTenant?"                                                   },
        {"workers: 4\nmaxRunningPerTenant: -1\n",
         "c:2:1: maxRunningPerTenant: -1 is too small: 0 to 1000000"                                                                       },
        {"workers: 0\n",                                               "c:1:1: workers: 0 is too small: 1 to 256"                          },
        {"workers: \"4\"\n",                                           "c:1:1: workers: a number is expected, found a text; without quotes"},
        {"tenants: [a]\n",                                             "c:1:1: tenants: an object is expected, found a list"               },
        {"tenants:\n  red: 3\n",                                       "c:2:3: tenants.red: an object is expected, found a number"         },
        {"tenants:\n  red: {maxRunning: -1}\n",
         "c:2:9: tenants.red.maxRunning: -1 is too small: 0 to 1000000"                                                                    },
        {"tenants:\n  red: {weight: 0}\n",                             "c:2:9: tenants.red.weight: 0 is too small: 1 to 1000"              },
        {"tenants:\n  red: {weight: 1001}\n",
         "c:2:9: tenants.red.weight: 1001 is too large: 1 to 1000"                                                                         },
        {"tenants:\n  red: {user: [a]}\n",
         "c:2:9: tenants.red.user: no such field; did you mean users?"                                                                     },
        {"tenants:\n  red: {users: ['']}\n",                           "c:2:3: tenants.red: users: one of them is empty"                   },
        {"tenants:\n  red: {groups: [a, '']}\n",
         "c:2:3: tenants.red: groups: one of them is empty"                                                                                },
        {"tenants:\n  red: {namespaces: [a, B]}\n",
         "c:2:3: tenants.red: namespaces[1] is not the name of a namespace"                                                                },
        {"tenants:\n  -red: {}\n",                                     "c:2:3: tenants.-red: no task can name it"                          },
        {"tenants:\n  '': {}\n",                                       "c:2:3: tenants.: no task can name it"                              },
        {"tenants:\n  other: {}\n",                                    "c:2:3: tenants.other: metrics call those so"                       },
        {"tenants:\n  red: {maxRunning: 1}\n  red: {maxRunning: 2}\n", "c:3:3:"                                                            },
        {"pullGraceSeconds: 1e9\n",                                    "c:1:1: pullGraceSeconds: 1000000000 is too large: 0 to 86400"      },
        {"- 1\n",                                                      "c:1:1: an object is expected, found a list"                        },
        {"workers: 1\n---\nworkers: 2\n",                              "c:3:1: one document is expected, this is another"                  },
        {"workers: [\n",                                               "c:2:1:"                                                            },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct config config;
        struct err err = {0};
        assert_false(config_read(&arena, str_of(rows[i].text), "c", &config, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        if (!str_starts(str_of(err.text), rows[i].says))
            fail_msg("%s: %s", rows[i].text, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_gives_the_defaults),
        cmocka_unit_test(everything_can_be_set),
        cmocka_unit_test(who_may_name_a_tenant),
        cmocka_unit_test(without_a_config_nobody_names_another),
        cmocka_unit_test(errors_stand_at_their_place),
    };

    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
