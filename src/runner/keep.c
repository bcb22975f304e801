// SPDX-License-Identifier: Apache-2.0
#include "runner/keep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/frame.h"
#include "runner/descriptor.h"

#define RESULT_NAME "result.json"

enum {
    DEPTH_MAX = 32, /* directories within directories */
    ENTRIES_MAX = 10000,
};

/* One regular file with one name, on the file system it should be on; -1 and errno if it is not,
 * EINVAL for all the rest that a name can stand for. */
static int file_open(int dir_fd, const char *name, struct stat *ret)
{
    int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat directory;

    if (fd < 0)
        return -1;
    if (fstat(fd, ret) == 0 && fstat(dir_fd, &directory) == 0 && S_ISREG(ret->st_mode) &&
        ret->st_nlink == 1 && ret->st_dev == directory.st_dev)
        return fd;
    close(fd);
    errno = EINVAL;
    return -1;
}

/* At most size_max + 1 bytes: one more tells that there are too many. False: it cannot be read, or
 * is not the length it said. */
static bool file_read(int fd, const struct stat *before, size_t size_max, char *ret,
                      size_t *ret_size)
{
    struct stat after;
    size_t size = 0;
    ssize_t got = 1;

    while (size <= size_max && (got = read(fd, ret + size, size_max + 1 - size)) > 0)
        size += (size_t)got;
    *ret_size = size;
    return got >= 0 && fstat(fd, &after) == 0 && after.st_size == before->st_size &&
           after.st_mtim.tv_sec == before->st_mtim.tv_sec &&
           after.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

/* A frame begins a line. In a container's log both streams come together, and a long line without
 * an end lets the next one of either follow on it: then both get an end, whichever comes first. */
static void lines_end(struct keeper *keeper)
{
    struct outlet *beside = keeper->beside;
    bool is_mid_line = keeper->outlet->is_mid_line || (beside && beside->is_mid_line);

    if (beside && beside->is_mid_line)
        outlet_write(beside, STR_LIT("\n"), keeper->deadline_ms);
    if (is_mid_line)
        outlet_write(keeper->outlet, STR_LIT("\n"), keeper->deadline_ms);
}

static void frame_send(struct keeper *keeper, const char *line, size_t size)
{
    if (!keeper->has_framed)
        lines_end(keeper);
    keeper->has_framed = true;
    outlet_write(keeper->outlet, (struct str){line, size}, keeper->deadline_ms);
}

static void file_send(struct keeper *keeper, enum frame_kind kind, struct str path,
                      struct str bytes, const char *sha256)
{
    char line[FRAME_LINE_MAX];

    frame_send(keeper, line, frame_write_file(kind, path, (int64_t)bytes.size, sha256, line));
    while (bytes.size > 0) {
        struct str chunk = {bytes.at, bytes.size < FRAME_CHUNK ? bytes.size : FRAME_CHUNK};
        frame_send(keeper, line, frame_write_bytes(chunk, line));
        bytes = str_skip(bytes, chunk.size);
    }
    frame_send(keeper, line, frame_write_whole(line));
}

static void result_carry(struct keeper *keeper, struct str bytes, struct report *ret)
{
    ret->result_bytes = (int64_t)bytes.size;
    sha256_of(bytes, ret->result_sha256);
    if (bytes.size > REPORT_RESULT_MAX) {
        ret->result = REPORT_RESULT_FRAMED;
        file_send(keeper, FRAME_RESULT, (struct str){0}, bytes, ret->result_sha256);
        return;
    }
    ret->result = REPORT_RESULT_INLINE;
    base64_encode(bytes, keeper->text);
    ret->result_text = (struct str){keeper->text, BASE64_SIZE(bytes.size)};
}

static void result_keep(struct keeper *keeper, struct report *ret)
{
    struct stat stat;
    auto_end(descriptor_end) int fd = file_open(keeper->directory_fd, RESULT_NAME, &stat);
    size_t size;

    ret->result = fd < 0 && errno == ENOENT ? REPORT_RESULT_NONE : REPORT_RESULT_REFUSED;
    if (fd < 0)
        return;
    ret->result_bytes = stat.st_size;
    if (stat.st_size > RESULT_SIZE_MAX)
        ret->result = REPORT_RESULT_TOO_LARGE;
    else if (file_read(fd, &stat, RESULT_SIZE_MAX, keeper->bytes, &size) && size <= RESULT_SIZE_MAX)
        result_carry(keeper, (struct str){keeper->bytes, size}, ret);
}

struct walk {
    struct keeper *keeper;
    bool is_sending; /* first they are counted, then sent */
    bool leaves_result;
    bool is_too_large;
    unsigned entries;
    int64_t count, bytes, names;
    char path[FRAME_PATH_MAX + 1];
};

static void artifact_visit(struct walk *walk, int dir_fd, const char *name)
{
    struct str path = str_of(walk->path);
    struct stat stat;
    auto_end(descriptor_end) int fd = file_open(dir_fd, name, &stat);
    char sha256[SHA256_HEX + 1];
    size_t size;

    if (fd < 0 || (walk->leaves_result && str_is(path, RESULT_NAME)))
        return;
    walk->count++;
    walk->names += (int64_t)path.size;
    if (stat.st_size > ARTIFACTS_SIZE_MAX ||
        walk->bytes + stat.st_size + walk->names > ARTIFACTS_SIZE_MAX) {
        walk->is_too_large = true;
        return;
    }
    walk->bytes += stat.st_size;
    if (!walk->is_sending)
        return;
    if (!file_read(fd, &stat, ARTIFACTS_SIZE_MAX, walk->keeper->bytes, &size))
        return;
    sha256_of((struct str){walk->keeper->bytes, size}, sha256);
    file_send(walk->keeper, FRAME_ARTIFACT, path, (struct str){walk->keeper->bytes, size}, sha256);
}

static void directory_walk(struct walk *walk, int fd, size_t path_size, unsigned depth);

static void entry_visit(struct walk *walk, int dir_fd, const char *name, size_t path_size,
                        unsigned depth)
{
    size_t start = path_size ? path_size + 1 : 0;
    size_t size = start + strlen(name);
    struct stat stat;
    int fd;

    if (++walk->entries > ENTRIES_MAX || size > FRAME_PATH_MAX) {
        walk->is_too_large = true;
        return;
    }
    if (path_size)
        walk->path[path_size] = '/';
    memcpy(walk->path + start, name, size - start + 1);
    if (fstatat(dir_fd, name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    if (S_ISREG(stat.st_mode))
        artifact_visit(walk, dir_fd, name);
    if (!S_ISDIR(stat.st_mode))
        return;
    walk->is_too_large |= depth == DEPTH_MAX;
    fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        directory_walk(walk, fd, size, depth + 1);
}

/* Owns fd. */
static void directory_walk(struct walk *walk, int fd, size_t path_size, unsigned depth)
{
    DIR *directory = fdopendir(fd);
    struct dirent *entry;

    if (!directory) {
        close(fd);
        return;
    }
    while (!walk->is_too_large && (entry = readdir(directory)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            entry_visit(walk, fd, entry->d_name, path_size, depth);
    closedir(directory);
}

static void walk_start(struct walk *walk)
{
    int fd = openat(walk->keeper->directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0)
        directory_walk(walk, fd, 0, 0);
}

/* The result is one of the artifacts, unless it alone is larger than they all may be; and not in a
 * log that people read, where what the report or a frame carries already is not sent twice. */
static void artifacts_keep(struct keeper *keeper, struct report *ret)
{
    bool is_carried = ret->result == REPORT_RESULT_INLINE || ret->result == REPORT_RESULT_FRAMED;
    bool is_left = is_carried && (keeper->beside || ret->result_bytes > ARTIFACTS_SIZE_MAX);
    struct walk counted = {.keeper = keeper, .leaves_result = is_left};
    struct walk sent = {.keeper = keeper, .leaves_result = is_left, .is_sending = true};

    walk_start(&counted);
    ret->artifacts_too_large = counted.is_too_large;
    if (counted.is_too_large)
        return;
    ret->artifacts_count = counted.count;
    ret->artifacts_bytes = counted.bytes;
    walk_start(&sent);
}

void keep_all(struct keeper *keeper, struct report *ret)
{
    struct stat stat;

    /* The code may have closed the door behind it; who owns the directory can open it again. */
    if (fstat(keeper->directory_fd, &stat) == 0 && (stat.st_mode & S_IRWXU) != S_IRWXU)
        fchmod(keeper->directory_fd, S_IRWXU);
    result_keep(keeper, ret);
    artifacts_keep(keeper, ret);
}

void keep_end(struct keeper *keeper)
{
    char line[FRAME_LINE_MAX];

    if (keeper->has_framed || !keeper->beside)
        frame_send(keeper, line, frame_write_end(line));
}
