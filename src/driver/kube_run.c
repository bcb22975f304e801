// SPDX-License-Identifier: Apache-2.0
#include "driver/kube_run.h"

#include "api/names.h"
#include "core/deadline.h"

enum {
    EXIT_SIGNAL = 128, /* a shell's and a container's exit code for a signal is 128 + n */
    EXIT_TIMEOUT = 124,
    EXIT_STOPPED = EXIT_SIGNAL + 15,
    EXIT_NOT_STARTED = 125,
    SECOND_MS = 1000,
    EXPLAINED_MS = 5000,
};
#define LOOSE_MS INT64_C(60000) /* more than that behind the code's time is far */

/* -- what foreign parties say, as text ---------------------------------------- */

/* Bounded, without control bytes: it ends in a status. */
static struct str clean(struct arena *arena, const char *word, struct str text)
{
    struct str ret;
    char *at;

    if (text.size > MESSAGE_SIZE_MAX)
        text.size = MESSAGE_SIZE_MAX;
    ret = text.size > 0 ? arena_print(arena, "%s: %.*s", word, STR_ARG(text))
                        : arena_copy(arena, str_of(word));
    at = arena_alloc(arena, ret.size + 1);
    for (size_t i = 0; i < ret.size; i++)
        at[i] = (unsigned char)ret.at[i] < 0x20 || ret.at[i] == 0x7f ? ' ' : ret.at[i];
    return (struct str){at, ret.size};
}

/* -- waiting ------------------------------------------------------------------ */

static const struct waiting { /* state.waiting.reason of a container */
    const char *word;
    enum run_wait wait;
} waitings[] = {
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
};

static const struct waiting *waiting_find(const struct pod_container *container)
{
    for (size_t i = 0; i < countof(waitings); i++)
        if (container->waiting.at && str_is(container->waiting, waitings[i].word))
            return &waitings[i];
    return NULL; /* a word that we do not know ends with the queue allowance */
}

static int64_t later(int64_t a_ms, int64_t b_ms)
{
    return a_ms > b_ms ? a_ms : b_ms;
}

/* The init container comes first; while it runs or waits, the other waits for that alone. */
static void wait_read(struct arena *arena, const struct pod *pod, struct kube_run *ret)
{
    const struct pod_container *container = pod->init.is_terminated ? &pod->task : &pod->init;
    const struct waiting *waiting = waiting_find(container);
    struct run *run = &ret->run;

    run->wait_since_ms = later(later(pod->created_ms, pod->condition_ms),
                               later(pod->started_ms, pod->init.finished_ms));
    if (pod->is_unschedulable) {
        run->wait = WAIT_UNSCHEDULABLE;
        run->message = clean(arena, "Unschedulable", pod->unschedulable_message);
    }
    if (!waiting)
        return;
    run->wait = waiting->wait;
    ret->may_lack_code = waiting->wait == WAIT_PULLING && !pod->init.is_terminated;
    if (waiting->wait != WAIT_PULLING)
        run->message = clean(arena, waiting->word, container->waiting_message);
}

/* -- faults ------------------------------------------------------------------- */

struct disturbance {
    const char *word;
    enum run_fault fault;
};

static const struct disturbance disruptions[] = {
    {"PreemptionByScheduler",     FAULT_PREEMPTED},
    {"PreemptionByKubeScheduler", FAULT_PREEMPTED},
    {"EvictionByEvictionAPI",     FAULT_EVICTED  },
    {"DeletionByPodGC",           FAULT_NODE_LOST},
}; /* reason of condition DisruptionTarget */

static const struct disturbance pod_reasons[] = {
    {"Evicted",          FAULT_EVICTED      },
    {"Preempting",       FAULT_PREEMPTED    },
    {"NodeLost",         FAULT_NODE_LOST    },
    {"NodeShutdown",     FAULT_NODE_SHUTDOWN},
    {"Shutdown",         FAULT_NODE_SHUTDOWN},
    {"Terminated",       FAULT_NODE_SHUTDOWN},
    {"DeadlineExceeded", FAULT_DEADLINE     },
}; /* status.reason */

static const struct disturbance container_reasons[] = {
    {"OOMKilled",          FAULT_OOM_KILLED},
    {"StartError",         FAULT_START     },
    {"ContainerCannotRun", FAULT_START     },
}; /* state.terminated.reason */

static enum run_fault fault_find(const struct disturbance *table, size_t count, struct str word)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(word, table[i].word))
            return table[i].fault;
    return FAULT_NONE;
}

#define FAULT_FIND(table, word) fault_find(table, countof(table), word)

/* The kubelet lost sight of the container; its exit code is invented. */
static bool is_unknown(const struct pod_container *container)
{
    return str_is(container->reason, "ContainerStatusUnknown");
}

/* A taint drives a Pod away from a living node; from a dead one nobody hears how it ended. */
static enum run_fault fault_of_taint(const struct pod *pod)
{
    return pod->task.is_terminated && !is_unknown(&pod->task) ? FAULT_EVICTED : FAULT_NODE_LOST;
}

static enum run_fault fault_of_pod(struct arena *arena, const struct pod *pod, struct str *ret)
{
    enum run_fault fault = FAULT_FIND(pod_reasons, pod->reason);

    if (fault != FAULT_NONE) {
        *ret = clean(arena, arena_text(arena, pod->reason), pod->message);
        return fault;
    }
    fault = str_is(pod->disruption, "DeletionByTaintManager")
                ? fault_of_taint(pod)
                : FAULT_FIND(disruptions, pod->disruption);
    if (fault != FAULT_NONE)
        *ret = clean(arena, arena_text(arena, pod->disruption), pod->disruption_message);
    return fault;
}

static bool has_started(const struct pod *pod)
{
    return pod->task.is_running || pod->task.is_terminated;
}

/* It never ran: refused by the kubelet, or the runner could not be brought. Of a Pod that is being
 * deleted that tells nothing: its containers are ended, or lost sight of, as they are. */
static enum run_fault fault_of_start(struct arena *arena, const struct pod *pod, struct str *ret)
{
    if (pod->deleted_ms != 0)
        return FAULT_NONE;
    if (pod->init.is_terminated && pod->init.exit_code != 0)
        *ret = clean(arena, "The runner could not be brought into the Pod", pod->init.message);
    else if (pod->phase == POD_FAILED && !has_started(pod))
        *ret = clean(arena, "The node refused the Pod", pod->message);
    else
        return FAULT_NONE;
    return FAULT_START;
}

/* Without the runner's word. What the container says is nearest to the code, then comes what befell
 * the Pod. */
static enum run_fault fault_seen(struct arena *arena, const struct pod *pod, struct str *ret)
{
    enum run_fault fault = FAULT_FIND(container_reasons, pod->task.reason);

    if (fault == FAULT_START)
        *ret = clean(arena, arena_text(arena, pod->task.reason), pod->task.message);
    if (fault == FAULT_NONE)
        fault = fault_of_pod(arena, pod, ret);
    if (fault == FAULT_NONE)
        fault = fault_of_start(arena, pod, ret);
    if (fault == FAULT_NONE && pod->deleted_ms != 0)
        fault = FAULT_DELETED;
    if (fault == FAULT_NONE && (is_unknown(&pod->task) || pod->task.is_running)) {
        fault = FAULT_NODE_LOST;
        *ret = clean(arena, "The container was lost sight of", pod->task.message);
    }
    return fault;
}

/* -- the report --------------------------------------------------------------- */

/* What the runner exits with after such a report. */
static int32_t exit_due(const struct report *report)
{
    switch (report->cause) {
    case CAUSE_EXITED:
        return report->exit_code;
    case CAUSE_SIGNALED:
        return EXIT_SIGNAL + report->signal;
    case CAUSE_TIMEOUT:
        return EXIT_TIMEOUT;
    case CAUSE_STOPPED:
        return EXIT_STOPPED;
    case CAUSE_START_FAILED:
    case CAUSE_UNPROVEN:
    case CAUSE_NONE:
        break;
    }
    return EXIT_NOT_STARTED;
}

/* As in a local run: the report tells of the code, where it has something to tell. */
static void report_apply(struct arena *arena, const struct pod *pod, struct kube_run *ret)
{
    const struct report *report = &ret->report;
    struct run *run = &ret->run;

    if (pod->task.exit_code != exit_due(report)) {
        run->fault = FAULT_CONTRADICTED;
        run->message = arena_print(
            arena, "The runner's report stands for exit code %d, but its container ended with %d",
            exit_due(report), pod->task.exit_code);
        return;
    }
    run->cause = report->cause;
    run->signal = report->signal;
    run->exit_code = report->cause == CAUSE_SIGNALED ? exit_due(report) : report->exit_code;
    if (report->cause == CAUSE_START_FAILED) {
        run->fault = FAULT_START;
        run->message = report->message;
    } else if (report->cause == CAUSE_UNPROVEN) {
        run->fault = FAULT_NONE;
        run->message = report->message;
    } else if (report->cause == CAUSE_EXITED ||
               (report->cause != CAUSE_STOPPED && run->fault != FAULT_OOM_KILLED)) {
        run->fault = FAULT_NONE; /* it ended by itself, or by the runner's clock */
        run->message = (struct str){0};
    }
}

/* -- states ------------------------------------------------------------------- */

static bool is_asked_to_end(const struct pod *pod)
{
    return pod->deleted_ms != 0 || pod->stopping_ms != 0 || pod->deadline_s == 1;
}

static bool is_overdue(const struct pod *pod, int64_t now_ms)
{
    return pod->deleted_ms != 0 && now_ms >= pod->deleted_ms + DELETION_OVERDUE_MS;
}

static bool is_terminal(const struct pod *pod)
{
    return pod->phase == POD_SUCCEEDED || pod->phase == POD_FAILED;
}

/* Why a container was stopped is said of the Pod, perhaps a moment after its end. Not waited for
 * long: a foreign container may keep the Pod from ever ending. */
static bool is_explained(const struct pod *pod, const struct kube_run *run, int64_t now_ms)
{
    bool is_own = run->has_report && run->report.cause != CAUSE_STOPPED;

    return is_own || is_terminal(pod) || is_asked_to_end(pod) ||
           FAULT_FIND(container_reasons, pod->task.reason) != FAULT_NONE ||
           now_ms >= pod->task.finished_ms + EXPLAINED_MS;
}

/* A Pod that is being deleted is never bound to a node any more. */
static bool has_ended(const struct pod *pod, const struct kube_run *run, int64_t now_ms)
{
    return (pod->task.is_terminated && is_explained(pod, run, now_ms)) || pod->task.restarts > 0 ||
           is_terminal(pod) || (pod->deleted_ms != 0 && pod->node.size == 0) ||
           is_overdue(pod, now_ms);
}

static void ending_read(struct arena *arena, const struct pod *pod, int64_t now_ms,
                        struct kube_run *ret)
{
    struct run *run = &ret->run;

    run->state = RUN_ENDED;
    ret->is_unsettled = is_terminal(pod) && pod->task.is_running;
    run->ended_ms = pod->task.finished_ms;
    run->fault = fault_seen(arena, pod, &run->message);
    run->exit_code =
        pod->task.is_terminated && !is_unknown(&pod->task) ? pod->task.exit_code : EXIT_UNKNOWN;
    if (ret->has_report)
        report_apply(arena, pod, ret);
    if (run->fault == FAULT_START && !ret->has_report)
        run->started_ms = 0;
    if (run->fault == FAULT_DELETED && !is_terminal(pod) && is_overdue(pod, now_ms)) {
        run->fault = FAULT_NODE_LOST;
        run->message = str_of("The Pod was to be deleted, but its node does not answer");
    }
    if (pod->task.restarts > 0)
        run->fault = FAULT_RESTARTED;
}

/* Since when somebody wants it to end; a clock that is ahead of ours counts as now. */
static int64_t stopping_since(const struct pod *pod, int64_t now_ms)
{
    int64_t since_ms = pod->stopping_ms;

    if (since_ms == 0 && pod->deleted_ms != 0)
        since_ms = pod->deleted_ms - pod->deletion_grace_s * SECOND_MS;
    return since_ms < now_ms ? since_ms : now_ms;
}

/* The kubelet counts from when it accepted the Pod, the code's time from when it started. */
static bool is_loose(const struct task *task, const struct pod *pod)
{
    int64_t elapsed_ms = pod->task.started_ms - pod->started_ms;
    int64_t due_ms = elapsed_ms + run_allowance_ms(&task->status.effective);

    return pod->started_ms != 0 && pod->task.started_ms != 0 &&
           task->status.effective.timeout_ms != 0 &&
           (pod->deadline_s == 0 || pod->deadline_s * SECOND_MS > due_ms + LOOSE_MS);
}

static void run_read(struct arena *arena, const struct task *task, const struct pod *pod,
                     int64_t now_ms, struct kube_run *ret)
{
    struct run *run = &ret->run;

    run->ref.uid = pod->uid;
    run->ref.node = pod->node;
    run->is_held = pod->is_held;
    run->is_unmarked = !str_equal(pod->task_label, task_label_value(arena, task));
    run->is_deleting = pod->deleted_ms != 0;
    run->is_stopping = is_asked_to_end(pod);
    run->stopping_ms = run->is_stopping ? stopping_since(pod, now_ms) : 0;
    run->created_ms = pod->created_ms;
    run->started_ms = pod->task.started_ms;
    ret->has_started = has_started(pod);
    ret->has_report = pod->task.is_terminated && report_decode(pod->task.message, &ret->report);
    if (has_ended(pod, ret, now_ms)) {
        ending_read(arena, pod, now_ms, ret);
        return;
    }
    if (pod->task.is_terminated)
        ret->look_at_ms = pod->task.finished_ms + EXPLAINED_MS;
    else if (run->is_deleting)
        ret->look_at_ms = pod->deleted_ms + DELETION_OVERDUE_MS;
    run->state = ret->has_started ? RUN_ACTIVE : RUN_WAITING;
    if (run->state == RUN_WAITING)
        wait_read(arena, pod, ret);
    else
        run->is_loose = !run->is_stopping && is_loose(task, pod);
}

void kube_run_read(struct arena *arena, const struct task *task, const struct pod *pod,
                   int64_t now_ms, struct kube_run *ret)
{
    *ret = (struct kube_run){.run = {.exit_code = EXIT_UNKNOWN}};
    ret->run.ref = (struct run_ref){.kind = STR_LIT("Pod"), .name = run_pod_name(arena, task)};
    if (!pod)
        return;
    ret->run.is_stranger = task->uid.size == 0 || !str_equal(pod->owner_uid, task->uid);
    if (!ret->run.is_stranger)
        run_read(arena, task, pod, now_ms, ret);
}

/* -- facts for the status ------------------------------------------------------ */

struct task_usage kube_run_usage(const struct kube_run *run)
{
    if (!run->has_report)
        return (struct task_usage){.cpu_ms = -1, .memory_peak_bytes = -1};
    return (struct task_usage){
        .cpu_ms = run->report.cpu_us / 1000,
        .memory_peak_bytes = run->report.memory_peak_bytes,
    };
}

/* None ran, so nothing held it. */
static bool has_no_code(const struct report *report)
{
    return report->cause == CAUSE_UNPROVEN ||
           (report->cause == CAUSE_STOPPED && report->controls == 0);
}

struct isolation kube_run_isolation(const struct kube_run *run, const struct pod *pod)
{
    struct isolation ret = {.is_known = true, .limiter = LIMITER_KUBELET};

    if (!run->has_report || has_no_code(&run->report))
        return (struct isolation){0};
    ret.controls = run->report.controls | CONTROL_BIT(CONTROL_MOUNT_NAMESPACE) |
                   CONTROL_BIT(CONTROL_PID_NAMESPACE) | CONTROL_BIT(CONTROL_IPC_NAMESPACE) |
                   CONTROL_BIT(CONTROL_READ_ONLY) | CONTROL_BIT(CONTROL_MEMORY_LIMIT) |
                   CONTROL_BIT(CONTROL_CPU_LIMIT) | CONTROL_BIT(CONTROL_STORAGE_LIMIT);
    ret.landlock_abi = run->report.landlock_abi;
    if (pod->user_namespace)
        ret.controls |= CONTROL_BIT(CONTROL_USER_NAMESPACE) | CONTROL_BIT(CONTROL_HOST_IDENTITY);
    return ret;
}
