// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What an administrator sets for all tasks: a small YAML file, read strictly, with every error at
 * its place. The limits of room.h, and times of kube_task.h. */
#include "base/arena.h"
#include "base/err.h"

enum {
    CONFIG_SIZE_MAX = 256 * 1024,
    TENANTS_MAX = 4096,
    RUNNING_MAX = 1000000,
};

struct tenant_limit {
    struct str name; /* spec.tenant, or the namespace where a task names none */
    int64_t running_max;
};

struct config {
    int64_t running_max;                /* of a tenant that is not named; 0: no limit */
    const struct tenant_limit *tenants; /* in no order, each once */
    uint32_t tenant_count;
    int64_t pull_grace_ms, policy_settle_ms;
    int64_t workers; /* 0: not given */
};

void config_init(struct config *ret); /* what holds where nothing is said */

/* `file` is for messages only. ERR_INVALID: "<file>:<line>:<column>: what". An empty text is one
 * that says nothing. */
must_use bool config_read(struct arena *arena, struct str text, const char *file,
                          struct config *ret, struct err *err);
