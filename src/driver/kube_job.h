// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What a task becomes in a Pod: the command line and limits, and the job file of the runner. Pure
 * but for the arena. */
#include "base/arena.h"
#include "core/profile.h"

/* The profile with image, command and egress as this task gets them. ERR_INVALID: the profile does
 * not allow what the task asks for, or cannot be run in a Pod. ERR_REFUSED: it opens the network,
 * and there is no canary. */
must_use bool kube_effective(struct arena *arena, const struct task *task,
                             const struct profile *profile, bool has_canary,
                             struct task_effective *ret, struct err *err);

/* The job file (core/job.h). user_namespace: the Pod has one of its own, so its processes can be
 * counted. canary: the address that a task with egress proves its policy with. */
must_use bool kube_job_make(struct arena *arena, const struct task *task,
                            const struct profile *profile, const struct task_effective *effective,
                            bool user_namespace, struct str canary, struct str *ret,
                            struct err *err);
