// SPDX-License-Identifier: Apache-2.0
#include "driver/catalog.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "api/builtin.h"
#include "api/manifest.h"
#include "core/validate.h"
#include "driver/interpreter.h"
#include "sys/file.h"

enum {
    FILE_SIZE_MAX = 1024 * 1024,
    FILES_MAX = 1000,
    PROFILES_MAX = 1000,
};

struct profiles {
    struct profile *at;
    uint32_t count;
};

struct catalog catalog_of(struct arena *arena, const char *config_home, const char *cache_home,
                          const char *home)
{
    struct catalog catalog = {.system_directory = "/etc/agenttask/profiles.d"};

    if (config_home && config_home[0] == '/')
        catalog.user_directory = arena_print(arena, "%s/agenttask/profiles.d", config_home).at;
    else if (home && home[0] == '/')
        catalog.user_directory = arena_print(arena, "%s/.config/agenttask/profiles.d", home).at;
    if (cache_home && cache_home[0] == '/')
        catalog.version_cache = arena_print(arena, "%s/agenttask/versions", cache_home).at;
    else if (home && home[0] == '/')
        catalog.version_cache = arena_print(arena, "%s/.cache/agenttask/versions", home).at;
    return catalog;
}

/* -- reading ---------------------------------------------------------------- */

/* A profile of that name that is there already stays: directories are read user first. */
static bool profiles_add(struct profiles *profiles, struct profile profile, struct err *err)
{
    for (uint32_t i = 0; i < profiles->count; i++)
        if (str_equal(profiles->at[i].name, profile.name))
            return true;
    if (profiles->count == PROFILES_MAX)
        return err_set(err, ERR_LIMIT, "more than %d profiles", PROFILES_MAX);
    profiles->at[profiles->count++] = profile;
    return true;
}

static bool text_read(struct arena *arena, struct str text, struct str origin,
                      struct profiles *profiles, struct err *err)
{
    struct manifest_item *items;
    uint32_t count;

    if (!manifest_read(arena, text, origin.at, &items, &count, err))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].kind != MANIFEST_PROFILE)
            return err_set(err, ERR_INVALID, "%s: only RuntimeProfiles belong in profiles.d",
                           origin.at);
        if (!profile_validate(&items[i].profile, err))
            return err_wrap(err, "%s", origin.at);
        items[i].profile.origin = origin;
        if (!profiles_add(profiles, items[i].profile, err))
            return false;
    }
    return true;
}

static bool is_manifest(const char *name)
{
    struct str file = str_of(name);

    return name[0] != '.' &&
           (str_ends(file, ".yaml") || str_ends(file, ".yml") || str_ends(file, ".json"));
}

static int name_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void directory_end(DIR **directory)
{
    if (*directory)
        closedir(*directory);
}

/* Names of the manifests in a directory, sorted. A directory that is not there has none. */
static bool directory_names(struct arena *arena, const char *path, const char *names[FILES_MAX],
                            uint32_t *ret, struct err *err)
{
    auto_end(directory_end) DIR *directory = opendir(path);
    struct dirent *entry;
    uint32_t count = 0;

    if (!directory && errno != ENOENT)
        return err_sys(err, errno, "read the profiles in %s", path);
    while (directory && (entry = readdir(directory)) != NULL) {
        if (!is_manifest(entry->d_name))
            continue;
        if (count == FILES_MAX)
            return err_set(err, ERR_LIMIT, "%s holds more than %d files", path, FILES_MAX);
        names[count++] = arena_text(arena, str_of(entry->d_name));
    }
    qsort(names, count, sizeof(names[0]), name_order);
    *ret = count;
    return true;
}

static bool directory_read(struct arena *arena, const char *path, struct profiles *profiles,
                           struct err *err)
{
    const char **names = arena_array(arena, FILES_MAX, sizeof(*names));
    uint32_t count = 0;

    if (!directory_names(arena, path, names, &count, err))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct str file = arena_print(arena, "%s/%s", path, names[i]);
        struct str text;
        if (!file_read(arena, file.at, FILE_SIZE_MAX, &text, err) ||
            !text_read(arena, text, file, profiles, err))
            return false;
    }
    return true;
}

/* The directories only: usually there are none, and the built-in profiles cost a parse each. */
static bool directories_read(const struct catalog *catalog, struct arena *arena,
                             struct profiles *ret, struct err *err)
{
    ret->at = arena_array(arena, PROFILES_MAX, sizeof(ret->at[0]));
    ret->count = 0;
    if (catalog->user_directory && !directory_read(arena, catalog->user_directory, ret, err))
        return false;
    return !catalog->system_directory || directory_read(arena, catalog->system_directory, ret, err);
}

static int profile_order(const void *a, const void *b)
{
    return str_order(((const struct profile *)a)->name, ((const struct profile *)b)->name);
}

bool catalog_list(const struct catalog *catalog, struct arena *arena, struct profile **ret,
                  uint32_t *ret_count, struct err *err)
{
    struct profiles profiles;

    if (!directories_read(catalog, arena, &profiles, err))
        return false;
    for (uint32_t i = 0; i < builtin_count(); i++)
        if (!text_read(arena, builtin_at(i), STR_LIT("built in"), &profiles, err))
            return false;
    qsort(profiles.at, profiles.count, sizeof(profiles.at[0]), profile_order);
    *ret = profiles.at;
    *ret_count = profiles.count;
    return true;
}

/* -- finding ---------------------------------------------------------------- */

static bool say_unknown(const struct catalog *catalog, struct arena *arena, struct str name,
                        struct err *err)
{
    struct profile *profiles;
    uint32_t count;
    unsigned nearest = 4;
    struct str list = {0}, guess = {0};

    if (!catalog_list(catalog, arena, &profiles, &count, err))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        unsigned distance = str_distance(name, profiles[i].name, nearest);
        if (distance < nearest) {
            nearest = distance;
            guess = profiles[i].name;
        }
        list = arena_print(arena, "%.*s%s%.*s", STR_ARG(list), i ? ", " : "",
                           STR_ARG(profiles[i].name));
    }
    if (guess.size > 0)
        return err_set(
            err, ERR_ABSENT, "no runtime profile \"%.*s\" here; did you mean %.*s? There are: %.*s",
            (int)(name.size < 64 ? name.size : 64), name.at, STR_ARG(guess), STR_ARG(list));
    return err_set(err, ERR_ABSENT, "no runtime profile \"%.*s\" here; there are: %.*s",
                   (int)(name.size < 64 ? name.size : 64), name.at ? name.at : "", STR_ARG(list));
}

bool catalog_find(const struct catalog *catalog, struct arena *arena, struct str name,
                  struct profile *ret, struct err *err)
{
    struct profiles profiles;
    struct str text;

    if (!directories_read(catalog, arena, &profiles, err))
        return false;
    if (builtin_profile(name, &text) &&
        !text_read(arena, text, STR_LIT("built in"), &profiles, err))
        return false;
    for (uint32_t i = 0; i < profiles.count; i++) {
        if (str_equal(profiles.at[i].name, name)) {
            *ret = profiles.at[i];
            return true;
        }
    }
    return say_unknown(catalog, arena, name, err);
}

bool catalog_interpreter(const struct catalog *catalog, struct arena *arena,
                         const struct profile *profile, const char **ret_path, struct err *err)
{
    if (profile->interpreter.size == 0)
        return err_set(err, ERR_REFUSED,
                       "profile %.*s names no local interpreter: it runs on a cluster only",
                       STR_ARG(profile->name));
    return interpreter_find(arena, profile, catalog->version_cache, ret_path, err);
}

const char *const *catalog_profiles_for(struct str file_name)
{
    static const struct {
        const char *ending;
        const char *profiles[4];
    } kinds[] = {
        {".py",  {"python3.11", "python3.12", "python3.13", NULL}},
        {".js",  {"node18", "node20", "node22", NULL}            },
        {".mjs", {"node18", "node20", "node22", NULL}            },
        {".cjs", {"node18", "node20", "node22", NULL}            },
        {".sh",  {"bash", NULL}                                  },
    };

    for (size_t i = 0; i < countof(kinds); i++)
        if (str_ends(file_name, kinds[i].ending))
            return kinds[i].profiles;
    return NULL;
}

bool catalog_guess(const struct catalog *catalog, struct arena *arena, struct str file_name,
                   struct profile *ret, const char **ret_path, struct err *err)
{
    const char *const *names = catalog_profiles_for(file_name);
    struct err why = {0};

    for (const char *const *name = names; name && *name; name++) {
        why = (struct err){0};
        if (!catalog_find(catalog, arena, str_of(*name), ret, err))
            return false;
        if (catalog_interpreter(catalog, arena, ret, ret_path, &why))
            return true;
    }
    if (names)
        return err_set(err, ERR_REFUSED, "no profile for %.*s can run on this machine: %s",
                       (int)(file_name.size < 64 ? file_name.size : 64), file_name.at, why.text);
    return err_set(err, ERR_INVALID, CATALOG_UNKNOWN_KIND);
}
