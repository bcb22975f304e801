// SPDX-License-Identifier: Apache-2.0
#include "sys/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    struct arena arena;
    char directory[64];
};

static int place_open(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    assert_non_null(place);
    strcpy(place->directory, "/tmp/agenttask-file-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    *state = place;
    return 0;
}

static int place_close(void **state)
{
    struct place *place = *state;
    int status = system(arena_print(&place->arena, "rm -rf %s", place->directory).at);

    arena_fini(&place->arena);
    free(place);
    return status;
}

static const char *path_of(struct place *place, const char *name)
{
    return arena_print(&place->arena, "%s/%s", place->directory, name).at;
}

static const char *write_file(struct place *place, const char *name, struct str bytes)
{
    const char *path = path_of(place, name);
    auto_end(fd_end) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    struct err err = {0};

    assert_true(fd >= 0);
    assert_true(fd_write_all(fd, bytes, &err));
    return path;
}

static void a_file_is_read_whole_up_to_its_bound(void **state)
{
    struct place *place = *state;
    const char *path = write_file(place, "f", STR_LIT("12345"));
    struct err err = {0};
    struct str text;

    assert_true(file_read(&place->arena, path, 5, &text, &err));
    assert_true(str_is(text, "12345"));
    assert_false(file_read(&place->arena, path, 4, &text, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
}

static void only_regular_files_are_read(void **state)
{
    struct place *place = *state;
    const char *fifo = path_of(place, "fifo");
    struct err errs[3] = {{0}};
    struct str text;

    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_false(file_read(&place->arena, fifo, 10, &text, &errs[0])); /* and does not wait */
    assert_false(file_read(&place->arena, place->directory, 10, &text, &errs[1]));
    assert_false(file_read(&place->arena, path_of(place, "none"), 10, &text, &errs[2]));
    assert_int_equal(errs[0].kind, ERR_INVALID);
    assert_int_equal(errs[1].kind, ERR_INVALID);
    assert_int_equal(errs[2].kind, ERR_ABSENT);
}

static void directories_are_made_with_their_parents(void **state)
{
    struct place *place = *state;
    const char *path = path_of(place, "a/b//c");
    struct err err = {0};
    struct stat found;

    assert_true(directory_make(path, &err));
    assert_true(directory_make(path, &err));
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 07777, 0700);
    assert_false(directory_make(path_of(place, "a/b/c/../../../f/x"), &err) &&
                 directory_make(write_file(place, "plain", STR_LIT("")), &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_read_whole_up_to_its_bound, place_open,
                                        place_close),
        cmocka_unit_test_setup_teardown(only_regular_files_are_read, place_open, place_close),
        cmocka_unit_test_setup_teardown(directories_are_made_with_their_parents, place_open,
                                        place_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
