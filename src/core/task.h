// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A task: what someone asked (spec), and what became of it (status). Plain data, views into an
 * arena. Times and durations: base/date.h. Bounds are checked in core/validate.h and, on a
 * cluster, by the CRD. How Kubernetes spells the fields is known to api/agenttask.h alone. */
#include "base/str.h"
#include "core/isolation.h"
#include "core/reason.h"

#define TTL_KEEP     (-1) /* no ttlSecondsAfterFinished: keep it */
#define EXIT_UNKNOWN (-1)

enum {
    NAME_SIZE_MAX = 253,         /* RFC 1123 subdomain, as every object name */
    CODE_SIZE_MAX = 512 * 1024,  /* bytes of code.source */
    INPUT_SIZE_MAX = 128 * 1024, /* args + env + stdin together, bytes */
    ARGS_MAX = 1024,
    ENV_MAX = 1024,
    LABELS_MAX = 64,
    RESULT_SIZE_MAX = 1024 * 1024,   /* raw bytes of result.json */
    RESULT_EMBEDDED_MAX = 16 * 1024, /* above that it is kept beside the status */
    RESULT_DEPTH_MAX = 64,
    ARTIFACTS_SIZE_MAX = 512 * 1024, /* all artifacts together, names included */
    MESSAGE_SIZE_MAX = 1024,
    LOG_HEAD_SIZE = 128 * 1024, /* what is kept of the output: its first and last bytes */
    LOG_TAIL_SIZE = 64 * 1024,
    LOG_EMBEDDED_MAX = 2048, /* a text that is no longer stands in the status (cluster) */
    PRIORITY_MAX = 100,      /* and -100 */
};
#define TIMEOUT_DEFAULT_MS       INT64_C(300000)
#define TIMEOUT_MAX_MS           INT64_C(86400000)
#define QUEUE_TIMEOUT_DEFAULT_MS INT64_C(3600000)
#define GRACE_MS                 INT64_C(5000) /* between TERM and KILL */

struct strs {
    const struct str *at;
    uint32_t count;
};

struct pair {
    struct str name, value;
};

struct pairs {
    const struct pair *at;
    uint32_t count;
};

struct resources { /* 0: not given */
    int64_t cpu_milli;
    int64_t memory_bytes;
    int64_t storage_bytes; /* ephemeral-storage */
};

enum backend {
    BACKEND_AUTO,
    BACKEND_POD,
    BACKEND_SANDBOX,
};

struct task_spec {
    struct str profile;
    struct str source;                     /* code.source, bytes; at NULL: not given */
    struct str config_map, config_map_key; /* code.configMapRef; at NULL: not given */
    struct strs args;
    struct pairs env;
    struct str input; /* spec.stdin; at NULL: no stdin, the code reads /dev/null */
    struct resources requests, limits;
    int64_t timeout_ms;       /* 0: the profile's default */
    int64_t queue_timeout_ms; /* 0: QUEUE_TIMEOUT_DEFAULT_MS */
    int64_t ttl_ms;           /* TTL_KEEP, or >= 0 */
    struct str tenant;        /* empty: the namespace */
    enum backend backend;
    int32_t priority;
    bool canceled;
};

struct run_ref { /* the one run this task ever gets (podRef) */
    struct str kind, name, uid, node;
};

struct task_result {
    enum result_verdict verdict;
    struct str json; /* minified text, <= RESULT_EMBEDDED_MAX; empty: kept elsewhere or none */
    struct str config_map; /* name of the ConfigMap that holds a larger one (cluster) */
    int64_t bytes;         /* of the code's raw bytes */
    struct str sha256;     /* of the code's raw bytes, lower-case hex */
};

struct task_logs {
    struct str text;       /* all of it, if it is short and UTF-8; else empty (cluster) */
    struct str config_map; /* that holds a longer one (cluster) */
    int64_t bytes;         /* all that the code wrote, kept or not */
    bool is_known, is_truncated, is_complete;
};

struct task_effective {         /* what the task really got, written at Scheduled */
    struct str image, image_id; /* image_id locally: path of the interpreter */
    struct strs command;
    int64_t timeout_ms;
    struct resources limits;
    int64_t profile_generation;
    struct strs egress; /* where it may connect to, as core/egress.h spells it; empty: nowhere */
};

struct task_queue {   /* while it waits for room; 0: it does not, or nobody knows */
    int64_t position; /* from 1, in the queue of its tenant */
    int64_t ahead;    /* tasks before it */
};

struct task_usage { /* from the runner and the kernel, never from the code; -1: unknown */
    int64_t cpu_ms;
    int64_t memory_peak_bytes;
};

struct task_status {
    enum phase phase;
    enum reason reason;
    struct str message; /* ours, <= MESSAGE_SIZE_MAX, never the code's bytes unescaped */
    int32_t exit_code;  /* EXIT_UNKNOWN, or what it really was */
    int32_t signal;     /* 0: none */
    uint32_t attempt;   /* 0: no run was ever intended; 1: the intent is recorded */
    struct run_ref run;
    struct task_queue queue;
    int64_t queued_ms;   /* queueTime: accepted */
    int64_t created_ms;  /* startTime: run created */
    int64_t started_ms;  /* runTime: code started */
    int64_t finished_ms; /* completionTime */
    struct task_result result;
    struct task_logs logs;
    struct task_effective effective;
    struct task_usage usage;
    struct isolation isolation;
    int64_t artifacts_bytes; /* -1: unknown */
    bool artifacts_too_large;
    int64_t observed_generation;
};

struct task {
    struct str name, space, uid; /* space: the Kubernetes namespace; "default" locally */
    struct pairs labels, annotations;
    int64_t created_ms; /* creationTimestamp */
    int64_t deleted_ms; /* deletionTimestamp; 0: not being deleted */
    int64_t generation;
    struct str version; /* resourceVersion */
    bool has_finalizer; /* ours; locally always: the store keeps it until we let it go */
    struct task_spec spec;
    struct task_status status;
};

/* The empty status: everything unknown, not zero. */
void task_status_init(struct task_status *status);
bool task_status_equal(const struct task_status *a, const struct task_status *b);
