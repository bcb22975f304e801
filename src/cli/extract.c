// SPDX-License-Identifier: Apache-2.0
#include "cli/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "core/frame.h"
#include "sys/file.h"

struct collector {
    struct arena *arena;
    struct extract extract;
    uint32_t room;
    struct buf bytes; /* of the file under way */
    bool has_too_many;
};

static void add_file(struct collector *collector, const struct frame_reader *reader)
{
    struct extract *extract = &collector->extract;
    struct extract_file *file;

    if (extract->count == EXTRACT_FILES_MAX) {
        collector->has_too_many = true;
        return;
    }
    if (extract->count == collector->room) {
        struct extract_file *files;

        collector->room = collector->room ? 2 * collector->room : 16;
        files = arena_array(collector->arena, collector->room, sizeof(*files));
        if (extract->count)
            memcpy(files, extract->files, extract->count * sizeof(*files));
        extract->files = files;
    }
    file = &extract->files[extract->count++];
    file->path = arena_copy(collector->arena, str_of(reader->path));
    file->bytes = arena_copy(collector->arena, buf_str(&collector->bytes));
    sha256_of(file->bytes, file->sha256);
}

static void take_event(void *ctx, enum frame_event event, const struct frame_reader *reader,
                       struct str bytes)
{
    struct collector *collector = ctx;

    switch (event) {
    case FRAME_FILE:
        buf_drop(&collector->bytes, collector->bytes.size);
        break;
    case FRAME_BYTES:
        buf_add(&collector->bytes, bytes);
        break;
    case FRAME_WHOLE:
        if (reader->kind == FRAME_ARTIFACT)
            add_file(collector, reader);
        break;
    case FRAME_BROKEN:
        collector->extract.is_broken = true;
        break;
    case FRAME_TEXT:
    case FRAME_END:
        break;
    }
}

bool extract_read(struct arena *arena, struct str frames, struct extract *ret, struct err *err)
{
    struct collector collector = {.arena = arena};
    struct frame_reader *reader = arena_alloc(arena, sizeof(*reader));

    buf_init(&collector.bytes, EXTRACT_FRAMES_MAX);
    frame_reader_init(reader);
    frame_read(reader, frames, take_event, &collector);
    collector.extract.is_broken |= reader->has_file; /* the frames end within a file */
    buf_fini(&collector.bytes);
    if (collector.has_too_many)
        return err_set(err, ERR_LIMIT, "more than %d artifacts", EXTRACT_FILES_MAX);
    *ret = collector.extract;
    return true;
}

/* Goes into the directory `part` of *fd, made if needed, never through a link. */
static bool enter(int *fd, const char *part, struct err *err)
{
    int next;

    if (mkdirat(*fd, part, 0700) < 0 && errno != EEXIST)
        return err_sys(err, errno, "make directory %s", part);
    next = openat(*fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0)
        return err_sys(err, errno, "enter directory %s", part);
    fd_end(fd);
    *fd = next;
    return true;
}

bool extract_write(const struct extract_file *file, int directory_fd, struct err *err)
{
    struct str part, rest = file->path;
    char name[FRAME_PATH_MAX + 1];
    auto_end(fd_end) int directory = fcntl(directory_fd, F_DUPFD_CLOEXEC, 0);
    auto_end(fd_end) int fd = -1;

    if (!frame_path_is_safe(file->path))
        return err_set(err, ERR_REFUSED, "%.*s: no path for an artifact", STR_ARG(file->path));
    if (directory < 0)
        return err_sys(err, errno, "duplicate a descriptor");
    while (str_cut(rest, '/', &part, &rest)) {
        snprintf(name, sizeof(name), "%.*s", STR_ARG(part));
        if (!enter(&directory, name, err))
            return err_wrap(err, "%.*s", STR_ARG(file->path));
    }
    snprintf(name, sizeof(name), "%.*s", STR_ARG(rest));
    fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(err, errno, "%.*s", STR_ARG(file->path));
    if (!fd_write_all(fd, file->bytes, err))
        return err_wrap(err, "%.*s", STR_ARG(file->path));
    return true;
}
