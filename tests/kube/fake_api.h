// SPDX-License-Identifier: Apache-2.0
#pragma once

/* An API server of one resource, its network and the clock, in memory: every change has a version
 * and is kept in a log, from which lists (in pages) and watches are answered as the real one
 * would; a get, create and update compare versions. Faults are planted per kind of request. */
#include "base/buf.h"
#include "kube/transport.h"
#include "sys/reactor.h"

enum fake_kind { /* of a request */
    FAKE_LIST,
    FAKE_WATCH,
    FAKE_READ,
    FAKE_WRITE,
};

enum fake_fault_kind {
    FAULT_REFUSED,   /* no connection */
    FAULT_STATUS,    /* answered with HTTP status `arg` */
    FAULT_LOST,      /* write: done, but the answer is lost */
    FAULT_OLD,       /* list: as it was `arg` changes ago */
    FAULT_ERROR,     /* watch: an ERROR event with code `arg` */
    FAULT_BREAK,     /* watch: cut in the middle of a line, after `arg` events */
    FAULT_END,       /* watch: ended at once */
    FAULT_SILENT,    /* watch: half open, nothing comes any more */
    FAULT_GARBAGE,   /* watch: no JSON */
    FAULT_UNORDERED, /* watch: what waits to be sent comes backwards, and twice; arg > 0: cut then
                      */
    FAULT_REPLAY,    /* watch: all that ever was made comes again first */
    FAULT_HIDE,      /* watch: the next `arg` changes of an object are shown as the last of them */
};

struct fake_fault {
    enum fake_fault_kind kind;
    enum fake_kind on;
    int arg;
    int skip;  /* so many requests of that kind are spared before */
    int times; /* and then so many are hit */
};

struct fake_change {
    int64_t version;
    const char *event; /* ADDED … */
    char name[32], uid[32];
    char spec[512]; /* JSON */
};

enum {
    FAKE_CHANGES_MAX = 8192,
    FAKE_FAULTS_MAX = 16,
    FAKE_EXCHANGES_MAX = 8,
    FAKE_ALARMS_MAX = 32,
    FAKE_TICK_MS = 20,
};

struct fake_api {
    int64_t now_ms;
    uint32_t dice;
    struct alarm *alarms[FAKE_ALARMS_MAX];
    struct exchange *exchanges[FAKE_EXCHANGES_MAX];
    struct fake_fault faults[FAKE_FAULTS_MAX];
    struct fake_change *changes; /* FAKE_CHANGES_MAX */
    uint32_t change_count;
    int64_t version, compacted; /* older ones are gone */
    uint32_t uids;
    size_t chunk_size; /* of what is sent; 0: whole */
    size_t page_max;   /* larger lists do not come through; 0: as the request says */
    bool has_no_bookmarks;
    uint32_t requests[4]; /* by kind */
};

void fake_init(struct fake_api *api, struct fake_change *changes);
void fake_fini(struct fake_api *api); /* nobody may be asking any more */
struct transport fake_transport(struct fake_api *api);
struct reactor fake_reactor(struct fake_api *api);
void fake_run(struct fake_api *api, int64_t for_ms);

void fake_put(struct fake_api *api, const char *name, const char *spec); /* created or changed */
void fake_drop(struct fake_api *api, const char *name);
void fake_compact(struct fake_api *api); /* all but the present is forgotten */
void fake_plant(struct fake_api *api, struct fake_fault fault);
const struct fake_change *fake_find(const struct fake_api *api, const char *name); /* or NULL */
uint32_t fake_count(const struct fake_api *api);
