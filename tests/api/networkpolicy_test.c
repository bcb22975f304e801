// SPDX-License-Identifier: Apache-2.0
#include "api/networkpolicy.h"

#include <stdio.h>

#include "given.h"

#define BOTH "\"policyTypes\":[\"Ingress\",\"Egress\"]"
#define TASK "{\"key\":\"agenttask.io/task\",\"operator\":\"Exists\"}"

/* As an informer would: what was kept tells the same as the object itself. */
static void read_both(struct arena *arena, const struct json_value *value,
                      struct networkpolicy *ret)
{
    auto_end(buf_fini) struct buf text = {0};
    struct networkpolicy kept;
    struct json_value again;

    buf_init(&text, 128 * 1024);
    assert_true(networkpolicy_keep(arena, value, &text));
    assert_false(text.is_full);
    again = given_json(arena, buf_str(&text));
    networkpolicy_read(value, ret);
    networkpolicy_read(&again, &kept);
    assert_int_equal(kept.denies_all, ret->denies_all);
    assert_int_equal(kept.opens, ret->opens);
    assert_int_equal(kept.is_standing, ret->is_standing);
    assert_true(str_equal(kept.egress_id, ret->egress_id));
}

static void ours_denies_all(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value value = networkpolicy_value(&arena, STR_LIT("space"));
    auto_end(buf_fini) struct buf text = {0};
    struct networkpolicy policy;

    (void)state;
    buf_init(&text, 4096);
    json_print(&value, JSON_COMPACT, &text);
    buf_add_char(&text, '\0');
    assert_string_equal(
        text.at,
        "{\"apiVersion\":\"networking.k8s.io/v1\",\"kind\":\"NetworkPolicy\",\"metadata\":"
        "{\"name\":\"agenttask-default-deny\",\"namespace\":\"space\"},\"spec\":{\"podSelector\":"
        "{\"matchExpressions\":[" TASK "]}," BOTH "}}");
    read_both(&arena, &value, &policy);
    assert_true(policy.is_standing && policy.denies_all && !policy.opens);
    assert_true(str_is(policy.space, "space"));
}

/* -- egress ---------------------------------------------------------------- */

#define OPERATOR_PEER                                                                              \
    "{\"ports\":[{\"port\":9444,\"protocol\":\"TCP\"}],\"to\":[{\"namespaceSelector\":{"           \
    "\"matchLabels\":{\"kubernetes.io/"                                                            \
    "metadata.name\":\"ops\"}},\"podSelector\":{\"matchLabels\":{"                                 \
    "\"app.kubernetes.io/"                                                                         \
    "name\":\"agenttask-operator\",\"control-plane\":\"controller-manager\"}}}]}"

static const struct str two_rules[] = {
    {"10.0.0.0/8 8000-8100/TCP", 24},
    {"::/0 all",                 8 },
};
static const struct strs two = {two_rules, 2};

static void egress_is_what_the_rules_say_and_the_canary(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value value =
        networkpolicy_egress_value(&arena, STR_LIT("space"), &two, STR_LIT("ops"));
    struct str text = json_compact(&arena, &value);
    struct networkpolicy policy;
    char id[EGRESS_ID_SIZE + 1], expected[2048];

    (void)state;
    egress_id(&two, id);
    snprintf(expected, sizeof(expected),
             "{\"apiVersion\":\"networking.k8s.io/v1\",\"kind\":\"NetworkPolicy\",\"metadata\":"
             "{\"name\":\"agenttask-egress-%s\",\"namespace\":\"space\"},\"spec\":{\"egress\":["
             "{\"ports\":[{\"endPort\":8100,\"port\":8000,\"protocol\":\"TCP\"}],"
             "\"to\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/8\"}}]},"
             "{\"ports\":[{\"endPort\":9444,\"port\":1,\"protocol\":\"TCP\"},"
             "{\"endPort\":65535,\"port\":9446,\"protocol\":\"TCP\"},"
             "{\"endPort\":65535,\"port\":1,\"protocol\":\"UDP\"}],"
             "\"to\":[{\"ipBlock\":{\"cidr\":\"::/0\"}}]}," OPERATOR_PEER
             "],\"podSelector\":{\"matchLabels\":{\"agenttask.io/egress\":\"%s\"}},"
             "\"policyTypes\":[\"Egress\"]}}",
             id, id);
    assert_true(str_is(text, expected));
    read_both(&arena, &value, &policy);
    assert_true(str_is(policy.egress_id, id));
    assert_false(policy.is_standing || policy.denies_all);
}

/* As a server stores it: other members, another order of keys, and what was kept of it. */
static void egress_is_ours_only_if_nobody_changed_it(void **state)
{
    static const struct {
        const char *from, *to;
        bool is_ours;
    } rows[] = {
        {"\"space\"",                                                 "\"space\",\"uid\":\"u\"",          true },
        {"{\"endPort\":8100,\"port\":8000,",                          "{\"port\":8000,\"endPort\":8100,", true },
        {"\"endPort\":8100",                                          "\"endPort\":8101",                 false},
        {"10.0.0.0/8",                                                "10.0.0.0/7",                       false},
        {"\"protocol\":\"UDP\"",                                      "\"protocol\":\"TCP\"",             false},
        {"[\"Egress\"]",                                              "[\"Egress\",\"Ingress\"]",         false},
        {"\"port\":9446",                                             "\"port\":9445",                    false},
        {"name\":\"ops\"",                                            "name\":\"any\"",                   false},
        {"\"egress\":[",                                              "\"egress\":[{},",                  false},
        {"\"podSelector\":{\"matchLabels\":{\"agenttask.io/egress\"",
         "\"podSelector\":{\"matchLabels\":{\"a\"",                                                       false},
    };
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value value =
        networkpolicy_egress_value(&arena, STR_LIT("space"), &two, STR_LIT("ops"));
    struct str text = json_compact(&arena, &value);

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(buf_fini) struct buf kept = {0};
        const char *whole = arena_text(&arena, text), *at = strstr(whole, rows[i].from);
        struct json_value stored, again;
        bool is_ours = rows[i].is_ours;
        assert_non_null(at);
        stored = given_json(&arena, arena_print(&arena, "%.*s%s%s", (int)(at - whole), whole,
                                                rows[i].to, at + strlen(rows[i].from)));
        buf_init(&kept, 64 * 1024);
        assert_true(networkpolicy_keep(&arena, &stored, &kept));
        again = given_json(&arena, buf_str(&kept));
        if (networkpolicy_is_egress(&arena, &stored, &two, STR_LIT("ops")) != is_ours ||
            networkpolicy_is_egress(&arena, &again, &two, STR_LIT("ops")) != is_ours)
            fail_msg("%s", rows[i].to);
    }
}

/* A name of ours on what selects other Pods is a foreign policy. */
static void a_name_alone_makes_no_policy_ours(void **state)
{
    static const struct {
        const char *name, *selector;
        bool is_ours;
    } rows[] = {
        {"agenttask-egress-0123456789",
         "{\"matchLabels\":{\"agenttask.io/egress\":\"0123456789\"}}",                                 true },
        {"agenttask-egress-0123456789",
         "{\"matchLabels\":{\"agenttask.io/egress\":\"0123456788\"}}",                                 false},
        {"agenttask-egress-0123456789",  "{}",                                                         false},
        {"agenttask-egress-0123456789",  "{\"matchLabels\":{}}",                                       false},
        {"agenttask-egress-0123456789a",
         "{\"matchLabels\":{\"agenttask.io/egress\":\"0123456789a\"}}",                                false},
        {"mine",                         "{\"matchLabels\":{\"agenttask.io/egress\":\"0123456789\"}}", false},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct networkpolicy policy;
        struct json_value value = given_json(
            &arena, arena_print(&arena,
                                "{\"metadata\":{\"name\":\"%s\"},\"spec\":{\"podSelector\":%s,"
                                "\"policyTypes\":[\"Egress\"],\"egress\":[{}]}}",
                                rows[i].name, rows[i].selector));
        read_both(&arena, &value, &policy);
        assert_int_equal(policy.egress_id.size > 0, rows[i].is_ours);
    }
}

static void a_policy_is_judged_by_selector_types_and_rules(void **state)
{
    static const struct {
        const char *spec;
        bool denies_all, opens;
    } rows[] = {
        {"\"podSelector\":{}," BOTH,                                                   true,  false},
        {BOTH,                                                                         true,  false},
        {"\"podSelector\":{},\"policyTypes\":[\"Ingress\"]",                           false, false},
        {"\"podSelector\":{}," BOTH ",\"egress\":[]",                                  true,  false},
        {"\"podSelector\":{}," BOTH ",\"egress\":[{}]",                                false, true },
        {"\"podSelector\":{}," BOTH ",\"ingress\":[{\"from\":[{}]}]",                  false, true },
        {"\"podSelector\":{},\"policyTypes\":[\"Ingress\"],\"egress\":[{}]",           false, false},
        {"\"podSelector\":{\"matchExpressions\":[" TASK "]}," BOTH ",\"egress\":[{}]", false, true },
        {"\"podSelector\":{\"matchLabels\":{\"agenttask.io/task\":\"a\"}}," BOTH,      false, false},
        {"\"podSelector\":{\"matchLabels\":{\"agenttask.io/tenant\":\"a\"}}," BOTH
         ",\"egress\":[{}]",                                                  false, true },
        {"\"podSelector\":{\"matchLabels\":{\"app\":\"a\"}}," BOTH ",\"egress\":[{}]", false,
         false                                                                                     },
        {"\"podSelector\":{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"NotIn\","
         "\"values\":[\"a\"]}]}," BOTH ",\"egress\":[{}]",
         false,                                                                               true },
        {"\"podSelector\":{\"matchExpressions\":[{\"key\":\"app\",\"operator\":"
         "\"DoesNotExist\"}]}," BOTH ",\"egress\":[{}]",
         false,                                                                               true },
        {"\"podSelector\":{\"matchExpressions\":[{\"key\":\"agenttask.io/task\",\"operator\":"
         "\"DoesNotExist\"}]}," BOTH ",\"egress\":[{}]",
         false,                                                                               false},
        {"\"podSelector\":{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"Exists\"}]}," BOTH
         ",\"egress\":[{}]",                                                  false, false},
        {"\"podSelector\":{\"matchExpressions\":[" TASK ",{\"key\":\"app\",\"operator\":\"In\","
         "\"values\":[\"a\"]}]}," BOTH ",\"egress\":[{}]",
         false,                                                                               false},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct str text =
            arena_print(&arena, "{\"metadata\":{\"name\":\"x\"},\"spec\":{%s}}", rows[i].spec);
        struct json_value value = given_json(&arena, text);
        struct networkpolicy policy;
        read_both(&arena, &value, &policy);
        if (policy.denies_all != rows[i].denies_all || policy.opens != rows[i].opens)
            fail_msg("%s: denies all %d, opens %d", rows[i].spec, policy.denies_all, policy.opens);
        assert_false(policy.is_standing);
    }
}

static void of_rules_only_their_number_is_kept(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf text = {0};
    struct json_value value = given_json(
        &arena, STR_LIT("{\"metadata\":{\"name\":\"x\",\"namespace\":\"n\",\"resourceVersion\":"
                        "\"7\",\"uid\":\"u\",\"labels\":{\"a\":\"b\"},\"managedFields\":[{}]},"
                        "\"spec\":{\"egress\":[{\"to\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/8\"}}]},"
                        "{}],\"podSelector\":{}," BOTH "}}"));

    (void)state;
    buf_init(&text, 4096);
    assert_true(networkpolicy_keep(&arena, &value, &text));
    buf_add_char(&text, '\0');
    assert_string_equal(text.at, "{\"metadata\":{\"name\":\"x\",\"namespace\":\"n\","
                                 "\"resourceVersion\":\"7\",\"uid\":\"u\"},\"spec\":{\"egress\":"
                                 "[{},{}]," BOTH ",\"podSelector\":{}}}");
}

static void a_selector_too_long_to_keep_may_select_anything(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct str labels = {0};
    struct json_value value, again;
    auto_end(buf_fini) struct buf text = {0};
    struct networkpolicy policy;

    (void)state;
    for (unsigned i = 0; i < 200; i++)
        labels = arena_print(&arena, "%.*s%s\"label-number-%u\":\"a\"", STR_ARG(labels),
                             i ? "," : "", i);
    value =
        given_json(&arena, arena_print(&arena,
                                       "{\"spec\":{\"podSelector\":{\"matchLabels\":{%.*s}}," BOTH
                                       ",\"egress\":[{}]}}",
                                       STR_ARG(labels)));
    buf_init(&text, 4096);
    assert_true(networkpolicy_keep(&arena, &value, &text));
    again = given_json(&arena, buf_str(&text));
    networkpolicy_read(&again, &policy);
    assert_true(policy.opens);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ours_denies_all),
        cmocka_unit_test(egress_is_what_the_rules_say_and_the_canary),
        cmocka_unit_test(egress_is_ours_only_if_nobody_changed_it),
        cmocka_unit_test(a_name_alone_makes_no_policy_ours),
        cmocka_unit_test(a_policy_is_judged_by_selector_types_and_rules),
        cmocka_unit_test(of_rules_only_their_number_is_kept),
        cmocka_unit_test(a_selector_too_long_to_keep_may_select_anything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
