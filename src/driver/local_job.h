// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What a task becomes on this machine: the command line, the environment and the limits of its
 * sandbox. Pure but for the arena; `agentctl run --dry-run` prints it. */
#include "driver/supervisor.h"
#include "sandbox/sandbox.h"

/* ERR_INVALID: the profile does not allow what the task asks for. */
must_use bool local_job_make(const struct supervisor_spec *spec, struct arena *arena,
                             struct task_effective *ret_effective, struct sandbox_spec *ret,
                             struct err *err);
