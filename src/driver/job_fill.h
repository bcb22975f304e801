// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What the jobs of a sandbox and of a Pod have in common: command line and environment.
 * ERR_INVALID: more than a job holds. */
#include "base/arena.h"
#include "core/job.h"
#include "core/profile.h"

enum {
    OPEN_FILES_MAX = 4096,
    PROCESSES_MAX = 512, /* of a run, as a kubelet's usual podPidsLimit is of this order */
};

/* The command, then the words of the task. */
must_use bool job_fill_args(const struct strs *command, const struct strs *args, struct job *job,
                            struct err *err);

/* A few of our own, then the profile's, then the task's; a later one of a name replaces an earlier
 * one. Nothing of the machine: what the code sees is the same everywhere. */
must_use bool job_fill_env(struct arena *arena, const struct pairs *profile_env,
                           const struct pairs *task_env, struct job *job, struct err *err);
