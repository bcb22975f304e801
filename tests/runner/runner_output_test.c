// SPDX-License-Identifier: Apache-2.0
/* What comes out of a run: the real, static runner as process 1 of a world of its own. RUNNER names
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "cage.h"

#define OFF(control) CONTROL_BIT(CONTROL_##control)
#define MIB          (INT64_C(1024) * 1024)

static const char socket_script[] =
    "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"result.json\")'";

/* rows: how the result travels and how many bytes it has; what the code leaves */
static void h20_result_is_whole_or_not_at_all(void **state)
{
    static const struct {
        enum report_result result;
        int64_t bytes;
        const char *script;
    } rows[] = {
        {REPORT_RESULT_NONE,      0,        ":"                                           },
        {REPORT_RESULT_INLINE,    0,        ": > result.json"                             },
        {REPORT_RESULT_INLINE,    8,        "printf '{\"a\": 1}' > result.json"           },
        {REPORT_RESULT_INLINE,    2250,     "head -c 2250 /dev/urandom > result.json"     },
        {REPORT_RESULT_FRAMED,    2251,     "head -c 2251 /dev/urandom > result.json"     },
        {REPORT_RESULT_FRAMED,    MIB,      "head -c 1048576 /dev/urandom > result.json"  },
        {REPORT_RESULT_TOO_LARGE, MIB + 1,  "head -c 1048577 /dev/urandom > result.json"  },
        {REPORT_RESULT_TOO_LARGE, 60 * MIB, "truncate -s 60M result.json"                 },
        {REPORT_RESULT_REFUSED,   0,        "mkfifo result.json"                          },
        {REPORT_RESULT_REFUSED,   0,        "mkdir result.json"                           },
        {REPORT_RESULT_REFUSED,   0,        "ln -s /etc/passwd result.json"               },
        {REPORT_RESULT_REFUSED,   0,        "ln -s /proc/1/environ result.json"           },
        {REPORT_RESULT_REFUSED,   0,        "echo 1 > a; ln a result.json"                },
        {REPORT_RESULT_REFUSED,   0,        "echo 1 > result.json; chmod 0 result.json"   },
        {REPORT_RESULT_INLINE,    2,        "echo 1 > result.json; chmod 0 ."             },
        {REPORT_RESULT_INLINE,    3,        "echo 12 > .new && mv .new result.json"       },
        {REPORT_RESULT_INLINE,    3,        "mkdir t; echo 12 > t/n && mv t/n result.json"},
        {REPORT_RESULT_REFUSED,   0,        socket_script                                 },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct cage *cage = cage_shell(rows[i].script);
        const struct cage_file *file;
        cage_run(cage);
        assert_exit(cage, 0);
        if (cage->report.result != rows[i].result)
            fprintf(stderr, "%s: %s", rows[i].script, cage->report_text);
        assert_int_equal(cage->report.result, rows[i].result);
        assert_int_equal(cage->report.result_bytes, rows[i].bytes);
        assert_int_equal(cage->broken, 0);
        file = cage_find(cage, FRAME_RESULT, "");
        assert_int_equal(file != NULL, rows[i].result == REPORT_RESULT_FRAMED);
        if (file) {
            char sha256[SHA256_HEX + 1];
            sha256_of(buf_str(&file->bytes), sha256);
            assert_true(file->is_whole);
            assert_string_equal(sha256, cage->report.result_sha256);
        }
        cage_free(cage);
    }
}

static void h22_result_is_kept_on_failure(void **state)
{
    struct cage *cage = cage_shell("echo '{\"exit\": 0}' | tee result.json; exit 3");

    (void)state;
    cage_run(cage);
    assert_exit(cage, 3);
    assert_int_equal(cage->report.exit_code, 3);
    assert_int_equal(cage->report.result, REPORT_RESULT_INLINE);
    assert_int_equal(cage->report.result_bytes, 12);
    cage_free(cage);
}

static void artifacts_come_as_frames(void **state)
{
    struct cage *cage =
        cage_shell("echo 1 > result.json; mkdir -p a/b; echo deep > a/b/c; : > empty; "
                   "ln -s /etc/passwd link; mkfifo fifo; echo x > one; ln one two; "
                   "mkdir shut; echo y > shut/z; chmod 0 shut; "
                   "echo y > closed; chmod 0 closed");

    (void)state;
    cage_run(cage);
    assert_exit(cage, 0);
    assert_int_equal(cage->report.artifacts_count, 3);
    assert_int_equal(cage->report.artifacts_bytes, 7);
    assert_int_equal(cage->file_count, 3);
    assert_text(buf_str(&cage_find(cage, FRAME_ARTIFACT, "a/b/c")->bytes), "deep\n");
    assert_text(buf_str(&cage_find(cage, FRAME_ARTIFACT, "result.json")->bytes), "1\n");
    assert_true(cage_find(cage, FRAME_ARTIFACT, "empty")->is_whole);
    assert_false(cage->report.artifacts_too_large);
    cage_free(cage);
}

static void a_large_result_leaves_the_artifacts_their_room(void **state)
{
    struct cage *cage = cage_shell("head -c 1048576 /dev/zero > result.json; echo a > other");

    (void)state;
    cage_run(cage);
    assert_int_equal(cage->report.result, REPORT_RESULT_FRAMED);
    assert_false(cage->report.artifacts_too_large);
    assert_int_equal(cage->report.artifacts_count, 1);
    assert_true(cage_find(cage, FRAME_ARTIFACT, "other")->is_whole);
    assert_null(cage_find(cage, FRAME_ARTIFACT, "result.json"));
    cage_free(cage);
}

static void artifacts_beyond_a_bound_are_none(void **state)
{
    static const char deep[] = "import os\n"
                               "for i in range(100000):\n"
                               "    os.mkdir('d' * 255); os.chdir('d' * 255)\n"
                               "    if i % 10000 == 0: print(i)\n";
    static const char many[] = "for i in range(20000): open('f%d' % i, 'w').close()";
    static const char large[] = "open('a', 'w').write('x' * (512 * 1024))";
    static const char *const scripts[] = {deep, many, large};

    (void)state;
    for (size_t i = 0; i < countof(scripts); i++) {
        struct cage *cage = cage_python(scripts[i]);
        cage->job.switched_off = OFF(LANDLOCK); /* it makes a deep mkdir slow, and is not tested */
        cage_run(cage);
        assert_true(cage->report.artifacts_too_large);
        assert_int_equal(cage->report.cause, CAUSE_EXITED);
        assert_int_equal(cage->report.artifacts_count, 0);
        assert_int_equal(cage->file_count, 0);
        assert_true(cage->has_end);
        cage_free(cage);
    }
}

static void frames_behind_output_begin_on_a_line(void **state)
{
    struct cage *cage =
        cage_shell("head -c 9000 /dev/urandom > result.json; echo a > other; printf mid");

    (void)state;
    cage->is_behind_output = true;
    cage_run(cage);
    assert_exit(cage, 0);
    assert_text(buf_str(&cage->text), "mid\n");
    assert_int_equal(cage->file_count, 2); /* the result is not sent twice */
    assert_int_equal(cage_find(cage, FRAME_RESULT, "")->bytes.size, 9000);
    assert_true(cage_find(cage, FRAME_ARTIFACT, "other")->is_whole);
    assert_int_equal(cage->report.artifacts_count, 1);
    assert_int_equal(cage->report.output_sent, 3);
    assert_true(cage->has_end);
    cage_free(cage);
}

static void plain_output_stays_clean(void **state)
{
    struct cage *cage = cage_shell("echo 1 > result.json; printf hello");

    (void)state;
    cage->is_behind_output = true;
    cage_run(cage);
    assert_text(buf_str(&cage->out), "hello");
    cage_free(cage);
}

static void h24_frames_cannot_be_forged(void **state)
{
    struct cage *cage =
        cage_shell("printf '\\036result 1 x\\n\\036end\\n'; printf '\\036' >&2; exit 1");

    (void)state;
    cage->is_behind_output = true;
    cage_run(cage);
    assert_exit(cage, 1);
    assert_text(buf_str(&cage->out), "?result 1 x\n?end\n");
    assert_text(buf_str(&cage->errors), "?");
    assert_false(cage->has_end);
    cage_free(cage);
}

static void output_of_a_gigabyte_is_bounded(void **state)
{
    struct cage *cage = cage_shell("head -c 1000000000 /dev/zero | tr '\\0' 'x'; printf 'the end'");
    static const char notice[] = "agenttask: output limit of 1048576 bytes reached";

    (void)state;
    cage_run(cage);
    assert_exit(cage, 0);
    assert_int_equal(cage->report.output_bytes, 1000000007);
    assert_true(cage->report.output_truncated);
    assert_in_range(cage->out.size, MIB + 65536, MIB + 65536 + 200);
    assert_int_equal(cage->report.output_sent, cage->out.size);
    assert_true(str_ends(buf_str(&cage->out), "xthe end"));
    assert_memory_equal(cage->out.at + MIB + 1, notice, sizeof(notice) - 1);
    print_message("1 GB of output: %lld ms\n", (long long)cage->ms);
    cage_free(cage);
}

static void output_just_over_the_limit_loses_nothing(void **state)
{
    struct cage *cage = cage_shell("printf 'aaaa\\nbbbb\\ncc'; sleep 0.1; printf 'EE' >&2");

    (void)state;
    cage->job.output_size_max = 5;
    cage_run(cage);
    assert_text(buf_str(&cage->out), "aaaa\nagenttask: output limit of 5 bytes reached; the last "
                                     "65536 bytes of each stream follow at the end\nbbbb\ncc");
    assert_text(buf_str(&cage->errors), "EE");
    assert_int_equal(cage->report.output_sent, cage->out.size + cage->errors.size);
    assert_false(cage->report.output_truncated);
    cage_free(cage);
}

static void output_limit_switched_off_is_off(void **state)
{
    struct cage *cage = cage_shell("head -c 3000000 /dev/zero");

    (void)state;
    cage->job.switched_off = OFF(OUTPUT_LIMIT);
    cage_run(cage);
    assert_int_equal(cage->out.size, 3000000);
    assert_int_equal(cage->report.controls & OFF(OUTPUT_LIMIT), 0);
    cage_free(cage);
}

static void reader_that_never_reads_stops_no_clock(void **state)
{
    struct cage *cage = cage_shell("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done");

    (void)state;
    cage->job.timeout_ms = 600;
    cage->read_after_ms = 60000;
    cage_run(cage);
    assert_exit(cage, 124);
    assert_in_range(cage->report.run_ms, 600, 1600);
    assert_in_range(cage->ms, 600, 8000); /* 5 s for the reader, then the report */
    assert_true(cage->report.output_truncated);
    cage_free(cage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(h20_result_is_whole_or_not_at_all),
        cmocka_unit_test(h22_result_is_kept_on_failure),
        cmocka_unit_test(artifacts_come_as_frames),
        cmocka_unit_test(a_large_result_leaves_the_artifacts_their_room),
        cmocka_unit_test(artifacts_beyond_a_bound_are_none),
        cmocka_unit_test(frames_behind_output_begin_on_a_line),
        cmocka_unit_test(plain_output_stays_clean),
        cmocka_unit_test(h24_frames_cannot_be_forged),
        cmocka_unit_test(output_of_a_gigabyte_is_bounded),
        cmocka_unit_test(output_just_over_the_limit_loses_nothing),
        cmocka_unit_test(output_limit_switched_off_is_off),
        cmocka_unit_test(reader_that_never_reads_stops_no_clock),
    };

    return cage_tests_run(tests, countof(tests));
}
