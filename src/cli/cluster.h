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

enum {
    VERSION_TEXT = 32, /* of a resourceVersion */
};

/* ret: VERSION_TEXT bytes; a version that does not fit is none. */
void version_set(char *ret, struct str version);

struct watched {                    /* which tasks, and from where on */
    struct str space, name, labels; /* empty: all namespaces, all tasks, whatever labels */
    char version[VERSION_TEXT];
};

/* A task as it was last seen, in memory of its own. */
struct seen {
    struct task task;
    struct arena arenas[2]; /* of this look, and of the one before */
    uint32_t turn;
    int64_t lost_ms; /* monotonic: since when the server is away; 0: it is not */
};

struct cluster {
    struct session *session;
    struct kube_access access;
    struct loop *loop;
    struct fiber_pool *fibers;
    struct curl_transport *curl;
    struct transport transport;
    struct reactor reactor;
    struct watched watched;       /* what was found or listed last, for pause and follow */
    struct arena names;           /* its texts */
    struct cluster_view *running; /* what `run` attends to; NULL: nothing yet */
};

/* The place that it is, which then owns what is in it; curl NULL: the transport is somebody's. */
void cluster_place(struct cluster *cluster, struct place *ret);

/* Runs `work` in a fiber, and the loop until it is done. */
typedef bool cluster_work(struct cluster *cluster, struct fiber *fiber, void *ctx, struct err *err);
must_use bool cluster_do(struct cluster *cluster, cluster_work *work, void *ctx, struct err *err);
struct kube_client cluster_client(struct cluster *cluster, struct fiber *fiber);

/* One request and its answer, within a fiber; says what to do about errors. */
must_use bool cluster_ask(struct cluster *cluster, struct fiber *fiber, struct arena *arena,
                          const struct kube_request *request, const char *what,
                          struct json_value *ret, struct err *err);

/* The same from outside of one. `what` names it in errors: "get agenttask a". */
must_use bool cluster_call(struct cluster *cluster, struct arena *arena,
                           const struct kube_request *request, const char *what,
                           struct json_value *ret, struct err *err);

/* The task of that name in the namespace. */
must_use bool cluster_task(struct cluster *cluster, struct str space, struct str name,
                           struct arena *arena, struct task *ret, struct err *err);
struct kube_request cluster_cancel_request(struct arena *arena, const struct task *task);
must_use bool cluster_remove(struct cluster *cluster, const struct task *task, struct err *err);

/* One walk over a list, page by page. */
struct list_walk {
    const struct place_query *query;
    bool (*visit)(void *ctx, const struct task *task); /* false: stop */
    void *ctx;
    bool has_stopped;           /* visit said so */
    char version[VERSION_TEXT]; /* of the list */
};
must_use bool cluster_walk(struct cluster *cluster, struct fiber *fiber, struct list_walk *walk,
                           struct err *err);
struct list_query cluster_query(struct arena *arena, struct str name, struct str labels);

void seen_init(struct seen *seen, const struct task *task); /* whose texts stay the caller's */
void seen_fini(struct seen *seen);
struct watched watched_of(const struct task *task);

/* Waits in the fiber until the task changes, and takes it over. ERR_ABSENT: it was deleted. After
 * wait_ms without news it is looked at, and may be as it was. A server that is away for a while is
 * no error. */
must_use bool cluster_watch(struct cluster *cluster, struct fiber *fiber, int64_t wait_ms,
                            struct seen *seen, struct err *err);

/* The whole output, as it comes from the Pod, then what of the rest was kept; returns when the task
 * is over, which `seen` then says. */
must_use bool cluster_log_whole(struct cluster *cluster, struct fiber *fiber, struct seen *seen,
                                const struct place_log *log, struct err *err);

/* The members of a struct place (cluster_place.c has the others). */
bool cluster_pause(void *self, int64_t ms);
bool cluster_follow(void *self, const struct place_query *query, const struct listing *shown,
                    bool (*visit)(void *ctx, const struct task *task), void *ctx, struct err *err);
bool cluster_log(void *self, const struct task *task, const struct place_log *log, struct err *err);
bool cluster_profiles(void *self, const struct words *names, const char *output_word,
                      struct err *err);
bool cluster_doctor(void *self, const struct doctor_options *options, struct doctor *doctor,
                    struct err *err);
bool cluster_prepare(void *self, const struct run_options *options, struct run_request *request,
                     struct err *err);
bool cluster_run(void *self, const struct run_options *options, const struct output *output,
                 const struct run_request *request, struct err *err);
