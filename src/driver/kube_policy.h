// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The network policies that a task needs: the standing one of its namespace, and, if it gets
 * egress, the one of its rules. What it gets is in world->effective (and from the intent on in its
 * status): a profile that is edited later changes neither. */
#include "driver/kube_task.h"

/* Fills in has_policy and policy_settled_ms, of all of them together, from the caches. */
void kube_policy_look(const struct kube_task *run, struct world *ret);

/* Makes those that do not stand. One that says something else is put right, whoever made it. */
must_use bool kube_policy_put(struct kube_task *run, const struct world *world, struct err *err);

/* Is this kept policy the one of the task's own rules, as we would write it? */
bool kube_policy_is_own(const struct kube_task *run, struct str name,
                        const struct json_value *object);
