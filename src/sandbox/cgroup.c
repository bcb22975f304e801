// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "sys/file.h"

enum {
    MAKE_ATTEMPTS_MAX = 8,     /* another run's end may remove the parent under us */
    REMOVE_ATTEMPTS_MAX = 400, /* of 5 ms */
    REMOVE_PAUSE_NS = 5 * 1000 * 1000,
    PIDS_TEXT_MAX = 32 * 1024,
};

/* -- files ------------------------------------------------------------------ */

static int file_open(const char *directory, const char *file, int flags)
{
    char path[CGROUP_PATH_MAX + 64];

    snprintf(path, sizeof(path), "%s/%s", directory, file);
    return open(path, flags | O_CLOEXEC);
}

bool cgroup_read(const char *directory, const char *file, char *ret, size_t size)
{
    auto_end(fd_end) int fd = file_open(directory, file, O_RDONLY);
    size_t have = 0;
    ssize_t got = 1;

    while (fd >= 0 && have < size - 1 && got > 0) {
        got = read(fd, ret + have, size - 1 - have);
        have += got > 0 ? (size_t)got : 0;
    }
    ret[have] = '\0';
    return have > 0;
}

bool cgroup_write(const char *directory, const char *file, const char *text)
{
    auto_end(fd_end) int fd = file_open(directory, file, O_WRONLY);

    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

bool cgroup_write_int(const char *directory, const char *file, int64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)value);
    return cgroup_write(directory, file, text);
}

int64_t cgroup_number(const char *text, const char *word)
{
    struct str line, rest = str_of(text), name, value;
    int64_t number;

    while (rest.size > 0) {
        if (!str_cut(rest, '\n', &line, &rest)) {
            line = rest;
            rest = (struct str){0};
        }
        if (str_cut(line, ' ', &name, &value) && str_is(name, word) && str_to_int(value, &number))
            return number;
    }
    return -1;
}

/* -- where ------------------------------------------------------------------ */

static bool options_have(struct str options, const char *word)
{
    struct str option;

    while (str_cut(options, ',', &option, &options))
        if (str_is(option, word))
            return true;
    return str_is(options, word);
}

static bool path_copy(struct str path, char ret[CGROUP_PATH_MAX])
{
    /* An escaped blank (\040) in a mount point is nothing that we would use. */
    if (path.size == 0 || path.size >= CGROUP_PATH_MAX || memchr(path.at, '\\', path.size))
        return false;
    memcpy(ret, path.at, path.size);
    ret[path.size] = '\0';
    return true;
}

/* "36 35 0:31 / /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory" */
static bool line_is_mount(struct str line, const char *controller, struct str *ret_point)
{
    struct str words[5] = {{0}}, rest = line, kind, source;
    const char *dash = memmem(line.at, line.size, " - ", 3);

    for (size_t i = 0; i < countof(words); i++)
        if (!str_cut(rest, ' ', &words[i], &rest))
            return false;
    if (!dash)
        return false;
    rest = str_skip(line, (size_t)(dash - line.at) + 3);
    if (!str_cut(rest, ' ', &kind, &rest) || !str_cut(rest, ' ', &source, &rest))
        return false;
    *ret_point = words[4];
    if (!controller)
        return str_is(kind, "cgroup2");
    return str_is(kind, "cgroup") && options_have(rest, controller);
}

bool cgroup_mount_find(const char *mountinfo, const char *controller, char ret[CGROUP_PATH_MAX])
{
    struct str line, rest = str_of(mountinfo), point;

    while (str_cut(rest, '\n', &line, &rest))
        if (line_is_mount(line, controller, &point))
            return path_copy(point, ret);
    return false;
}

bool cgroup2_own_find(const char *text, char ret[CGROUP_PATH_MAX])
{
    struct str line, rest = str_of(text);

    while (str_cut(rest, '\n', &line, &rest))
        if (str_starts(line, "0::/"))
            return path_copy(str_skip(line, 3), ret);
    return false;
}

bool cgroup_name_is_safe(const char *name)
{
    size_t size = strnlen(name, CGROUP_NAME_MAX + 1);

    return size > 0 && size <= CGROUP_NAME_MAX && name[0] != '.' && !strchr(name, '/') &&
           !strchr(name, '\n');
}

/* -- making and removing ---------------------------------------------------- */

bool cgroup_make(const char *above, const char *name, char ret[CGROUP_PATH_MAX])
{
    char parent[CGROUP_PATH_MAX];

    if (snprintf(parent, sizeof(parent), "%s/%s", above, CGROUP_PARENT) >= CGROUP_PATH_MAX ||
        snprintf(ret, CGROUP_PATH_MAX, "%s/%s", parent, name) >= CGROUP_PATH_MAX)
        return false;
    for (unsigned i = 0; i < MAKE_ATTEMPTS_MAX; i++) {
        if (mkdir(ret, 0755) == 0 || errno == EEXIST)
            return true;
        if (errno != ENOENT || (mkdir(parent, 0755) && errno != EEXIST))
            return false;
    }
    return false;
}

void cgroup_kill(const char *directory)
{
    char pids[PIDS_TEXT_MAX];
    char *at = pids, *end;

    if (cgroup_write(directory, "cgroup.kill", "1") ||
        !cgroup_read(directory, "cgroup.procs", pids, sizeof(pids)))
        return;
    for (long pid = strtol(at, &end, 10); end != at; pid = strtol(at, &end, 10)) {
        at = end;
        /* A number cut off by the end of the buffer is some other process. */
        if (*end == '\n' && pid > 1)
            kill((pid_t)pid, SIGKILL);
    }
}

void cgroup_remove(const char *directory)
{
    const struct timespec pause = {.tv_nsec = REMOVE_PAUSE_NS};
    char parent[CGROUP_PATH_MAX];

    for (unsigned i = 0; i < REMOVE_ATTEMPTS_MAX; i++) {
        if (rmdir(directory) == 0 || errno != EBUSY)
            break;
        cgroup_kill(directory);
        nanosleep(&pause, NULL);
    }
    snprintf(parent, sizeof(parent), "%s", directory);
    *strrchr(parent, '/') = '\0';
    rmdir(parent); /* fails while another run is in it: so it should */
}
