// SPDX-License-Identifier: Apache-2.0
/* From Pods to runs, row by row: every word that kubelets, schedulers and runtimes have for what
 * befalls a Pod, and what the task's status says of it in the end. */
#include "driver/kube_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/deadline.h"
#include "core/verdict.h"

#define NOW_MS   INT64_C(1700000100000)
#define LONG_AGO INT64_C(1700000000000)

enum {
    S = 1000
};

static struct task task_given(void)
{
    struct task task = {.name = STR_LIT("t"), .space = STR_LIT("default"), .uid = STR_LIT("u")};

    task_status_init(&task.status);
    task.status.effective.timeout_ms = 300 * S;
    return task;
}

static struct pod pod_given(void) /* bound, accepted, nothing started */
{
    return (struct pod){
        .name = STR_LIT("t-pod"),
        .uid = STR_LIT("p"),
        .owner_uid = STR_LIT("u"),
        .is_held = true,
        .created_ms = LONG_AGO,
        .started_ms = LONG_AGO + S,
        .condition_ms = LONG_AGO + S,
        .deadline_s = 3900,
        .node = STR_LIT("node1"),
        .init = {.is_known = true, .is_terminated = true, .finished_ms = LONG_AGO + 2 * S},
        .task = {.is_known = true,                .exit_code = EXIT_UNKNOWN                     },
    };
}

static struct pod pod_running(void)
{
    struct pod pod = pod_given();

    pod.phase = POD_RUNNING;
    pod.task.is_running = true;
    pod.task.started_ms = LONG_AGO + 3 * S;
    return pod;
}

static struct pod pod_ended(enum pod_phase phase, int32_t exit_code, const char *reason)
{
    struct pod pod = pod_running();

    pod.phase = phase;
    pod.task.is_running = false;
    pod.task.is_terminated = true;
    pod.task.exit_code = exit_code;
    pod.task.reason = str_of(reason);
    pod.task.finished_ms = LONG_AGO + 90 * S;
    return pod;
}

static struct str report_given(struct arena *arena, enum run_cause cause, int32_t code,
                               const char *message)
{
    struct report report = {
        .cause = cause,
        .exit_code = cause == CAUSE_EXITED ? code : EXIT_UNKNOWN,
        .signal = cause == CAUSE_SIGNALED ? code : 0,
        .cpu_us = 5000,
        .memory_peak_bytes = 4096,
        .message = str_of(message),
    };
    char *text = arena_alloc(arena, REPORT_SIZE_MAX);

    return (struct str){text, report_encode(&report, text)};
}

struct scene {
    struct arena arena;
    struct task task;
    struct kube_run seen;
};

static void look(struct scene *scene, const struct pod *pod)
{
    scene->task = task_given();
    kube_run_read(&scene->arena, &scene->task, pod, NOW_MS, &scene->seen);
}

static enum reason reason_of(const struct scene *scene)
{
    const struct world world = {.now_ms = NOW_MS, .task = &scene->task, .run = scene->seen.run};

    assert_int_equal(scene->seen.run.state, RUN_ENDED);
    return verdict_of(&world);
}

/* -- waiting ------------------------------------------------------------------------ */

static void h30_waiting_unhandled(void **state)
{
    static const struct {
        const char *word;
        enum run_wait wait;
    } rows[] = {
        {"ContainerCreating",          WAIT_PULLING      },
        {"PodInitializing",            WAIT_PULLING      },
        {"ErrImagePull",               WAIT_PULL_ERROR   },
        {"ImagePullBackOff",           WAIT_PULL_ERROR   },
        {"ImageInspectError",          WAIT_PULL_ERROR   },
        {"RegistryUnavailable",        WAIT_PULL_ERROR   },
        {"SignatureValidationFailed",  WAIT_PULL_ERROR   },
        {"InvalidImageName",           WAIT_IMAGE_INVALID},
        {"ErrImageNeverPull",          WAIT_IMAGE_INVALID},
        {"CreateContainerConfigError", WAIT_START_ERROR  },
        {"CreateContainerError",       WAIT_START_ERROR  },
        {"RunContainerError",          WAIT_START_ERROR  },
        {"StartError",                 WAIT_START_ERROR  },
        {"ContainerCannotRun",         WAIT_START_ERROR  },
        {"PreCreateHookError",         WAIT_START_ERROR  },
        {"PreStartHookError",          WAIT_START_ERROR  },
        {"PostStartHookError",         WAIT_START_ERROR  },
        {"CrashLoopBackOff",           WAIT_START_ERROR  },
        {"SomethingNew",               WAIT_NONE         },
        {"",                           WAIT_NONE         },
    };
    struct scene scene = {0};

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct pod pod = pod_given();
        pod.task.waiting = str_of(rows[i].word);
        look(&scene, &pod);
        assert_int_equal(scene.seen.run.state, RUN_WAITING);
        assert_int_equal(scene.seen.run.wait, rows[i].wait);
        pod = pod_given(); /* the init container is as good a reason to wait */
        pod.init = (struct pod_container){.is_known = true, .waiting = str_of(rows[i].word)};
        look(&scene, &pod);
        assert_int_equal(scene.seen.run.wait, rows[i].wait);
        assert_int_equal(scene.seen.may_lack_code, rows[i].wait == WAIT_PULLING);
    }
    arena_fini(&scene.arena);
}

static void what_it_waits_for_is_told_without_control_bytes(void **state)
{
    struct scene scene = {0};
    struct pod pod = pod_given();

    (void)state;
    pod.task.waiting = STR_LIT("ErrImagePull");
    pod.task.waiting_message = STR_LIT("pull \x1b[31mx\n: not found");
    look(&scene, &pod);
    assert_true(str_is(scene.seen.run.message, "ErrImagePull: pull  [31mx : not found"));
    arena_fini(&scene.arena);
}

static void an_unschedulable_pod_says_why(void **state)
{
    struct scene scene = {0};
    struct pod pod = pod_given();

    (void)state;
    pod.node = (struct str){0};
    pod.init = (struct pod_container){0};
    pod.is_unschedulable = true;
    pod.unschedulable_message = STR_LIT("0/1 nodes are available");
    look(&scene, &pod);
    assert_int_equal(scene.seen.run.wait, WAIT_UNSCHEDULABLE);
    assert_true(str_is(scene.seen.run.message, "Unschedulable: 0/1 nodes are available"));
    arena_fini(&scene.arena);
}

/* -- endings ------------------------------------------------------------------------- */

enum { /* what else is set */
    DELETED = 1,
    UNBOUND = 2,
    NO_CONTAINER = 4, /* the container never ran */
    STILL_RUNNING = 8,
    RESTARTED = 16,
    INIT_FAILED = 32,
};

#define ROW(...)                                                                                   \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static const struct row {
    const char *name;
    enum pod_phase phase;
    const char *reason, *disruption; /* of the Pod */
    const char *container;           /* reason of the container's end */
    int32_t exit_code;
    enum run_cause cause; /* of the report; CAUSE_NONE: there is none */
    int32_t code;         /* exit code or signal in the report */
    int flags;
    enum reason verdict;
    int32_t exit_recorded;
} rows[] = {
    /* the code's own ending */
    ROW("exit 0", POD_SUCCEEDED, "", "", "Completed", 0, CAUSE_EXITED, 0, 0, REASON_NONE, 0),
    ROW("exit 1", POD_FAILED, "", "", "Error", 1, CAUSE_EXITED, 1, 0, REASON_POD_FAILED, 1),
    ROW("exit 2", POD_FAILED, "", "", "Error", 2, CAUSE_EXITED, 2, 0, REASON_POD_FAILED, 2),
    ROW("exit 125", POD_FAILED, "", "", "Error", 125, CAUSE_EXITED, 125, 0, REASON_POD_FAILED, 125),
    ROW("exit 126", POD_FAILED, "", "", "Error", 126, CAUSE_EXITED, 126, 0, REASON_POD_FAILED, 126),
    ROW("exit 127", POD_FAILED, "", "", "Error", 127, CAUSE_EXITED, 127, 0, REASON_POD_FAILED, 127),
    ROW("exit 128", POD_FAILED, "", "", "Error", 128, CAUSE_EXITED, 128, 0, REASON_POD_FAILED, 128),
    ROW("exit 137", POD_FAILED, "", "", "Error", 137, CAUSE_EXITED, 137, 0, REASON_POD_FAILED, 137),
    ROW("exit 143", POD_FAILED, "", "", "Error", 143, CAUSE_EXITED, 143, 0, REASON_POD_FAILED, 143),
    ROW("exit 255", POD_FAILED, "", "", "Error", 255, CAUSE_EXITED, 255, 0, REASON_POD_FAILED, 255),
    ROW("segfault", POD_FAILED, "", "", "Error", 139, CAUSE_SIGNALED, 11, 0, REASON_POD_FAILED,
        139),
    ROW("timeout", POD_FAILED, "", "", "Error", 124, CAUSE_TIMEOUT, 0, 0, REASON_TIMEOUT,
        EXIT_UNKNOWN),
    ROW("no entry point", POD_FAILED, "", "", "Error", 125, CAUSE_START_FAILED, 0, 0,
        REASON_START_FAILED, EXIT_UNKNOWN),
    ROW("no proof", POD_FAILED, "", "", "Error", 125, CAUSE_UNPROVEN, 0, 0,
        REASON_POLICY_UNENFORCEABLE, EXIT_UNKNOWN),
    ROW("stopped before the proof", POD_FAILED, "DeadlineExceeded", "", "Error", 143, CAUSE_STOPPED,
        0, 0, REASON_TIMEOUT, EXIT_UNKNOWN),
    ROW("a foreign container goes on", POD_RUNNING, "", "", "Completed", 0, CAUSE_EXITED, 0, 0,
        REASON_NONE, 0),
    /* without a report */
    ROW("bare exit 0", POD_SUCCEEDED, "", "", "Completed", 0, CAUSE_NONE, 0, 0, REASON_NONE, 0),
    ROW("bare exit 3", POD_FAILED, "", "", "Error", 3, CAUSE_NONE, 0, 0, REASON_POD_FAILED, 3),
    ROW("runner killed", POD_FAILED, "", "", "Error", 137, CAUSE_NONE, 0, 0, REASON_POD_FAILED,
        137),
    /* memory */
    ROW("oom of all", POD_FAILED, "", "", "OOMKilled", 137, CAUSE_NONE, 0, 0, REASON_OOM_KILLED,
        137),
    ROW("oom of the code", POD_FAILED, "", "", "OOMKilled", 137, CAUSE_SIGNALED, 9, 0,
        REASON_OOM_KILLED, 137),
    ROW("oom of a child, T43", POD_SUCCEEDED, "", "", "OOMKilled", 0, CAUSE_EXITED, 0, 0,
        REASON_NONE, 0),
    ROW("oom of a child, code fails", POD_FAILED, "", "", "OOMKilled", 1, CAUSE_EXITED, 1, 0,
        REASON_POD_FAILED, 1),
    /* what befalls Pods */
    ROW("evicted by disk", POD_FAILED, "Evicted", "TerminationByKubelet", "Error", 143,
        CAUSE_STOPPED, 0, 0, REASON_EVICTED, EXIT_UNKNOWN),
    ROW("evicted, killed", POD_FAILED, "Evicted", "TerminationByKubelet", "Error", 137, CAUSE_NONE,
        0, 0, REASON_EVICTED, 137),
    ROW("evicted before it ran", POD_FAILED, "Evicted", "", "", 0, CAUSE_NONE, 0, NO_CONTAINER,
        REASON_EVICTED, EXIT_UNKNOWN),
    ROW("drained", POD_FAILED, "", "EvictionByEvictionAPI", "Error", 143, CAUSE_STOPPED, 0, DELETED,
        REASON_EVICTED, EXIT_UNKNOWN),
    ROW("preempted", POD_FAILED, "", "PreemptionByScheduler", "Error", 143, CAUSE_STOPPED, 0,
        DELETED, REASON_PREEMPTED, EXIT_UNKNOWN),
    ROW("preempted, other word", POD_FAILED, "", "PreemptionByKubeScheduler", "Error", 137,
        CAUSE_NONE, 0, DELETED, REASON_PREEMPTED, 137),
    ROW("preempted by its kubelet", POD_FAILED, "Preempting", "", "Error", 143, CAUSE_STOPPED, 0, 0,
        REASON_PREEMPTED, EXIT_UNKNOWN),
    ROW("driven away by a taint", POD_FAILED, "", "DeletionByTaintManager", "Error", 143,
        CAUSE_STOPPED, 0, DELETED, REASON_EVICTED, EXIT_UNKNOWN),
    ROW("its node is gone", POD_FAILED, "", "DeletionByPodGC", "", 0, CAUSE_NONE, 0,
        STILL_RUNNING | DELETED, REASON_NODE_LOST, EXIT_UNKNOWN),
    ROW("its node was tainted, then gone", POD_FAILED, "", "DeletionByTaintManager", "", 0,
        CAUSE_NONE, 0, STILL_RUNNING | DELETED, REASON_NODE_LOST, EXIT_UNKNOWN),
    ROW("node lost, old word", POD_FAILED, "NodeLost", "", "", 0, CAUSE_NONE, 0, STILL_RUNNING,
        REASON_NODE_LOST, EXIT_UNKNOWN),
    ROW("failed, and no word of why", POD_FAILED, "", "", "", 0, CAUSE_NONE, 0, STILL_RUNNING,
        REASON_NODE_LOST, EXIT_UNKNOWN),
    ROW("lost sight of", POD_FAILED, "", "", "ContainerStatusUnknown", 137, CAUSE_NONE, 0, 0,
        REASON_NODE_LOST, EXIT_UNKNOWN),
    ROW("node shut down", POD_FAILED, "Terminated", "TerminationByKubelet", "Error", 143,
        CAUSE_STOPPED, 0, 0, REASON_NODE_SHUTDOWN, EXIT_UNKNOWN),
    ROW("node shut down, older word", POD_FAILED, "NodeShutdown", "", "Error", 143, CAUSE_STOPPED,
        0, 0, REASON_NODE_SHUTDOWN, EXIT_UNKNOWN),
    ROW("node shut down, oldest word", POD_FAILED, "Shutdown", "", "Error", 143, CAUSE_STOPPED, 0,
        0, REASON_NODE_SHUTDOWN, EXIT_UNKNOWN),
    ROW("deleted by somebody, T50", POD_FAILED, "", "", "Error", 143, CAUSE_STOPPED, 0, DELETED,
        REASON_POD_DELETED, EXIT_UNKNOWN),
    ROW("deleted by somebody, killed", POD_FAILED, "", "", "Error", 137, CAUSE_NONE, 0, DELETED,
        REASON_POD_DELETED, 137),
    ROW("deleted before it was bound", POD_PENDING, "", "", "", 0, CAUSE_NONE, 0,
        DELETED | UNBOUND | NO_CONTAINER, REASON_POD_DELETED, EXIT_UNKNOWN),
    ROW("its own clock", POD_FAILED, "DeadlineExceeded", "", "Error", 143, CAUSE_STOPPED, 0, 0,
        REASON_TIMEOUT, EXIT_UNKNOWN),
    ROW("its own clock, while pulling", POD_FAILED, "DeadlineExceeded", "", "", 0, CAUSE_NONE, 0,
        NO_CONTAINER, REASON_QUEUE_TIMEOUT, EXIT_UNKNOWN),
    /* the code was first */
    ROW("drained after its end", POD_SUCCEEDED, "", "EvictionByEvictionAPI", "Completed", 0,
        CAUSE_EXITED, 0, DELETED, REASON_NONE, 0),
    ROW("evicted after its end", POD_FAILED, "Evicted", "", "Error", 4, CAUSE_EXITED, 4, 0,
        REASON_POD_FAILED, 4),
    ROW("deleted after its timeout", POD_FAILED, "", "", "Error", 124, CAUSE_TIMEOUT, 0, DELETED,
        REASON_TIMEOUT, EXIT_UNKNOWN),
    /* starts that fail */
    ROW("StartError, T40", POD_FAILED, "", "", "StartError", 128, CAUSE_NONE, 0, 0,
        REASON_START_FAILED, 128),
    ROW("ContainerCannotRun", POD_FAILED, "", "", "ContainerCannotRun", 127, CAUSE_NONE, 0, 0,
        REASON_START_FAILED, 127),
    ROW("the runner does not come", POD_FAILED, "", "", "", 0, CAUSE_NONE, 0,
        NO_CONTAINER | INIT_FAILED, REASON_START_FAILED, EXIT_UNKNOWN),
    ROW("deleted while the runner was brought", POD_FAILED, "", "", "", 0, CAUSE_NONE, 0,
        NO_CONTAINER | INIT_FAILED | DELETED, REASON_POD_DELETED, EXIT_UNKNOWN),
    ROW("refused by the kubelet", POD_FAILED, "OutOfcpu", "", "", 0, CAUSE_NONE, 0, NO_CONTAINER,
        REASON_START_FAILED, EXIT_UNKNOWN),
    /* what cannot be */
    ROW("ran twice", POD_RUNNING, "", "", "", 0, CAUSE_NONE, 0, STILL_RUNNING | RESTARTED,
        REASON_POD_RESTARTED, EXIT_UNKNOWN),
    ROW("ran twice, ended well", POD_SUCCEEDED, "", "", "Completed", 0, CAUSE_EXITED, 0, RESTARTED,
        REASON_POD_RESTARTED, 0),
    ROW("report says 0, container 1", POD_FAILED, "", "", "Error", 1, CAUSE_EXITED, 0, 0,
        REASON_POD_FAILED, 1),
    ROW("report says 3, container 0", POD_SUCCEEDED, "", "", "Completed", 0, CAUSE_EXITED, 3, 0,
        REASON_POD_FAILED, 0),
    ROW("report says stopped, container 0", POD_SUCCEEDED, "", "", "Completed", 0, CAUSE_STOPPED, 0,
        0, REASON_POD_FAILED, 0),
};

static struct pod pod_of(struct arena *arena, const struct row *row)
{
    struct pod pod = pod_ended(row->phase, row->exit_code, row->container);

    if (row->flags & (NO_CONTAINER | STILL_RUNNING))
        pod.task = (struct pod_container){.is_known = true, .exit_code = EXIT_UNKNOWN};
    if (row->flags & STILL_RUNNING) {
        pod.task.is_running = true;
        pod.task.started_ms = LONG_AGO + 3 * S;
    }
    if (row->flags & INIT_FAILED)
        pod.init.exit_code = 1;
    if (row->flags & UNBOUND)
        pod.node = (struct str){0};
    if (row->flags & DELETED)
        pod.deleted_ms = NOW_MS - S;
    if (row->flags & RESTARTED)
        pod.task.restarts = 1;
    if (row->cause != CAUSE_NONE)
        pod.task.message = report_given(arena, row->cause, row->code, "");
    pod.reason = str_of(row->reason);
    pod.disruption = str_of(row->disruption);
    return pod;
}

static void h10_disruption_unnamed(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct scene scene = {0};
        struct pod pod = pod_of(&scene.arena, &rows[i]);
        look(&scene, &pod);
        if (reason_of(&scene) != rows[i].verdict ||
            scene.seen.run.exit_code != rows[i].exit_recorded)
            fail_msg("%s: %s, exit %d", rows[i].name, reason_word(reason_of(&scene)),
                     scene.seen.run.exit_code);
        arena_fini(&scene.arena);
    }
}

/* No free text of a runtime ever becomes a reason. */
static void h32_free_reason(void **state)
{
    struct scene scene = {0};
    struct pod pod = pod_ended(POD_FAILED, 1, "<script>");

    (void)state;
    pod.reason = STR_LIT("Succeeded");
    pod.disruption = STR_LIT("Whatever\n");
    pod.task.message = STR_LIT("cause=exited\nexit=0\n"); /* the code's forgery */
    look(&scene, &pod);
    assert_int_equal(reason_of(&scene), REASON_POD_FAILED);
    assert_false(scene.seen.has_report);
    arena_fini(&scene.arena);
}

/* -- states ---------------------------------------------------------------------------- */

static void a_pod_of_somebody_else_is_a_stranger(void **state)
{
    struct scene scene = {0};
    struct pod pod = pod_ended(POD_SUCCEEDED, 0, "Completed");

    (void)state;
    pod.owner_uid = STR_LIT("other");
    look(&scene, &pod);
    assert_true(scene.seen.run.is_stranger);
    assert_int_equal(scene.seen.run.state, RUN_ABSENT);
    assert_int_equal(scene.seen.run.ref.uid.size, 0);
    arena_fini(&scene.arena);
}

static void t47_an_unknown_phase_is_no_ending(void **state)
{
    struct scene scene = {0};
    struct pod pod = pod_running();

    (void)state;
    pod.phase = POD_UNKNOWN;
    look(&scene, &pod);
    assert_int_equal(scene.seen.run.state, RUN_ACTIVE);
    arena_fini(&scene.arena);
}

/* The container's end comes before the word of why. It is waited for, but not for ever. */
static void the_reason_of_an_end_is_waited_for(void **state)
{
    struct scene scene = {0};
    struct pod pod = pod_ended(POD_RUNNING, 143, "Error");

    (void)state;
    pod.task.message = report_given(&scene.arena, CAUSE_STOPPED, 0, "");
    pod.task.finished_ms = NOW_MS - S;
    look(&scene, &pod);
    assert_int_equal(scene.seen.run.state, RUN_ACTIVE);
    assert_int_equal(scene.seen.look_at_ms, NOW_MS + 4 * S);
    pod.task.finished_ms = NOW_MS - 6 * S;
    look(&scene, &pod);
    assert_int_equal(reason_of(&scene), REASON_POD_DELETED);
    arena_fini(&scene.arena);
}

static void who_stops_it_and_since_when_is_seen(void **state)
{
    struct scene scene = {0};
    struct pod pod = pod_running();

    (void)state;
    look(&scene, &pod);
    assert_false(scene.seen.run.is_stopping || scene.seen.run.is_deleting);
    pod.deadline_s = 1;
    pod.stopping_ms = NOW_MS - 7 * S;
    look(&scene, &pod);
    assert_true(scene.seen.run.is_stopping && !scene.seen.run.is_deleting);
    assert_int_equal(scene.seen.run.stopping_ms, NOW_MS - 7 * S);
    pod.stopping_ms = 0; /* somebody else's hand: since when is not known */
    look(&scene, &pod);
    assert_true(scene.seen.run.is_stopping && scene.seen.run.stopping_ms == 0);
    pod = pod_running();
    pod.deleted_ms = NOW_MS + 10 * S;
    pod.deletion_grace_s = 15;
    look(&scene, &pod);
    assert_true(scene.seen.run.is_stopping && scene.seen.run.is_deleting);
    assert_int_equal(scene.seen.run.stopping_ms, NOW_MS - 5 * S);
    pod.deleted_ms = NOW_MS + 100 * S; /* a clock far ahead of ours */
    look(&scene, &pod);
    assert_int_equal(scene.seen.run.stopping_ms, NOW_MS);
    arena_fini(&scene.arena);
}

static void a_deletion_that_nobody_carries_out_is_a_lost_node(void **state)
{
    struct scene scene = {0};
    struct pod pod = pod_running();

    (void)state;
    pod.deleted_ms = NOW_MS - DELETION_OVERDUE_MS + S;
    look(&scene, &pod);
    assert_int_equal(scene.seen.run.state, RUN_ACTIVE);
    assert_int_equal(scene.seen.look_at_ms, NOW_MS + S);
    pod.deleted_ms -= S;
    look(&scene, &pod);
    assert_int_equal(reason_of(&scene), REASON_NODE_LOST);
    arena_fini(&scene.arena);
}

static void a_deadline_far_behind_the_code_is_loose(void **state)
{
    struct scene scene = {0};
    struct pod pod = pod_running();

    (void)state;
    look(&scene, &pod);
    assert_true(scene.seen.run.is_loose);
    pod.deadline_s = 2 + 300 + CLOCK_SLACK_MS / S; /* started 2 s after it was accepted */
    look(&scene, &pod);
    assert_false(scene.seen.run.is_loose);
    pod = pod_running();
    pod.deleted_ms = NOW_MS + 15 * S;
    look(&scene, &pod);
    assert_false(scene.seen.run.is_loose);
    arena_fini(&scene.arena);
}

static void usage_and_isolation_come_from_the_runner(void **state)
{
    struct scene scene = {0};
    struct pod pod = pod_ended(POD_SUCCEEDED, 0, "Completed");
    struct isolation isolation;

    (void)state;
    look(&scene, &pod);
    assert_int_equal(kube_run_usage(&scene.seen).cpu_ms, -1);
    assert_false(kube_run_isolation(&scene.seen, &pod).is_known);
    pod.task.message = report_given(&scene.arena, CAUSE_EXITED, 0, "");
    pod.user_namespace = true;
    look(&scene, &pod);
    isolation = kube_run_isolation(&scene.seen, &pod);
    assert_int_equal(kube_run_usage(&scene.seen).cpu_ms, 5);
    assert_true(isolation.is_known && isolation.limiter == LIMITER_KUBELET);
    assert_true(isolation.controls & CONTROL_BIT(CONTROL_USER_NAMESPACE));
    assert_false(isolation.controls & CONTROL_BIT(CONTROL_SECCOMP)); /* the report did not say so */
    arena_fini(&scene.arena);
}

static void a_failed_start_says_why(void **state)
{
    struct scene scene = {0};
    struct pod pod = pod_ended(POD_FAILED, 125, "Error");

    (void)state;
    pod.task.message = report_given(&scene.arena, CAUSE_START_FAILED, 0, "no such program");
    look(&scene, &pod);
    assert_true(str_is(scene.seen.run.message, "no such program"));
    pod = pod_ended(POD_FAILED, 128, "StartError");
    pod.task.message = STR_LIT("exec: not found");
    look(&scene, &pod);
    assert_true(str_is(scene.seen.run.message, "StartError: exec: not found"));
    assert_int_equal(scene.seen.run.started_ms, 0);
    arena_fini(&scene.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(h30_waiting_unhandled),
        cmocka_unit_test(what_it_waits_for_is_told_without_control_bytes),
        cmocka_unit_test(an_unschedulable_pod_says_why),
        cmocka_unit_test(h10_disruption_unnamed),
        cmocka_unit_test(h32_free_reason),
        cmocka_unit_test(a_pod_of_somebody_else_is_a_stranger),
        cmocka_unit_test(t47_an_unknown_phase_is_no_ending),
        cmocka_unit_test(the_reason_of_an_end_is_waited_for),
        cmocka_unit_test(who_stops_it_and_since_when_is_seen),
        cmocka_unit_test(a_deletion_that_nobody_carries_out_is_a_lost_node),
        cmocka_unit_test(a_deadline_far_behind_the_code_is_loose),
        cmocka_unit_test(usage_and_isolation_come_from_the_runner),
        cmocka_unit_test(a_failed_start_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
