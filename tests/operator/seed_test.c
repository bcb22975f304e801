// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/builtin.h"
#include "toy_operator.h"

/* A cluster that nobody has prepared: there is no profile. */
struct fixture {
    struct toy_operator op;
    enum toy_fault fault; /* of those that create a profile, ... */
    int faults_after;     /* ... after so many that go well, ... */
    int faults_left;      /* ... so many */
};

static enum toy_fault fault_of(void *ctx, const struct kube_request *request)
{
    struct fixture *f = ctx;
    struct str path = request->path;

    if (request->method != HTTP_POST || !str_ends(path, "/runtimeprofiles"))
        return TOY_NO_FAULT;
    if (f->faults_after > 0) {
        f->faults_after--;
        return TOY_NO_FAULT;
    }
    return f->faults_left-- > 0 ? f->fault : TOY_NO_FAULT;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    toy_operator_init(&f->op, fault_of);
    toy_operator_open(&f->op);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    toy_operator_close(&f->op);
    toy_operator_fini(&f->op);
    free(f);
    return 0;
}

static void lead(struct fixture *f)
{
    controller_lead(f->op.controller);
    toy_run(&f->op.cluster, 3000);
}

static void lead_anew(struct fixture *f)
{
    toy_operator_close(&f->op);
    toy_operator_open(&f->op);
    lead(f);
}

static uint32_t profiles(const struct fixture *f)
{
    return toy_count(&f->op.cluster, "runtimeprofiles");
}

static bool has_profile(struct fixture *f, const char *name)
{
    return toy_find(&f->op.cluster, "runtimeprofiles", "", name) != NULL;
}

static void make_profile(struct fixture *f, const char *name)
{
    char text[512];

    snprintf(text, sizeof(text),
             "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":\"RuntimeProfile\","
             "\"metadata\":{\"name\":\"%s\"},\"spec\":{\"image\":\"mine:1\",\"allowTag\":true,"
             "\"command\":[\"sh\"],\"fileName\":\"a.sh\"}}",
             name);
    toy_create(&f->op.cluster, "runtimeprofiles", "", text);
}

static void submit(struct fixture *f)
{
    toy_create(&f->op.cluster, "agenttasks", "a",
               "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":\"AgentTask\","
               "\"metadata\":{\"name\":\"t\"},\"spec\":{\"runtimeProfile\":\"bash\","
               "\"code\":{\"source\":\"true\"}}}");
}

static const char *phase(struct fixture *f)
{
    return toy_text(&f->op.cluster, "agenttasks", "a", "t", "status.phase");
}

/* -- where there is none ------------------------------------------------------------ */

static void where_none_is_all_that_are_shipped_come(void **state)
{
    struct fixture *f = *state;

    toy_run(&f->op.cluster, 5000);
    assert_int_equal(f->op.cluster.writes, 0); /* a follower creates nothing */
    lead(f);
    assert_int_equal(builtin_count(), 7);
    assert_int_equal(profiles(f), 7);
    assert_string_equal(toy_text(&f->op.cluster, "runtimeprofiles", "", "bash", "spec.image"),
                        "docker.io/library/bash:5.2");
    assert_string_equal(toy_text(&f->op.cluster, "runtimeprofiles", "", "python3.11", "kind"),
                        "RuntimeProfile");
    assert_int_equal(f->op.cluster.writes, 7);
    toy_run(&f->op.cluster, 600000);
    assert_int_equal(f->op.cluster.writes, 7);
}

static void a_task_that_was_there_before_waits_for_them(void **state)
{
    struct fixture *f = *state;

    submit(f);
    f->fault = TOY_SILENT;
    f->faults_left = 1;
    lead(f);
    assert_string_equal(phase(f), "");
    toy_release(&f->op.cluster);
    toy_run(&f->op.cluster, 3000);
    assert_string_equal(phase(f), "Scheduled");
}

static void who_is_to_stop_lets_them_all_come_first(void **state)
{
    struct fixture *f = *state;

    f->fault = TOY_SILENT;
    f->faults_left = 1;
    lead(f);
    controller_stop(f->op.controller);
    assert_false(controller_is_idle(f->op.controller));
    toy_release(&f->op.cluster);
    toy_run(&f->op.cluster, 3000);
    assert_true(controller_is_idle(f->op.controller));
    assert_int_equal(profiles(f), 7);
}

/* -- whose profiles they are -------------------------------------------------------------- */

static void where_one_is_none_come(void **state)
{
    struct fixture *f = *state;

    make_profile(f, "own");
    lead(f);
    assert_int_equal(profiles(f), 1);
    toy_delete(&f->op.cluster, "runtimeprofiles", "", "own");
    toy_run(&f->op.cluster, 600000);
    assert_int_equal(profiles(f), 0); /* who leads has looked, once */
}

static void what_was_deleted_or_replaced_does_not_come_back(void **state)
{
    struct fixture *f = *state;

    lead(f);
    toy_delete(&f->op.cluster, "runtimeprofiles", "", "node18");
    toy_merge(&f->op.cluster, "runtimeprofiles", "", "bash", "{\"spec\":{\"image\":\"mine:1\"}}");
    toy_run(&f->op.cluster, 600000);
    lead_anew(f);
    assert_int_equal(profiles(f), 6);
    assert_false(has_profile(f, "node18"));
    assert_string_equal(toy_text(&f->op.cluster, "runtimeprofiles", "", "bash", "spec.image"),
                        "mine:1");
}

static void one_that_somebody_else_makes_at_that_moment_is_theirs(void **state)
{
    struct fixture *f = *state;

    f->fault = TOY_SILENT;
    f->faults_left = 1;
    lead(f);
    make_profile(f, "python3.13"); /* the last of ours */
    toy_release(&f->op.cluster);
    toy_run(&f->op.cluster, 3000);
    assert_int_equal(profiles(f), 7);
    assert_string_equal(toy_text(&f->op.cluster, "runtimeprofiles", "", "python3.13", "spec.image"),
                        "mine:1");
}

/* -- what fails ------------------------------------------------------------------------------ */

static void a_failure_is_tried_again_from_where_it_was(void **state)
{
    struct fixture *f = *state;

    f->fault = TOY_REFUSED;
    f->faults_after = 3;
    f->faults_left = 4;
    lead(f);
    assert_int_equal(profiles(f), 3);
    toy_delete(&f->op.cluster, "runtimeprofiles", "", "bash"); /* the first of ours */
    toy_run(&f->op.cluster, 60000);
    assert_int_equal(profiles(f), 6);
    assert_false(has_profile(f, "bash"));
}

static void a_lost_answer_is_no_failure(void **state)
{
    struct fixture *f = *state;

    f->fault = TOY_LOST;
    f->faults_left = 2;
    lead(f);
    toy_run(&f->op.cluster, 60000);
    assert_int_equal(profiles(f), 7);
}

/* Of a new cluster's profiles nobody but the operator itself is asked, which is not ready yet. */
static void a_webhook_that_comes_late_is_waited_for(void **state)
{
    struct fixture *f = *state;

    f->fault = TOY_REFUSED;
    f->faults_left = 12;
    lead(f);
    assert_int_equal(profiles(f), 0);
    toy_run(&f->op.cluster, 30000);
    assert_int_equal(profiles(f), 7);
}

static void it_is_tried_less_and_less_often_and_holds_up_nobody(void **state)
{
    struct fixture *f = *state;
    int tries;

    f->fault = TOY_REFUSED;
    f->faults_left = 1000;
    submit(f);
    lead(f);
    assert_string_equal(toy_text(&f->op.cluster, "agenttasks", "a", "t", "status.reason"),
                        "ProfileNotFound");
    toy_run(&f->op.cluster, 3600000);
    tries = 1000 - f->faults_left;
    assert_in_range(tries, 29, 39); /* of an hour: at least every five minutes */
    assert_true(lseek(f->op.log.fd, 0, SEEK_END) > 0);
    f->faults_left = 0;
    toy_run(&f->op.cluster, 301000);
    assert_int_equal(profiles(f), 7);
}

static void who_brings_others_meanwhile_gets_none(void **state)
{
    struct fixture *f = *state;

    f->fault = TOY_REFUSED;
    f->faults_left = 1000;
    lead(f);
    assert_int_equal(profiles(f), 0);
    make_profile(f, "own");
    toy_run(&f->op.cluster, 1000);
    f->faults_left = 0;
    toy_run(&f->op.cluster, 600000);
    assert_int_equal(profiles(f), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(where_none_is_all_that_are_shipped_come),
        TEST(a_task_that_was_there_before_waits_for_them),
        TEST(who_is_to_stop_lets_them_all_come_first),
        TEST(where_one_is_none_come),
        TEST(what_was_deleted_or_replaced_does_not_come_back),
        TEST(one_that_somebody_else_makes_at_that_moment_is_theirs),
        TEST(a_failure_is_tried_again_from_where_it_was),
        TEST(a_lost_answer_is_no_failure),
        TEST(a_webhook_that_comes_late_is_waited_for),
        TEST(it_is_tried_less_and_less_often_and_holds_up_nobody),
        TEST(who_brings_others_meanwhile_gets_none),
    };

    return cmocka_run_group_tests_name("seed", tests, NULL, NULL);
}
