// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What `agentctl run` says of a task beside the code's own output, wherever it ran. */
#include "cli/output.h"
#include "cli/run_options.h"

/* May lines of progress be written to stderr? */
bool ending_has_progress(const struct session *session, const struct run_options *options);

/* One line on stderr when there is something to say that the code did not say itself. */
void ending_say(struct session *session, const struct run_options *options,
                const struct task *task);

/* The task as -o wants it; without -o its name and `what` became of it: "created". */
must_use bool ending_show(struct session *session, const struct output *output,
                          const struct task *task, const char *what, struct err *err);
