// SPDX-License-Identifier: Apache-2.0
#include "driver/kube_output.h"

#include "api/configmap.h"
#include "api/names.h"
#include "core/deadline.h"
#include "driver/kube_job.h"
#include "driver/kube_object.h"

#define PLACE_WAIT_MS  INT64_C(50)
#define FOLLOW_WAIT_MS INT64_C(5000) /* how long a follower is waited for that has not ended */
#define READ_MIN_MS    INT64_C(2000)

enum {
    PLACE_TRIES = 200,
    SMALL_SIZE = 32 * 1024,
};

static int64_t monotonic_ms(const struct kube_task *run)
{
    return run->client.reactor->monotonic_ms(run->client.reactor->self);
}

static const struct report *report_of(const struct kube_task *run)
{
    return run->seen.has_report ? &run->seen.report : NULL;
}

/* -- reading ------------------------------------------------------------------- */

static bool excuse_drop(const struct kube_task *run, struct kube_capture *capture)
{
    const struct report *report = report_of(run);

    if (!kube_capture_is_excuse(capture, report ? report->output_sent : -1))
        return false;
    kube_capture_clear(capture);
    return true;
}

static bool fresh_read(struct kube_task *run, struct kube_capture *fresh, int64_t left_ms,
                       struct err *err)
{
    int64_t until_ms = monotonic_ms(run) + (left_ms > READ_MIN_MS ? left_ms : READ_MIN_MS);

    if (!kube_capture_read(fresh, &run->client, run->space, run->pod.name, false, until_ms, err))
        return false;
    return !excuse_drop(run, fresh) || err_set(err, ERR_RETRY, "the kubelet finds no log");
}

/* True: there is no more to be had, whatever was got. */
static bool log_read(struct kube_task *run, struct kube_capture *fresh, int64_t left_ms,
                     struct err *err)
{
    struct err lost = {0};

    if (run->followed)
        excuse_drop(run, run->followed);
    if (!run->seen.has_started || fresh_read(run, fresh, left_ms, &lost))
        return true;
    if (run->followed && run->followed->is_over)
        return true;
    if (run->followed && left_ms > CAPTURE_MAX_MS - FOLLOW_WAIT_MS)
        return err_set(err, ERR_RETRY, "its output is still being followed");
    if (lost.kind != ERR_RETRY || left_ms <= 0)
        return true; /* the container is gone, or we were at it for long enough */
    *err = lost;
    return false;
}

/* Whoever was told of more. */
static const struct kube_capture *capture_better(const struct kube_capture *fresh,
                                                 const struct kube_capture *followed)
{
    bool is_better = followed && (followed->stream_bytes > fresh->stream_bytes ||
                                  (followed->is_over && !fresh->is_over));

    return is_better ? followed : fresh;
}

/* -- keeping ------------------------------------------------------------------- */

/* One that was kept before us holds: it was taken nearer to the end. */
static bool kept_put(struct kube_task *run, struct str name, const struct json_value *value,
                     bool *ret_is_kept, struct err *err)
{
    enum object_made made;
    struct json_value object;

    if (!object_make(run, &resource_configmaps, name, value, &made, &object, err))
        return false;
    *ret_is_kept = made != OBJECT_STRANGER;
    return true;
}

static bool result_keep(struct kube_task *run, const struct kube_capture *capture, struct err *err)
{
    struct str name = run_result_name(run->arena, &run->task), json;
    struct json_value value;
    bool is_kept;

    run->result = harvest_result(run->arena, &capture->harvest, report_of(run), &json);
    if (run->result.verdict != RESULT_VALID)
        return true;
    if (json.size <= RESULT_EMBEDDED_MAX) {
        run->result.json = json;
        return true;
    }
    value = configmap_result_value(run->arena, &run->task, json);
    if (!kept_put(run, name, &value, &is_kept, err))
        return false;
    if (is_kept)
        run->result.config_map = name;
    else
        run->result = (struct task_result){.verdict = RESULT_MISSING};
    return true;
}

/* Without a single artifact nothing is sent: then the report alone says that there was none. */
static void artifacts_note(struct kube_task *run, const struct kube_capture *capture)
{
    const struct report *report = report_of(run);
    const struct harvest *harvest = &capture->harvest;

    run->artifacts_bytes = -1;
    if (!report)
        return;
    run->artifacts_too_large = report->artifacts_too_large || harvest->artifacts.is_full;
    if (report->artifacts_count == 0 ||
        (harvest->has_artifacts_end && harvest->artifacts_count == report->artifacts_count))
        run->artifacts_bytes = harvest->artifacts_bytes;
}

/* What the runner says it sent must have come; without its word nobody knows. */
static bool is_complete(const struct kube_task *run, const struct kube_capture *capture)
{
    const struct report *report = report_of(run);

    return report && capture->is_over && capture->text_bytes >= report->output_sent;
}

static void logs_note(struct kube_task *run, const struct kube_capture *capture)
{
    const struct report *report = report_of(run);

    run->logs = (struct task_logs){
        .is_known = run->seen.has_started,
        .bytes = report ? report->output_bytes : capture->text_bytes,
        .is_truncated = (report && report->output_truncated) ||
                        capture->text_bytes > LOG_HEAD_SIZE + LOG_TAIL_SIZE,
        .is_complete = is_complete(run, capture),
    };
}

/* As JSON, too: a control byte takes six there. */
static bool is_short(struct str text)
{
    auto_end(buf_fini) struct buf printed;

    buf_init(&printed, 2 * LOG_EMBEDDED_MAX);
    json_print_text(text, &printed);
    return text.size <= LOG_EMBEDDED_MAX && str_is_utf8(text) && !printed.is_full;
}

static bool logs_keep(struct kube_task *run, const struct kube_capture *capture, struct err *err)
{
    struct str name = run_logs_name(run->arena, &run->task);
    struct str head = buf_str(&capture->head), tail = kube_capture_tail(capture);
    struct str artifacts =
        run->artifacts_bytes < 0 ? (struct str){0} : buf_str(&capture->harvest.artifacts);
    struct json_value value;
    bool is_kept;

    logs_note(run, capture);
    if (artifacts.size == 0 && is_short(head)) { /* not worth an object */
        run->logs.text = arena_copy(run->arena, head);
        return true;
    }
    value = configmap_logs_value(run->arena, &run->task, head, tail, artifacts);
    if (!kept_put(run, name, &value, &is_kept, err))
        return false;
    if (is_kept)
        run->logs.config_map = name;
    else
        run->logs.is_complete = false;
    return true;
}

static void logs_lose(struct kube_task *run)
{
    run->logs.is_complete = false;
    run->artifacts_bytes = -1;
}

static bool output_store(struct kube_task *run, const struct kube_capture *capture, bool is_late,
                         struct err *err)
{
    struct err lost = {0};

    if (!result_keep(run, capture, is_late ? &lost : err)) {
        if (!is_late)
            return false;
        run->result = (struct task_result){.verdict = RESULT_MISSING};
    }
    artifacts_note(run, capture);
    lost = (struct err){0};
    if (!logs_keep(run, capture, is_late ? &lost : err)) {
        if (!is_late)
            return false;
        logs_lose(run);
    }
    return true;
}

static bool output_take(struct kube_task *run, int64_t left_ms, struct err *err)
{
    struct kube_capture *fresh = kube_capture_new();
    bool ret = log_read(run, fresh, left_ms, err) &&
               output_store(run, capture_better(fresh, run->followed), left_ms <= 0, err);

    kube_capture_free(fresh);
    return ret;
}

/* By the runner's word: what it sent is small enough to be held beside those that have a place. */
static bool is_small(const struct kube_task *run)
{
    const struct report *report = report_of(run);

    return report && report->output_sent <= SMALL_SIZE && report->artifacts_count == 0 &&
           report->result != REPORT_RESULT_FRAMED;
}

static bool place_take(struct kube_task *run, struct err *err)
{
    for (int tries = 0; !run->capture_enter(run->ctx); tries++) {
        if (tries == PLACE_TRIES)
            return err_set(err, ERR_RETRY, "too many outputs are being taken");
        fiber_sleep(run->client.fiber, run->client.reactor, PLACE_WAIT_MS);
    }
    return true;
}

bool kube_output_keep(struct kube_task *run, const struct world *world, struct err *err)
{
    struct kube_memory *memory = run->memory;
    bool needs_place = !is_small(run), ret;

    if (needs_place && !place_take(run, err))
        return false;
    if (memory->keep_since_ms == 0)
        memory->keep_since_ms = world->now_ms;
    ret = output_take(run, memory->keep_since_ms + CAPTURE_MAX_MS - world->now_ms, err);
    if (needs_place)
        run->capture_leave(run->ctx);
    if (!ret)
        return false;
    run->world = *world;
    run->output_kept = true;
    return true;
}
