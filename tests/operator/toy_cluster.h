// SPDX-License-Identifier: Apache-2.0
#pragma once

/* An API server of all kinds, with lists, watches, versions, finalizers, preconditions and a status
 * part, and the clock of everybody who speaks to it: in memory, in one thread. There is no kubelet:
 * the test says what becomes of a Pod. Every request can be made to fail, and is counted. */
#include "kube/transport.h"
#include "sys/reactor.h"
#include "json/json.h"

enum {
    TOY_CHANGES_MAX = 16384,
    TOY_EXCHANGES_MAX = 128,
    TOY_ALARMS_MAX = 256,
    TOY_TICK_MS = 5, /* an answer takes that long */
};

enum toy_fault {
    TOY_NO_FAULT,
    TOY_LOST,    /* acted on; the answer is lost */
    TOY_REFUSED, /* not acted on: 422 */
    TOY_SILENT,  /* not answered until toy_release() */
};

struct toy_change { /* and the object since then; the last one of a name is what stands */
    char plural[32], space[32], name[64];
    int64_t version;
    const char *event; /* ADDED, MODIFIED, DELETED */
    struct str text;   /* JSON */
};

struct toy_cluster {
    struct arena arena; /* of all that ever was */
    int64_t now_ms;
    struct toy_change changes[TOY_CHANGES_MAX];
    uint32_t change_count, uids;
    struct exchange *exchanges[TOY_EXCHANGES_MAX];
    struct alarm *alarms[TOY_ALARMS_MAX];
    /* Asked for every request that is no watch; may be NULL. */
    enum toy_fault (*fault)(void *ctx, const struct kube_request *request);
    void *ctx;
    uint32_t reads, writes; /* Events apart */
    uint32_t events;
};

void toy_init(struct toy_cluster *cluster);
void toy_fini(struct toy_cluster *cluster); /* nobody asks any more */
struct transport toy_transport(struct toy_cluster *cluster);
struct reactor toy_reactor(struct toy_cluster *cluster);
void toy_release(struct toy_cluster *cluster); /* what was silent is answered */
void toy_run(struct toy_cluster *cluster, int64_t for_ms);

/* As others do it. space: empty for what has none. */
void toy_create(struct toy_cluster *cluster, const char *plural, const char *space,
                const char *json);
void toy_merge(struct toy_cluster *cluster, const char *plural, const char *space, const char *name,
               const char *patch); /* any part of it */
void toy_delete(struct toy_cluster *cluster, const char *plural, const char *space,
                const char *name);
/* NULL: there is none. */
const char *toy_find(struct toy_cluster *cluster, const char *plural, const char *space,
                     const char *name);
/* The text at a path of names with dots between, "" if there is none. */
const char *toy_text(struct toy_cluster *cluster, const char *plural, const char *space,
                     const char *name, const char *path);
uint32_t toy_count(const struct toy_cluster *cluster, const char *plural); /* that stand now */
/* Those of them in whose JSON that text is. */
uint32_t toy_matching(const struct toy_cluster *cluster, const char *plural, const char *text);
