// SPDX-License-Identifier: Apache-2.0

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "toy_operator.h"

/* The whole controller on a cluster in memory; the test plays user, kubelet and stranger. */
struct fixture {
    struct toy_operator op;
    const char *faulty; /* requests with that in their path ... */
    enum http_method faulty_method;
    enum toy_fault fault; /* ... have that happen to them */
    int faults_left;
    int follows; /* so often an output was followed */
};

static enum toy_fault fault_of(void *ctx, const struct kube_request *request)
{
    struct fixture *f = ctx;
    struct str path = request->path;
    bool is_it = f->faulty && request->method == f->faulty_method && f->faults_left > 0 &&
                 memmem(path.at, path.size, f->faulty, strlen(f->faulty));

    f->faults_left -= is_it;
    f->follows += memmem(path.at, path.size, "follow=true", 11) != NULL;
    return is_it ? f->fault : TOY_NO_FAULT;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    toy_operator_init(&f->op, fault_of);
    toy_create(&f->op.cluster, "runtimeprofiles", "",
               "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":\"RuntimeProfile\","
               "\"metadata\":{\"name\":\"bash\"},\"spec\":{\"image\":\"bash:5\",\"allowTag\":true,"
               "\"command\":[\"bash\",\"/workspace/entrypoint.sh\"],\"fileName\":\"entrypoint.sh\","
               "\"resources\":{\"default\":{\"cpu\":\"1\"}}}}");
    toy_operator_open(&f->op);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    f->op.may_not_write = false;
    f->faulty = NULL;
    toy_operator_close(&f->op);
    toy_operator_fini(&f->op);
    free(f);
    return 0;
}

/* -- user and kubelet ------------------------------------------------------------ */

static void submit_more(struct fixture *f, const char *name, const char *more)
{
    char text[1024];

    snprintf(text, sizeof(text),
             "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":\"AgentTask\","
             "\"metadata\":{\"name\":\"%s\"},\"spec\":{\"runtimeProfile\":\"bash\","
             "\"code\":{\"source\":\"true\"}%s}}",
             name, more);
    toy_create(&f->op.cluster, "agenttasks", "a", text);
}

static void submit(struct fixture *f, const char *name)
{
    submit_more(f, name, "");
}

static void lead(struct fixture *f)
{
    controller_lead(f->op.controller);
    toy_run(&f->op.cluster, 3000);
}

static const char *phase(struct fixture *f, const char *name)
{
    return toy_text(&f->op.cluster, "agenttasks", "a", name, "status.phase");
}

static const char *reason(struct fixture *f, const char *name)
{
    return toy_text(&f->op.cluster, "agenttasks", "a", name, "status.reason");
}

static void pod_runs(struct fixture *f, const char *pod)
{
    toy_merge(&f->op.cluster, "pods", "a", pod,
              "{\"spec\":{\"nodeName\":\"n\"},"
              "\"status\":{\"phase\":\"Running\",\"containerStatuses\":[{\"name\":\"task\","
              "\"state\":{\"running\":{\"startedAt\":\"2023-11-14T22:13:25Z\"}}}]}}");
}

static void pod_ends(struct fixture *f, const char *pod, int exit_code)
{
    char text[512];

    snprintf(text, sizeof(text),
             "{\"status\":{\"phase\":\"%s\",\"containerStatuses\":[{\"name\":\"task\","
             "\"state\":{\"terminated\":{\"startedAt\":\"2023-11-14T22:13:25Z\","
             "\"finishedAt\":\"2023-11-14T22:13:30Z\",\"exitCode\":%d}}}]}}",
             exit_code ? "Failed" : "Succeeded", exit_code);
    toy_merge(&f->op.cluster, "pods", "a", pod, text);
}

static uint64_t endings(const struct fixture *f)
{
    uint64_t sum = 0;

    for (int i = 0; i < REASON_COUNT; i++)
        sum += f->op.metrics.endings[i];
    return sum;
}

static uint64_t reconciles(const struct fixture *f)
{
    return f->op.metrics.reconciles[RECONCILE_SUCCESS] +
           f->op.metrics.reconciles[RECONCILE_REQUEUE_AFTER] +
           f->op.metrics.reconciles[RECONCILE_ERROR];
}

/* -- the life of a task -------------------------------------------------------------- */

static void a_task_goes_through_its_life(void **state)
{
    struct fixture *f = *state;

    submit(f, "t");
    lead(f);
    assert_string_equal(phase(f, "t"), "Scheduled");
    assert_non_null(toy_find(&f->op.cluster, "networkpolicies", "a", "agenttask-default-deny"));
    assert_non_null(toy_find(&f->op.cluster, "configmaps", "a", "t-code"));
    pod_runs(f, "t-pod");
    toy_run(&f->op.cluster, 3000);
    assert_string_equal(phase(f, "t"), "Running");
    pod_ends(f, "t-pod", 0);
    toy_run(&f->op.cluster, 5000);
    assert_string_equal(phase(f, "t"), "Succeeded");
    assert_null(toy_find(&f->op.cluster, "pods", "a", "t-pod"));
    assert_int_equal(f->op.metrics.endings[REASON_NONE], 1);
    assert_int_equal(f->op.metrics.task_duration.count, 1);
    assert_int_equal(f->op.metrics.events_sent,
                     4); /* PolicyPending, Scheduled, Running, Completed */
    assert_int_equal(toy_matching(&f->op.cluster, "events", "\"reason\":\"Completed\""), 1);
    assert_int_equal(f->follows, 0); /* our own deletion of the Pod loses nothing */
}

/* Finalizer, code, intent, Pod; output, verdict; Pod, code and finalizer of the Pod away. The
 * policy is one per namespace, and Running is written where it lasts. */
static void l9_a_task_takes_few_writes_and_reconciles(void **state)
{
    struct fixture *f = *state;
    uint64_t reconciles_before;
    uint32_t writes, reads;

    submit(f, "first");
    lead(f);
    pod_ends(f, "first-pod", 0);
    toy_run(&f->op.cluster, 5000);
    writes = f->op.cluster.writes;
    reads = f->op.cluster.reads;
    reconciles_before = reconciles(f);
    submit(f, "t");
    toy_run(&f->op.cluster, 100);
    pod_ends(f, "t-pod", 0);
    toy_run(&f->op.cluster, 60000);
    assert_string_equal(phase(f, "t"), "Succeeded");
    assert_int_equal(f->op.cluster.writes - writes, 9);
    assert_true(f->op.cluster.reads - reads <= 4); /* twice its Pod, the task, the log */
    assert_true(reconciles(f) - reconciles_before <= 20);
}

static void l2_what_is_over_costs_nothing_any_more(void **state)
{
    struct fixture *f = *state;
    uint32_t writes;

    submit(f, "t");
    lead(f);
    pod_ends(f, "t-pod", 3);
    toy_run(&f->op.cluster, 5000);
    assert_string_equal(reason(f, "t"), "PodFailed");
    writes = f->op.cluster.writes;
    toy_run(&f->op.cluster, 600000);
    assert_int_equal(f->op.cluster.writes, writes);
    assert_int_equal(endings(f), 1);
}

static void h31_counted_once_although_the_answer_was_lost(void **state)
{
    struct fixture *f = *state;

    submit(f, "t");
    lead(f);
    pod_runs(f, "t-pod");
    toy_run(&f->op.cluster, 3000);
    f->faulty = "agenttasks/t/status";
    f->faulty_method = HTTP_PATCH;
    f->fault = TOY_LOST;
    f->faults_left = 1;
    pod_ends(f, "t-pod", 0);
    toy_run(&f->op.cluster, 10000);
    assert_int_equal(f->faults_left, 0);
    assert_string_equal(phase(f, "t"), "Succeeded");
    assert_null(toy_find(&f->op.cluster, "pods", "a", "t-pod"));
    assert_int_equal(endings(f), 1);
}

static void l6_a_poisoned_task_delays_nobody_and_ends(void **state)
{
    struct fixture *f = *state;

    f->op.config.running_max = 1;
    controller_configure(f->op.controller, &f->op.config);
    f->faulty = "/namespaces/a/pods";
    f->faulty_method = HTTP_POST;
    f->fault = TOY_REFUSED;
    f->faults_left = 3;
    submit(f, "bad");
    lead(f);
    submit(f, "good");
    toy_run(&f->op.cluster, 60000);
    assert_int_equal(f->faults_left, 0);
    assert_string_equal(phase(f, "bad"), "Failed");
    assert_string_equal(reason(f, "bad"), "Invalid");
    assert_string_equal(phase(f, "good"), "Scheduled");
    assert_non_null(toy_find(&f->op.cluster, "pods", "a", "good-pod"));
}

static void a_refusal_before_the_intent_lets_others_go_first(void **state)
{
    struct fixture *f = *state;

    f->op.config.running_max = 1;
    controller_configure(f->op.controller, &f->op.config);
    f->faulty = "/namespaces/a/configmaps";
    f->faulty_method = HTTP_POST;
    f->fault = TOY_REFUSED;
    f->faults_left = 3;
    submit(f, "bad");
    lead(f);
    f->faults_left = 0;
    submit(f, "good");
    toy_run(&f->op.cluster, 2000);
    assert_int_equal(toy_count(&f->op.cluster, "pods"), 1);
    toy_run(&f->op.cluster, 60000);
    assert_int_equal(toy_count(&f->op.cluster, "pods"), 1); /* never more than there is room for */
}

/* -- leadership ------------------------------------------------------------------------- */

static void who_does_not_lead_writes_nothing(void **state)
{
    struct fixture *f = *state;
    auto_end(arena_fini) struct arena arena = {0};
    struct gauges gauges = {0};

    submit(f, "t");
    toy_run(&f->op.cluster, 60000);
    assert_int_equal(f->op.cluster.writes, 0);
    assert_true(f->op.cluster.reads > 0); /* but it knows what there is */
    controller_gauges(f->op.controller, &arena, &gauges);
    assert_int_equal(gauges.queue_adds, 0); /* and collects nothing for later */
    lead(f);
    assert_string_equal(phase(f, "t"), "Scheduled");
}

static void who_may_not_write_any_more_writes_nothing(void **state)
{
    struct fixture *f = *state;
    uint32_t writes;

    lead(f);
    f->op.may_not_write = true;
    writes = f->op.cluster.writes;
    submit(f, "t");
    toy_run(&f->op.cluster, 10000);
    assert_int_equal(f->op.cluster.writes, writes);
    assert_int_equal(f->op.cluster.events, 0);
    assert_string_equal(phase(f, "t"), "");
}

static void a_new_process_goes_on_where_the_old_one_stopped(void **state)
{
    struct fixture *f = *state;

    submit(f, "t");
    submit(f, "u");
    lead(f);
    pod_runs(f, "t-pod");
    toy_run(&f->op.cluster, 3000);
    toy_operator_close(&f->op);
    pod_ends(f, "t-pod", 0);
    toy_run(&f->op.cluster, 10000);
    assert_string_equal(phase(f, "t"), "Running");
    toy_operator_open(&f->op);
    lead(f);
    toy_run(&f->op.cluster, 3000);
    assert_string_equal(phase(f, "t"), "Succeeded");
    assert_string_equal(phase(f, "u"), "Scheduled");
    assert_int_equal(toy_count(&f->op.cluster, "pods"), 1);
    assert_int_equal(endings(f), 1);
}

static void after_the_stop_nothing_new_is_taken_up(void **state)
{
    struct fixture *f = *state;
    struct health health;
    const char *why;
    uint32_t writes;

    lead(f);
    controller_health(f->op.controller, &health);
    assert_true(health_is_ready(&health, &why));
    controller_stop(f->op.controller);
    controller_health(f->op.controller, &health);
    assert_false(health_is_ready(&health, &why));
    writes = f->op.cluster.writes;
    submit(f, "t");
    toy_run(&f->op.cluster, 10000);
    assert_int_equal(f->op.cluster.writes, writes);
    assert_true(controller_is_idle(f->op.controller));
}

static void o2_a_reconcile_that_does_not_end_is_seen(void **state)
{
    struct fixture *f = *state;
    struct health health;
    const char *why;

    f->faulty = "agenttasks/t";
    f->faulty_method = HTTP_PATCH;
    f->fault = TOY_SILENT;
    f->faults_left = 1;
    submit(f, "t");
    lead(f);
    toy_run(&f->op.cluster, STUCK_MS - 10000);
    controller_health(f->op.controller, &health);
    assert_true(health_is_live(&health, &why));
    toy_run(&f->op.cluster, 12000);
    controller_health(f->op.controller, &health);
    assert_false(health_is_live(&health, &why));
    toy_release(&f->op.cluster);
    toy_run(&f->op.cluster, 5000);
    controller_health(f->op.controller, &health);
    assert_true(health_is_live(&health, &why));
}

/* -- room ---------------------------------------------------------------------------------- */

static void tasks_wait_for_room_and_know_their_place(void **state)
{
    struct fixture *f = *state;
    auto_end(arena_fini) struct arena arena = {0};
    struct gauges gauges = {0};

    f->op.config.running_max = 1;
    controller_configure(f->op.controller, &f->op.config);
    submit(f, "t1");
    lead(f);
    submit(f, "t2");
    submit(f, "t3");
    submit_more(f, "t4", ",\"priority\":5");
    toy_run(&f->op.cluster, 5000);
    assert_int_equal(toy_count(&f->op.cluster, "pods"), 1);
    assert_string_equal(reason(f, "t2"), "Queued");
    assert_string_equal(toy_text(&f->op.cluster, "agenttasks", "a", "t4", "status.queue.position"),
                        "1");
    assert_string_equal(toy_text(&f->op.cluster, "agenttasks", "a", "t3", "status.queue.position"),
                        "3");
    controller_gauges(f->op.controller, &arena, &gauges);
    assert_int_equal(gauges.queued, 3);
    assert_int_equal(gauges.active, 1);
    pod_ends(f, "t1-pod", 0);
    toy_run(&f->op.cluster, 5000);
    assert_string_equal(phase(f, "t4"), "Scheduled");
    assert_int_equal(toy_count(&f->op.cluster, "pods"), 1);
    assert_string_equal(toy_text(&f->op.cluster, "agenttasks", "a", "t2", "status.queue.position"),
                        "1");
}

static void x6_a_hundred_at_once_keep_the_limit(void **state)
{
    struct fixture *f = *state;
    char name[16];

    f->op.config.running_max = 5;
    controller_configure(f->op.controller, &f->op.config);
    lead(f);
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "t%d", i);
        submit(f, name);
    }
    for (int i = 0; i < 100; i++) {
        toy_run(&f->op.cluster, 50);
        assert_true(toy_count(&f->op.cluster, "pods") <= 5);
    }
    assert_int_equal(toy_count(&f->op.cluster, "pods"), 5);
}

/* -- what others do ------------------------------------------------------------------------- */

static void h53_policy_not_restored(void **state)
{
    struct fixture *f = *state;

    submit(f, "t");
    lead(f);
    toy_delete(&f->op.cluster, "networkpolicies", "a", "agenttask-default-deny");
    assert_null(toy_find(&f->op.cluster, "networkpolicies", "a", "agenttask-default-deny"));
    toy_run(&f->op.cluster, 5000);
    assert_non_null(toy_find(&f->op.cluster, "networkpolicies", "a", "agenttask-default-deny"));
}

static void a_profile_that_comes_wakes_those_who_wait_for_it(void **state)
{
    struct fixture *f = *state;

    lead(f);
    toy_create(&f->op.cluster, "runtimeprofiles", "",
               "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":\"RuntimeProfile\","
               "\"metadata\":{\"name\":\"sh\"},\"spec\":{\"image\":\"sh:5\",\"allowTag\":true,"
               "\"command\":[\"sh\"],\"fileName\":\"a.sh\"}}");
    toy_create(&f->op.cluster, "agenttasks", "a",
               "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":\"AgentTask\","
               "\"metadata\":{\"name\":\"t\"},\"spec\":{\"runtimeProfile\":\"sh\","
               "\"code\":{\"source\":\"true\"}}}");
    toy_run(&f->op.cluster, 3000);
    assert_string_equal(phase(f, "t"), "Scheduled");
}

static void an_orphan_is_cleared_away_also_after_a_restart(void **state)
{
    struct fixture *f = *state;

    submit(f, "t");
    submit(f, "u");
    lead(f);
    toy_operator_close(&f->op);
    toy_merge(&f->op.cluster, "agenttasks", "a", "t", "{\"metadata\":{\"finalizers\":null}}");
    toy_delete(&f->op.cluster, "agenttasks", "a", "t");
    assert_null(toy_find(&f->op.cluster, "agenttasks", "a", "t"));
    assert_non_null(toy_find(&f->op.cluster, "pods", "a", "t-pod"));
    toy_operator_open(&f->op);
    lead(f);
    assert_null(toy_find(&f->op.cluster, "pods", "a", "t-pod"));
    assert_non_null(toy_find(&f->op.cluster, "pods", "a", "u-pod"));
}

static void an_orphan_is_not_the_pod_of_a_task_of_the_same_name(void **state)
{
    struct fixture *f = *state;
    char before[64];

    submit(f, "t");
    lead(f);
    toy_operator_close(&f->op);
    snprintf(before, sizeof(before), "%s",
             toy_text(&f->op.cluster, "pods", "a", "t-pod", "metadata.uid"));
    toy_merge(&f->op.cluster, "agenttasks", "a", "t", "{\"metadata\":{\"finalizers\":null}}");
    toy_delete(&f->op.cluster, "agenttasks", "a", "t");
    submit(f, "t");
    toy_operator_open(&f->op);
    lead(f);
    toy_delete(&f->op.cluster, "configmaps", "a", "t-code"); /* as the garbage collector does */
    toy_run(&f->op.cluster, 30000);
    assert_non_null(toy_find(&f->op.cluster, "pods", "a", "t-pod"));
    assert_string_not_equal(toy_text(&f->op.cluster, "pods", "a", "t-pod", "metadata.uid"), before);
}

static void an_orphan_is_tried_again_until_it_is_gone(void **state)
{
    struct fixture *f = *state;

    submit(f, "t");
    lead(f);
    f->faulty = "/pods/t-pod";
    f->faulty_method = HTTP_PATCH;
    f->fault = TOY_LOST;
    f->faults_left = 2;
    toy_merge(&f->op.cluster, "agenttasks", "a", "t", "{\"metadata\":{\"finalizers\":null}}");
    toy_delete(&f->op.cluster, "agenttasks", "a", "t");
    toy_run(&f->op.cluster, 20000);
    assert_null(toy_find(&f->op.cluster, "pods", "a", "t-pod"));
}

/* No task of that name ever was: what looks like ours is nobody's business but its owner's. */
static void a_pod_that_we_do_not_hold_is_left_alone(void **state)
{
    struct fixture *f = *state;
    uint32_t writes;

    lead(f);
    writes = f->op.cluster.writes;
    toy_create(&f->op.cluster, "pods", "a",
               "{\"metadata\":{\"name\":\"x\",\"labels\":{\"agenttask.io/task\":\"x\"}},"
               "\"spec\":{},\"status\":{}}");
    toy_run(&f->op.cluster, 400000);
    assert_non_null(toy_find(&f->op.cluster, "pods", "a", "x"));
    assert_int_equal(f->op.cluster.writes, writes);
}

/* The kubelet removes the log with the container: whoever reads it then comes too late. */
static void h18_a_pod_that_others_delete_is_followed(void **state)
{
    struct fixture *f = *state;

    submit(f, "t");
    lead(f);
    pod_runs(f, "t-pod");
    toy_run(&f->op.cluster, 3000);
    toy_delete(&f->op.cluster, "pods", "a", "t-pod");
    toy_run(&f->op.cluster, 1000);
    assert_int_equal(f->follows, 1);
    pod_ends(f, "t-pod", 143);
    toy_run(&f->op.cluster, 5000);
    assert_string_equal(phase(f, "t"), "Failed");
    assert_int_equal(f->follows, 1);
}

static uint32_t stuck(const struct fixture *f)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct gauges gauges = {0};

    controller_gauges(f->op.controller, &arena, &gauges);
    return gauges.stuck;
}

static void h58_people_are_told_what_is_refused_again_and_again(void **state)
{
    struct fixture *f = *state;

    f->faulty = "/namespaces/a/configmaps";
    f->faulty_method = HTTP_POST;
    f->fault = TOY_REFUSED;
    f->faults_left = 1000000;
    submit(f, "t");
    lead(f);
    toy_run(&f->op.cluster, 1000000);
    assert_int_equal(toy_matching(&f->op.cluster, "events", "\"reason\":\"ReconcileFailed\""), 1);
    assert_int_equal(toy_matching(&f->op.cluster, "events", "\"series\""), 1);
    assert_true(1000000 - f->faults_left < 25); /* less and less often, ... */
    assert_true(1000000 - f->faults_left > 15); /* ... but at least every five minutes */
    assert_int_equal(stuck(f), 1);
    f->faults_left = 0;
    toy_run(&f->op.cluster, 301000);
    assert_string_equal(phase(f, "t"), "Scheduled");
    assert_int_equal(stuck(f), 0);
}

static void what_was_stuck_and_is_gone_is_not_stuck(void **state)
{
    struct fixture *f = *state;

    f->faulty = "/namespaces/a/configmaps";
    f->faulty_method = HTTP_POST;
    f->fault = TOY_REFUSED;
    f->faults_left = 1000000;
    submit(f, "t");
    lead(f);
    toy_run(&f->op.cluster, 10000);
    assert_int_equal(stuck(f), 1);
    toy_delete(&f->op.cluster, "agenttasks", "a", "t");
    toy_run(&f->op.cluster, 301000);
    assert_null(toy_find(&f->op.cluster, "agenttasks", "a", "t"));
    assert_int_equal(stuck(f), 0);
}

static void a_deleted_task_leaves_nothing(void **state)
{
    struct fixture *f = *state;

    submit(f, "t");
    lead(f);
    pod_runs(f, "t-pod");
    toy_run(&f->op.cluster, 3000);
    toy_delete(&f->op.cluster, "agenttasks", "a", "t");
    toy_run(&f->op.cluster, 1000);
    assert_non_null(toy_find(&f->op.cluster, "pods", "a", "t-pod")); /* its code ends first */
    pod_ends(f, "t-pod", 143);
    toy_run(&f->op.cluster, 60000);
    assert_null(toy_find(&f->op.cluster, "pods", "a", "t-pod"));
    assert_null(toy_find(&f->op.cluster, "agenttasks", "a", "t"));
    assert_int_equal(f->op.metrics.pods_held, 0);
}

static void tasks_expire(void **state)
{
    struct fixture *f = *state;

    submit_more(f, "t", ",\"ttlSecondsAfterFinished\":30");
    lead(f);
    pod_ends(f, "t-pod", 0);
    toy_run(&f->op.cluster, 20000);
    assert_string_equal(phase(f, "t"), "Succeeded");
    toy_run(&f->op.cluster, 20000);
    assert_null(toy_find(&f->op.cluster, "agenttasks", "a", "t"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_task_goes_through_its_life),
        TEST(l9_a_task_takes_few_writes_and_reconciles),
        TEST(l2_what_is_over_costs_nothing_any_more),
        TEST(h31_counted_once_although_the_answer_was_lost),
        TEST(l6_a_poisoned_task_delays_nobody_and_ends),
        TEST(a_refusal_before_the_intent_lets_others_go_first),
        TEST(who_does_not_lead_writes_nothing),
        TEST(who_may_not_write_any_more_writes_nothing),
        TEST(a_new_process_goes_on_where_the_old_one_stopped),
        TEST(after_the_stop_nothing_new_is_taken_up),
        TEST(o2_a_reconcile_that_does_not_end_is_seen),
        TEST(tasks_wait_for_room_and_know_their_place),
        TEST(x6_a_hundred_at_once_keep_the_limit),
        TEST(h53_policy_not_restored),
        TEST(a_profile_that_comes_wakes_those_who_wait_for_it),
        TEST(an_orphan_is_cleared_away_also_after_a_restart),
        TEST(an_orphan_is_not_the_pod_of_a_task_of_the_same_name),
        TEST(an_orphan_is_tried_again_until_it_is_gone),
        TEST(a_pod_that_we_do_not_hold_is_left_alone),
        TEST(h18_a_pod_that_others_delete_is_followed),
        TEST(h58_people_are_told_what_is_refused_again_and_again),
        TEST(what_was_stuck_and_is_gone_is_not_stuck),
        TEST(a_deleted_task_leaves_nothing),
        TEST(tasks_expire),
    };

    return cmocka_run_group_tests_name("controller", tests, NULL, NULL);
}
