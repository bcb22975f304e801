// SPDX-License-Identifier: Apache-2.0
#include "core/egress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void a_rule_has_one_spelling(void **state)
{
    static const struct {
        const char *cidr, *ports, *spelling;
    } rows[] = {
        {"10.0.0.0/8",    "443",          "10.0.0.0/8 443/TCP"      },
        {"10.0.0.0/8",    "443/TCP",      "10.0.0.0/8 443/TCP"      },
        {"10.0.0.0/8",    "443-443",      "10.0.0.0/8 443/TCP"      },
        {"10.9.9.9/8",    "8000-8100",    "10.0.0.0/8 8000-8100/TCP"},
        {"10.0.0.0/8",    "53/UDP",       "10.0.0.0/8 53/UDP"       },
        {"10.0.0.0/8",    "1-65535/SCTP", "10.0.0.0/8 1-65535/SCTP" },
        {"10.0.0.0/8",    "",             "10.0.0.0/8 all"          },
        {"10.0.0.0/8",    "9445/UDP",     "10.0.0.0/8 9445/UDP"     },
        {"10.0.0.0/8",    "9445-9446",    "10.0.0.0/8 9445-9446/TCP"},
        {"2001:DB8::/32", "443",          "2001:db8::/32 443/TCP"   },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        const struct egress rule = {str_of(rows[i].cidr), str_of(rows[i].ports)};
        struct egress_set set;
        struct err err = {0};
        assert_true(egress_set_make(&rule, 1, &set, &err));
        assert_int_equal(set.count, 1);
        assert_string_equal(set.texts[0], rows[i].spelling);
    }
}

static void what_is_no_rule_is_refused_and_why(void **state)
{
    static const struct {
        const char *cidr, *ports, *why;
    } rows[] = {
        {"10.0.0.0",   "443",       "\"10.0.0.0\" is no CIDR"  },
        {"10.0.0.0/8", "0",         "\"0\" are no ports"       },
        {"10.0.0.0/8", "65536",     "\"65536\" are no ports"   },
        {"10.0.0.0/8", "0443",      "\"0443\" are no ports"    },
        {"10.0.0.0/8", "5-4",       "\"5-4\" are no ports"     },
        {"10.0.0.0/8", "-5",        "\"-5\" are no ports"      },
        {"10.0.0.0/8", "5-",        "\"5-\" are no ports"      },
        {"10.0.0.0/8", "1-2-3",     "\"1-2-3\" are no ports"   },
        {"10.0.0.0/8", "http",      "\"http\" are no ports"    },
        {"10.0.0.0/8", "443/tcp",   "\"443/tcp\" are no ports" },
        {"10.0.0.0/8", "443/",      "\"443/\" are no ports"    },
        {"10.0.0.0/8", "443/ICMP",  "\"443/ICMP\" are no ports"},
        {"10.0.0.0/8", "all",       "\"all\" are no ports"     },
        {"10.0.0.0/8", "443,80",    "\"443,80\" are no ports"  },
        {"10.0.0.0/8", "9445",      "port 9445 is kept closed" },
        {"10.0.0.0/8", "9445/TCP",  "port 9445 is kept closed" },
        {"10.0.0.0/8", "9445-9445", "port 9445 is kept closed" },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        const struct egress rule = {str_of(rows[i].cidr), str_of(rows[i].ports)};
        struct egress_set set;
        struct err err = {0};
        assert_false(egress_set_make(&rule, 1, &set, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        if (!strstr(err.text, rows[i].why) || !strstr(err.text, "spec.network.egress: "))
            fail_msg("%s: %s", rows[i].ports, err.text);
    }
}

static void the_order_of_rules_makes_no_other_set(void **state)
{
    const struct egress one[] = {
        {STR_LIT("10.0.0.0/8"), STR_LIT("443")   },
        {STR_LIT("::/0"),       STR_LIT("53/UDP")},
        {STR_LIT("10.0.0.0/8"), STR_LIT("80")    },
    };
    const struct egress other[] = {
        {STR_LIT("10.0.0.0/8"), STR_LIT("80/TCP") },
        {STR_LIT("10.7.7.7/8"), STR_LIT("443-443")},
        {STR_LIT("0::0/0"),     STR_LIT("53/UDP") },
        {STR_LIT("10.0.0.0/8"), STR_LIT("80")     },
    };
    struct egress_set a, b;
    char id_a[EGRESS_ID_SIZE + 1], id_b[EGRESS_ID_SIZE + 1];
    struct err err = {0};

    (void)state;
    assert_true(egress_set_make(one, countof(one), &a, &err));
    assert_true(egress_set_make(other, countof(other), &b, &err));
    assert_int_equal(a.count, 3);
    assert_int_equal(b.count, 3);
    for (uint32_t i = 0; i < a.count; i++)
        assert_true(str_equal(a.rules[i], b.rules[i]));
    egress_id(&(struct strs){a.rules, a.count}, id_a);
    egress_id(&(struct strs){b.rules, b.count}, id_b);
    assert_string_equal(id_a, id_b);
    egress_id(&(struct strs){a.rules, a.count - 1}, id_b);
    assert_string_not_equal(id_a, id_b);
}

static void the_closed_port_is_in_no_span(void **state)
{
    static const struct {
        const char *rule, *spans;
    } rows[] = {
        {"1.2.3.4/32 443/TCP",        "TCP 443-443"                          },
        {"1.2.3.4/32 8000-8100/TCP",  "TCP 8000-8100"                        },
        {"1.2.3.4/32 53/UDP",         "UDP 53-53"                            },
        {"1.2.3.4/32 all",            "TCP 1-9444 TCP 9446-65535 UDP 1-65535"},
        {"1.2.3.4/32 9000-9999/TCP",  "TCP 9000-9444 TCP 9446-9999"          },
        {"1.2.3.4/32 9445-9999/TCP",  "TCP 9446-9999"                        },
        {"1.2.3.4/32 9000-9445/TCP",  "TCP 9000-9444"                        },
        {"1.2.3.4/32 9000-9999/UDP",  "UDP 9000-9999"                        },
        {"1.2.3.4/32 9000-9999/SCTP", "SCTP 9000-9999"                       },
        {"1.2.3.4/32 9445/TCP",       ""                                     },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct egress_rule rule;
        char text[128] = "";
        assert_true(egress_rule_read(str_of(rows[i].rule), &rule));
        assert_true(str_is(rule.cidr, "1.2.3.4/32"));
        for (uint32_t k = 0; k < rule.span_count; k++)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s %u-%u",
                     k > 0 ? " " : "", egress_protocol_word(rule.spans[k].protocol),
                     rule.spans[k].first, rule.spans[k].last);
        assert_string_equal(text, rows[i].spans);
    }
    assert_false(egress_rule_read(STR_LIT("1.2.3.4/32"), &(struct egress_rule){0}));
    assert_false(egress_rule_read(STR_LIT("1.2.3.4/32 http"), &(struct egress_rule){0}));
}

static void a_set_is_bounded(void **state)
{
    struct egress rules[EGRESS_MAX + 1];
    struct egress_set set;
    char cidrs[EGRESS_MAX + 1][24];
    struct err err = {0};

    (void)state;
    for (int i = 0; i <= EGRESS_MAX; i++) {
        snprintf(cidrs[i], sizeof(cidrs[i]), "10.0.0.%d/32", EGRESS_MAX - i);
        rules[i] = (struct egress){.cidr = str_of(cidrs[i])};
    }
    assert_true(egress_set_make(rules, EGRESS_MAX, &set, &err));
    assert_int_equal(set.count, EGRESS_MAX);
    for (uint32_t i = 1; i < set.count; i++)
        assert_true(str_order(set.rules[i - 1], set.rules[i]) < 0);
    assert_false(egress_set_make(rules, EGRESS_MAX + 1, &set, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_has_one_spelling),
        cmocka_unit_test(what_is_no_rule_is_refused_and_why),
        cmocka_unit_test(the_order_of_rules_makes_no_other_set),
        cmocka_unit_test(the_closed_port_is_in_no_span),
        cmocka_unit_test(a_set_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
