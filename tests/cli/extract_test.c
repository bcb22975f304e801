// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/extract.h"
#include "core/frame.h"

struct fixture {
    struct arena arena;
    struct buf frames;
    char directory[64];
    int fd;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    buf_init(&fixture->frames, 1024 * 1024);
    strcpy(fixture->directory, "/tmp/agenttask-cli-XXXXXX");
    if (!mkdtemp(fixture->directory))
        return -1;
    fixture->fd = open(fixture->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    struct str command = arena_print(&fixture->arena, "rm -rf %s", fixture->directory);
    int status = system(command.at);

    close(fixture->fd);
    buf_fini(&fixture->frames);
    arena_fini(&fixture->arena);
    free(fixture);
    return status;
}

static void add_frame(struct fixture *fixture, enum frame_kind kind, const char *path,
                      const char *text, bool is_damaged)
{
    char line[FRAME_LINE_MAX], sha256[SHA256_HEX + 1];

    sha256_of(str_of(text), sha256);
    if (is_damaged)
        sha256[0] = sha256[0] == '0' ? '1' : '0';
    buf_add(&fixture->frames,
            (struct str){
                line, frame_write_file(kind, str_of(path), (int64_t)strlen(text), sha256, line)});
    buf_add(&fixture->frames, (struct str){line, frame_write_bytes(str_of(text), line)});
    buf_add(&fixture->frames, (struct str){line, frame_write_whole(line)});
}

static struct extract read_frames(struct fixture *fixture)
{
    struct extract extract;
    struct err err = {0};

    if (!extract_read(&fixture->arena, buf_str(&fixture->frames), &extract, &err))
        fail_msg("%s", err.text);
    return extract;
}

static bool write_file(struct fixture *fixture, const char *path, struct err *err)
{
    struct extract_file file = {.path = str_of(path), .bytes = STR_LIT("bytes")};

    return extract_write(&file, fixture->fd, err);
}

static void whole_files_are_taken_and_results_are_not_files(void **state)
{
    struct fixture *fixture = *state;
    struct extract extract;
    char sha256[SHA256_HEX + 1];

    add_frame(fixture, FRAME_RESULT, "", "{}", false);
    add_frame(fixture, FRAME_ARTIFACT, "a.txt", "hello", false);
    add_frame(fixture, FRAME_ARTIFACT, "dir/b", "world!", false);
    extract = read_frames(fixture);
    assert_int_equal(extract.count, 2);
    assert_false(extract.is_broken);
    assert_string_equal(extract.files[0].path.at, "a.txt");
    assert_string_equal(extract.files[0].bytes.at, "hello");
    sha256_of(STR_LIT("hello"), sha256);
    assert_string_equal(extract.files[0].sha256, sha256);
    assert_string_equal(extract.files[1].path.at, "dir/b");
}

static void a_damaged_file_is_left_out_and_told(void **state)
{
    struct fixture *fixture = *state;
    struct extract extract;

    add_frame(fixture, FRAME_ARTIFACT, "bad", "hello", true);
    add_frame(fixture, FRAME_ARTIFACT, "good", "hello", false);
    extract = read_frames(fixture);
    assert_int_equal(extract.count, 1);
    assert_string_equal(extract.files[0].path.at, "good");
    assert_true(extract.is_broken);
}

static void frames_that_end_too_early_are_told(void **state)
{
    struct fixture *fixture = *state;
    struct extract extract;

    add_frame(fixture, FRAME_ARTIFACT, "a", "hello", false);
    fixture->frames.size -= 3; /* the mark that it is whole */
    extract = read_frames(fixture);
    assert_int_equal(extract.count, 0);
    assert_true(extract.is_broken);
}

static void a_path_out_of_the_directory_is_never_written(void **state)
{
    static const char *const paths[] = {"../x", "a/../../x", "/etc/x", ".", "..", "a//b", "", "a/"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < countof(paths); i++) {
        struct err err = {0};

        assert_false(write_file(fixture, paths[i], &err));
        assert_int_equal(err.kind, ERR_REFUSED);
    }
}

static void files_and_directories_are_private(void **state)
{
    struct fixture *fixture = *state;
    struct err err = {0};
    struct stat found;

    umask(0);
    assert_true(write_file(fixture, "a/b/c", &err));
    assert_int_equal(fstatat(fixture->fd, "a/b", &found, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(found.st_mode & 07777, 0700);
    assert_int_equal(fstatat(fixture->fd, "a/b/c", &found, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(found.st_mode & 07777, 0600);
    assert_int_equal(found.st_size, 5);
    assert_true(write_file(fixture, "a/b/d", &err)); /* the directories are there already */
}

static void nothing_is_overwritten(void **state)
{
    struct fixture *fixture = *state;
    struct err err = {0};

    assert_true(write_file(fixture, "a", &err));
    assert_false(write_file(fixture, "a", &err));
    assert_int_equal(err.kind, ERR_PRESENT);
    assert_string_equal(err.text, "a: File exists");
}

static void no_link_is_followed(void **state)
{
    struct fixture *fixture = *state;
    struct err file_err = {0}, directory_err = {0};

    assert_int_equal(symlinkat("/tmp", fixture->fd, "out"), 0);
    assert_int_equal(symlinkat("target", fixture->fd, "file"), 0);
    assert_false(write_file(fixture, "out/agenttask-escaped", &directory_err));
    assert_int_not_equal(access("/tmp/agenttask-escaped", F_OK), 0);
    assert_false(write_file(fixture, "file", &file_err));
    assert_int_not_equal(faccessat(fixture->fd, "target", F_OK, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whole_files_are_taken_and_results_are_not_files, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_left_out_and_told, setup, teardown),
        cmocka_unit_test_setup_teardown(frames_that_end_too_early_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_path_out_of_the_directory_is_never_written, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(files_and_directories_are_private, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_overwritten, setup, teardown),
        cmocka_unit_test_setup_teardown(no_link_is_followed, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
