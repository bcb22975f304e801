// SPDX-License-Identifier: Apache-2.0
#include "driver/interpreter.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/process.h"

enum {
    CACHE_SIZE_MAX = 64 * 1024,
    OUTPUT_SIZE_MAX = 256,
    ANSWER_MS = 10 * 1000,
};

struct str interpreter_version(struct str output)
{
    size_t start = 0, end;

    while (start < output.size && (output.at[start] < '0' || output.at[start] > '9'))
        start++;
    end = start;
    while (end < output.size &&
           ((output.at[end] >= '0' && output.at[end] <= '9') || output.at[end] == '.'))
        end++;
    while (end > start && output.at[end - 1] == '.')
        end--;
    return (struct str){output.at + start, end - start};
}

bool interpreter_version_fits(struct str version, struct str wanted)
{
    if (version.size < wanted.size || !str_equal((struct str){version.at, wanted.size}, wanted))
        return false;
    return version.size == wanted.size || version.at[wanted.size] == '.';
}

/* -- cache: lines "<key> <version>" ----------------------------------------- */

static struct str cache_key(struct arena *arena, const struct stat *file)
{
    return arena_print(arena, "%llx:%llx:%llx:%llx.%lx", (unsigned long long)file->st_dev,
                       (unsigned long long)file->st_ino, (unsigned long long)file->st_size,
                       (unsigned long long)file->st_ctim.tv_sec, file->st_ctim.tv_nsec);
}

static bool cache_find(struct arena *arena, const char *cache, struct str key, struct str *ret)
{
    struct err ignored = {0};
    struct str rest, line, words[2];

    if (!cache || !file_read(arena, cache, CACHE_SIZE_MAX, &rest, &ignored))
        return false;
    while (str_cut(rest, '\n', &line, &rest)) {
        if (str_cut(line, ' ', &words[0], &words[1]) && str_equal(words[0], key)) {
            *ret = words[1];
            return true;
        }
    }
    return false;
}

static void cache_add(struct arena *arena, const char *cache, struct str key, struct str version)
{
    struct err ignored = {0};
    struct stat file;
    struct str line = arena_print(arena, "%.*s %.*s\n", STR_ARG(key), STR_ARG(version));

    if (!cache || !directory_make(dirname((char *)arena_text(arena, str_of(cache))), &ignored))
        return;
    auto_end(fd_end) int fd =
        open(cache, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || fstat(fd, &file) < 0)
        return;
    if (file.st_size > CACHE_SIZE_MAX / 2 && ftruncate(fd, 0) < 0)
        return;                              /* old news: interpreters change rarely */
    (void)!fd_write_all(fd, line, &ignored); /* a lost line costs one more question */
}

/* -- finding ---------------------------------------------------------------- */

static bool is_program(const char *path, struct stat *ret)
{
    return stat(path, ret) == 0 && S_ISREG(ret->st_mode) && access(path, X_OK) == 0;
}

static bool look_up(struct arena *arena, struct str name, const char **ret_path, struct stat *ret)
{
    static const char *const directories[] = {"/usr/local/bin", "/usr/bin", "/bin"};

    if (name.at[0] == '/') {
        *ret_path = arena_text(arena, name);
        return is_program(*ret_path, ret);
    }
    for (size_t i = 0; i < countof(directories); i++) {
        *ret_path = arena_print(arena, "%s/%.*s", directories[i], STR_ARG(name)).at;
        if (is_program(*ret_path, ret))
            return true;
    }
    return false;
}

static bool ask_version(struct arena *arena, const char *path, const struct stat *file,
                        const char *cache, struct str *ret, struct err *err)
{
    const char *const argv[] = {path, "--version", NULL};
    struct str key = cache_key(arena, file), output;

    if (cache_find(arena, cache, key, ret))
        return true;
    if (!process_output(arena, argv, OUTPUT_SIZE_MAX, ANSWER_MS, &output, err))
        return false;
    *ret = interpreter_version(output);
    cache_add(arena, cache, key, *ret);
    return true;
}

bool interpreter_find(struct arena *arena, const struct profile *profile, const char *version_cache,
                      const char **ret_path, struct err *err)
{
    struct stat file;
    const char *path;
    struct str version;

    if (!look_up(arena, profile->interpreter, &path, &file))
        return err_set(err, ERR_REFUSED,
                       "profile %.*s needs %.*s, which is not on this machine (looked in "
                       "/usr/local/bin, /usr/bin, /bin): install it, or choose another profile "
                       "(agentctl profiles)",
                       STR_ARG(profile->name), STR_ARG(profile->interpreter));
    if (profile->version_prefix.size > 0) {
        if (!ask_version(arena, path, &file, version_cache, &version, err))
            return false;
        if (!interpreter_version_fits(version, profile->version_prefix))
            return err_set(err, ERR_REFUSED,
                           "profile %.*s needs version %.*s, but %s is %.*s: install it, or "
                           "choose another profile (agentctl profiles)",
                           STR_ARG(profile->name), STR_ARG(profile->version_prefix), path,
                           STR_ARG(version));
    }
    *ret_path = path;
    return true;
}
