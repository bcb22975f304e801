// SPDX-License-Identifier: Apache-2.0
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

enum {
    READ_SIZE = 64 * 1024
};

void fd_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* A descriptor we were handed may be non-blocking (a terminal shared with another program). */
static bool wait_ready(int fd, short events)
{
    struct pollfd wanted = {.fd = fd, .events = events};

    return errno == EINTR || (errno == EAGAIN && (poll(&wanted, 1, -1) >= 0 || errno == EINTR));
}

/* One byte more than allowed is asked for, to notice the excess. */
static bool read_into(int fd, const char *name, size_t size_max, struct buf *buf, struct err *err)
{
    ssize_t got = 1;

    while (got != 0 && buf->size <= size_max) {
        size_t left = size_max + 1 - buf->size;
        size_t part = left < READ_SIZE ? left : READ_SIZE;
        got = read(fd, buf_reserve(buf, part), part);
        if (got > 0)
            buf_added(buf, (size_t)got);
        else if (got < 0 && !wait_ready(fd, POLLIN))
            return err_sys(err, errno, "read %s", name);
    }
    if (buf->size > size_max)
        return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", name, size_max);
    return true;
}

bool fd_read_all(struct arena *arena, int fd, const char *name, size_t size_max, struct str *ret,
                 struct err *err)
{
    auto_end(buf_fini) struct buf buf = {0};

    buf_init(&buf, size_max + 1);
    if (!read_into(fd, name, size_max, &buf, err))
        return false;
    *ret = arena_copy(arena, buf_str(&buf));
    return true;
}

bool file_read(struct arena *arena, const char *path, size_t size_max, struct str *ret,
               struct err *err)
{
    /* non-blocking: opening a FIFO must not wait for its writer */
    auto_end(fd_end) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat stat;

    if (fd < 0)
        return err_sys(err, errno, "open %s", path);
    if (fstat(fd, &stat) < 0)
        return err_sys(err, errno, "stat %s", path);
    if (!S_ISREG(stat.st_mode))
        return err_set(err, ERR_INVALID, "%s is %s, not a regular file", path,
                       S_ISDIR(stat.st_mode) ? "a directory" : "a device, pipe or socket");
    return fd_read_all(arena, fd, path, size_max, ret, err);
}

bool fd_write_all(int fd, struct str bytes, struct err *err)
{
    while (bytes.size > 0) {
        ssize_t done = write(fd, bytes.at, bytes.size);
        if (done > 0)
            bytes = str_skip(bytes, (size_t)done);
        else if (done == 0 || !wait_ready(fd, POLLOUT))
            return err_sys(err, done == 0 ? EIO : errno, "write");
    }
    return true;
}

static bool is_directory(const char *path)
{
    struct stat found;

    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

static bool make_one(const char *path, struct err *err)
{
    if (mkdir(path, 0700) == 0)
        return true;
    if (errno == EEXIST && is_directory(path))
        return true;
    return err_sys(err, errno == EEXIST ? ENOTDIR : errno, "make directory %s", path);
}

bool directory_make(const char *path, struct err *err)
{
    char part[PATH_MAX];
    int size;

    if (is_directory(path))
        return true;
    size = snprintf(part, sizeof(part), "%s", path);
    if (size < 0 || (size_t)size >= sizeof(part))
        return err_sys(err, ENAMETOOLONG, "make directory %.100s...", path);
    for (char *at = part + 1; size > 0 && *at; at++) {
        if (*at != '/' || at[-1] == '/')
            continue;
        *at = 0;
        if (!make_one(part, err))
            return false;
        *at = '/';
    }
    return make_one(part, err);
}
