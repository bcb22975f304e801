// SPDX-License-Identifier: Apache-2.0
#pragma once

/* How Kubernetes spells the Pod of a run: what we send, what we read back, what an informer keeps.
 * The Pod passes the Pod Security Standard "restricted"; nothing in it is chosen by the task but
 * what the profile allows (promises X1, X4). */
#include "api/task_child.h"
#include "base/buf.h"
#include "core/profile.h"

#define FINALIZER_TASK      "execution.agenttask.io/finalizer"
#define FINALIZER_RUN       "execution.agenttask.io/run"
#define ANNOTATION_STOPPING "execution.agenttask.io/stopping-since"
#define CONTAINER_TASK      "task"
#define CONTAINER_RUNNER    "runner" /* the init container: brings /runner */
#define POD_GRACE_S         15       /* the runner's 5 for the code, and time left to report */

struct pod_request { /* all that goes into a Pod */
    const struct task *task;
    const struct profile *profile;
    const struct task_effective *effective;
    struct str runner_image;
    struct str code_config_map; /* ours: job file and source; the referenced one is spec's */
    bool user_namespace;        /* hostUsers: false */
    int64_t deadline_s;         /* activeDeadlineSeconds at the start */
};
struct json_value pod_value(struct arena *arena, const struct pod_request *request);

/* Merge patches of a Pod that is there, by its uid; of another uid a server refuses them as
 * invalid. pod_mark_patch(): LABEL_TASK as it should be. activeDeadlineSeconds can only be lowered;
 * to 1, it ends the Pod and leaves its output, and since when is noted beside it. */
struct json_value pod_deadline_patch(struct arena *arena, struct str uid, int64_t deadline_s);
struct json_value pod_mark_patch(struct arena *arena, struct str uid, struct str task_label);
struct json_value pod_stop_patch(struct arena *arena, struct str uid, int64_t now_ms);

enum pod_phase {
    POD_PENDING,
    POD_RUNNING,
    POD_SUCCEEDED,
    POD_FAILED,
    POD_UNKNOWN,
};

struct pod_container {                   /* of one container, as its status says */
    bool is_known;                       /* it has a status */
    struct str waiting, waiting_message; /* state.waiting.reason; at NULL: it does not wait */
    bool is_running, is_terminated;
    int64_t started_ms, finished_ms;
    struct str reason, message; /* state.terminated; message: the termination message */
    int32_t exit_code, signal;
    int64_t restarts;
    struct str image_id;
};

struct pod {
    struct str space, name, uid, version;
    struct str owner_uid, owner_name; /* of its controller */
    struct str task_label;
    const struct json_value *labels; /* all of them, or NULL */
    bool is_held;                    /* carries FINALIZER_RUN */
    int64_t created_ms, deleted_ms;
    int64_t deletion_grace_s;
    int64_t deadline_s;  /* spec.activeDeadlineSeconds; 0: none */
    int64_t stopping_ms; /* since when we stop it; 0: we do not */
    struct str node;
    struct str runner_image; /* of container `runner`; not kept by pod_keep() */
    bool has_others;         /* containers that we did not put in */
    bool user_namespace;     /* spec.hostUsers is false */
    struct str runtime_class;
    enum pod_phase phase;
    struct str reason, message; /* status */
    int64_t started_ms;         /* status.startTime: accepted by the kubelet */
    bool is_unschedulable;
    struct str unschedulable_message;
    int64_t condition_ms;  /* since when PodScheduled is as it is */
    struct str disruption; /* reason of condition DisruptionTarget; empty: none */
    struct str disruption_message;
    struct pod_container init, task;
};

/* Never fails on what a server may send: what is not there is empty. Views into the value. */
void pod_read(const struct json_value *value, struct pod *ret);

/* For the informer of Pods with LABEL_TASK: of a Pod, what pod_read() reads of it. */
bool pod_keep(struct arena *arena, const struct json_value *object, struct buf *ret);

/* Does the stored Pod still have every hardening field as we sent it (promise X9)? Else `ret` says
 * which field: the first that differs in container `task`, its mounts, security contexts, host*,
 * token, runtime class, volumes. `is_weakened`: foreign containers were added: they can harm the
 * network, not the verdict. A field that an older server dropped (hostUsers) is no difference. */
bool pod_is_as_sent(struct arena *arena, const struct json_value *sent,
                    const struct json_value *stored, struct str *ret, bool *ret_weakened);
