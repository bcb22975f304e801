// SPDX-License-Identifier: Apache-2.0
#include "operator/options.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/buf.h"

enum {
    WORDS_MAX = 8
};

static bool parse(const char *const words[WORDS_MAX], struct options *ret, struct err *err)
{
    char *argv[WORDS_MAX + 2] = {(char *)"manager"};
    int argc = 1;

    for (int i = 0; i < WORDS_MAX && words[i]; i++)
        argv[argc++] = (char *)words[i];
    return options_parse(argc, argv, "registry/operator:1", ret, err);
}

static void nothing_said_gives_the_documented_defaults(void **state)
{
    const char *const words[WORDS_MAX] = {0};
    struct options options;
    struct err err = {0};

    (void)state;
    assert_true(parse(words, &options, &err));
    assert_string_equal(options.health_address, ":8081");
    assert_string_equal(options.metrics_address, "127.0.0.1:8080");
    assert_string_equal(options.runner_image, "registry/operator:1");
    assert_int_equal(options.log_level, LEVEL_INFO);
    assert_int_equal(options.log_format, FORMAT_JSON);
    assert_int_equal(options.workers, 0);
    assert_false(options.leader_elect || options.allow_config_map_refs);
    assert_null(options.kubeconfig);
}

static void all_flags_are_understood(void **state)
{
    const char *const words[WORDS_MAX] = {
        "--leader-elect",   "--health-probe-bind-address=0", "--runner-image", "r:2",
        "--log-level=warn", "--log-format=console",          "--workers=7",    "--namespace=a",
    };
    const char *const more[WORDS_MAX] = {
        "--kubeconfig=/k",      "--config=/c",
        "--lease-namespace=l",  "--allow-configmap-refs=true",
        "--leader-elect=false", "--metrics-bind-address=:1",
    };
    struct options options;
    struct err err = {0};

    (void)state;
    assert_true(parse(words, &options, &err));
    assert_true(options.leader_elect);
    assert_string_equal(options.health_address, "0");
    assert_string_equal(options.runner_image, "r:2");
    assert_int_equal(options.log_level, LEVEL_WARN);
    assert_int_equal(options.log_format, FORMAT_CONSOLE);
    assert_int_equal(options.workers, 7);
    assert_string_equal(options.space, "a");
    assert_true(parse(more, &options, &err));
    assert_string_equal(options.kubeconfig, "/k");
    assert_string_equal(options.config, "/c");
    assert_string_equal(options.lease_namespace, "l");
    assert_true(options.allow_config_map_refs);
    assert_false(options.leader_elect);
    assert_string_equal(options.metrics_address, ":1");
}

static void certificates_are_its_own_unless_told_otherwise(void **state)
{
    const char *const none[WORDS_MAX] = {NULL};
    const char *const both[WORDS_MAX] = {"--webhook-cert-dir=/certs", "--cert-lifetime", "36h"};
    struct options options;
    struct err err = {0};

    (void)state;
    assert_true(parse(none, &options, &err));
    assert_null(options.certificate_directory);
    assert_int_equal(options.certificate_life_ms, 0);
    assert_true(parse(both, &options, &err));
    assert_string_equal(options.certificate_directory, "/certs");
    assert_int_equal(options.certificate_life_ms, 129600000);
}

static void x14_metrics_are_plain_on_this_machine_alone(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        bool is_secure;
    } rows[] = {
        {{NULL},                                                           false},
        {{"--metrics-bind-address=127.0.0.1:1"},                           false},
        {{"--metrics-bind-address=[::1]:1"},                               false},
        {{"--metrics-bind-address=0"},                                     false},
        {{"--metrics-bind-address=:8443"},                                 true },
        {{"--metrics-bind-address=10.0.0.1:8443"},                         true },
        {{"--metrics-secure", "--metrics-bind-address=127.0.0.1:1"},       true },
        {{"--metrics-secure=false", "--metrics-bind-address=127.0.0.1:1"}, false},
        {{"--metrics-bind-address=:8443", "--metrics-secure=true"},        true },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct options options;
        struct err err = {0};
        assert_true(parse(rows[i].words, &options, &err));
        assert_int_equal(options.metrics_secure, rows[i].is_secure);
    }
}

static void wrong_lines_are_refused_with_what_to_do(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        const char *says;
    } rows[] = {
        {{"--metrics-secure=no"},                                    "--metrics-secure=no: true or false"                  },
        {{"--metrics-secure=false", "--metrics-bind-address=:8080"},
         "--metrics-secure=false: would show /metrics to everybody at :8080; plain only at "
         "127.0.0.1 "
         "or [::1]"                                                                                                        },
        {{"--worker"},                                               "--worker: no such flag; see --help"                  },
        {{"--log-lev=info"},                                         "--log-lev=info: no such flag; see --help"            },
        {{"-n", "x"},                                                "-n: no such flag; see --help"                        },
        {{"--config"},                                               "--config: needs a value; see --help"                 },
        {{"--config=a", "--config-map=b"},                           "--config and --config-map: say one of them"          },
        {{"--config="},                                              "--config: needs a value that is not empty"           },
        {{"--cert-lifetime=29s"},                                    "--cert-lifetime=29s: a time from 30s to 87600h"      },
        {{"--cert-lifetime=87601h"},                                 "--cert-lifetime=87601h: a time from 30s to 87600h"   },
        {{"--cert-lifetime=ever"},                                   "--cert-lifetime=ever: a time from 30s to 87600h"     },
        {{"--webhook-cert-dir="},                                    "--webhook-cert-dir: needs a value that is not empty" },
        {{"--workers=0"},                                            "--workers=0: a number from 1 to 256"                 },
        {{"--workers", "many"},                                      "--workers=many: a number from 1 to 256"              },
        {{"--log-level=loud"},                                       "--log-level=loud: debug, info, warn or error"        },
        {{"--log-format=xml"},                                       "--log-format=xml: json or console"                   },
        {{"--leader-elect=maybe"},                                   "--leader-elect=maybe: true or false"                 },
        {{"run"},                                                    "run: not expected, there are flags only; see --help" },
        {{"--leader-elect", "true"},                                 "true: not expected, there are flags only; see --help"},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct options options;
        struct err err = {0};
        assert_false(parse(rows[i].words, &options, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(err.text, rows[i].says);
    }
}

static void the_runner_image_is_demanded_but_not_for_help(void **state)
{
    char *plain[] = {(char *)"manager", NULL},
         *help[] = {(char *)"manager", (char *)"--help", NULL};
    struct options options;
    struct err err = {0};

    (void)state;
    assert_false(options_parse(1, plain, NULL, &options, &err));
    assert_true(str_starts(str_of(err.text), "--runner-image"));
    err = (struct err){0};
    assert_true(options_parse(2, help, NULL, &options, &err));
    assert_true(options.wants_help);
}

static void help_names_every_flag(void **state)
{
    auto_end(buf_fini) struct buf help = {0};

    (void)state;
    buf_init(&help, 16384);
    options_help(&help);
    buf_add_char(&help, '\0');
    assert_non_null(strstr(help.at, "--lease-namespace NAME"));
    assert_non_null(strstr(help.at, "--allow-configmap-refs "));
    assert_non_null(strstr(help.at, "--workers COUNT"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said_gives_the_documented_defaults),
        cmocka_unit_test(all_flags_are_understood),
        cmocka_unit_test(certificates_are_its_own_unless_told_otherwise),
        cmocka_unit_test(x14_metrics_are_plain_on_this_machine_alone),
        cmocka_unit_test(wrong_lines_are_refused_with_what_to_do),
        cmocka_unit_test(the_runner_image_is_demanded_but_not_for_help),
        cmocka_unit_test(help_names_every_flag),
    };

    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
