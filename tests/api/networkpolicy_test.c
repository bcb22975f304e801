// SPDX-License-Identifier: Apache-2.0
#include "api/networkpolicy.h"

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

    buf_init(&text, 4096);
    assert_true(networkpolicy_keep(arena, value, &text));
    assert_false(text.is_full);
    again = given_json(arena, buf_str(&text));
    networkpolicy_read(value, ret);
    networkpolicy_read(&again, &kept);
    assert_int_equal(kept.denies_all, ret->denies_all);
    assert_int_equal(kept.opens, ret->opens);
    assert_int_equal(kept.is_standing, ret->is_standing);
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
        cmocka_unit_test(a_policy_is_judged_by_selector_types_and_rules),
        cmocka_unit_test(of_rules_only_their_number_is_kept),
        cmocka_unit_test(a_selector_too_long_to_keep_may_select_anything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
