// SPDX-License-Identifier: Apache-2.0
#include "driver/capture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define UID "00000000-0000-4000-8000-000000000001"

struct scene {
    char state[64];
    struct rundir dir;
    struct capture capture;
    int in[2], copy[2]; /* what the sandbox writes to; where the copies go */
};

static int scene_open(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    struct err err = {0};

    assert_non_null(scene);
    strcpy(scene->state, "/tmp/agenttask-capture-XXXXXX");
    assert_non_null(mkdtemp(scene->state));
    assert_true(rundir_create(scene->state, STR_LIT(UID), &scene->dir, &err));
    assert_int_equal(pipe2(scene->in, O_NONBLOCK), 0);
    assert_int_equal(pipe2(scene->copy, O_NONBLOCK), 0);
    *state = scene;
    return 0;
}

static int scene_close(void **state)
{
    struct scene *scene = *state;
    struct err err = {0};

    capture_fini(&scene->capture);
    rundir_close(&scene->dir);
    assert_true(rundir_remove(scene->state, STR_LIT(UID), &err));
    for (int i = 0; i < 2; i++) {
        close(scene->in[i]);
        close(scene->copy[i]);
    }
    char command[96];
    snprintf(command, sizeof(command), "rm -rf %s", scene->state);
    assert_int_equal(system(command), 0);
    free(scene);
    return 0;
}

static void scene_init(struct scene *scene, capture_show *show)
{
    const struct capture_copies copies = {scene->copy[1], -1, show, scene};
    struct err err = {0};

    assert_true(capture_init(&scene->dir, &copies, &scene->capture, &err));
}

static void scene_write(struct scene *scene, const void *bytes, size_t size)
{
    assert_int_equal(write(scene->in[1], bytes, size), size);
}

static void output_goes_to_the_log_and_to_the_copy(void **state)
{
    struct scene *scene = *state;
    char got[64] = "";

    scene_init(scene, NULL);
    scene_write(scene, "hello\n", 6);
    assert_true(capture_output(&scene->capture, scene->in[0], LOG_STDOUT, 1000));
    assert_int_equal(read(scene->copy[0], got, sizeof(got)), 6);
    assert_string_equal(got, "hello\n");
    assert_int_equal(scene->capture.log.bytes, 6);
}

static void show_upper(void *ctx, enum log_stream stream, struct str bytes, struct buf *ret)
{
    (void)ctx;
    assert_int_equal(stream, LOG_STDOUT);
    for (size_t i = 0; i < bytes.size; i++)
        buf_add_char(ret, (char)(bytes.at[i] - 32));
    if (bytes.size == 0)
        buf_add_char(ret, '.');
}

static void what_is_shown_may_differ_from_what_is_kept(void **state)
{
    struct scene *scene = *state;
    char got[64] = "";

    scene_init(scene, show_upper);
    scene_write(scene, "abc", 3);
    assert_true(capture_output(&scene->capture, scene->in[0], LOG_STDOUT, 1000));
    capture_copy_all(&scene->capture);
    assert_int_equal(read(scene->copy[0], got, sizeof(got)), 4);
    assert_string_equal(got, "ABC.");
    assert_int_equal(scene->capture.log.bytes, 3);
}

static void a_slow_reader_of_the_copy_does_not_hold_the_output_up(void **state)
{
    struct scene *scene = *state;
    static char bytes[32 * 1024];
    size_t total = 0;

    scene_init(scene, NULL);
    memset(bytes, 'x', sizeof(bytes));
    for (int i = 0; i < 64; i++) { /* 2 MiB: far more than the copy's pipe holds */
        scene_write(scene, bytes, sizeof(bytes));
        assert_true(capture_output(&scene->capture, scene->in[0], LOG_STDOUT, 1000));
    }
    assert_int_equal(scene->capture.log.bytes, 64 * sizeof(bytes));
    for (ssize_t got = 1; got > 0; total += (size_t)(got > 0 ? got : 0)) {
        got = read(scene->copy[0], bytes, sizeof(bytes));
        for (int i = 0; i < 16; i++)
            capture_copy_some(&scene->capture.copies[LOG_STDOUT]);
    }
    assert_int_equal(total, 64 * sizeof(bytes));
}

static void the_end_of_a_stream_is_told(void **state)
{
    struct scene *scene = *state;

    scene_init(scene, NULL);
    close(scene->in[1]);
    scene->in[1] = -1;
    assert_false(capture_output(&scene->capture, scene->in[0], LOG_STDOUT, 1000));
    assert_false(capture_frames(&scene->capture, scene->in[0]));
}

static void send_file(struct scene *scene, enum frame_kind kind, const char *path,
                      const char *bytes, const char *said, bool is_whole)
{
    char line[FRAME_LINE_MAX], sha256[SHA256_HEX + 1];

    sha256_of(str_of(said), sha256);
    scene_write(scene, line,
                frame_write_file(kind, str_of(path), (int64_t)strlen(said), sha256, line));
    scene_write(scene, line, frame_write_bytes(str_of(bytes), line));
    if (is_whole)
        scene_write(scene, line, frame_write_whole(line));
}

static void whole_files_are_kept(void **state)
{
    struct scene *scene = *state;
    char line[FRAME_LINE_MAX];

    scene_init(scene, NULL);
    send_file(scene, FRAME_RESULT, "", "{\"a\": 1}", "{\"a\": 1}", true);
    send_file(scene, FRAME_ARTIFACT, "dir/file", "bytes", "bytes", true);
    scene_write(scene, line, frame_write_end(line));
    assert_true(capture_frames(&scene->capture, scene->in[0]));
    assert_true(scene->capture.harvest.has_result);
    assert_true(str_is(buf_str(&scene->capture.harvest.result), "{\"a\": 1}"));
    assert_int_equal(scene->capture.harvest.artifacts_count, 1);
    assert_int_equal(scene->capture.harvest.artifacts_bytes, 5);
    assert_true(scene->capture.harvest.has_artifacts_end);
}

static void a_file_with_a_wrong_digest_is_never_kept(void **state)
{
    struct scene *scene = *state;

    scene_init(scene, NULL);
    send_file(scene, FRAME_RESULT, "", "forged!!", "the true", true);
    send_file(scene, FRAME_ARTIFACT, "f", "forged!!", "the true", true);
    assert_true(capture_frames(&scene->capture, scene->in[0]));
    assert_false(scene->capture.harvest.has_result);
    assert_int_equal(scene->capture.harvest.artifacts_count, 0);
    assert_int_equal(scene->capture.harvest.artifacts.size, 0);
}

static void a_file_cut_short_is_never_kept(void **state)
{
    struct scene *scene = *state;

    scene_init(scene, NULL);
    send_file(scene, FRAME_ARTIFACT, "one", "half", "half and half", false);
    send_file(scene, FRAME_ARTIFACT, "two", "whole", "whole", true);
    assert_true(capture_frames(&scene->capture, scene->in[0]));
    assert_int_equal(scene->capture.harvest.artifacts_count, 1);
    assert_int_equal(scene->capture.harvest.artifacts_bytes, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(output_goes_to_the_log_and_to_the_copy, scene_open,
                                        scene_close),
        cmocka_unit_test_setup_teardown(what_is_shown_may_differ_from_what_is_kept, scene_open,
                                        scene_close),
        cmocka_unit_test_setup_teardown(a_slow_reader_of_the_copy_does_not_hold_the_output_up,
                                        scene_open, scene_close),
        cmocka_unit_test_setup_teardown(the_end_of_a_stream_is_told, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(whole_files_are_kept, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(a_file_with_a_wrong_digest_is_never_kept, scene_open,
                                        scene_close),
        cmocka_unit_test_setup_teardown(a_file_cut_short_is_never_kept, scene_open, scene_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
