// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The whole controller on a cluster in memory; the test plays user, kubelet and stranger. What a
 * test wants beside it, it keeps in a struct of its own that begins with this one. */
#include "operator/controller.h"
#include "toy_cluster.h"

struct toy_operator {
    struct toy_cluster cluster;
    struct transport transport;
    struct reactor reactor;
    struct fiber_pool *fibers;
    struct log log; /* into memory */
    struct metrics metrics;
    struct config config;
    struct controller *controller;
    struct str webhook_space; /* empty: there is no webhook */
    bool may_not_write;
};

/* fault: what befalls a request, with `op` as its context; may be NULL. Then the controller is
 * still to be opened, so that the cluster can be prepared. */
void toy_operator_init(struct toy_operator *op,
                       enum toy_fault (*fault)(void *ctx, const struct kube_request *request));
void toy_operator_fini(struct toy_operator *op);

void toy_operator_open(struct toy_operator *op);
void toy_operator_close(struct toy_operator *op); /* when nothing of it is under way any more */
