// SPDX-License-Identifier: Apache-2.0
#include "driver/kube_capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "framed.h"

static void add_text(struct kube_capture *capture, const char *text)
{
    kube_capture_add(capture, str_of(text));
}

static void frames_end(struct buf *ret)
{
    char line[FRAME_LINE_MAX];

    buf_add(ret, (struct str){line, frame_write_end(line)});
}

static void a_short_output_is_its_head(void **state)
{
    struct kube_capture *capture = kube_capture_new();

    (void)state;
    add_text(capture, "one\ntwo");
    add_text(capture, "\n");
    assert_true(str_is(buf_str(&capture->head), "one\ntwo\n"));
    assert_int_equal(kube_capture_tail(capture).size, 0);
    assert_int_equal(capture->text_bytes, 8);
    kube_capture_free(capture);
}

static void of_a_long_output_both_ends_are_kept(void **state)
{
    struct kube_capture *capture = kube_capture_new();
    char line[32];
    int64_t total = 0;
    struct str tail;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        snprintf(line, sizeof(line), "line %05d\n", i);
        add_text(capture, line);
        total += 11;
    }
    tail = kube_capture_tail(capture);
    assert_int_equal(capture->text_bytes, total);
    assert_int_equal(capture->head.size, LOG_HEAD_SIZE);
    assert_int_equal(tail.size, LOG_TAIL_SIZE);
    assert_true(str_starts(buf_str(&capture->head), "line 00000\n"));
    assert_true(str_ends(tail, "line 99999\n"));
    kube_capture_free(capture);
}

static void one_long_piece_is_as_good_as_many(void **state)
{
    struct kube_capture *capture = kube_capture_new();
    size_t size = (size_t)1024 * 1024;
    char *bytes = malloc(size);
    struct str tail;

    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)('a' + i % 26);
    kube_capture_add(capture, (struct str){bytes, size});
    tail = kube_capture_tail(capture);
    assert_int_equal(tail.size, LOG_TAIL_SIZE);
    assert_memory_equal(tail.at, bytes + size - LOG_TAIL_SIZE, LOG_TAIL_SIZE);
    assert_memory_equal(capture->head.at, bytes, LOG_HEAD_SIZE);
    free(bytes);
    kube_capture_free(capture);
}

/* Cut anywhere, the same comes of it. */
static void frames_are_taken_out_of_the_output(void **state)
{
    struct buf stream;

    (void)state;
    buf_init(&stream, (size_t)1024 * 1024);
    buf_add(&stream, STR_LIT("out\nerr without end"));
    framed_add(&stream, FRAME_RESULT, "", STR_LIT("{\"a\": 1}"));
    buf_add(&stream, STR_LIT("a late word of stderr"));
    framed_add(&stream, FRAME_ARTIFACT, "a/b.txt", STR_LIT("bytes"));
    frames_end(&stream);
    for (size_t cut = 1; cut < 50; cut++) {
        struct kube_capture *capture = kube_capture_new();
        for (struct str rest = buf_str(&stream); rest.size > 0; rest = str_skip(rest, cut))
            kube_capture_add(capture, (struct str){rest.at, rest.size < cut ? rest.size : cut});
        assert_true(str_is(buf_str(&capture->head), "out\nerr without enda late word of stderr"));
        assert_true(capture->harvest.has_result);
        assert_true(str_is(buf_str(&capture->harvest.result), "{\"a\": 1}"));
        assert_true(capture->harvest.has_artifacts_end);
        assert_int_equal(capture->harvest.artifacts_count, 1);
        assert_int_equal(capture->harvest.artifacts_bytes, 5);
        kube_capture_free(capture);
    }
    buf_fini(&stream);
}

static void a_word_between_the_chunks_of_a_file_does_no_harm(void **state)
{
    struct kube_capture *capture = kube_capture_new();
    struct buf stream;
    char *bytes = calloc(1, 3 * FRAME_CHUNK);
    struct str first, rest;

    (void)state;
    buf_init(&stream, (size_t)1024 * 1024);
    framed_add(&stream, FRAME_RESULT, "", (struct str){bytes, 3 * FRAME_CHUNK});
    assert_true(str_cut(buf_str(&stream), '\n', &first, &rest));
    kube_capture_add(capture, (struct str){first.at, first.size + 1});
    add_text(capture, "stderr says something\n");
    kube_capture_add(capture, rest);
    assert_true(capture->harvest.has_result);
    assert_int_equal(capture->harvest.result.size, 3 * FRAME_CHUNK);
    assert_true(str_is(buf_str(&capture->head), "stderr says something\n"));
    buf_fini(&stream);
    free(bytes);
    kube_capture_free(capture);
}

/* Many tiny files take more room as frames than as files: then there are none. */
static void artifacts_that_do_not_fit_are_none(void **state)
{
    struct kube_capture *capture = kube_capture_new();
    struct buf stream;
    char path[32];

    (void)state;
    buf_init(&stream, (size_t)16 * 1024 * 1024);
    for (int i = 0; i < 10000; i++) {
        snprintf(path, sizeof(path), "f%d", i);
        framed_add(&stream, FRAME_ARTIFACT, path, STR_LIT("x"));
    }
    frames_end(&stream);
    kube_capture_add(capture, buf_str(&stream));
    assert_true(capture->harvest.artifacts.is_full);
    assert_int_equal(capture->harvest.artifacts.size, 0);
    assert_int_equal(capture->harvest.artifacts_count, 0);
    buf_fini(&stream);
    kube_capture_free(capture);
}

static void whatever_comes_it_stays_within_its_bound(void **state)
{
    struct kube_capture *capture = kube_capture_new();
    char noise[4096];
    uint32_t dice = 1;

    (void)state;
    for (int i = 0; i < 4000; i++) {
        for (size_t j = 0; j < sizeof(noise); j++) {
            dice = dice * 1664525 + 1013904223;
            noise[j] = "\x1e+.\nresult artifact 9 aAbB/="[(dice >> 16) % 28];
        }
        kube_capture_add(capture, (struct str){noise, sizeof(noise)});
    }
    assert_true(capture->head.room + capture->tail.room + capture->harvest.result.room +
                    capture->harvest.artifacts.room <=
                KUBE_CAPTURE_MAX);
    assert_false(capture->harvest.has_result);
    kube_capture_free(capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_output_is_its_head),
        cmocka_unit_test(of_a_long_output_both_ends_are_kept),
        cmocka_unit_test(one_long_piece_is_as_good_as_many),
        cmocka_unit_test(frames_are_taken_out_of_the_output),
        cmocka_unit_test(a_word_between_the_chunks_of_a_file_does_no_harm),
        cmocka_unit_test(artifacts_that_do_not_fit_are_none),
        cmocka_unit_test(whatever_comes_it_stays_within_its_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
