// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Was this task let in by our webhook, so that somebody checked what its author may do? The webhook
 * configuration is read live, once per look at a task that depends on it: it must stand guard over
 * new tasks now, and must have been made GUARD_SETTLE_MS before the task, for API servers hear of
 * it a moment later. Who may edit the configuration can still have switched it off in between; he
 * is an administrator of the cluster. */
#include "driver/kube_task.h"

#define GUARD_SETTLE_MS INT64_C(5000)

/* False: the error says why nothing can be said now. ret_gap at NULL: it was let in by it; else in
 * the arena, why that cannot be believed. */
must_use bool kube_guard_look(struct kube_task *run, struct str *ret_gap, struct err *err);
