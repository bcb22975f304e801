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
                            STR_LIT("maxRunningPerTenant: 20\n"
                                    "tenants:\n"
                                    "  red: {maxRunning: 5}\n"
                                    "  blue:\n"
                                    "    maxRunning: 0\n"
                                    "pullGraceSeconds: 0\n"
                                    "policySettleSeconds: 3\n"
                                    "workers: 4\n"),
                            "c", &config, &err));
    assert_int_equal(config.running_max, 20);
    assert_int_equal(config.tenant_count, 2);
    assert_true(str_is(config.tenants[0].name, "red"));
    assert_int_equal(config.tenants[0].running_max, 5);
    assert_int_equal(config.tenants[1].running_max, 0);
    assert_int_equal(config.pull_grace_ms, 0);
    assert_int_equal(config.policy_settle_ms, 3000);
    assert_int_equal(config.workers, 4);
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
        {"tenants:\n  red: {}\n",                                      "c:2:8: tenants.red.maxRunning: is required, and not given"         },
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
        cmocka_unit_test(errors_stand_at_their_place),
    };

    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
