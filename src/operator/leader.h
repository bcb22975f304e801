// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Keeps a Lease (kube/lease.h) on an API server, so that of several operators one acts. A fiber
 * acquires and renews it; a follower watches it, so that a release is noticed at once and a silent
 * leader when its time is up. An alarm of its own says when it is lost, whatever the fiber waits
 * for. Every write is conditional on the version that was seen. */
#include "base/err.h"
#include "kube/transport.h"
#include "sys/reactor.h"

enum {
    LEADER_FIBERS = 2 /* that it takes from the pool */
};

struct leader_spec { /* its texts are copied */
    /* Best one of its own: a renewal must not stand in a queue behind the work. */
    const struct transport *transport;
    const struct reactor *reactor;
    struct fiber_pool *fibers;
    struct str space, name;     /* of the Lease */
    struct str self;            /* no two processes are called the same */
    void (*elected)(void *ctx); /* at most once */
    /* At most once, after that: stop acting, exit. */
    void (*lost)(void *ctx, const struct err *err);
    void (*troubled)(void *ctx, const struct err *err); /* for a log line: it goes on by itself */
    void *ctx;
};

struct leader;

struct leader *leader_new(const struct leader_spec *spec);
struct leader *leader_free(struct leader *leader); /* idle; NULL is fine; returns NULL */
must_use bool leader_start(struct leader *leader, struct err *err);
bool leader_holds(void *leader); /* right now; in the form of kube_client.may_write */

/* Its last try was forbidden: until somebody mends the rights, it will never lead. */
bool leader_is_refused(const struct leader *leader);

/* All work has ended: the lease is given back, if it was ours. Not called from its callbacks. */
void leader_leave(struct leader *leader);
bool leader_is_idle(const struct leader *leader); /* that is done, too, or it was lost */
