// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Programs as files: finding the one that the code is, and bringing the runner itself to where it
 * is needed. */
#include <limits.h>

#include "base/err.h"

/* A name without a slash is looked for along PATH of `env`, as a shell would; anything else is the
 * path already. */
must_use bool program_find(const char *name, char *const env[], char ret[PATH_MAX],
                           struct err *err);

/* Copies the running program to `path`, in place of what was there: executable, not writable. */
must_use bool program_install(const char *path, struct err *err);
