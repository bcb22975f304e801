// SPDX-License-Identifier: Apache-2.0
#include "toy_operator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "operator/options.h"
#include "sys/file.h"

static bool may_write(void *ctx)
{
    const struct toy_operator *op = ctx;

    return !op->may_not_write;
}

void toy_operator_init(struct toy_operator *op,
                       enum toy_fault (*fault)(void *ctx, const struct kube_request *request))
{
    toy_init(&op->cluster);
    op->cluster.fault = fault;
    op->cluster.ctx = op;
    op->transport = toy_transport(&op->cluster);
    op->reactor = toy_reactor(&op->cluster);
    op->fibers = fiber_pool_new(CONTROLLER_FIBERS + WORKERS_MAX);
    op->log = (struct log){
        .fd = memfd_create("log", MFD_CLOEXEC), .level = LEVEL_ERROR, .reactor = &op->reactor};
    config_init(&op->config);
}

void toy_operator_fini(struct toy_operator *op)
{
    fiber_pool_free(op->fibers);
    toy_fini(&op->cluster);
    fd_end(&op->log.fd);
}

void toy_operator_open(struct toy_operator *op)
{
    struct controller_spec spec = {
        .transport = &op->transport,
        .reactor = &op->reactor,
        .fibers = op->fibers,
        .log = &op->log,
        .metrics = &op->metrics,
        .instance = STR_LIT("me"),
        .runner_image = STR_LIT("example.org/operator:1"),
        .webhook_space = op->webhook_space,
        .may_write = may_write,
        .ctx = op,
    };
    struct err err = {0};

    op->controller = controller_new(&spec, &op->config);
    assert_true(controller_start(op->controller, &err));
}

void toy_operator_close(struct toy_operator *op)
{
    controller_stop(op->controller);
    for (int i = 0; i < 200 && !controller_is_idle(op->controller); i++)
        toy_run(&op->cluster, 100);
    assert_true(controller_is_idle(op->controller));
    controller_end(op->controller);
    op->controller = controller_free(op->controller);
}
