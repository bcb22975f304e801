// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What an administrator sets for all tasks: a small YAML text, read strictly, with every error at
 * its place. It comes from a ConfigMap that is watched (config_map.h) or from a file. The limits
 * and weights of room.h, who may count as which tenant, and times of kube_task.h.
 *
 * A tenant is whose budget a task counts against. Its namespace is one that every task may name,
 * and does if it names none. Any other one it may name only where this config binds the two: by
 * the namespace, or by who made the task. Only admission sees who makes a task, so what binds by
 * user or group is believed later on only of a task that admission has let in. */
#include "base/arena.h"
#include "base/err.h"
#include "core/task.h"

enum {
    CONFIG_SIZE_MAX = 256 * 1024,
    CONFIG_TENANTS_MAX = 2048,
    RUNNING_MAX = 1000000,
    WEIGHT_MAX = 1000,
};

/* What metrics call all tenants that the config does not name: no tenant may be called so. */
#define TENANT_OTHERS "other"

struct config_tenant {
    struct str name;     /* spec.tenant, or a namespace; can be the value of a label */
    int64_t running_max; /* 0: any number */
    int64_t weight;      /* its share against those of others; 1 to WEIGHT_MAX */
    struct strs namespaces, users, groups; /* who may name it, besides a namespace of that name */
};

struct config {
    int64_t running_total; /* of all tenants together; 0: any number */
    int64_t running_max;   /* of a tenant for which nothing else is said; 0: any number */
    const struct config_tenant *tenants; /* by name, each once */
    uint32_t tenant_count;
    int64_t pull_grace_ms, policy_settle_ms;
    int64_t egress_keep_ms; /* an unused policy of egress rules is at least as old when it goes */
    int64_t workers;        /* 0: not given */
};

void config_init(struct config *ret); /* what holds where nothing is said */

/* `file` is for messages only. ERR_INVALID: "<file>:<line>:<column>: what". An empty text is one
 * that says nothing. The texts in it point into `text` or the arena. */
must_use bool config_read(struct arena *arena, struct str text, const char *file,
                          struct config *ret, struct err *err);

/* NULL: it is not named. */
const struct config_tenant *config_find(const struct config *config, struct str tenant);

/* May that user make a task in that namespace that counts as that tenant? */
bool config_binds(const struct config *config, struct str tenant, struct str space, struct str user,
                  struct strs groups);

/* The tenant that a task counts as: the one it asks for (may be empty) if that can be believed,
 * else its namespace. is_reviewed: admission has let it in, by these rules. */
struct str config_tenant_of(const struct config *config, struct str space, struct str asked,
                            bool is_reviewed);
