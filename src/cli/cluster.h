// SPDX-License-Identifier: Apache-2.0
#pragma once

/* One cluster as agentctl uses it: a command asks, and the loop turns until the answer is there.
 * Inside the module agentctl-cluster.so (cluster_door.h). */
#include "cli/place.h"
#include "kube/client.h"
#include "kube/curl_transport.h"

enum {
    CLUSTER_FIBERS_MAX = 8
};

struct cluster {
    struct session *session;
    struct kube_access access;
    struct loop *loop;
    struct fiber_pool *fibers;
    struct curl_transport *curl;
    struct transport transport;
    struct reactor reactor;
};

/* Runs `work` in a fiber, and the loop until it is done. */
typedef bool cluster_work(struct cluster *cluster, struct fiber *fiber, void *ctx, struct err *err);
must_use bool cluster_do(struct cluster *cluster, cluster_work *work, void *ctx, struct err *err);
struct kube_client cluster_client(struct cluster *cluster, struct fiber *fiber);

/* One request and its answer. `what` names it in errors: "get agenttask a". */
must_use bool cluster_call(struct cluster *cluster, struct arena *arena,
                           const struct kube_request *request, const char *what,
                           struct json_value *ret, struct err *err);

/* The task of that name in the namespace. */
must_use bool cluster_task(struct cluster *cluster, struct str space, struct str name,
                           struct arena *arena, struct task *ret, struct err *err);
struct kube_request cluster_cancel_request(struct arena *arena, const struct task *task);
must_use bool cluster_remove(struct cluster *cluster, const struct task *task, struct err *err);

/* The whole output, as it comes from the Pod, then what of the rest was kept; returns when the task
 * is over, which `task` then says. */
must_use bool cluster_log_whole(struct cluster *cluster, struct fiber *fiber, struct task *task,
                                const struct place_log *log, struct err *err);

/* Waits in the fiber until the task changes from the version it has, and takes it over.
 * ERR_ABSENT: it was deleted. wait_ms at the longest; then it is as it was. */
must_use bool cluster_watch(struct cluster *cluster, struct fiber *fiber, struct arena *arena,
                            int64_t wait_ms, struct task *task, struct err *err);

/* The members of a struct place (cluster_place.c has the others). */
bool cluster_log(void *self, const struct task *task, const struct place_log *log, struct err *err);
bool cluster_profiles(void *self, const struct words *names, const char *output_word,
                      struct err *err);
bool cluster_prepare(void *self, const struct run_options *options, struct run_request *request,
                     struct err *err);
bool cluster_run(void *self, const struct run_options *options, const struct output *output,
                 const struct run_request *request, struct err *err);
