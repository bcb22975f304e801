// SPDX-License-Identifier: Apache-2.0
/* Many tasks, few slots: the whole operator on a cluster in memory. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "toy_operator.h"

enum {
    TASKS_MAX = 1000,
    SPACES = 2,
    STEP_MS = 50,
};

enum state {
    TASK_WAITS,
    TASK_INTENDED, /* the intent to run it is recorded, and not that it is over */
    TASK_OVER,
};

struct task_seen {
    enum state state;
    int64_t intended_ms, pod_ms; /* 0: not yet */
    bool has_ended;
};

struct fixture {
    struct toy_operator op;
    struct task_seen tasks[SPACES][TASKS_MAX];
    uint32_t counts[SPACES], intended[SPACES], most[SPACES], most_together;
    uint32_t changes_seen;
    int64_t run_ms[SPACES];  /* how long its code runs */
    int64_t busy_ms[SPACES]; /* slots by time, while both wait */
};

static const char *const spaces[SPACES] = {"red", "blue"};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    toy_operator_init(&f->op, NULL);
    toy_create(&f->op.cluster, "runtimeprofiles", "",
               "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":\"RuntimeProfile\","
               "\"metadata\":{\"name\":\"bash\"},\"spec\":{\"image\":\"bash:5\",\"allowTag\":true,"
               "\"command\":[\"bash\",\"/workspace/entrypoint.sh\"],\"fileName\":\"entrypoint.sh\","
               "\"resources\":{\"default\":{\"cpu\":\"1\"}}}}");
    f->run_ms[0] = f->run_ms[1] = 3000;
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

static void configure(struct fixture *f, int64_t total, int64_t each,
                      const struct config_tenant *tenants, uint32_t count)
{
    f->op.config.running_total = total;
    f->op.config.running_max = each;
    f->op.config.tenants = tenants;
    f->op.config.tenant_count = count;
    controller_configure(f->op.controller, &f->op.config);
}

static void submit(struct fixture *f, int space, uint32_t count, const char *more)
{
    char text[512];

    for (uint32_t i = 0; i < count; i++) {
        snprintf(text, sizeof(text),
                 "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":\"AgentTask\","
                 "\"metadata\":{\"name\":\"t%" PRIu32 "\"},\"spec\":{\"runtimeProfile\":\"bash\","
                 "\"code\":{\"source\":\"true\"}%s}}",
                 f->counts[space]++, more);
        toy_create(&f->op.cluster, "agenttasks", spaces[space], text);
    }
}

/* -- what becomes of them ------------------------------------------------------------- */

static bool says(const struct toy_change *change, const char *what)
{
    return memmem(change->text.at, change->text.size, what, strlen(what)) != NULL;
}

static void see_task(struct fixture *f, int space, struct task_seen *task,
                     const struct toy_change *change)
{
    bool is_intended =
        says(change, "\"phase\":\"Scheduled\"") || says(change, "\"phase\":\"Running\"");
    bool is_over = says(change, "\"phase\":\"Succeeded\"") || says(change, "\"phase\":\"Failed\"");
    enum state now = is_over ? TASK_OVER : is_intended ? TASK_INTENDED : TASK_WAITS;

    assert_true(now >= task->state);
    f->intended[space] += (now == TASK_INTENDED) - (task->state == TASK_INTENDED);
    if (now == TASK_INTENDED && task->state == TASK_WAITS)
        task->intended_ms = f->op.cluster.now_ms;
    task->state = now;
    if (f->intended[space] > f->most[space])
        f->most[space] = f->intended[space];
    if (f->intended[0] + f->intended[1] > f->most_together)
        f->most_together = f->intended[0] + f->intended[1];
}

static void see(struct fixture *f, const struct toy_change *change)
{
    int space = strcmp(change->space, spaces[1]) == 0;
    int64_t number;
    struct str head, rest;

    if (!str_cut(str_of(change->name), '-', &head, &rest))
        head = str_of(change->name);
    if (change->name[0] != 't' || !str_to_int(str_skip(head, 1), &number))
        return;
    if (strcmp(change->plural, "agenttasks") == 0)
        see_task(f, space, &f->tasks[space][number], change);
    if (strcmp(change->plural, "pods") == 0 && strcmp(change->event, "ADDED") == 0)
        f->tasks[space][number].pod_ms = f->op.cluster.now_ms;
}

static void end_pod(struct fixture *f, int space, uint32_t number)
{
    char name[32];

    snprintf(name, sizeof(name), "t%" PRIu32 "-pod", number);
    toy_merge(&f->op.cluster, "pods", spaces[space], name,
              "{\"status\":{\"phase\":\"Succeeded\",\"containerStatuses\":[{\"name\":\"task\","
              "\"state\":{\"terminated\":{\"startedAt\":\"2023-11-14T22:13:25Z\","
              "\"finishedAt\":\"2023-11-14T22:13:30Z\",\"exitCode\":0}}}]}}");
}

static void play_kubelet(struct fixture *f)
{
    for (int space = 0; space < SPACES; space++)
        for (uint32_t i = 0; i < f->counts[space]; i++) {
            struct task_seen *task = &f->tasks[space][i];
            if (task->pod_ms == 0 || task->has_ended ||
                f->op.cluster.now_ms < task->pod_ms + f->run_ms[space])
                continue;
            task->has_ended = true;
            end_pod(f, space, i);
        }
}

static bool waits(const struct fixture *f, int space)
{
    for (uint32_t i = 0; i < f->counts[space]; i++)
        if (f->tasks[space][i].state == TASK_WAITS)
            return true;
    return false;
}

static void run(struct fixture *f, int64_t for_ms)
{
    for (int64_t n = 0; n < for_ms; n += STEP_MS) {
        toy_run(&f->op.cluster, STEP_MS);
        while (f->changes_seen < f->op.cluster.change_count)
            see(f, &f->op.cluster.changes[f->changes_seen++]);
        play_kubelet(f);
        for (int space = 0; waits(f, 0) && waits(f, 1) && space < SPACES; space++)
            f->busy_ms[space] += f->intended[space] * STEP_MS;
    }
}

static uint32_t count_of(const struct fixture *f, int space, enum state state)
{
    uint32_t ret = 0;

    for (uint32_t i = 0; i < f->counts[space]; i++)
        ret += f->tasks[space][i].state == state;
    return ret;
}

static int64_t last_intended_ms(const struct fixture *f, int space)
{
    int64_t ret = 0;

    for (uint32_t i = 0; i < f->counts[space]; i++)
        if (f->tasks[space][i].intended_ms > ret)
            ret = f->tasks[space][i].intended_ms;
    return ret;
}

static uint32_t intended_before(const struct fixture *f, int space, int64_t at_ms)
{
    uint32_t ret = 0;

    for (uint32_t i = 0; i < f->counts[space]; i++)
        ret += f->tasks[space][i].intended_ms != 0 && f->tasks[space][i].intended_ms < at_ms;
    return ret;
}

/* -- demands ---------------------------------------------------------------------------- */

static void x6_a_thousand_at_once_keep_the_limit(void **state)
{
    struct fixture *f = *state;

    configure(f, 0, 5, NULL, 0);
    submit(f, 0, 500, "");
    toy_run(&f->op.cluster, 1000);
    controller_lead(f->op.controller);
    submit(f, 0, 500, "");
    run(f, 60000);
    assert_int_equal(f->most[0], 5);
    assert_true(count_of(f, 0, TASK_OVER) > 60);
    for (uint32_t i = 500; i < 1000; i++) /* first come, first served */
        assert_int_equal(f->tasks[0][i].state, TASK_WAITS);
}

static void the_limit_of_all_together_holds_across_tenants(void **state)
{
    struct fixture *f = *state;

    configure(f, 4, 0, NULL, 0);
    submit(f, 0, 40, "");
    submit(f, 1, 40, "");
    controller_lead(f->op.controller);
    run(f, 40000);
    assert_int_equal(f->most_together, 4);
    assert_true(count_of(f, 0, TASK_OVER) + count_of(f, 1, TASK_OVER) >= 40);
}

static void share_by_weight(struct fixture *f, int64_t red, int64_t blue)
{
    const struct config_tenant tenants[] = {
        {.name = STR_LIT("blue"), .weight = blue},
        {.name = STR_LIT("red"),  .weight = red },
    };

    configure(f, 4, 0, tenants, countof(tenants));
    submit(f, 0, 200, "");
    submit(f, 1, 20, "");
    controller_lead(f->op.controller);
    run(f, 60000);
}

/* Ten times the tasks are no reason for more: both have had the same, and the few do not wait for
 * the many that came before them. */
static void who_has_ten_times_the_tasks_gets_its_share(void **state)
{
    struct fixture *f = *state;

    share_by_weight(f, 1, 1);
    assert_true(llabs(f->busy_ms[0] - f->busy_ms[1]) <= 2 * 4 * 4000);
    assert_int_equal(count_of(f, 1, TASK_WAITS), 0);
    assert_in_range(intended_before(f, 0, last_intended_ms(f, 1)), 16, 24);
}

static void weight_decides_the_share(void **state)
{
    struct fixture *f = *state;

    share_by_weight(f, 3, 1);
    assert_true(llabs(f->busy_ms[0] - 3 * f->busy_ms[1]) <= 3 * 4 * 4000);
    assert_true(f->busy_ms[1] > 10000);
}

/* What a slot is held for counts, not how often. */
static void long_runs_do_not_take_more(void **state)
{
    struct fixture *f = *state;

    f->run_ms[0] = 12000;
    f->run_ms[1] = 1000;
    share_by_weight(f, 1, 1);
    assert_true(llabs(f->busy_ms[0] - f->busy_ms[1]) <= 2 * 4 * 13000);
    assert_int_equal(count_of(f, 1, TASK_WAITS), 0);
}

static void whoever_runs_already_counts_after_a_restart(void **state)
{
    struct fixture *f = *state;

    configure(f, 4, 3, NULL, 0);
    submit(f, 0, 30, "");
    submit(f, 1, 30, "");
    controller_lead(f->op.controller);
    for (int n = 0; n < 8; n++) {
        run(f, 2350);
        toy_operator_close(&f->op);
        toy_operator_open(&f->op);
        controller_lead(f->op.controller);
    }
    run(f, 5000);
    assert_int_equal(f->most_together, 4);
    assert_true(f->most[0] <= 3 && f->most[1] <= 3);
    assert_true(count_of(f, 0, TASK_OVER) + count_of(f, 1, TASK_OVER) > 15);
}

static void limits_change_both_ways_at_once(void **state)
{
    struct fixture *f = *state;

    f->run_ms[0] = f->run_ms[1] = 20000;
    configure(f, 6, 0, NULL, 0);
    submit(f, 0, 30, "");
    controller_lead(f->op.controller);
    run(f, 3000);
    assert_int_equal(f->intended[0], 6);
    configure(f, 2, 0, NULL, 0);
    run(f, 21000); /* those inside stay, nobody comes after them but two */
    assert_int_equal(f->most[0], 6);
    assert_int_equal(f->intended[0], 2);
    configure(f, 9, 0, NULL, 0);
    run(f, 2000);
    assert_int_equal(f->intended[0], 9);
}

/* -- whose budget ------------------------------------------------------------------------- */

static void one_tenant_in_two_namespaces_has_one_budget(void **state)
{
    static const struct str both[] = {
        {"red",  3},
        {"blue", 4},
    };
    const struct config_tenant tenants[] = {
        {.name = STR_LIT("team"), .weight = 1, .running_max = 3, .namespaces = {both, 2}},
    };
    struct fixture *f = *state;

    configure(f, 0, 5, tenants, 1);
    submit(f, 0, 10, ",\"tenant\":\"team\"");
    submit(f, 1, 10, ",\"tenant\":\"team\"");
    controller_lead(f->op.controller);
    run(f, 3000);
    assert_int_equal(f->most_together, 3);

    assert_int_equal(toy_matching(&f->op.cluster, "pods", "\"agenttask.io/tenant\":\"team\""), 3);
}

static const char guard[] =
    "{\"metadata\":{\"name\":\"agenttask-validating-webhook-configuration\"},\"webhooks\":[{"
    "\"name\":"
    "\"create.x\",\"clientConfig\":{\"caBundle\":\"Zm9v\",\"service\":{\"name\":"
    "\"agenttask-webhook-service\",\"namespace\":\"own\",\"path\":"
    "\"/"
    "validate-execution-agenttask-io-v1alpha1-agenttask\"}},\"failurePolicy\":\"Fail\",\"rules\":["
    "{\"apiGroups\":[\"execution.agenttask.io\"],\"apiVersions\":[\"v1alpha1\"],"
    "\"operations\":[\"CREATE\"],\"resources\":[\"agenttasks\"]}]}]}";

static const struct str ann[] = {
    {"ann", 3}
};
static const struct config_tenant anns[] = {
    {.name = {"team", 4}, .weight = 1, .running_max = 3, .users = {ann, 1}},
};

/* The operator anew, with a webhook in namespace "own", which guards for as long: before the tasks
 * are made. */
static void begin_guarded(struct fixture *f, int64_t guarded_ms)
{
    toy_run(&f->op.cluster, 1000);
    toy_operator_close(&f->op);
    f->op.webhook_space = STR_LIT("own");
    f->op.config.running_max = 2;
    f->op.config.tenants = anns;
    f->op.config.tenant_count = 1;
    if (guarded_ms > 0)
        toy_create(&f->op.cluster, "validatingwebhookconfigurations", "", guard);
    toy_run(&f->op.cluster, guarded_ms);
    submit(f, 0, 10, ",\"tenant\":\"team\"");
    toy_operator_open(&f->op);
    controller_lead(f->op.controller);
    run(f, 3000);
}

static uint32_t pods_of(struct fixture *f, const char *tenant)
{
    char text[64];

    snprintf(text, sizeof(text), "\"agenttask.io/tenant\":\"%s\"", tenant);
    return toy_matching(&f->op.cluster, "pods", text);
}

static void a_tenant_bound_to_users_is_believed_where_the_webhook_guards(void **state)
{
    struct fixture *f = *state;

    begin_guarded(f, 10000);
    assert_int_equal(pods_of(f, "team"), 3);
    assert_int_equal(pods_of(f, "red"), 0);
}

/* Nothing shows that somebody asked who made them: then they count where they are. */
static void h45_a_tenant_bound_to_users_is_not_believed_unguarded(void **state)
{
    struct fixture *f = *state;

    begin_guarded(f, 0);
    assert_int_equal(pods_of(f, "team"), 0);
    assert_int_equal(pods_of(f, "red"), 2);
}

static void nor_where_the_guard_came_later(void **state)
{
    struct fixture *f = *state;

    begin_guarded(f, 1000);
    assert_int_equal(pods_of(f, "team"), 0);
    assert_int_equal(pods_of(f, "red"), 2);
}

static void nor_when_the_guard_goes(void **state)
{
    struct fixture *f = *state;

    f->run_ms[0] = 50000;
    begin_guarded(f, 10000);
    toy_delete(&f->op.cluster, "validatingwebhookconfigurations", "",
               "agenttask-validating-webhook-configuration");
    run(f, 32000);
    assert_int_equal(pods_of(f, "team"), 3); /* those that run do, ... */
    run(f, 30000);
    assert_int_equal(pods_of(f, "red"), 2); /* ... and count where the next ones do */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(x6_a_thousand_at_once_keep_the_limit),
        TEST(the_limit_of_all_together_holds_across_tenants),
        TEST(who_has_ten_times_the_tasks_gets_its_share),
        TEST(weight_decides_the_share),
        TEST(long_runs_do_not_take_more),
        TEST(whoever_runs_already_counts_after_a_restart),
        TEST(limits_change_both_ways_at_once),
        TEST(one_tenant_in_two_namespaces_has_one_budget),
        TEST(a_tenant_bound_to_users_is_believed_where_the_webhook_guards),
        TEST(nor_where_the_guard_came_later),
        TEST(nor_when_the_guard_goes),
        TEST(h45_a_tenant_bound_to_users_is_not_believed_unguarded),
    };

    return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
