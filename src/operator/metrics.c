// SPDX-License-Identifier: Apache-2.0
#include "operator/metrics.h"

#include <assert.h>
#include <inttypes.h>

#include "core/verdict.h"

static const int64_t task_bounds_ms[] = {
    1000,   2000,    5000,    10000,   30000,    60000,    120000,   300000,
    600000, 1800000, 3600000, 7200000, 14400000, 28800000, 43200000, 86400000,
};
static const int64_t reconcile_bounds_ms[] = {
    1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000,
};
static_assert(countof(task_bounds_ms) <= BUCKETS_MAX, "they have their places");
static_assert(countof(reconcile_bounds_ms) <= BUCKETS_MAX, "they have their places");

const struct buckets buckets_task = {task_bounds_ms, countof(task_bounds_ms)};
const struct buckets buckets_reconcile = {reconcile_bounds_ms, countof(reconcile_bounds_ms)};

void histogram_add(struct histogram *histogram, const struct buckets *buckets, int64_t ms)
{
    uint32_t i = 0;

    if (ms < 0) /* a clock was set back */
        ms = 0;
    while (i < buckets->count && ms > buckets->bounds_ms[i])
        i++;
    histogram->counts[i]++;
    histogram->count++;
    histogram->sum_ms += ms;
}

void metrics_count_answer(struct metrics *metrics, enum http_method method, int32_t status)
{
    struct answer_counts *at = metrics->answers;
    struct answer_counts *end = at + metrics->answer_count;

    assert(method <= HTTP_DELETE);
    while (at < end && at->status != status)
        at++;
    if (at == end && metrics->answer_count < STATUS_KINDS_MAX) {
        metrics->answer_count++;
        at->status = status;
    } else if (at == end) {
        at--;
    }
    at->counts[method]++;
}

void metrics_count_review(struct metrics *metrics, enum webhook webhook,
                          enum review_outcome outcome, int64_t took_ms)
{
    metrics->reviews[webhook][outcome]++;
    histogram_add(&metrics->review_time[webhook], &buckets_reconcile, took_ms);
}

/* -- the text --------------------------------------------------------------- */

static void print_head(struct buf *ret, const char *name, const char *type, const char *help)
{
    buf_print(ret, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_seconds(struct buf *ret, int64_t ms)
{
    buf_print(ret, "%" PRId64 ".%03d", ms / 1000, (int)(ms % 1000));
}

static void print_count(struct buf *ret, const char *name, const char *help, uint64_t count)
{
    print_head(ret, name, "counter", help);
    buf_print(ret, "%s %" PRIu64 "\n", name, count);
}

static void print_gauge(struct buf *ret, const char *name, const char *help, int64_t value)
{
    print_head(ret, name, "gauge", help);
    buf_print(ret, "%s %" PRId64 "\n", name, value);
}

static void print_text_label(struct buf *ret, struct str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.at[i] == '\n')
            buf_add(ret, STR_LIT("\\n"));
        else if (text.at[i] == '"' || text.at[i] == '\\')
            buf_print(ret, "\\%c", text.at[i]);
        else
            buf_add_char(ret, text.at[i]);
}

/* Of one of a family whose head was printed. labels: without braces, or "". */
static void print_buckets(struct buf *ret, const char *name, const char *labels,
                          const struct buckets *buckets, const struct histogram *histogram)
{
    const char *comma = labels[0] ? "," : "";
    const char *open = labels[0] ? "{" : "", *close = labels[0] ? "}" : "";
    uint64_t below = 0;

    for (uint32_t i = 0; i < buckets->count; i++) {
        below += histogram->counts[i];
        buf_print(ret, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name, labels, comma,
                  (double)buckets->bounds_ms[i] / 1000, below);
    }
    buf_print(ret, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, comma,
              histogram->count);
    buf_print(ret, "%s_sum%s%s%s ", name, open, labels, close);
    print_seconds(ret, histogram->sum_ms);
    buf_print(ret, "\n%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, histogram->count);
}

static void print_histogram(struct buf *ret, const char *name, const char *help, const char *labels,
                            const struct buckets *buckets, const struct histogram *histogram)
{
    print_head(ret, name, "histogram", help);
    print_buckets(ret, name, labels, buckets, histogram);
}

static void print_tenants(const struct gauges *gauges, const char *name, const char *help,
                          bool is_running, struct buf *ret)
{
    print_head(ret, name, "gauge", help);
    for (uint32_t i = 0; i < gauges->tenant_count; i++) {
        const struct tenant_gauge *tenant = &gauges->tenants[i];
        buf_print(ret, "%s{tenant=\"", name);
        print_text_label(ret, tenant->name);
        buf_print(ret, "\"} %" PRIu32 "\n", is_running ? tenant->running : tenant->waiting);
    }
}

static void print_room(const struct metrics *metrics, const struct gauges *gauges, struct buf *ret)
{
    print_histogram(ret, "agenttask_queue_wait_seconds",
                    "Time from a task's creation to the decision to start it.", "", &buckets_task,
                    &metrics->queue_wait);
    print_tenants(gauges, "agenttask_tenant_running",
                  "Tasks that hold room, by tenant; those that the config does not name together.",
                  true, ret);
    print_tenants(gauges, "agenttask_tenant_waiting", "Tasks that wait, the same way.", false, ret);
}

static void print_tasks(const struct metrics *metrics, const struct gauges *gauges, struct buf *ret)
{
    print_head(ret, "agenttask_total_tasks", "counter", "Tasks that ended, by how.");
    for (int i = 0; i < REASON_COUNT; i++) {
        enum reason reason = (enum reason)i;
        if (reason != REASON_NONE && !reason_is_ending(reason))
            continue;
        buf_print(ret, "agenttask_total_tasks{phase=\"%s\",reason=\"%s\"} %" PRIu64 "\n",
                  phase_word(verdict_phase(reason)),
                  reason == REASON_NONE ? "Completed" : reason_word(reason), metrics->endings[i]);
    }
    print_histogram(ret, "agenttask_duration_seconds",
                    "Time from a run's creation to the end of its task.", "", &buckets_task,
                    &metrics->task_duration);
    print_gauge(ret, "agenttask_queued", "Tasks that wait to be started.", gauges->queued);
    print_gauge(ret, "agenttask_active", "Tasks that are scheduled or running.", gauges->active);
    print_gauge(ret, "agenttask_stuck", "Tasks whose reconciles fail again and again.",
                gauges->stuck);
    print_gauge(ret, "agenttask_pods_held", "Pods that carry the operator's finalizer.",
                metrics->pods_held);
    print_head(ret, "agenttask_build_info", "gauge", "The version that runs.");
    buf_print(ret, "agenttask_build_info{version=\"%s\"} 1\n", gauges->version);
}

#define CONTROLLER "controller=\"agenttask\""
#define QUEUE      CONTROLLER ",name=\"agenttask\""

static void print_reconciles(const struct metrics *metrics, const struct gauges *gauges,
                             struct buf *ret)
{
    static const char *const outcomes[] = {
        [RECONCILE_SUCCESS] = "success",
        [RECONCILE_REQUEUE_AFTER] = "requeue_after",
        [RECONCILE_ERROR] = "error",
    };

    print_head(ret, "controller_runtime_reconcile_total", "counter", "Reconciles, by outcome.");
    for (int i = 0; i < RECONCILE_OUTCOMES; i++)
        buf_print(ret,
                  "controller_runtime_reconcile_total{" CONTROLLER ",result=\"%s\"} %" PRIu64 "\n",
                  outcomes[i], metrics->reconciles[i]);
    print_head(ret, "controller_runtime_reconcile_errors_total", "counter",
               "Reconciles that failed.");
    buf_print(ret, "controller_runtime_reconcile_errors_total{" CONTROLLER "} %" PRIu64 "\n",
              metrics->reconciles[RECONCILE_ERROR]);
    print_histogram(ret, "controller_runtime_reconcile_time_seconds", "Time of a reconcile.",
                    CONTROLLER, &buckets_reconcile, &metrics->reconcile_time);
    print_head(ret, "controller_runtime_max_concurrent_reconciles", "gauge",
               "Reconciles at a time, at most.");
    buf_print(ret, "controller_runtime_max_concurrent_reconciles{" CONTROLLER "} %" PRIu32 "\n",
              gauges->workers_max);
    print_head(ret, "controller_runtime_active_workers", "gauge", "Reconciles under way.");
    buf_print(ret, "controller_runtime_active_workers{" CONTROLLER "} %" PRIu32 "\n",
              gauges->workers_active);
}

static void print_queue(const struct metrics *metrics, const struct gauges *gauges, struct buf *ret)
{
    print_head(ret, "workqueue_depth", "gauge", "Keys that are due.");
    buf_print(ret, "workqueue_depth{" QUEUE "} %" PRIu32 "\n", gauges->queue_depth);
    print_head(ret, "workqueue_adds_total", "counter", "Keys added.");
    buf_print(ret, "workqueue_adds_total{" QUEUE "} %" PRIu64 "\n", gauges->queue_adds);
    print_head(ret, "workqueue_retries_total", "counter", "Keys added again after a failure.");
    buf_print(ret, "workqueue_retries_total{" QUEUE "} %" PRIu64 "\n", gauges->queue_retries);
    print_histogram(ret, "workqueue_queue_duration_seconds", "Time from due to taken.", QUEUE,
                    &buckets_reconcile, &metrics->queue_time);
    print_histogram(ret, "workqueue_work_duration_seconds", "Time of working on a key.", QUEUE,
                    &buckets_reconcile, &metrics->reconcile_time);
    print_head(ret, "workqueue_longest_running_processor_seconds", "gauge",
               "How long the longest-running key has been worked on.");
    buf_add(ret, STR_LIT("workqueue_longest_running_processor_seconds{" QUEUE "} "));
    print_seconds(ret, gauges->longest_work_ms);
    buf_add_char(ret, '\n');
    print_head(ret, "workqueue_unfinished_work_seconds", "gauge",
               "How long all running keys together have been worked on.");
    buf_add(ret, STR_LIT("workqueue_unfinished_work_seconds{" QUEUE "} "));
    print_seconds(ret, gauges->unfinished_work_ms);
    buf_add_char(ret, '\n');
}

static void print_client(const struct metrics *metrics, const struct gauges *gauges,
                         struct buf *ret)
{
    static const char *const methods[] = {
        [HTTP_GET] = "GET",     [HTTP_POST] = "POST",     [HTTP_PUT] = "PUT",
        [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE",
    };

    print_head(ret, "rest_client_requests_total", "counter",
               "Requests to the API server, by what came back.");
    for (uint32_t i = 0; i < metrics->answer_count; i++)
        for (uint32_t method = 0; method < countof(methods); method++) {
            const struct answer_counts *answers = &metrics->answers[i];
            if (answers->counts[method] == 0)
                continue;
            buf_add(ret, STR_LIT("rest_client_requests_total{code=\""));
            if (answers->status == 0)
                buf_add(ret, STR_LIT("<error>"));
            else
                buf_print(ret, "%" PRId32, answers->status);
            buf_print(ret, "\",method=\"%s\",host=\"", methods[method]);
            print_text_label(ret, gauges->api_server);
            buf_print(ret, "\"} %" PRIu64 "\n", answers->counts[method]);
        }
    print_head(ret, "leader_election_master_status", "gauge", "Does this process lead?");
    buf_print(ret, "leader_election_master_status{name=\"%s\"} %d\n", gauges->lease_name,
              gauges->is_leader);
    print_count(ret, "agenttask_events_sent_total", "Events written.", metrics->events_sent);
    print_count(ret, "agenttask_events_dropped_total", "Events given up.", metrics->events_dropped);
}

static void print_webhooks(const struct metrics *metrics, struct buf *ret)
{
    static const char *const labels[] = {
        [WEBHOOK_TASKS] = "webhook=\"agenttasks\"",
        [WEBHOOK_PROFILES] = "webhook=\"runtimeprofiles\"",
    };
    static const char *const outcomes[] = {
        [REVIEW_ALLOWED] = "allowed",
        [REVIEW_DENIED] = "denied",
        [REVIEW_FAILED] = "failed",
    };

    print_head(ret, "agenttask_admission_reviews_total", "counter", "Admissions, by outcome.");
    for (int i = 0; i < WEBHOOKS; i++)
        for (int j = 0; j < REVIEW_OUTCOMES; j++)
            buf_print(ret, "agenttask_admission_reviews_total{%s,outcome=\"%s\"} %" PRIu64 "\n",
                      labels[i], outcomes[j], metrics->reviews[i][j]);
    print_head(ret, "controller_runtime_webhook_latency_seconds", "histogram",
               "Time of an admission.");
    for (int i = 0; i < WEBHOOKS; i++)
        print_buckets(ret, "controller_runtime_webhook_latency_seconds", labels[i],
                      &buckets_reconcile, &metrics->review_time[i]);
}

static void print_set_up(const struct gauges *gauges, struct buf *ret)
{
    print_gauge(ret, "agenttask_config_valid", "Was the newest config taken over?",
                !gauges->is_config_bad);
    if (gauges->certificate_until_ms == 0)
        return;
    print_gauge(ret, "agenttask_certificate_expiry_timestamp_seconds",
                "When the certificate that is served ends, since 1970.",
                gauges->certificate_until_ms / 1000);
}

static void print_process(const struct process_facts *process, struct buf *ret)
{
    print_head(ret, "process_cpu_seconds_total", "counter", "User and system CPU time.");
    buf_add(ret, STR_LIT("process_cpu_seconds_total "));
    print_seconds(ret, process->cpu_ms);
    buf_add_char(ret, '\n');
    print_head(ret, "process_start_time_seconds", "gauge", "Start, since 1970.");
    buf_add(ret, STR_LIT("process_start_time_seconds "));
    print_seconds(ret, process->started_ms);
    buf_add_char(ret, '\n');
    print_gauge(ret, "process_resident_memory_bytes", "Resident memory.", process->resident_bytes);
    print_gauge(ret, "process_virtual_memory_bytes", "Virtual memory.", process->virtual_bytes);
    print_gauge(ret, "process_open_fds", "Open descriptors.", process->open_fds);
    print_gauge(ret, "process_max_fds", "Descriptors allowed.", process->max_fds);
}

void metrics_print(const struct metrics *metrics, const struct gauges *gauges, struct buf *ret)
{
    print_tasks(metrics, gauges, ret);
    print_room(metrics, gauges, ret);
    print_reconciles(metrics, gauges, ret);
    print_queue(metrics, gauges, ret);
    print_client(metrics, gauges, ret);
    print_webhooks(metrics, ret);
    print_set_up(gauges, ret);
    print_process(&gauges->process, ret);
}
