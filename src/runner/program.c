// SPDX-License-Identifier: Apache-2.0
#include "runner/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runner/descriptor.h"

enum {
    COPY_MAX = 1 << 20, /* bytes at a time */
};

static struct str path_of(char *const env[])
{
    for (; *env; env++)
        if (strncmp(*env, "PATH=", 5) == 0)
            return str_of(*env + 5);
    return (struct str){0};
}

static bool is_program(const char *path)
{
    struct stat stat_of;

    return stat(path, &stat_of) == 0 && S_ISREG(stat_of.st_mode) && access(path, X_OK) == 0;
}

bool program_find(const char *name, char *const env[], char ret[PATH_MAX], struct err *err)
{
    struct str rest = path_of(env), directory;
    bool is_last = false;

    if (strchr(name, '/')) {
        snprintf(ret, PATH_MAX, "%s", name);
        return true;
    }
    while (!is_last) {
        is_last = !str_cut(rest, ':', &directory, &rest);
        if (is_last)
            directory = rest;
        int size = snprintf(ret, PATH_MAX, "%.*s/%s", STR_ARG(directory), name);
        if (str_starts(directory, "/") && size < PATH_MAX && is_program(ret))
            return true;
    }
    return err_set(err, ERR_ABSENT, "start %s: there is no such program in PATH", name);
}

bool program_install(const char *path, struct err *err)
{
    auto_end(descriptor_end) int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    auto_end(descriptor_end) int to = -1;
    ssize_t got = 0;

    if (from < 0)
        return err_sys(err, errno, "open /proc/self/exe");
    if (unlink(path) != 0 && errno != ENOENT)
        return err_sys(err, errno, "replace %s", path);
    to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to < 0)
        return err_sys(err, errno, "create %s", path);
    while ((got = sendfile(to, from, NULL, COPY_MAX)) > 0)
        ;
    if (got < 0)
        return err_sys(err, errno, "write %s", path);
    return fchmod(to, 0555) == 0 || err_sys(err, errno, "make %s executable", path);
}
