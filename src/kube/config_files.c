// SPDX-License-Identifier: Apache-2.0
#include "kube/config_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "sys/file.h"
#include "yaml/yaml.h"
#include "json/excerpt.h"

enum {
    NAMES_SIZE_MAX = 200 /* of a list of names in a message */
};

static const struct section {
    const char *list, *item;
} sections[] = {
    [CONFIG_CLUSTERS] = {"clusters", "cluster"},
    [CONFIG_CONTEXTS] = {"contexts", "context"},
    [CONFIG_USERS] = {"users",    "user"   },
};

static bool is_given(const char *text)
{
    return text && *text;
}

/* The paths to look at, as they come. */
struct paths {
    struct str rest;
    char separator; /* NUL: there is but one */
};

static struct paths paths_of(struct arena *arena, const struct kubeconfig_sources *sources)
{
    if (is_given(sources->env_paths))
        return (struct paths){str_of(sources->env_paths), ':'};
    if (is_given(sources->home))
        return (struct paths){arena_print(arena, "%s/.kube/config", sources->home), '\0'};
    return (struct paths){{0}, '\0'};
}

static bool paths_next(struct arena *arena, struct paths *paths, const char **ret)
{
    struct str path = {0};

    while (path.size == 0 && paths->rest.size > 0)
        if (!str_cut(paths->rest, paths->separator, &path, &paths->rest)) {
            path = paths->rest;
            paths->rest = (struct str){0};
        }
    *ret = arena_text(arena, path);
    return path.size > 0;
}

static struct str directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return STR_LIT(".");
    return (struct str){path, slash == path ? 1 : (size_t)(slash - path)};
}

static bool check_kind(struct arena *arena, const struct entry *file, struct err *err)
{
    struct {
        struct str kind, version;
    } is = {0};
    const struct entry_field fields[] = {
        {"kind",       ENTRY_TEXT, 0                 },
        {"apiVersion", ENTRY_TEXT, sizeof(struct str)},
    };

    if (!entry_read(arena, file, fields, countof(fields), &is, err))
        return false;
    if ((is.kind.size == 0 || str_is(is.kind, "Config")) &&
        (is.version.size == 0 || str_is(is.version, "v1")))
        return true;
    return entry_refuse(file, file->value, err, "no kubeconfig but %s %s",
                        excerpt_of(arena, is.version, EXCERPT_SIZE),
                        excerpt_of(arena, is.kind, EXCERPT_SIZE));
}

/* Also a pipe: `--kubeconfig <(...)` is common. */
static bool file_load(struct arena *arena, const char *path, struct entry *ret, struct err *err)
{
    auto_end(fd_end) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct json_value *documents;
    struct str text;
    uint32_t count;

    if (fd < 0)
        return err_sys(err, errno, "read kubeconfig %s", path);
    if (!fd_read_all(arena, fd, path, KUBECONFIG_SIZE_MAX, &text, err) ||
        !yaml_read(arena, text, path, &documents, &count, err))
        return false;
    *ret = (struct entry){.file = path, .directory = directory_of(path)};
    if (count == 0 || documents[0].kind == JSON_NULL)
        return true;
    ret->value = &documents[0]; /* what comes after the first is nobody's */
    return check_kind(arena, ret, err);
}

static bool files_add(struct arena *arena, const char *path, bool must_exist,
                      struct config_files *files, struct err *err)
{
    struct err own = {0};

    if (files->count == KUBECONFIG_FILES_MAX)
        return err_set(err, ERR_LIMIT, "KUBECONFIG names more than %d files", KUBECONFIG_FILES_MAX);
    if (file_load(arena, path, &files->at[files->count], &own)) {
        files->count++;
        return true;
    }
    if (own.kind == ERR_ABSENT && !must_exist)
        return true;
    *err = own;
    return false;
}

bool config_files_read(struct arena *arena, const struct kubeconfig_sources *sources,
                       struct config_files *ret, struct err *err)
{
    struct paths paths = paths_of(arena, sources);
    const char *path;

    ret->count = 0;
    if (is_given(sources->flag_path))
        return files_add(arena, sources->flag_path, true, ret, err);
    while (paths_next(arena, &paths, &path))
        if (!files_add(arena, path, false, ret, err))
            return false;
    return true;
}

/* /dev/null and an empty file say that there is nothing; what cannot be looked at may say more. */
static bool holds_something(const char *path)
{
    struct stat found;

    if (stat(path, &found) < 0)
        return errno != ENOENT;
    return !S_ISCHR(found.st_mode) && !(S_ISREG(found.st_mode) && found.st_size == 0);
}

bool config_files_exist(const struct kubeconfig_sources *sources)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct paths paths = paths_of(&arena, sources);
    const char *path;

    if (is_given(sources->flag_path))
        return true;
    while (paths_next(&arena, &paths, &path))
        if (holds_something(path))
            return true;
    return false;
}

/* -- what stands in them
 * --------------------------------------------------------------------------*/

/* The list of a section in one file; an empty one if there is none. */
static bool section_open(const struct entry *file, enum config_section section,
                         const struct json_value **ret, struct err *err)
{
    static const struct json_value nothing = {.kind = JSON_LIST};
    const struct json_value *list = json_get(file->value, sections[section].list);

    *ret = list && list->kind != JSON_NULL ? list : &nothing;
    if ((*ret)->kind != JSON_LIST)
        return entry_refuse(file, list, err, "%s must be a list, not %s", sections[section].list,
                            json_kind_name(list->kind));
    return true;
}

static bool item_name(const struct entry *file, const struct json_value *item, struct str *ret,
                      struct err *err)
{
    const struct json_value *name = json_get(item, "name");

    *ret = (struct str){0};
    if (item->kind != JSON_OBJECT && item->kind != JSON_NULL)
        return entry_refuse(file, item, err, "an object is wanted, not %s",
                            json_kind_name(item->kind));
    if (!name || name->kind == JSON_NULL)
        return true;
    if (name->kind != JSON_TEXT)
        return entry_refuse(file, name, err, "name must be a text, not %s",
                            json_kind_name(name->kind));
    *ret = name->text;
    return true;
}

/* In one file; a name that stands twice in it is read differently by different readers. */
static bool file_find(const struct entry *file, enum config_section section, struct str wanted,
                      const struct json_value **ret, struct err *err)
{
    const struct json_value *list;
    struct str name;

    *ret = NULL;
    if (!section_open(file, section, &list, err))
        return false;
    for (uint32_t i = 0; i < list->count; i++) {
        if (!item_name(file, &list->items[i], &name, err))
            return false;
        if (!str_equal(name, wanted))
            continue;
        if (*ret)
            return entry_refuse(file, &list->items[i], err, "this name stands twice in %s",
                                sections[section].list);
        *ret = &list->items[i];
    }
    return true;
}

bool config_files_find(const struct config_files *files, enum config_section section,
                       struct str name, struct entry *ret, struct err *err)
{
    static const struct json_value nothing = {.kind = JSON_OBJECT};
    const struct json_value *item, *value;

    *ret = (struct entry){0};
    for (uint32_t i = 0; i < files->count; i++) {
        if (!file_find(&files->at[i], section, name, &item, err))
            return false;
        if (!item || ret->value)
            continue;
        value = json_get(item, sections[section].item);
        *ret = files->at[i];
        ret->value = value && value->kind != JSON_NULL ? value : &nothing;
    }
    return true;
}

bool config_files_current(struct arena *arena, const struct config_files *files, struct str *ret,
                          struct err *err)
{
    const struct entry_field fields[] = {
        {"current-context", ENTRY_TEXT, 0},
    };

    *ret = (struct str){0};
    for (uint32_t i = 0; i < files->count && ret->size == 0; i++)
        if (!entry_read(arena, &files->at[i], fields, countof(fields), ret, err))
            return false;
    return true;
}

const char *config_files_names(struct arena *arena, const struct config_files *files,
                               enum config_section section)
{
    const char *ret = "";
    struct err ignored = {0};
    const struct json_value *list;
    struct str name;

    for (uint32_t i = 0; i < files->count; i++) {
        if (!section_open(&files->at[i], section, &list, &ignored))
            break;
        for (uint32_t j = 0; j < list->count; j++) {
            if (!item_name(&files->at[i], &list->items[j], &name, &ignored))
                break;
            ret = arena_print(arena, "%s%s%s", ret, *ret ? ", " : "",
                              excerpt_of(arena, name, EXCERPT_SIZE))
                      .at;
            if (strlen(ret) > NAMES_SIZE_MAX)
                return arena_print(arena, "%s ...", ret).at;
        }
    }
    return ret;
}
