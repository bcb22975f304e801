// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What the runner takes away from itself and from the code, besides files (runner/landlock.h) and
 * calls (runner/filter.h). Each does all it says or fails; what a job switched off is not called.
 */
#include "base/err.h"
#include "core/job.h"

/* For this process and, but for the last, all that it starts: the parent-death signal that the
 * launcher set holds on, no new privileges, not dumpable. *ret_controls: what is in force. */
must_use bool confine_self(uint32_t switched_off, uint32_t *ret_controls, struct err *err);

/* Empties the capability sets. The bounding set may stay, if only CAP_SETPCAP could empty it and
 * no_new_privs keeps anything from being gained by it; *ret_is_empty: all five are empty. */
must_use bool confine_capabilities(bool *ret_is_empty, struct err *err);

/* Hard and soft limits, never above what they were. */
must_use bool confine_limits(const struct job *job, struct err *err);
