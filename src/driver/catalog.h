// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The RuntimeProfiles known on this machine: the built-in set, then those of the system's
 * directory, then the user's; a later one of the same name replaces an earlier. Read on demand and
 * strictly: a broken file is an error, never skipped (promise H17). */
#include "base/arena.h"
#include "base/err.h"
#include "core/profile.h"

struct catalog {
    const char *system_directory; /* "/etc/agenttask/profiles.d"; NULL: none */
    const char *user_directory;   /* "~/.config/agenttask/profiles.d"; NULL: none */
    const char *version_cache;    /* file that remembers what interpreters said of their version;
                                   * NULL: ask every time */
};

/* From $XDG_CONFIG_HOME, $XDG_CACHE_HOME and $HOME, each of which may be NULL. */
struct catalog catalog_of(struct arena *arena, const char *config_home, const char *cache_home,
                          const char *home);

/* ERR_ABSENT: no such profile; the text lists those there are, and the nearest. */
must_use bool catalog_find(const struct catalog *catalog, struct arena *arena, struct str name,
                           struct profile *ret, struct err *err);
/* All of them, in order of name. */
must_use bool catalog_list(const struct catalog *catalog, struct arena *arena, struct profile **ret,
                           uint32_t *ret_count, struct err *err);

/* Where the profile's interpreter is on this machine: an absolute path as given, or a name looked
 * up in /usr/local/bin, /usr/bin and /bin (never in $PATH: an interpreter in a home directory is
 * not reachable from the sandbox). ERR_REFUSED: not here, or it says it is another version; tells
 * what is here and what to do. Never a silent substitute (promise H14). */
must_use bool catalog_interpreter(const struct catalog *catalog, struct arena *arena,
                                  const struct profile *profile, const char **ret_path,
                                  struct err *err);

/* The names of the profiles for a file of this name, in order of preference, then NULL; NULL: none
 * is known for such a name. */
const char *const *catalog_profiles_for(struct str file_name);
#define CATALOG_UNKNOWN_KIND                                                                       \
    "no profile is known for this kind of file (.py, .js, .mjs, .cjs, .sh are): name one with "    \
    "--profile"

/* The first profile for a file of this name that can run here (".py": python3.11, python3.12 …;
 * ".js", ".mjs", ".cjs": node18 …; ".sh": bash), and its interpreter. ERR_INVALID: no profile for
 * such a name; ERR_REFUSED: none of them can run here. */
must_use bool catalog_guess(const struct catalog *catalog, struct arena *arena,
                            struct str file_name, struct profile *ret, const char **ret_path,
                            struct err *err);
