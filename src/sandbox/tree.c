// SPDX-License-Identifier: Apache-2.0
#include "sandbox/tree.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"

enum {
    LINKS_MAX = 16, /* from the interpreter's name to its file */
    PASSWD_SIZE_MAX = 1024 * 1024,
};

/* -- the system ------------------------------------------------------------- */

static bool is_directory(const char *path)
{
    struct stat facts;

    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static const char *link_read(struct arena *arena, const char *path)
{
    char content[PATH_MAX];
    ssize_t size = readlink(path, content, sizeof(content));

    if (size <= 0 || (size_t)size == sizeof(content))
        return NULL;
    return arena_text(arena, (struct str){content, (size_t)size});
}

static bool is_below_usr(const char *content)
{
    const char *from_root = content[0] == '/' ? content + 1 : content;

    return strncmp(from_root, "usr/", 4) == 0 && !strstr(from_root, "..");
}

static void add_top(struct steplist *list, const char *path)
{
    const char *content = link_read(list->arena, path);

    if (steplist_is_bound(list, path))
        return;
    if (content && is_below_usr(content))
        steplist_link(list, path, content);
    else if (is_directory(path))
        steplist_bind(list, path, path, true);
}

static void add_time_zone(struct steplist *list)
{
    static const char path[] = "/etc/localtime";
    const char *content = link_read(list->arena, path);

    if (content && is_below_usr(content) && content[0] == '/')
        steplist_link(list, path, content);
    else if (access(path, R_OK) == 0)
        steplist_bind(list, path, path, false);
}

void tree_add_system(struct steplist *list)
{
    static const char *const tops[] = {"/usr",   "/bin",   "/sbin",  "/lib",
                                       "/lib32", "/lib64", "/libx32"};

    for (size_t i = 0; i < countof(tops); i++)
        add_top(list, tops[i]);
    if (steplist_is_bound(list, "/etc"))
        return;
    if (access("/etc/ld.so.cache", R_OK) == 0)
        steplist_bind(list, "/etc/ld.so.cache", "/etc/ld.so.cache", false);
    if (is_directory("/etc/alternatives"))
        steplist_bind(list, "/etc/alternatives", "/etc/alternatives", true);
    add_time_zone(list);
}

/* -- the interpreter -------------------------------------------------------- */

static struct str parent_of(struct str path)
{
    while (path.size > 0 && path.at[path.size - 1] != '/')
        path.size--;
    while (path.size > 0 && path.at[path.size - 1] == '/')
        path.size--;
    return path;
}

struct str tree_prefix(struct str path)
{
    if (str_starts(path, "/nix/store/") || str_starts(path, "/gnu/store/"))
        return (struct str){path.at, sizeof("/nix/store") - 1};
    return parent_of(parent_of(path));
}

static bool is_at_or_below(struct str path, struct str top)
{
    return path.size >= top.size && memcmp(path.at, top.at, top.size) == 0 &&
           (path.size == top.size || path.at[top.size] == '/');
}

bool tree_has_home(struct str passwd, struct str prefix)
{
    struct str line, rest = passwd;

    while (rest.size > 0) {
        if (!str_cut(rest, '\n', &line, &rest)) {
            line = rest;
            rest = (struct str){0};
        }
        struct str field = {0};
        for (unsigned i = 0; i < 6; i++)
            if (!str_cut(line, ':', &field, &line))
                field = (struct str){0};
        if (field.size > 1 && is_at_or_below(field, prefix))
            return true;
    }
    return false;
}

/* A home that no file names (a directory service) is still recognised by where it lies. */
static bool is_homes(struct str prefix)
{
    return str_is(prefix, "/home") || str_is(prefix, "/root") || str_is(parent_of(prefix), "/home");
}

static void add_prefix(struct steplist *list, const char *path)
{
    struct str prefix = tree_prefix(str_of(path)), passwd = {0};
    struct err ignored = {0}; /* no passwd file: no homes in it */

    if (steplist_is_bound(list, path))
        return;
    if (!file_read(list->arena, "/etc/passwd", PASSWD_SIZE_MAX, &passwd, &ignored))
        passwd = (struct str){0};
    if (prefix.size == 0 || is_homes(prefix) || tree_has_home(passwd, prefix)) {
        steplist_bind(list, path, path, false);
        return;
    }
    const char *tree = arena_text(list->arena, prefix);
    steplist_bind(list, tree, tree, true);
}

/* Where the link leads: an absolute path whose directories are real. NULL: nowhere. */
static const char *link_follow(struct arena *arena, const char *path, const char *content)
{
    struct str parent = parent_of(str_of(path));
    const char *target = content;
    char real[PATH_MAX];

    if (content[0] != '/')
        target = arena_print(arena, "%.*s/%s", STR_ARG(parent), content).at;
    if (!realpath(arena_text(arena, parent_of(str_of(target))), real))
        return NULL;
    return arena_print(arena, "%s%s", real, strrchr(target, '/')).at;
}

bool tree_add_interpreter(struct steplist *list, const char *path, struct err *err)
{
    char real[PATH_MAX];

    if (path[0] != '/')
        return err_set(err, ERR_INVALID, "interpreter %s: not an absolute path", path);
    if (!realpath(path, real))
        return err_sys(err, errno, "interpreter %s", path);
    for (unsigned hops = 0; path && hops < LINKS_MAX; hops++) {
        const char *content = link_read(list->arena, path);
        add_prefix(list, path);
        path = content ? link_follow(list->arena, path, content) : NULL;
    }
    add_prefix(list, arena_text(list->arena, str_of(real)));
    return true;
}

/* -- the whole host --------------------------------------------------------- */

/* What the new root has of its own even then. */
static bool is_ours(const char *name)
{
    static const char *const names[] = {".",    "..",  "agenttask", "dev",
                                        "proc", "sys", "tmp",       "workspace"};

    for (size_t i = 0; i < countof(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void directory_end(DIR **directory)
{
    if (*directory)
        closedir(*directory);
}

bool tree_add_host(struct steplist *list, struct err *err)
{
    auto_end(directory_end) DIR *root = opendir("/");
    const struct dirent *entry;

    if (!root)
        return err_sys(err, errno, "read the directory /");
    while ((entry = readdir(root))) {
        const char *path = arena_print(list->arena, "/%s", entry->d_name).at;
        if (!is_ours(entry->d_name))
            add_top(list, path);
    }
    return true;
}
