// SPDX-License-Identifier: Apache-2.0
/* Reads decide.cases and decides every one of them. */
#include "core/deadline.h"
#include "core/decide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    LINE_SIZE = 256,
    CASES_MIN = 55,
};
#define NOW_MS INT64_C(100000000)

struct scene {
    struct task task;
    struct world world;
};

static void scene_init(struct scene *scene)
{
    *scene = (struct scene){
        .task = {.name = STR_LIT("t"), .uid = STR_LIT("u"),   .has_finalizer = true},
        .world = { .now_ms = NOW_MS,     .is_live = true, .profile_known = true,      .has_room = true},
    };
    scene->task.created_ms = NOW_MS - 1000;
    scene->task.spec.ttl_ms = TTL_KEEP;
    task_status_init(&scene->task.status);
    scene->world.task = &scene->task;
    scene->world.has_policy = true;
    scene->world.waits_for = REASON_QUEUED;
    scene->world.effective.timeout_ms = 60000;
    scene->world.pull_grace_ms = 120000;
    scene->world.artifacts_bytes = -1;
    scene->world.usage = scene->task.status.usage;
    scene->world.run.exit_code = EXIT_UNKNOWN;
    scene->world.run.ref.name = STR_LIT("t-pod");
}

/* The run as the status would know it after a look. */
static void scene_record(struct scene *scene)
{
    struct task_status *status = &scene->task.status;

    status->attempt = 1;
    status->queued_ms = NOW_MS - 1000;
    status->effective.timeout_ms = 60000;
    status->run.name = STR_LIT("t-pod");
}

static void run_put(struct scene *scene, enum run_state state)
{
    struct run *run = &scene->world.run;
    struct task_status *status = &scene->task.status;

    run->state = state;
    run->ref.uid = STR_LIT("run");
    run->created_ms = NOW_MS - 900;
    run->started_ms = state == RUN_WAITING ? 0 : NOW_MS - 800;
    run->ended_ms = state == RUN_ENDED ? NOW_MS - 100 : 0;
    run->wait_since_ms = NOW_MS - 900;
    status->run.uid = run->ref.uid;
    status->created_ms = run->created_ms;
    if (status->phase >= PHASE_RUNNING)
        status->started_ms = run->started_ms;
}

static bool word_of_wait(struct scene *scene, struct str word)
{
    static const struct {
        const char *word;
        enum run_wait wait;
    } waits[] = {
        {"wait=unschedulable", WAIT_UNSCHEDULABLE},
        {"wait=pulling",       WAIT_PULLING      },
        {"wait=pull-error",    WAIT_PULL_ERROR   },
        {"wait=image-invalid", WAIT_IMAGE_INVALID},
        {"wait=start-error",   WAIT_START_ERROR  },
        {"wait=code-missing",  WAIT_CODE_MISSING },
    };

    for (size_t i = 0; i < countof(waits); i++)
        if (str_is(word, waits[i].word)) {
            scene->world.run.wait = waits[i].wait;
            return true;
        }
    return false;
}

static bool word_of_end(struct scene *scene, struct str word)
{
    struct run *run = &scene->world.run;

    if (str_is(word, "cause=exited"))
        run->cause = CAUSE_EXITED;
    else if (str_is(word, "cause=signaled"))
        run->cause = CAUSE_SIGNALED;
    else if (str_is(word, "cause=timeout"))
        run->cause = CAUSE_TIMEOUT;
    else if (str_is(word, "cause=stopped"))
        run->cause = CAUSE_STOPPED;
    else if (str_is(word, "cause=start-failed"))
        run->cause = CAUSE_START_FAILED;
    else if (str_is(word, "cause=unproven"))
        run->cause = CAUSE_UNPROVEN;
    else if (str_is(word, "fault=oom"))
        run->fault = FAULT_OOM_KILLED;
    else if (str_is(word, "fault=deleted"))
        run->fault = FAULT_DELETED;
    else if (str_is(word, "fault=deadline"))
        run->fault = FAULT_DEADLINE;
    else if (str_is(word, "fault=contradicted"))
        run->fault = FAULT_CONTRADICTED;
    else if (str_is(word, "fault=supervisor-lost"))
        run->fault = FAULT_SUPERVISOR_LOST;
    else if (str_is(word, "exit=0"))
        run->exit_code = 0;
    else if (str_is(word, "exit=3"))
        run->exit_code = 3;
    else if (str_is(word, "exit=137"))
        run->exit_code = 137;
    else
        return false;
    return true;
}

static bool word_of_run(struct scene *scene, struct str word)
{
    static const struct {
        const char *word;
        enum run_state state;
    } states[] = {
        {"run=waiting", RUN_WAITING},
        {"run=active",  RUN_ACTIVE },
        {"run=ended",   RUN_ENDED  }
    };
    struct run *run = &scene->world.run;

    for (size_t i = 0; i < countof(states); i++)
        if (str_is(word, states[i].word)) {
            run_put(scene, states[i].state);
            return true;
        }
    if (str_is(word, "held"))
        run->is_held = true;
    else if (str_is(word, "stopping"))
        run->is_stopping = true;
    else if (str_is(word, "stranger"))
        run->is_stranger = true;
    else if (str_is(word, "other"))
        run->ref.uid = STR_LIT("other");
    else
        return str_is(word, "run=absent");
    return true;
}

static bool word_of_time(struct scene *scene, struct str word)
{
    struct task_status *status = &scene->task.status;

    if (str_is(word, "late")) {
        status->started_ms = NOW_MS - 80000;
        status->created_ms = status->queued_ms = NOW_MS - 80000;
        scene->task.created_ms = NOW_MS - 80000;
        scene->world.run.started_ms = scene->world.run.created_ms = NOW_MS - 80000;
    } else if (str_is(word, "tired")) {
        status->queued_ms = scene->task.created_ms = NOW_MS - QUEUE_TIMEOUT_DEFAULT_MS;
    } else if (str_is(word, "expired")) {
        scene->task.spec.ttl_ms = 1000;
        status->finished_ms = NOW_MS - 1000;
    } else if (str_is(word, "patient")) {
        status->queued_ms = scene->task.created_ms = NOW_MS - 200000;
        scene->world.run.wait_since_ms = NOW_MS - 150000;
    } else if (str_is(word, "given-up")) {
        scene->world.run.is_stopping = true;
        scene->world.run.stopping_ms = NOW_MS - 60000;
    } else if (str_is(word, "unmarked")) {
        scene->world.run.is_unmarked = true;
    } else if (str_is(word, "loose")) {
        scene->world.run.is_loose = true;
        status->started_ms = scene->world.run.started_ms = NOW_MS - BOUND_AFTER_MS;
    } else if (str_is(word, "unrecorded")) {
        status->run.uid = (struct str){0};
        status->created_ms = 0;
    } else if (str_is(word, "seen")) {
        status->run.uid = STR_LIT("run");
        status->created_ms = NOW_MS - 900;
    } else {
        return false;
    }
    return true;
}

static bool word_of_world(struct scene *scene, struct str word)
{
    struct world *world = &scene->world;

    if (str_is(word, "attempt"))
        scene_record(scene);
    else if (str_is(word, "canceled"))
        scene->task.spec.canceled = true;
    else if (str_is(word, "deleted"))
        scene->task.deleted_ms = NOW_MS - 10;
    else if (str_is(word, "kept"))
        world->output_kept = true;
    else if (str_is(word, "code"))
        world->has_code = world->code_exists = true;
    else if (str_is(word, "no-policy"))
        world->has_policy = false;
    else if (str_is(word, "settling"))
        world->policy_settled_ms = NOW_MS + 5000;
    else if (str_is(word, "no-room"))
        world->has_room = false;
    else if (str_is(word, "quota"))
        world->waits_for = REASON_QUOTA_EXCEEDED;
    else if (str_is(word, "unread"))
        world->profile_known = false;
    else if (str_is(word, "unready"))
        world->is_unready = true;
    else if (str_is(word, "stale"))
        world->is_live = false;
    else if (str_is(word, "refused"))
        world->refusal = REASON_PROFILE_NOT_FOUND;
    else
        return false;
    return true;
}

static void scene_word(struct scene *scene, struct str word)
{
    if (str_starts(word, "phase="))
        assert_true(phase_parse(str_skip(word, 6), &scene->task.status.phase));
    else if (str_starts(word, "reason="))
        assert_true(reason_parse(str_skip(word, 7), &scene->task.status.reason));
    else if (!word_of_run(scene, word) && !word_of_wait(scene, word) && !word_of_end(scene, word) &&
             !word_of_time(scene, word) && !word_of_world(scene, word))
        fail_msg("no such word: %.*s", STR_ARG(word));
}

static void scene_read(struct scene *scene, struct str words)
{
    struct str word, rest = words;

    scene_init(scene);
    while (str_cut(rest, ' ', &word, &rest))
        scene_word(scene, word);
    scene_word(scene, rest);
}

static void plan_write(const struct plan *plan, char ret[LINE_SIZE])
{
    int size = snprintf(ret, LINE_SIZE, "plan");

    for (uint32_t i = 0; i < plan->action_count; i++)
        size +=
            snprintf(ret + size, (size_t)(LINE_SIZE - size), " %s", action_word(plan->actions[i]));
    size +=
        snprintf(ret + size, (size_t)(LINE_SIZE - size), " -> %s", phase_word(plan->status.phase));
    if (plan->status.reason != REASON_NONE)
        snprintf(ret + size, (size_t)(LINE_SIZE - size), " %s", reason_word(plan->status.reason));
}

static bool line_read(FILE *file, char ret[LINE_SIZE])
{
    while (fgets(ret, LINE_SIZE, file)) {
        ret[strcspn(ret, "\n")] = 0;
        if (ret[0] && ret[0] != '#')
            return true;
    }
    return false;
}

static void every_case_is_decided_as_written(void **state)
{
    char world[LINE_SIZE], rule[LINE_SIZE], expected[LINE_SIZE], got[LINE_SIZE];
    FILE *file = fopen(getenv("DECIDE_CASES"), "r");
    struct scene scene;
    struct plan plan;
    int count = 0;

    (void)state;
    assert_non_null(file);
    for (; line_read(file, world); count++) {
        assert_true(line_read(file, rule) && line_read(file, expected));
        assert_true(strncmp(world, "world ", 6) == 0 && strncmp(rule, "rule ", 5) == 0);
        scene_read(&scene, str_of(world + 6));
        decide(&scene.world, &plan);
        plan_write(&plan, got);
        if (strcmp(rule + 5, plan.because) != 0 || strcmp(got, expected) != 0)
            fail_msg("%s\n  expected: %s / %s\n  got:      rule %s / %s", world, rule, expected,
                     plan.because, got);
    }
    assert_true(count >= CASES_MIN);
    fclose(file);
}

static void a_decision_is_the_same_twice(void **state)
{
    struct scene scene;
    struct plan one, two;

    (void)state;
    scene_read(&scene, str_of("phase=Running attempt run=active held code"));
    decide(&scene.world, &one);
    decide(&scene.world, &two);
    assert_ptr_equal(one.because, two.because);
    assert_int_equal(one.wake_at_ms, two.wake_at_ms);
    assert_true(one.wake_at_ms > NOW_MS && one.wake_at_ms < NOW_MS + 120000);
}

static void a_place_in_the_queue_is_said_while_it_lasts(void **state)
{
    struct scene scene;
    struct plan plan;

    (void)state;
    scene_read(&scene, str_of("phase=Pending no-room"));
    scene.world.queue = (struct task_queue){.position = 3, .ahead = 2};
    decide(&scene.world, &plan);
    assert_int_equal(plan.status.queue.position, 3);
    assert_int_equal(plan.status.queue.ahead, 2);
    scene.task.status = plan.status;
    decide(&scene.world, &plan);
    assert_int_equal(plan.action_count, 0);
    scene.world.queue = (struct task_queue){.position = 2, .ahead = 1};
    decide(&scene.world, &plan);
    assert_int_equal(plan.actions[0], ACTION_SET_STATUS);
    scene.world.has_room = true;
    decide(&scene.world, &plan);
    assert_int_equal(plan.status.queue.position, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_is_decided_as_written),
        cmocka_unit_test(a_decision_is_the_same_twice),
        cmocka_unit_test(a_place_in_the_queue_is_said_while_it_lasts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
