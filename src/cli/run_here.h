// SPDX-License-Identifier: Apache-2.0
#pragma once

/* `agentctl run` on this machine: finds the interpreter, splits into a front that waits and a
 * supervisor (driver/supervisor.h), shows what the code writes. For local_place.c. */
#include "cli/output.h"
#include "cli/run_options.h"

must_use bool run_here_prepare(void *session, const struct run_options *options,
                               struct run_request *request, struct err *err);
must_use bool run_here(void *session, const struct run_options *options,
                       const struct output *output, const struct run_request *request,
                       struct err *err);

/* A program of ours that runs in sandboxes: beside agentctl itself, or where a package puts it. */
must_use bool run_here_program(struct arena *arena, const char *name, const char **ret,
                               struct err *err);
