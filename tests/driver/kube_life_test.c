// SPDX-License-Identifier: Apache-2.0
/* Whole lives of tasks on a cluster in memory, and the same lives with every single request that
 * is made in them going wrong. */
#include "fake_operator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define LONG_MS (INT64_C(2) * 3600 * 1000)
#define SOURCE  "\"runtimeProfile\":\"python3.11\",\"code\":{\"source\":\"print(1)\"}"

static void cancel(struct fake_cluster *cluster)
{
    fake_merge(cluster, "agenttasks", "t", "{\"spec\":{\"canceled\":true}}");
}

static void delete_task(struct fake_cluster *cluster)
{
    fake_delete(cluster, "agenttasks", "t");
}

static void delete_pod(struct fake_cluster *cluster)
{
    if (fake_find(cluster, "pods", "t-pod"))
        fake_delete(cluster, "pods", "t-pod");
}

/* What is not given: bound after 100 ms, started after 600, says "hi", ends after 4 s with {}. */
#define PLAN(...)                                                                                  \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define RUNS PLAN(.run_ms = 500)
#define AT(ms, what)                                                                               \
    {                                                                                              \
        ms, what                                                                                   \
    }
#define NOTHING AT(0, NULL)

/* Of a life that is disturbed, what is not reached in time may be lost; and an end that somebody
 * else brought about may be called by another of the reasons that are true of it. */
static const struct scene {
    const char *name, *spec;
    struct fake_plan plan;
    struct life_event event;
    const char *end, *other_end;
    uint32_t writes_max; /* without the policy of the namespace and the waiting for it */
} scenes[] = {
    {"success", SOURCE, RUNS, NOTHING,
     "task Succeeded  exit=0 result={} logs=t-logs pods=0 code=0 created=1 starts=1", NULL, 10},
    {"silent success", SOURCE, PLAN(.output = "", .run_ms = 100), NOTHING,
     "task Succeeded  exit=0 result={} logs= pods=0 code=0 created=1 starts=1", NULL, 9},
    {"failure", SOURCE, PLAN(.exit_code = 3), NOTHING,
     "task Failed PodFailed exit=3 result={} logs=t-logs pods=0 code=0 created=1 starts=1", NULL,
     10},
    {"long", SOURCE, PLAN(.run_ms = 90000), NOTHING,
     "task Succeeded  exit=0 result={} logs=t-logs pods=0 code=0 created=1 starts=1", NULL, 11},
    {"timeout", SOURCE ",\"timeoutSeconds\":3", PLAN(.ending = FAKE_NEVER), NOTHING,
     "task Failed Timeout exit=? result={} logs=t-logs pods=0 code=0 created=1 starts=1", NULL,
     10},
    {"out of memory", SOURCE, PLAN(.ending = FAKE_OOM), NOTHING,
     "task Failed OOMKilled exit=137 result= logs=t-logs(partial) pods=0 code=0 created=1 starts=1",
     NULL, 10},
    {"evicted", SOURCE, PLAN(.ending = FAKE_EVICTED), NOTHING,
     "task Failed Evicted exit=? result={} logs=t-logs pods=0 code=0 created=1 starts=1", NULL,
     10},
    {"canceled while it runs", SOURCE, PLAN(.ending = FAKE_NEVER), AT(4000, cancel),
     "task Canceled Canceled exit=? result={} logs=t-logs pods=0 code=0 created=1 starts=1", NULL,
     12},
    {"canceled while it pulls", SOURCE, PLAN(.starts_never = true), AT(8000, cancel),
     "task Canceled Canceled exit=? result= logs=(partial) pods=0 code=0 created=1 starts=0", NULL,
     11},
    {"canceled before it is bound", SOURCE, PLAN(.bind_ms = 100000), AT(8000, cancel),
     "task Canceled Canceled exit=? result= logs=(partial) pods=0 code=0 created=1 starts=0", NULL,
     11},
    {"canceled before there is a Pod", SOURCE, RUNS, AT(500, cancel),
     "task Canceled Canceled exit=? result= logs=(partial) pods=0 code=0 created=0 starts=0", NULL,
     4},
    {"no image", SOURCE, PLAN(.starts_never = true, .waiting = "ImagePullBackOff"), NOTHING,
     "task Failed ImagePullFailed exit=? result= logs=(partial) pods=0 code=0 created=1 starts=0",
     NULL, 11},
    {"no such image", SOURCE, PLAN(.starts_never = true, .waiting = "InvalidImageName"), NOTHING,
     "task Failed ImagePullFailed exit=? result= logs=(partial) pods=0 code=0 created=1 starts=0",
     NULL, 11},
    {"cannot start", SOURCE, PLAN(.starts_never = true, .waiting = "CreateContainerError"), NOTHING,
     "task Failed StartFailed exit=? result= logs=(partial) pods=0 code=0 created=1 starts=0", NULL,
     11},
    {"never bound", SOURCE ",\"queueTimeoutSeconds\":60", PLAN(.bind_ms = 1000000), NOTHING,
     "task Failed QueueTimeout exit=? result= logs=(partial) pods=0 code=0 created=1 starts=0",
     NULL, 11},
    {"unknown profile", "\"runtimeProfile\":\"cobol\",\"code\":{\"source\":\"x\"}", RUNS, NOTHING,
     "task Failed ProfileNotFound exit=? result= logs=(partial) pods=0 code=0 created=0 starts=0",
     NULL, 2},
    {"no code", "\"runtimeProfile\":\"python3.11\",\"code\":{\"configMapRef\":{\"name\":\"c\","
                "\"key\":\"k\"}}",
     RUNS, NOTHING,
     "task Failed PolicyUnenforceable exit=? result= logs=(partial) pods=0 code=0 created=0 "
     "starts=0",
     NULL, 2},
    {"its Pod is deleted", SOURCE, PLAN(.ending = FAKE_NEVER), AT(4000, delete_pod),
     "task Failed PodDeleted exit=? result={} logs=(partial) pods=0 code=0 created=1 starts=1",
     NULL, 9},
    {"its node dies", SOURCE ",\"timeoutSeconds\":30",
     PLAN(.ending = FAKE_NEVER, .is_silent_after = true), NOTHING,
     "task Failed Timeout exit=? result= logs=t-logs(partial) pods=1 code=0 created=1 starts=1",
     NULL, 12},
    {"deleted while it runs", SOURCE, PLAN(.ending = FAKE_NEVER), AT(4000, delete_task),
     "gone   exit=? result= logs=(partial) pods=0 code=0 created=1 starts=1", NULL, 14},
    {"deleted before there is a Pod", SOURCE, RUNS, AT(500, delete_task),
     "gone   exit=? result= logs=(partial) pods=0 code=0 created=0 starts=0", NULL, 5},
    {"expired", SOURCE ",\"ttlSecondsAfterFinished\":5", RUNS, NOTHING,
     "gone   exit=? result= logs=(partial) pods=0 code=0 created=1 starts=1", NULL, 12},
};

static void plan_complete(struct fake_plan *plan)
{
    plan->bind_ms = plan->bind_ms ? plan->bind_ms : 100;
    plan->start_ms = plan->start_ms ? plan->start_ms : 600;
    plan->run_ms = plan->run_ms ? plan->run_ms : 4000;
    plan->output = plan->output ? plan->output : "hi\n";
    plan->result = plan->result ? plan->result : "{}";
}

static void life_begin(struct life *life, const struct scene *scene)
{
    life_init(life);
    life->cluster.plan = scene->plan;
    plan_complete(&life->cluster.plan);
    life->events[0] = scene->event;
    life_task(life, scene->spec);
}

static void life_check(struct life *life, const struct scene *scene, const char *what)
{
    char end[LIFE_END];

    life_end(life, end);
    if (strcmp(end, scene->end) == 0 && !life->cluster.broken[0])
        return;
    for (uint32_t i = 0; i < life->cluster.request_count; i++)
        print_message("%3u %s\n", i + 1, life->cluster.requests[i]);
    fail_msg("%s%s\n  got      %s\n  expected %s\n  broken   %s\n  error    %s", scene->name, what,
             end, scene->end, life->cluster.broken, life->err.text);
}

static void every_life_ends_as_it_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(scenes); i++) {
        struct life life;
        life_begin(&life, &scenes[i]);
        life_run(&life, LONG_MS);
        life_check(&life, &scenes[i], "");
        print_message("%-32s %2u writes, %2u requests, %2u units\n", scenes[i].name,
                      life.cluster.write_count, life.cluster.request_count, life.units);
        life_fini(&life);
    }
}

static void disturb(const struct scene *scene, enum fake_fault_kind fault, const char *word)
{
    char what[64];
    uint32_t requests = 1;

    for (uint32_t at = 1; at <= requests; at++) {
        struct life life;
        life_begin(&life, scene);
        life.cluster.fault = fault;
        life.cluster.fault_at = at;
        life_run(&life, LONG_MS);
        snprintf(what, sizeof(what), ", %s at request %u", word, at);
        life_check(&life, scene, what);
        requests = life.cluster.request_count;
        life_fini(&life);
    }
}

static void whoever_is_killed_after_any_request_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(scenes); i++)
        disturb(&scenes[i], FAKE_KILL, "killed");
}

static void an_answer_that_is_lost_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(scenes); i++)
        disturb(&scenes[i], FAKE_RESET, "answer lost");
}

static void a_server_that_fails_once_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(scenes); i++) {
        disturb(&scenes[i], FAKE_REFUSE, "refused");
        disturb(&scenes[i], FAKE_UNHEARD, "unheard");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_life_ends_as_it_should),
        cmocka_unit_test(whoever_is_killed_after_any_request_changes_nothing),
        cmocka_unit_test(an_answer_that_is_lost_changes_nothing),
        cmocka_unit_test(a_server_that_fails_once_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
