// SPDX-License-Identifier: Apache-2.0
#include "fake_kubelet.h"

#include <stdio.h>

#include "api/look.h"
#include "base/base64.h"
#include "base/date.h"
#include "core/frame.h"
#include "core/report.h"
#include "core/task.h"
#include "framed.h"

enum {
    STOP_MS = 200, /* from TERM to the end */
    PATCH_MAX = 8192,
    LOG_SIZE_MAX = 8 * 1024 * 1024,
};

enum next {
    NEXT_NOTHING,
    NEXT_BIND,
    NEXT_START,
    NEXT_END,     /* by itself */
    NEXT_TIMEOUT, /* by the runner's clock */
    NEXT_EARLY,   /* the Pod has failed, its container not yet */
    NEXT_DEADLINE,
    NEXT_STOPPED, /* because it is deleted */
    NEXT_FAIL,    /* deleted, and never started */
    NEXT_REMOVE,  /* the kubelet is done with it */
};

struct step {
    enum next next;
    int64_t at_ms;
};

static const struct json_value *meta(const struct json_value *object)
{
    return json_get(object, "metadata");
}

static const struct json_value *pod_of(struct fake_cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->object_count; i++) {
        const struct json_value *value = &cluster->objects[i].value;
        if (strcmp(cluster->objects[i].plural, "pods") == 0 &&
            look_list(meta(value), "ownerReferences"))
            return value;
    }
    return NULL;
}

static const char *text(struct fake_cluster *cluster, struct str s)
{
    return arena_text(&cluster->arena, s);
}

static const struct json_value *task_of(struct fake_cluster *cluster, const struct json_value *pod)
{
    return fake_find(cluster, "agenttasks",
                     text(cluster, look_text(json_get(meta(pod), "labels"), "agenttask.io/task")));
}

static struct str phase_of(const struct json_value *object)
{
    return look_text(json_get(object, "status"), "phase");
}

static bool is_over(const struct json_value *object)
{
    struct str phase = phase_of(object);

    return str_is(phase, "Succeeded") || str_is(phase, "Failed") || str_is(phase, "Canceled");
}

static bool has_code(struct fake_cluster *cluster, const struct json_value *pod)
{
    struct str label = look_text(json_get(meta(pod), "labels"), "agenttask.io/task");

    return fake_find(cluster, "configmaps",
                     arena_print(&cluster->arena, "%.*s-code", STR_ARG(label)).at) != NULL;
}

static void sooner(struct step *step, enum next next, int64_t at_ms)
{
    if (step->next == NEXT_NOTHING || at_ms < step->at_ms)
        *step = (struct step){next, at_ms};
}

static int64_t asked_ms(const struct json_value *pod) /* when its deletion was asked for */
{
    return look_time(meta(pod), "deletionTimestamp") -
           1000 * look_int(meta(pod), "deletionGracePeriodSeconds");
}

static struct step running_step(struct fake_cluster *cluster, const struct json_value *pod)
{
    const struct fake_plan *plan = &cluster->plan;
    const struct json_value *task = task_of(cluster, pod);
    int64_t timeout_s = look_int(json_get(task, "spec"), "timeoutSeconds");
    int64_t deadline_s = look_int(json_get(pod, "spec"), "activeDeadlineSeconds");
    struct step ret = {0};

    if (plan->is_silent_after)
        return ret;
    if (plan->ending != FAKE_NEVER)
        sooner(&ret, NEXT_END, cluster->started_ms + plan->run_ms);
    if (timeout_s > 0)
        sooner(&ret, NEXT_TIMEOUT, cluster->started_ms + timeout_s * 1000);
    if (deadline_s > 0 && plan->is_early && !is_over(pod))
        sooner(&ret, NEXT_EARLY, cluster->started_ms + deadline_s * 1000);
    else if (deadline_s > 0)
        sooner(&ret, NEXT_DEADLINE,
               cluster->started_ms + deadline_s * 1000 + (plan->is_early ? 20 : 1) * STOP_MS);
    if (look_time(meta(pod), "deletionTimestamp") != 0)
        sooner(&ret, NEXT_STOPPED, asked_ms(pod) + 1000 + STOP_MS);
    return ret;
}

static int64_t created_ms(struct fake_cluster *cluster, const struct json_value *pod)
{
    struct str uid = look_text(meta(pod), "uid");

    if (!str_is(uid, cluster->pod_uid)) {
        snprintf(cluster->pod_uid, sizeof(cluster->pod_uid), "%.*s", STR_ARG(uid));
        cluster->pod_seen_ms = cluster->now_ms;
        cluster->started_ms = cluster->ended_ms = 0;
        cluster->is_log_gone = false;
    }
    return cluster->pod_seen_ms;
}

static struct step step_of(struct fake_cluster *cluster, const struct json_value *pod)
{
    const struct fake_plan *plan = &cluster->plan;
    int64_t seen_ms = created_ms(cluster, pod);
    bool is_deleting = look_time(meta(pod), "deletionTimestamp") != 0;
    bool is_bound = look_text(json_get(pod, "spec"), "nodeName").size > 0;

    if (plan->is_early && is_over(pod) && cluster->started_ms != 0 && cluster->ended_ms == 0 &&
        !is_deleting)
        return running_step(cluster, pod);
    if (is_over(pod)) {
        bool is_done = is_deleting && look_int(meta(pod), "deletionGracePeriodSeconds") == 0;
        return is_deleting && !is_done ? (struct step){NEXT_REMOVE, cluster->now_ms}
                                       : (struct step){0};
    }
    if (cluster->started_ms != 0)
        return running_step(cluster, pod);
    if (!is_bound)
        return is_deleting ? (struct step){0} : (struct step){NEXT_BIND, seen_ms + plan->bind_ms};
    if (is_deleting)
        return (struct step){NEXT_FAIL, asked_ms(pod) + 1000 + STOP_MS};
    if (plan->starts_never || !has_code(cluster, pod))
        return (struct step){0};
    return (struct step){NEXT_START, seen_ms + plan->start_ms};
}

/* -- what it says of it -------------------------------------------------------------- */

static void say(struct fake_cluster *cluster, const struct json_value *pod, const char *patch)
{
    fake_merge(cluster, "pods", text(cluster, look_text(meta(pod), "name")), patch);
}

static const char *date(struct fake_cluster *cluster, int64_t ms)
{
    char text_of_date[DATE_TEXT];

    date_print(ms, text_of_date);
    return arena_text(&cluster->arena, str_of(text_of_date));
}

static void bind_pod(struct fake_cluster *cluster, const struct json_value *pod)
{
    const char *waiting = cluster->plan.waiting ? cluster->plan.waiting : "ContainerCreating";

    say(cluster, pod,
        arena_print(&cluster->arena,
                    "{\"spec\":{\"nodeName\":\"node1\"},\"status\":{\"phase\":\"Pending\","
                    "\"startTime\":\"%s\",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":"
                    "\"True\",\"lastTransitionTime\":\"%s\"}],\"initContainerStatuses\":[{\"name\":"
                    "\"runner\",\"restartCount\":0,\"state\":{\"waiting\":{\"reason\":"
                    "\"PodInitializing\"}}}],\"containerStatuses\":[{\"name\":\"task\","
                    "\"restartCount\":0,\"state\":{\"waiting\":{\"reason\":\"%s\"}}}]}}",
                    date(cluster, cluster->now_ms), date(cluster, cluster->now_ms), waiting)
            .at);
    if (cluster->plan.waiting)
        say(cluster, pod,
            "{\"status\":{\"initContainerStatuses\":[{\"name\":\"runner\",\"restartCount\":0,"
            "\"state\":{\"terminated\":{\"exitCode\":0,\"reason\":\"Completed\"}}}]}}");
}

bool fake_kubelet_is_late(struct fake_cluster *cluster, const struct json_value *pod)
{
    const struct json_value *task = task_of(cluster, pod);

    return !task || is_over(task);
}

static void start_code(struct fake_cluster *cluster, const struct json_value *pod)
{
    if (fake_kubelet_is_late(cluster, pod))
        snprintf(cluster->broken, sizeof(cluster->broken), "S4: code started after the verdict");
    if (!fake_find(cluster, "networkpolicies", "agenttask-default-deny"))
        snprintf(cluster->broken, sizeof(cluster->broken), "X7: code started without a policy");
    cluster->starts++;
    cluster->started_ms = cluster->now_ms;
    say(cluster, pod,
        arena_print(&cluster->arena,
                    "{\"status\":{\"phase\":\"Running\",\"initContainerStatuses\":[{\"name\":"
                    "\"runner\",\"state\":{\"terminated\":{\"exitCode\":0}}}],"
                    "\"containerStatuses\":[{\"name\":\"task\",\"imageID\":\"sha256:1\","
                    "\"restartCount\":0,\"state\":{\"running\":{\"startedAt\":\"%s\"}}}]}}",
                    date(cluster, cluster->now_ms))
            .at);
}

static struct report report_of(const struct fake_cluster *cluster, enum run_cause cause)
{
    struct report ret = {
        .cause = cause,
        .exit_code = cause == CAUSE_EXITED ? cluster->plan.exit_code : EXIT_UNKNOWN,
        .run_ms = cluster->now_ms - cluster->started_ms,
        .cpu_us = 12000,
        .memory_peak_bytes = 1 << 20,
        .output_bytes = (int64_t)strlen(cluster->plan.output),
        .output_sent = (int64_t)strlen(cluster->plan.output),
    };

    return ret;
}

struct str fake_kubelet_log(struct fake_cluster *cluster)
{
    const struct fake_plan *plan = &cluster->plan;
    auto_end(buf_fini) struct buf log;
    char line[FRAME_LINE_MAX];
    struct str ret;

    buf_init(&log, LOG_SIZE_MAX);
    buf_add(&log, str_of(plan->output));
    if (plan->is_framed)
        framed_add(&log, FRAME_RESULT, "", str_of(plan->result));
    if (plan->artifact)
        framed_add(&log, FRAME_ARTIFACT, "a/b.txt", str_of(plan->artifact));
    if (plan->is_framed || plan->artifact)
        buf_add(&log, (struct str){line, frame_write_end(line)});
    ret = arena_copy(&cluster->arena, buf_str(&log));
    if (plan->log_size_max != 0 && ret.size > plan->log_size_max)
        ret.size = plan->log_size_max;
    return ret;
}

static void report_result(struct fake_cluster *cluster, char coded[REPORT_RESULT_MAX * 2],
                          struct report *ret)
{
    struct str result = str_of(cluster->plan.result);

    if (result.size == 0)
        return;
    sha256_of(result, ret->result_sha256);
    ret->result_bytes = (int64_t)result.size;
    ret->result = cluster->plan.is_framed ? REPORT_RESULT_FRAMED : REPORT_RESULT_INLINE;
    if (cluster->plan.is_framed)
        return;
    base64_encode(result, coded);
    ret->result_text = (struct str){coded, BASE64_SIZE(result.size)};
}

struct ending {
    const char *phase, *reason; /* of the Pod */
    const char *container_reason;
    int exit_code;
    enum run_cause cause; /* CAUSE_NONE: no report */
};

static void end_code(struct fake_cluster *cluster, const struct json_value *pod,
                     const struct ending *ending)
{
    struct report report = report_of(cluster, ending->cause);
    char message[REPORT_SIZE_MAX], coded[REPORT_RESULT_MAX * 2];
    struct json_value shown;
    auto_end(buf_fini) struct buf patch;

    report_result(cluster, coded, &report);
    if (cluster->plan.artifact)
        report.artifacts_count = 1;
    shown = json_text(
        (struct str){message, ending->cause == CAUSE_NONE ? 0 : report_encode(&report, message)});
    buf_init(&patch, PATCH_MAX);
    buf_print(&patch,
              "{\"status\":{\"phase\":\"%s\",\"reason\":\"%s\",\"containerStatuses\":"
              "[{\"name\":\"task\",\"imageID\":\"sha256:1\",\"restartCount\":0,\"state\":"
              "{\"terminated\":{\"exitCode\":%d,\"reason\":\"%s\",\"startedAt\":\"%s\","
              "\"finishedAt\":\"%s\",\"message\":",
              ending->phase, ending->reason, ending->exit_code, ending->container_reason,
              date(cluster, cluster->started_ms), date(cluster, cluster->now_ms));
    json_print(&shown, JSON_COMPACT, &patch);
    buf_print(&patch, "}}}]}}");
    say(cluster, pod, arena_text(&cluster->arena, buf_str(&patch)));
    cluster->ended_ms = cluster->now_ms;
}

static void lose(struct fake_cluster *cluster, const struct json_value *pod)
{
    say(cluster, pod,
        "{\"status\":{\"phase\":\"Failed\",\"conditions\":[{\"type\":\"DisruptionTarget\","
        "\"status\":\"True\",\"reason\":\"DeletionByPodGC\"}]}}");
    cluster->is_log_gone = true;
    cluster->ended_ms = cluster->now_ms;
}

static void end_itself(struct fake_cluster *cluster, const struct json_value *pod)
{
    bool is_well = cluster->plan.exit_code == 0;
    const struct ending exits = {is_well ? "Succeeded" : "Failed", "",
                                 is_well ? "Completed" : "Error", cluster->plan.exit_code,
                                 CAUSE_EXITED};
    const struct ending oom = {"Failed", "", "OOMKilled", 137, CAUSE_NONE};
    const struct ending evicted = {"Failed", "Evicted", "Error", 143, CAUSE_STOPPED};

    if (cluster->plan.ending == FAKE_LOST) {
        lose(cluster, pod);
        return;
    }
    end_code(cluster, pod,
             cluster->plan.ending == FAKE_OOM       ? &oom
             : cluster->plan.ending == FAKE_EVICTED ? &evicted
                                                    : &exits);
}

static void do_step(struct fake_cluster *cluster, const struct json_value *pod, enum next next)
{
    const struct ending timeout = {"Failed", "", "Error", 124, CAUSE_TIMEOUT};
    const struct ending deadline = {"Failed", "DeadlineExceeded", "Error", 143, CAUSE_STOPPED};
    const struct ending stopped = {"Failed", "", "Error", 143, CAUSE_STOPPED};

    switch (next) {
    case NEXT_BIND:
        bind_pod(cluster, pod);
        return;
    case NEXT_START:
        start_code(cluster, pod);
        return;
    case NEXT_END:
        end_itself(cluster, pod);
        return;
    case NEXT_TIMEOUT:
        end_code(cluster, pod, &timeout);
        return;
    case NEXT_EARLY:
        say(cluster, pod, "{\"status\":{\"phase\":\"Failed\",\"reason\":\"DeadlineExceeded\"}}");
        return;
    case NEXT_DEADLINE:
        end_code(cluster, pod, &deadline);
        return;
    case NEXT_STOPPED:
        cluster->is_log_gone = true;
        end_code(cluster, pod, &stopped);
        return;
    case NEXT_FAIL:
        say(cluster, pod, "{\"status\":{\"phase\":\"Failed\"}}");
        return;
    case NEXT_REMOVE:
        cluster->is_log_gone = true;
        say(cluster, pod, "{\"metadata\":{\"deletionGracePeriodSeconds\":0}}");
        return;
    case NEXT_NOTHING:
        break;
    }
}

int64_t fake_kubelet_next_ms(struct fake_cluster *cluster)
{
    const struct json_value *pod = pod_of(cluster);
    struct step step = pod ? step_of(cluster, pod) : (struct step){0};

    if (step.next == NEXT_NOTHING)
        return INT64_MAX;
    return step.at_ms > cluster->now_ms ? step.at_ms : cluster->now_ms;
}

void fake_kubelet_act(struct fake_cluster *cluster)
{
    const struct json_value *pod;

    while ((pod = pod_of(cluster))) {
        struct step step = step_of(cluster, pod);
        if (step.next == NEXT_NOTHING || step.at_ms > cluster->now_ms)
            return;
        do_step(cluster, pod, step.next);
    }
}
