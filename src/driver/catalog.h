// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The RuntimeProfiles known on this machine: the built-in set, then /etc/agenttask/profiles.d, then
 * ~/.config/agenttask/profiles.d ($XDG_CONFIG_HOME); a later one of the same name replaces an
 * earlier. Read on demand, strictly: a broken file is an error, never skipped (promise H17). */
#include "base/arena.h"
#include "base/err.h"
#include "core/profile.h"

/* ERR_ABSENT: no such profile; the text lists those there are. */
must_use bool catalog_find(struct arena *arena, struct str name, struct profile *ret,
                           struct err *err);
must_use bool catalog_list(struct arena *arena, struct profile **ret, uint32_t *ret_count,
                           struct err *err);

/* Where the profile's interpreter is on this machine. ERR_REFUSED: not here, or another version;
 * says which is here and what to do. Never a silent substitute. */
must_use bool catalog_interpreter(struct arena *arena, const struct profile *profile,
                                  const char **ret_path, struct err *err);

/* The first profile for a file of this name that can run here (".py": python3.11, python3.12 …). */
must_use bool catalog_guess(struct arena *arena, struct str file_name, struct profile *ret,
                            struct err *err);
