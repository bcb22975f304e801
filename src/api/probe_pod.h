// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A plain Pod that runs /probe (probe/finding.h) out of the operator's image, hardened as the Pods
 * of tasks are, but without the runner: what it is denied, the cluster denies. And what the doctor
 * needs to know of it. */
#include "core/task.h"
#include "json/json.h"

#define LABEL_DOCTOR    "agenttask.io/doctor" /* all that one doctor made: its own word */
#define CONTAINER_PROBE "probe"

struct probe_pod {
    struct str name, space, image;
    struct str doctor;        /* the word in LABEL_DOCTOR */
    bool is_task_like;        /* has the label by which policies select tasks */
    bool user_namespace;      /* hostUsers: false */
    bool is_privileged;       /* asks for what nobody is to get; for a dry run */
    const char *const *words; /* what to try, then NULL */
    struct resources limits;
    int64_t deadline_s;
};
struct json_value probe_pod_value(struct arena *arena, const struct probe_pod *pod);

struct probe_pod_seen {
    struct str uid, ip;
    struct str why; /* it waits, or it ended so: words of the kubelet */
    bool is_running, is_over, is_evicted;
};
/* Views into the value. */
void probe_pod_read(const struct json_value *value, struct probe_pod_seen *ret);

/* Of a Pod of the operator: the image of its container `manager`, and is it ready. */
void operator_pod_read(const struct json_value *value, struct str *ret_image, bool *ret_is_ready);

/* spec.clusterIP of a Service; empty: none. */
struct str service_address(const struct json_value *value);

/* Of the page /version: the whole word, and the minor one; 0: not said. */
struct str version_read(const struct json_value *value, int64_t *ret_minor);
