// SPDX-License-Identifier: Apache-2.0
#include "store/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/entropy.h"
#include "sys/file.h"

enum {
    DEPTH_MAX = 8, /* we make no directories in there at all */
    WAKE_TRIES = 3,
};

/* -- names ----------------------------------------------------------------------------------- */

static bool is_uuid(struct str s)
{
    for (size_t i = 0; i < s.size; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool is_hex = (s.at[i] >= '0' && s.at[i] <= '9') || (s.at[i] >= 'a' && s.at[i] <= 'f');
        if (is_dash ? s.at[i] != '-' : !is_hex)
            return false;
    }
    return s.size == UUID_TEXT - 1;
}

static bool path_of(const char *state, struct str uid, char ret[PATH_MAX], struct err *err)
{
    int size;

    if (!is_uuid(uid))
        return err_set(err, ERR_INVALID, "the uid of the run is no UUID");
    size = snprintf(ret, PATH_MAX, "%s/runs/%.*s", state, STR_ARG(uid));
    if (size >= PATH_MAX)
        return err_sys(err, ENAMETOOLONG, "directory of the run below %.100s", state);
    return true;
}

/* -- the directory --------------------------------------------------------------------------- */

static bool make(const char *state, const char *path, struct err *err)
{
    char runs[PATH_MAX];
    int code = mkdir(path, 0700);

    if (code < 0 && errno == ENOENT) { /* the first run of all */
        snprintf(runs, sizeof(runs), "%s/runs", state);
        if (!directory_make(runs, err))
            return false;
        code = mkdir(path, 0700);
    }
    return code == 0 || errno == EEXIST || err_sys(err, errno, "make directory %s", path);
}

static bool open_at(const char *path, struct rundir *ret, struct err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return err_sys(err, errno, "open directory %s", path);
    ret->fd = fd;
    return true;
}

bool rundir_create(const char *state, struct str uid, struct rundir *ret, struct err *err)
{
    char path[PATH_MAX];

    return path_of(state, uid, path, err) && make(state, path, err) && open_at(path, ret, err);
}

bool rundir_open(const char *state, struct str uid, struct rundir *ret, struct err *err)
{
    char path[PATH_MAX];

    return path_of(state, uid, path, err) && open_at(path, ret, err);
}

void rundir_close(struct rundir *dir)
{
    fd_end(&dir->fd);
}

/* -- removal --------------------------------------------------------------------------------- */

static void directory_end(DIR **directory)
{
    if (*directory)
        closedir(*directory);
}

static bool remove_all(int parent, const char *name, unsigned depth, struct err *err);

static bool remove_entry(int fd, const char *name, unsigned depth, struct err *err)
{
    if (unlinkat(fd, name, 0) == 0 || errno == ENOENT)
        return true;
    if (errno != EISDIR && errno != EPERM)
        return err_sys(err, errno, "remove %s", name);
    return remove_all(fd, name, depth + 1, err);
}

/* fdopendir takes the descriptor over; where it fails, the descriptor is still ours. */
static DIR *open_entries(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);

    if (!directory)
        fd_end(&fd);
    return directory;
}

static bool remove_all(int parent, const char *name, unsigned depth, struct err *err)
{
    auto_end(directory_end) DIR *directory = NULL;
    struct dirent *entry;

    if (depth > DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "%s: directories deeper than %d", name, DEPTH_MAX);
    directory = open_entries(parent, name);
    if (!directory)
        return errno == ENOENT || err_sys(err, errno, "open directory %s", name);
    while ((entry = readdir(directory)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            !remove_entry(dirfd(directory), entry->d_name, depth, err))
            return err_wrap(err, "%s", name);
    if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return err_sys(err, errno, "remove directory %s", name);
    return true;
}

bool rundir_remove(const char *state, struct str uid, struct err *err)
{
    char path[PATH_MAX];

    return path_of(state, uid, path, err) && remove_all(AT_FDCWD, path, 0, err);
}

static bool is_fresh(int runs, const char *name)
{
    struct stat found;
    int64_t changed_ms;

    if (fstatat(runs, name, &found, AT_SYMLINK_NOFOLLOW) < 0)
        return true; /* somebody else removes it just now */
    changed_ms = (int64_t)found.st_mtim.tv_sec * 1000;
    return clock_now_ms() - changed_ms < RUNDIR_FRESH_MS;
}

bool rundir_sweep(const char *state, bool (*is_known)(void *ctx, struct str uid),
                  void (*forget)(void *ctx, struct str uid), void *ctx, struct err *err)
{
    auto_end(directory_end) DIR *runs = NULL;
    char path[PATH_MAX];
    struct dirent *entry;

    if (snprintf(path, sizeof(path), "%s/runs", state) >= (int)sizeof(path))
        return err_sys(err, ENAMETOOLONG, "directory of runs below %.100s", state);
    runs = open_entries(AT_FDCWD, path);
    if (!runs)
        return errno == ENOENT || err_sys(err, errno, "open directory %s", path);
    while ((entry = readdir(runs)) != NULL) {
        struct str uid = str_of(entry->d_name);
        struct err other = {0};
        if (!is_uuid(uid) || is_known(ctx, uid) || is_fresh(dirfd(runs), entry->d_name) ||
            rundir_is_locked(state, uid))
            continue;
        forget(ctx, uid);
        if (!remove_all(dirfd(runs), entry->d_name, 0, &other) && err->kind == ERR_NONE)
            *err = other;
    }
    return err->kind == ERR_NONE;
}

/* -- the lock -------------------------------------------------------------------------------- */

/* The process that holds the lock; 0: nobody; -1: one that cannot be seen from here. Asked as an
 * open file description would, so that our own lock is seen too. */
static pid_t holder_of(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fd < 0 || fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
        return 0;
    return lock.l_pid > 0 ? lock.l_pid : -1;
}

/* Closing any descriptor of the file would give up a lock of our own: that one stays open. */
static void lock_end(int *fd)
{
    if (holder_of(*fd) != getpid())
        fd_end(fd);
}

bool rundir_lock(struct rundir *dir, int *ret_fd, struct err *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    auto_end(lock_end) int fd =
        openat(dir->fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_sys(err, errno, "open the lock of the run");
    if (holder_of(fd) == getpid() || fcntl(fd, F_SETLK, &lock) < 0)
        return errno == EAGAIN || errno == EACCES || holder_of(fd) != 0
                   ? err_set(err, ERR_PRESENT, "the run has a living supervisor already")
                   : err_sys(err, errno, "lock the run");
    if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0) {
        int errnum = errno;
        fd_end(&fd);
        return err_sys(err, errnum, "write the lock of the run");
    }
    *ret_fd = fd;
    fd = -1;
    return true;
}

static int open_lock(const char *state, struct str uid)
{
    auto_end(rundir_close) struct rundir dir = {.fd = -1};
    struct err ignored = {0}; /* no directory, no lock: nobody holds it */

    if (!rundir_open(state, uid, &dir, &ignored))
        return -1;
    return openat(dir.fd, "lock", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
}

bool rundir_is_locked(const char *state, struct str uid)
{
    auto_end(lock_end) int fd = open_lock(state, uid);

    return holder_of(fd) != 0;
}

/* A process that held the lock before and after its pidfd was opened is the one behind it: its pid
 * cannot have changed hands between. */
bool rundir_wake(const char *state, struct str uid, struct err *err)
{
    auto_end(lock_end) int lock = open_lock(state, uid);

    for (int i = 0; i < WAKE_TRIES; i++) {
        auto_end(fd_end) int process = -1;
        pid_t pid = holder_of(lock);
        if (pid == 0)
            break;
        if (pid < 0)
            return err_set(err, ERR_REFUSED, "the supervisor lives in another pid namespace");
        process = pidfd_open(pid, 0);
        if (process < 0 || holder_of(lock) != pid)
            continue;
        if (pidfd_send_signal(process, SIGUSR1, NULL, 0) == 0)
            return true;
        if (errno != ESRCH)
            return err_sys(err, errno, "wake the supervisor (process %d)", (int)pid);
    }
    return err_set(err, ERR_ABSENT, "no supervisor watches over the run");
}

/* -- its files ------------------------------------------------------------------------------- */

static bool write_beside(struct rundir *dir, const char *beside, struct str bytes, struct err *err)
{
    auto_end(fd_end) int fd =
        openat(dir->fd, beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_sys(err, errno, "open");
    if (!fd_write_all(fd, bytes, err))
        return false;
    return fsync(fd) == 0 || err_sys(err, errno, "sync");
}

bool rundir_write(struct rundir *dir, const char *file, struct str bytes, struct err *err)
{
    char beside[NAME_MAX + 1];

    snprintf(beside, sizeof(beside), ".%s.new", file);
    if (!write_beside(dir, beside, bytes, err)) {
        unlinkat(dir->fd, beside, 0);
        return err_wrap(err, "file \"%s\" of the run", file);
    }
    if (renameat(dir->fd, beside, dir->fd, file) < 0 || fsync(dir->fd) < 0)
        return err_sys(err, errno, "put file \"%s\" of the run in place", file);
    return true;
}

bool rundir_read(struct rundir *dir, const char *file, struct arena *arena, size_t size_max,
                 struct str *ret, struct err *err)
{
    auto_end(fd_end) int fd =
        openat(dir->fd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat found;

    if (fd < 0)
        return err_sys(err, errno, "open file \"%s\" of the run", file);
    if (fstat(fd, &found) < 0 || !S_ISREG(found.st_mode))
        return err_set(err, ERR_INVALID, "file \"%s\" of the run is no regular file", file);
    return fd_read_all(arena, fd, file, size_max, ret, err);
}
