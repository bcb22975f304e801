// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "toy_operator.h"

#define ID   "0123456789"
#define NAME "agenttask-egress-" ID
#define OWN  "{\"matchLabels\":{\"agenttask.io/egress\":\"" ID "\"}}"

/* Policies that stand when we begin to lead; the toy's clock starts when they are made. */
static int set_up(void **state)
{
    struct toy_operator *op = calloc(1, sizeof(*op));

    toy_operator_init(op, NULL);
    toy_create(&op->cluster, "runtimeprofiles", "",
               "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"image\":\"i:1\",\"allowTag\":true,"
               "\"fileName\":\"f\"}}");
    toy_operator_open(op);
    *state = op;
    return 0;
}

static int tear_down(void **state)
{
    struct toy_operator *op = *state;

    toy_operator_close(op);
    toy_operator_fini(op);
    free(op);
    return 0;
}

static void make_policy(struct toy_operator *op, const char *space, const char *name,
                        const char *selector)
{
    char text[512];

    snprintf(text, sizeof(text),
             "{\"metadata\":{\"name\":\"%s\"},\"spec\":{\"podSelector\":%s,\"policyTypes\":"
             "[\"Egress\"],\"egress\":[{}]}}",
             name, selector);
    toy_create(&op->cluster, "networkpolicies", space, text);
}

static bool stands(struct toy_operator *op, const char *space, const char *name)
{
    return toy_find(&op->cluster, "networkpolicies", space, name) != NULL;
}

static void make_pod(struct toy_operator *op, const char *space, const char *egress)
{
    char text[512];

    snprintf(text, sizeof(text),
             "{\"metadata\":{\"name\":\"x\",\"labels\":{\"agenttask.io/task\":\"x\","
             "\"agenttask.io/egress\":\"%s\"}},\"spec\":{},\"status\":{}}",
             egress);
    toy_create(&op->cluster, "pods", space, text);
}

static void a_policy_that_nothing_uses_goes_when_it_is_old(void **state)
{
    struct toy_operator *op = *state;

    make_policy(op, "a", NAME, OWN);
    make_policy(op, "b", NAME, OWN);
    make_pod(op, "b", ID);
    controller_lead(op->controller);
    toy_run(&op->cluster, 280000);
    assert_true(stands(op, "a", NAME)); /* a first Pod may be on its way */
    toy_run(&op->cluster, 60000);
    assert_false(stands(op, "a", NAME));
    assert_true(stands(op, "b", NAME)); /* in that namespace it is used */
    toy_delete(&op->cluster, "pods", "b", "x");
    toy_run(&op->cluster, 30000);
    assert_false(stands(op, "b", NAME));
}

static void the_label_of_another_set_does_not_keep_it(void **state)
{
    struct toy_operator *op = *state;

    make_policy(op, "a", NAME, OWN);
    make_pod(op, "a", "9876543210");
    controller_lead(op->controller);
    toy_run(&op->cluster, 360000);
    assert_false(stands(op, "a", NAME));
}

static void what_is_not_ours_stays(void **state)
{
    struct toy_operator *op = *state;

    make_policy(op, "a", "theirs", OWN);
    make_policy(op, "a", NAME, "{}");
    make_policy(op, "a", "agenttask-egress-x", OWN);
    controller_lead(op->controller);
    toy_run(&op->cluster, 3600000);
    assert_true(stands(op, "a", "theirs"));
    assert_true(stands(op, "a", NAME));
    assert_true(stands(op, "a", "agenttask-egress-x"));
}

static void who_does_not_lead_clears_nothing_away(void **state)
{
    struct toy_operator *op = *state;

    make_policy(op, "a", NAME, OWN);
    toy_run(&op->cluster, 3600000);
    assert_true(stands(op, "a", NAME));
    controller_lead(op->controller);
    toy_run(&op->cluster, 30000);
    assert_false(stands(op, "a", NAME));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_policy_that_nothing_uses_goes_when_it_is_old),
        TEST(the_label_of_another_set_does_not_keep_it),
        TEST(what_is_not_ours_stays),
        TEST(who_does_not_lead_clears_nothing_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
