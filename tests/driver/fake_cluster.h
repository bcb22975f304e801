// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A cluster in memory: an API server with versions, preconditions, finalizers, graceful deletion
 * and a status subresource, a kubelet, a garbage collector and a clock, behind the transport and
 * the reactor. Answers come from its loop, never from inside. It keeps account of what may never
 * happen, and any request can be made to go wrong. */
#include "base/arena.h"
#include "kube/transport.h"
#include "sys/reactor.h"
#include "json/json.h"

enum {
    FAKE_OBJECTS_MAX = 64,
    FAKE_REQUESTS_MAX = 512,
    FAKE_ALARMS_MAX = 16,
    FAKE_EXCHANGES_MAX = 8,
    FAKE_TEXT = 160,
};
#define FAKE_START_MS INT64_C(1700000000000)

struct fake_object {
    char plural[32];
    struct json_value value;
};

enum fake_ending { /* of the code, if nobody stops it */
    FAKE_EXITS,
    FAKE_NEVER,
    FAKE_OOM,     /* the runner goes with it */
    FAKE_EVICTED, /* by the kubelet */
    FAKE_LOST,    /* its node is gone: the Pod is said to have failed, and nothing else */
};

struct fake_plan { /* what the nodes and the code will do, from the creation of a Pod on */
    int64_t bind_ms, start_ms, run_ms;
    const char *waiting; /* while it is bound and not started; NULL: ContainerCreating */
    bool starts_never, is_silent_after; /* the latter: the node dies once the code runs */
    bool is_early;                      /* its kubelet says that it failed before it has stopped */
    enum fake_ending ending;
    int exit_code;
    const char *output, *result;
    bool is_framed;        /* the result is behind the output, as is ... */
    const char *artifact;  /* ... a file a/b.txt of that text */
    size_t log_size_max;   /* more of it is lost; 0: nothing is */
    int64_t log_absent_ms; /* so long after the end a kubelet does not answer ... */
    int64_t log_excuse_ms; /* ... or says in the log that it has none */
};

enum fake_fault_kind {
    FAKE_NO_FAULT,
    FAKE_KILL,    /* acted on; whoever asked is dead before the answer comes */
    FAKE_RESET,   /* acted on; the connection breaks before the answer comes */
    FAKE_REFUSE,  /* not acted on: HTTP 500 */
    FAKE_UNHEARD, /* not acted on: no connection */
    FAKE_STALL,   /* acted on; the answer comes when fake_resume() says so */
    FAKE_DELAY,   /* acted on only then: it was still on its way */
};

struct fake_cluster {
    struct arena arena;
    int64_t now_ms;
    int64_t version;
    uint32_t uids;
    struct fake_object objects[FAKE_OBJECTS_MAX];
    uint32_t object_count;
    struct alarm *alarms[FAKE_ALARMS_MAX];
    struct exchange *exchanges[FAKE_EXCHANGES_MAX];
    struct fake_plan plan;
    /* of the one run */
    char pod_uid[64];
    int64_t pod_seen_ms, started_ms, ended_ms;
    bool is_log_gone;
    /* faults */
    enum fake_fault_kind fault;
    uint32_t fault_at; /* number of the request, from 1 */
    bool is_killed;
    struct exchange *stalled;
    const char *refuse_pods; /* with that message, as 403 (or 422 with "invalid") */
    const char *pod_patch;   /* what a mutating webhook makes of Pods; NULL: nothing */
    bool refuses_maps;       /* ConfigMaps of output, as 403 */
    bool loses_codes;        /* code ConfigMaps are removed by somebody as soon as they are made */
    /* account */
    char requests[FAKE_REQUESTS_MAX][FAKE_TEXT];
    uint32_t request_count, write_count, pods_created, starts;
    bool has_rivals;        /* then a Pod may be made late, which can never start ... */
    uint32_t pods_late;     /* ... and is not counted above */
    char broken[FAKE_TEXT]; /* the first promise that was broken; "": none */
    void (*changed)(void *ctx, const char *plural, const struct json_value *object, bool is_gone);
    void *ctx;
};

void fake_init(struct fake_cluster *cluster);
void fake_fini(struct fake_cluster *cluster);
void fake_resume(struct fake_cluster *cluster); /* what was stalled or delayed goes on */
struct transport fake_transport(struct fake_cluster *cluster);
struct reactor fake_reactor(struct fake_cluster *cluster);

/* Delivers what was asked, rings what is due; false: nothing is. */
bool fake_turn(struct fake_cluster *cluster);
/* When something will happen by itself; INT64_MAX: never. */
int64_t fake_next_ms(struct fake_cluster *cluster);
/* Goes there, and lets it happen. */
void fake_advance(struct fake_cluster *cluster, int64_t to_ms);

/* As a user's kubectl: whole objects as JSON; their metadata is completed. */
void fake_create(struct fake_cluster *cluster, const char *plural, const char *json);
void fake_merge(struct fake_cluster *cluster, const char *plural, const char *name,
                const char *patch);
void fake_delete(struct fake_cluster *cluster, const char *plural, const char *name);
void fake_remove(struct fake_cluster *cluster, const char *plural, const char *name); /* by force */
const struct json_value *fake_find(struct fake_cluster *cluster, const char *plural,
                                   const char *name); /* or NULL */
uint32_t fake_count(const struct fake_cluster *cluster, const char *plural);
