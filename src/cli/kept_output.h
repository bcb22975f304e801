// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The output of a finished task once more, as it would have been seen live: its stdout on stdout,
 * its stderr on stderr. (`agentctl logs` prints both on stdout, as kubectl does.) */
#include "cli/session.h"
#include "core/task.h"

must_use bool kept_output_show(struct session *session, const struct task *task, bool is_raw,
                               struct err *err);
