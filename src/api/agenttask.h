// SPDX-License-Identifier: Apache-2.0
#pragma once

/* How Kubernetes spells an AgentTask (execution.agenttask.io/v1alpha1): the one place that knows
 * its field names, as one table for reading and writing. */
#include "base/arena.h"
#include "core/task.h"
#include "json/json.h"

#define API_VERSION "execution.agenttask.io/v1alpha1"

enum api_mode {
    API_STRICT,  /* what people wrote: an unknown, misspelt or mistyped field is an error with its
                  * place and a "did you mean"; status and server-set metadata are refused too */
    API_LENIENT, /* what a server or our own store holds: unknown fields are ignored */
};

/* ERR_INVALID: "<file>:<line>:<column>: spec.timeoutSecond: no such field; did you mean
 * timeoutSeconds?". Views point into the value. Does not validate bounds (core/validate.h), but
 * what cannot be held (a number out of int64, a quantity that is none) is refused. */
must_use bool agenttask_read(struct arena *arena, const struct json_value *value, const char *file,
                             enum api_mode mode, struct task *ret, struct err *err);

/* Only its labels and annotations, whatever the rest of it is. */
must_use bool agenttask_keys_read(struct arena *arena, const struct json_value *value,
                                  struct task *ret, struct err *err);

/* The whole object, as `kubectl get -o json` would show it; absent things are left out. */
struct json_value agenttask_value(struct arena *arena, const struct task *task);

/* A v1 List of them. */
struct json_value agenttask_list_value(struct arena *arena, const struct task *tasks,
                                       uint32_t count);

/* Only .status, and back: what the store keeps. */
struct json_value agenttask_status_value(struct arena *arena, const struct task *task);
must_use bool agenttask_status_read(struct arena *arena, const struct json_value *value,
                                    struct task_status *ret, struct err *err);
