// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The keeper of what our TLS servers show. A fiber looks at it again and again and calls changed()
 * with each new pair; who shows it swaps it without dropping a connection.
 *
 * Without a directory the pair stands in the Secret TLS_SECRET, which whoever leads makes, renews,
 * mends (operator/certificate_plan.h) and has trusted by the webhook's configuration, if there is
 * one; the others only read both, unless nobody does it for half a minute. Nobody is asked before a
 * write: each names the version that was read, so it does no harm if two do the same. With a
 * directory it is the files tls.crt and tls.key in it, which somebody else keeps; neither Secret
 * nor configuration is touched then.
 *
 * Keys are in memory as long as they are served, and are never told to anybody but changed(). */
#include "base/err.h"
#include "kube/transport.h"
#include "operator/certificate_plan.h"
#include "sys/reactor.h"

enum {
    CERTIFICATE_FIBERS = 1, /* that it takes from the pool */
};

struct certificate_spec { /* its texts are copied */
    const struct transport *transport;
    const struct reactor *reactor;
    struct fiber_pool *fibers;
    struct str space;        /* of the Secret, and of our Services */
    struct x509_names names; /* of the pair in the Secret */
    int64_t leaf_ms;         /* how long a certificate lives; 0: CERTIFICATE_LEAF_MS */
    struct str directory;    /* empty: the Secret */
    /* The texts are gone when it returns. */
    void (*changed)(void *ctx, struct str certificate, struct str key);
    /* For a log line, in words of ours: what was done and why, or (err not NULL) what stands in the
     * way. */
    void (*told)(void *ctx, const char *what, const char *because, const struct err *err);
    void *ctx;
};

struct certificate_keeper;

struct certificate_keeper *certificate_new(const struct certificate_spec *spec);
/* Stopped and idle; NULL is fine; returns NULL. */
struct certificate_keeper *certificate_free(struct certificate_keeper *keeper);
must_use bool certificate_start(struct certificate_keeper *keeper, struct err *err);
void certificate_lead(struct certificate_keeper *keeper); /* from now on it also writes */
void certificate_stop(struct certificate_keeper *keeper); /* not from its callbacks */
bool certificate_is_idle(const struct certificate_keeper *keeper);

/* There is a pair, its time has come and is not over, and the webhook's configuration, if there is
 * one, has trusted it once. */
bool certificate_is_valid(const struct certificate_keeper *keeper, int64_t now_ms);
int64_t certificate_until_ms(const struct certificate_keeper *keeper); /* 0: there is none */
