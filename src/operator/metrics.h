// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What the operator counts, and how Prometheus reads it (text exposition 0.0.4). Data is open: who
 * does something counts it. Counters only grow. Labels are words of closed lists and the name of
 * the API server, never a task, a user or a foreign text. Pure. */
#include "base/buf.h"
#include "core/reason.h"
#include "kube/request.h"

enum {
    BUCKETS_MAX = 16,
    STATUS_KINDS_MAX = 64,          /* different HTTP statuses; further ones count as the last */
    METRICS_SIZE_MAX = 1024 * 1024, /* most of it for tenants that a config names */
};

struct buckets { /* upper bounds, rising; what is above the last counts to +Inf alone */
    const int64_t *bounds_ms;
    uint32_t count;
};
extern const struct buckets buckets_task;      /* 1 s to 24 h */
extern const struct buckets buckets_reconcile; /* 1 ms to 60 s; also of reviews */

struct histogram {
    uint64_t counts[BUCKETS_MAX + 1];
    uint64_t count;
    int64_t sum_ms;
};
void histogram_add(struct histogram *histogram, const struct buckets *buckets, int64_t ms);

enum reconcile_outcome {
    RECONCILE_SUCCESS,
    RECONCILE_REQUEUE_AFTER,
    RECONCILE_ERROR,
    RECONCILE_OUTCOMES,
};

enum webhook { /* what the API server asks us about */
    WEBHOOK_TASKS,
    WEBHOOK_PROFILES,
    WEBHOOKS,
};

enum review_outcome {
    REVIEW_ALLOWED,
    REVIEW_DENIED,
    REVIEW_FAILED, /* refused because it could not be judged: malformed, too many, no answer */
    REVIEW_OUTCOMES,
};

struct answer_counts { /* of requests to the API server */
    int32_t status;    /* 0: no answer */
    uint64_t counts[HTTP_DELETE + 1];
};

struct metrics {
    uint64_t endings[REASON_COUNT]; /* tasks by how they ended; REASON_NONE: succeeded */
    struct histogram task_duration; /* from startTime to completionTime */
    struct histogram queue_wait;    /* from a task's creation to the intent to run it */
    uint64_t reconciles[RECONCILE_OUTCOMES];
    struct histogram reconcile_time;
    struct histogram queue_time; /* from due to taken */
    struct answer_counts answers[STATUS_KINDS_MAX];
    uint32_t answer_count;
    uint64_t reviews[WEBHOOKS][REVIEW_OUTCOMES];
    struct histogram review_time[WEBHOOKS];
    uint64_t events_sent, events_dropped;
    int64_t pods_held; /* Pods that carry our finalizer */
};

void metrics_count_answer(struct metrics *metrics, enum http_method method, int32_t status);
void metrics_count_review(struct metrics *metrics, enum webhook webhook,
                          enum review_outcome outcome, int64_t took_ms);

struct process_facts {
    int64_t started_ms, cpu_ms;
    int64_t resident_bytes, virtual_bytes;
    int64_t open_fds, max_fds;
};

struct tenant_gauge {
    struct str name; /* one that the config names; or TENANT_OTHERS, all others together */
    uint32_t waiting, running;
};

struct gauges { /* asked for at the moment of reading */
    const char *version, *lease_name;
    struct str api_server; /* host:port */
    bool is_leader;
    bool is_config_bad;           /* the newest one was not taken over */
    int64_t certificate_until_ms; /* since 1970; 0: there is none */
    uint32_t queued, active;      /* tasks */
    const struct tenant_gauge *tenants;
    uint32_t tenant_count;
    uint32_t stuck; /* tasks whose reconciles fail again and again */
    uint32_t workers_max, workers_active;
    uint32_t queue_depth;
    uint64_t queue_adds, queue_retries;
    int64_t longest_work_ms;    /* of a key being worked on */
    int64_t unfinished_work_ms; /* of all of them together */
    struct process_facts process;
};

void metrics_print(const struct metrics *metrics, const struct gauges *gauges, struct buf *ret);
