// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Running another program for what it prints: by argument vector, never through a shell. */
#include "base/arena.h"
#include "base/err.h"

/* Runs argv[0] (absolute path, argv ends with NULL) with an empty environment and no stdin, takes
 * its stdout and stderr together, at most size_max bytes (more is dropped). Killed, and ERR_RETRY,
 * after timeout_ms. The exit status does not matter. */
must_use bool process_output(struct arena *arena, const char *const argv[], size_t size_max,
                             int64_t timeout_ms, struct str *ret, struct err *err);
