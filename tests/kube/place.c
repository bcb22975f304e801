// SPDX-License-Identifier: Apache-2.0
#include "place.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/file.h"

int place_open(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    assert_non_null(place);
    strcpy(place->directory, "/tmp/agenttask-kube-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    *state = place;
    return 0;
}

int place_close(void **state)
{
    struct place *place = *state;
    int status = system(arena_print(&place->arena, "rm -rf %s", place->directory).at);

    arena_fini(&place->arena);
    free(place);
    return status;
}

const char *place_path(struct place *place, const char *name)
{
    return arena_print(&place->arena, "%s/%s", place->directory, name).at;
}

const char *place_file(struct place *place, const char *name, int mode, const char *text)
{
    const char *path = place_path(place, name);
    struct str directory = {path, (size_t)(strrchr(path, '/') - path)};
    struct err err = {0};

    assert_true(directory_make(arena_text(&place->arena, directory), &err));
    auto_end(fd_end) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_true(fd_write_all(fd, str_of(text), &err));
    return path;
}

struct str place_read(struct place *place, const char *name)
{
    struct err err = {0};
    struct str ret;

    if (!file_read(&place->arena, place_path(place, name), 1 << 20, &ret, &err))
        return (struct str){0};
    return ret;
}
