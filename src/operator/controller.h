// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The operator without its shell: informers feed a queue, fibers take keys from it and reconcile.
 * It speaks to one transport and one reactor, so that a simulator can turn it as well as the real
 * loop does. It acts only between controller_lead() and controller_stop(); its caches are filled
 * before, so that a follower takes over at once. */
#include "driver/kube_task.h"
#include "kube/transport.h"
#include "operator/config.h"
#include "operator/health.h"
#include "operator/log.h"
#include "operator/metrics.h"
#include "sys/reactor.h"

enum {
    CONTROLLER_FIBERS = 64, /* besides one per worker */
};

struct controller_spec { /* all of it outlives the controller */
    const struct transport *transport;
    const struct reactor *reactor;
    struct fiber_pool *fibers;
    struct log *log;
    struct metrics *metrics;
    struct str space;    /* the one namespace to look at; empty: all */
    struct str instance; /* who we are, in Events */
    struct str runner_image;
    bool allow_config_map_refs;
    struct str webhook_space;     /* of our webhook's Service; empty: there is none */
    struct str canary;            /* our address, where it listens; empty: it does not */
    uint32_t workers;             /* 0: as the config says */
    bool awaits_config;           /* nothing is started before controller_configure() */
    bool (*may_write)(void *ctx); /* asked before every write; NULL: always */
    void *ctx;
};

struct controller;

struct controller *controller_new(const struct controller_spec *spec, const struct config *config);
/* Nothing of it may be under way any more. NULL is fine; returns NULL. */
struct controller *controller_free(struct controller *controller);

must_use bool controller_start(struct controller *controller, struct err *err);
/* From now on; looked at until the next one takes its place. */
void controller_configure(struct controller *controller, const struct config *config);
void controller_lead(struct controller *controller);          /* once */
void controller_stop(struct controller *controller);          /* takes up nothing new */
bool controller_is_idle(const struct controller *controller); /* nothing that writes is under way */
void controller_end(struct controller *controller);           /* then: no more news either */

const struct kube_caches *controller_caches(const struct controller *controller); /* as it fills */
void controller_health(const struct controller *controller, struct health *ret);
/* Ours of them. */
void controller_gauges(const struct controller *controller, struct arena *arena,
                       struct gauges *ret);
