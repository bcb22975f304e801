// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The interpreter of a profile on this machine, found and asked for its version. Asking costs a
 * start of the interpreter (node: 40 ms), so the answer is remembered in a cache file, keyed by
 * the interpreter's device, inode, size and time of change: an upgrade asks anew. */
#include "base/arena.h"
#include "base/err.h"
#include "core/profile.h"

/* As catalog_interpreter(). `version_cache` may be NULL; a cache that cannot be read or written
 * only costs time. */
must_use bool interpreter_find(struct arena *arena, const struct profile *profile,
                               const char *version_cache, const char **ret_path, struct err *err);

/* The first dotted number in what `--version` printed: "Python 3.11.2" -> "3.11.2". */
struct str interpreter_version(struct str output);
/* True if the version is the wanted one or one below it: "3.11" takes 3.11 and 3.11.2, not 3.1. */
bool interpreter_version_fits(struct str version, struct str wanted);
