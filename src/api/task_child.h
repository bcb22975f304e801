// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What all objects that belong to a task have in common: labels, and a controller reference to the
 * task. Only such an object is ours: one of the same name without it is a stranger's. Also the one
 * way to change finalizers without touching those of others. */
#include "core/task.h"
#include "json/json.h"

#define LABEL_TASK      "agenttask.io/task"
#define LABEL_TENANT    "agenttask.io/tenant"
#define LABEL_EGRESS    "agenttask.io/egress"    /* on Pods alone: which egress they get */
#define ANNOTATION_TASK "agenttask.io/task-name" /* only where the label cannot hold it */

/* metadata: name, namespace, labels, owner. For more (finalizers), json_put(). */
struct json_value child_metadata(struct arena *arena, const struct task *task, struct str name);

/* With one label more, unless `value` is empty. */
struct json_value child_metadata_with(struct arena *arena, const struct task *task, struct str name,
                                      const char *label, struct str value);

struct child { /* of any object */
    struct str space, name, uid, version;
    struct str owner_uid, owner_name; /* its controller's; empty: it has none */
    struct str task_label, egress_label;
    int64_t created_ms, deleted_ms;
};
/* Never fails: what is not there is empty. */
void child_read(const struct json_value *object, struct child *ret);
bool child_is_of(const struct child *child, const struct task *task);

bool finalizer_is_on(const struct json_value *object, const char *finalizer);
/* Merge patch that puts it on or takes it off the object as it was read: conditional on its
 * version. The object may be what a keeper kept of it. */
struct json_value finalizer_patch(struct arena *arena, const struct json_value *object,
                                  const char *finalizer, bool is_on);
