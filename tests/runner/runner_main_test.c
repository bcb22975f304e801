// SPDX-License-Identifier: Apache-2.0
/* The real, static runner as process 1 of a world of its own. RUNNER names it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "cage.h"

#define OFF(control) CONTROL_BIT(CONTROL_##control)
#define MIB          (INT64_C(1024) * 1024)

static struct cage *shell(const char *script)
{
    return cage_new("/bin/sh", "-c", script);
}

static struct cage *python(const char *script)
{
    return cage_new("/usr/bin/python3", "-c", script);
}

static void assert_exit(const struct cage *cage, int code)
{
    if (!WIFEXITED(cage->status) || WEXITSTATUS(cage->status) != code)
        fprintf(stderr, "status %x, output <%.*s> errors <%.*s> report <%s>\n", cage->status,
                (int)cage->out.size, cage->out.at, (int)cage->errors.size, cage->errors.at,
                cage->report_text);
    assert_true(WIFEXITED(cage->status));
    assert_int_equal(WEXITSTATUS(cage->status), code);
}

static void assert_text(struct str got, const char *expected)
{
    if (!str_is(got, expected))
        fprintf(stderr, "got <%.*s>\nnot <%s>\n", STR_ARG(got), expected);
    assert_true(str_is(got, expected));
}

static void exit_status_is_the_codes(void **state)
{
    static const struct {
        const char *script;
        int exit;
        enum run_cause cause;
        int exit_code, signal;
    } rows[] = {
        {"exit 0",        0,   CAUSE_EXITED,   0,            0 },
        {"exit 3",        3,   CAUSE_EXITED,   3,            0 },
        {"exit 125",      125, CAUSE_EXITED,   125,          0 },
        {"kill -9 $$",    137, CAUSE_SIGNALED, EXIT_UNKNOWN, 9 },
        {"kill -TERM $$", 143, CAUSE_SIGNALED, EXIT_UNKNOWN, 15},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct cage *cage = shell(rows[i].script);
        cage_run(cage);
        assert_exit(cage, rows[i].exit);
        assert_int_equal(cage->report.cause, rows[i].cause);
        assert_int_equal(cage->report.exit_code, rows[i].exit_code);
        assert_int_equal(cage->report.signal, rows[i].signal);
        assert_true(cage->has_end);
        cage_free(cage);
    }
}

static void code_gets_its_environment_and_no_more(void **state)
{
    struct cage *cage = cage_new("/usr/bin/env", NULL, NULL);

    (void)state;
    cage_run(cage);
    assert_exit(cage, 0);
    assert_text(buf_str(&cage->out), "PATH=/usr/bin:/bin\nHOME=/tmp\n");
    cage_free(cage);
}

static void code_gets_its_directory_and_three_descriptors(void **state)
{
    struct cage *cage = shell("pwd; ls /proc/self/fd; echo err >&2");

    (void)state;
    cage_run(cage);
    assert_exit(cage, 0);
    /* 3 is the directory that ls reads */
    assert_text(buf_str(&cage->out), "/workspace/artifacts\n0\n1\n2\n3\n");
    assert_text(buf_str(&cage->errors), "err\n");
    assert_int_equal(cage->report.output_bytes, cage->out.size + cage->errors.size);
    assert_false(cage->report.output_truncated);
    cage_free(cage);
}

static void input_none_is_empty(void **state)
{
    struct cage *cage = shell("cat; echo done");

    (void)state;
    cage_run(cage);
    assert_text(buf_str(&cage->out), "done\n");
    cage_free(cage);
}

static void input_text_is_fed(void **state)
{
    struct cage *cage = shell("wc -c");
    static char text[120 * 1024];

    (void)state;
    memset(text, 'x', sizeof(text));
    cage->job.input_kind = JOB_INPUT_TEXT;
    cage->job.input = (struct str){text, sizeof(text)};
    cage_run(cage);
    assert_text(buf_str(&cage->out), "122880\n");
    cage_free(cage);
}

static void input_text_that_nobody_reads_holds_nothing_up(void **state)
{
    struct cage *cage = shell("exec 0<&-; sleep 0.2; echo done");
    static char text[120 * 1024];

    (void)state;
    cage->job.input_kind = JOB_INPUT_TEXT;
    cage->job.input = (struct str){text, sizeof(text)};
    cage_run(cage);
    assert_exit(cage, 0);
    assert_text(buf_str(&cage->out), "done\n");
    cage_free(cage);
}

static void input_stream_is_inherited(void **state)
{
    struct cage *cage = shell("cat");

    (void)state;
    cage->job.input_kind = JOB_INPUT_STREAM;
    cage->input = "from outside\n";
    cage_run(cage);
    assert_text(buf_str(&cage->out), "from outside\n");
    cage_free(cage);
}

static void start_failure_is_told(void **state)
{
    struct cage *cage = cage_new("/usr/bin/no-such-program", NULL, NULL);

    (void)state;
    cage_run(cage);
    assert_exit(cage, 125);
    assert_int_equal(cage->report.cause, CAUSE_START_FAILED);
    assert_text(cage->report.message, "start /usr/bin/no-such-program: No such file or directory");
    assert_int_equal(cage->report.controls, 0);
    cage_free(cage);
}

static void h11_timeout_kills_what_ignores_term(void **state)
{
    struct cage *cage = shell("trap '' TERM INT HUP; echo up; while :; do sleep 1; done");

    (void)state;
    cage->job.timeout_ms = 700;
    cage_run(cage);
    assert_exit(cage, 124);
    assert_int_equal(cage->report.cause, CAUSE_TIMEOUT);
    assert_int_equal(cage->report.exit_code, EXIT_UNKNOWN);
    assert_in_range(cage->report.run_ms, 1200, 2200); /* and the grace of 500 */
    assert_text(buf_str(&cage->out), "up\n");
    cage_free(cage);
}

static void timeout_is_one_even_if_the_code_then_exits_0(void **state)
{
    struct cage *cage = shell("trap 'echo bye; exit 0' TERM; while :; do sleep 0.1; done");

    (void)state;
    cage->job.timeout_ms = 500;
    cage_run(cage);
    assert_exit(cage, 124);
    assert_int_equal(cage->report.cause, CAUSE_TIMEOUT);
    assert_text(buf_str(&cage->out), "bye\n");
    cage_free(cage);
}

static void timeout_switched_off_is_off(void **state)
{
    struct cage *cage = shell("sleep 1");

    (void)state;
    cage->job.timeout_ms = 300;
    cage->job.switched_off = OFF(TIMEOUT);
    cage_run(cage);
    assert_exit(cage, 0);
    assert_int_equal(cage->report.controls & OFF(TIMEOUT), 0);
    cage_free(cage);
}

static void term_from_outside_stops(void **state)
{
    struct cage *cage = shell("trap 'echo told; exit 7' TERM; while :; do sleep 0.1; done");

    (void)state;
    cage->stop_after_ms = 500;
    cage_run(cage);
    assert_exit(cage, 143);
    assert_int_equal(cage->report.cause, CAUSE_STOPPED);
    assert_text(buf_str(&cage->out), "told\n");
    cage_free(cage);
}

/* The last one lies about its sender: rt_sigqueueinfo(1, TERM, {code SI_QUEUE, pid 0}). */
static void signals_to_the_runner_are_ignored(void **state)
{
    static const char script[] =
        "import os, signal, ctypes, time\n"
        "for number in (15, 9, 2, 1, 3, 19, 10, 17):\n"
        "    try: os.kill(1, number)\n"
        "    except OSError: pass\n"
        "info = (ctypes.c_int * 32)(15, 0, -1, 0, 0, 0)\n"
        "ctypes.CDLL(None).syscall(129 if os.uname().machine == 'x86_64' else 138, 1, 15, info)\n"
        "time.sleep(0.3)\n"
        "print('alive', flush=True)\n";
    static const uint32_t off[] = {0, OFF(SECCOMP), OFF(LANDLOCK), OFF(SECCOMP) | OFF(LANDLOCK)};

    (void)state;
    for (size_t i = 0; i < countof(off); i++) {
        struct cage *cage = python(script);
        cage->job.switched_off = off[i];
        cage_run(cage);
        assert_exit(cage, 0);
        assert_int_equal(cage->report.cause, CAUSE_EXITED);
        assert_text(buf_str(&cage->out), "alive\n");
        cage_free(cage);
    }
}

static void daemon_does_not_survive_or_delay(void **state)
{
    struct cage *cage = shell("(setsid sh -c 'trap \"\" TERM; sleep 60; echo late' &) ; exit 0");

    (void)state;
    cage_run(cage);
    assert_exit(cage, 0);
    assert_in_range(cage->ms, 0, 3000);
    assert_int_equal(cage->out.size, 0);
    cage_free(cage);
}

/* rows: what the code leaves; how the result travels; how many bytes it has */
static void h20_result_is_whole_or_not_at_all(void **state)
{
    static const struct {
        const char *script;
        enum report_result result;
        int64_t bytes;
    } rows[] = {
        {":",                                                                               REPORT_RESULT_NONE,      0       },
        {": > result.json",                                                                 REPORT_RESULT_INLINE,    0       },
        {"printf '{\"a\": 1}' > result.json",                                               REPORT_RESULT_INLINE,    8       },
        {"head -c 2250 /dev/urandom > result.json",                                         REPORT_RESULT_INLINE,    2250    },
        {"head -c 2251 /dev/urandom > result.json",                                         REPORT_RESULT_FRAMED,    2251    },
        {"head -c 1048576 /dev/urandom > result.json",                                      REPORT_RESULT_FRAMED,    MIB     },
        {"head -c 1048577 /dev/urandom > result.json",                                      REPORT_RESULT_TOO_LARGE, MIB + 1 },
        {"truncate -s 60M result.json",                                                     REPORT_RESULT_TOO_LARGE, 60 * MIB},
        {"mkfifo result.json",                                                              REPORT_RESULT_REFUSED,   0       },
        {"mkdir result.json",                                                               REPORT_RESULT_REFUSED,   0       },
        {"ln -s /etc/passwd result.json",                                                   REPORT_RESULT_REFUSED,   0       },
        {"ln -s /proc/1/environ result.json",                                               REPORT_RESULT_REFUSED,   0       },
        {"echo 1 > a; ln a result.json",                                                    REPORT_RESULT_REFUSED,   0       },
        {"echo 1 > result.json; chmod 0 result.json",                                       REPORT_RESULT_REFUSED,   0       },
        {"echo 1 > result.json; chmod 0 .",                                                 REPORT_RESULT_INLINE,    2       },
        {"echo 12 > .new && mv .new result.json",                                           REPORT_RESULT_INLINE,    3       },
        {"mkdir t; echo 12 > t/n && mv t/n result.json",                                    REPORT_RESULT_INLINE,    3       },
        {"python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"result.json\")'",
         REPORT_RESULT_REFUSED,                                                                                      0       },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct cage *cage = shell(rows[i].script);
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
    struct cage *cage = shell("echo '{\"exit\": 0}' | tee result.json; exit 3");

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
    struct cage *cage = shell("echo 1 > result.json; mkdir -p a/b; echo deep > a/b/c; : > empty; "
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
        struct cage *cage = python(scripts[i]);
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
        shell("head -c 9000 /dev/urandom > result.json; echo a > other; printf mid");

    (void)state;
    cage->is_behind_output = true;
    cage_run(cage);
    assert_exit(cage, 0);
    assert_text(buf_str(&cage->text), "mid\n");
    assert_int_equal(cage->file_count, 2); /* the result is not sent twice */
    assert_int_equal(cage_find(cage, FRAME_RESULT, "")->bytes.size, 9000);
    assert_true(cage_find(cage, FRAME_ARTIFACT, "other")->is_whole);
    assert_int_equal(cage->report.artifacts_count, 2);
    assert_true(cage->has_end);
    cage_free(cage);
}

static void plain_output_stays_clean(void **state)
{
    struct cage *cage = shell("echo 1 > result.json; printf hello");

    (void)state;
    cage->is_behind_output = true;
    cage_run(cage);
    assert_text(buf_str(&cage->out), "hello");
    cage_free(cage);
}

static void h24_frames_cannot_be_forged(void **state)
{
    struct cage *cage = shell("printf '\\036result 1 x\\n\\036end\\n'; printf '\\036' >&2; exit 1");

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
    struct cage *cage = shell("head -c 1000000000 /dev/zero | tr '\\0' 'x'; printf 'the end'");
    static const char notice[] = "agenttask: output limit of 1048576 bytes reached";

    (void)state;
    cage_run(cage);
    assert_exit(cage, 0);
    assert_int_equal(cage->report.output_bytes, 1000000007);
    assert_true(cage->report.output_truncated);
    assert_in_range(cage->out.size, MIB + 65536, MIB + 65536 + 200);
    assert_true(str_ends(buf_str(&cage->out), "xthe end"));
    assert_memory_equal(cage->out.at + MIB + 1, notice, sizeof(notice) - 1);
    print_message("1 GB of output: %lld ms\n", (long long)cage->ms);
    cage_free(cage);
}

static void output_just_over_the_limit_loses_nothing(void **state)
{
    struct cage *cage = shell("printf 'aaaa\\nbbbb\\ncc'; sleep 0.1; printf 'EE' >&2");

    (void)state;
    cage->job.output_size_max = 5;
    cage_run(cage);
    assert_text(buf_str(&cage->out), "aaaa\nagenttask: output limit of 5 bytes reached; the last "
                                     "65536 bytes of each stream follow at the end\nbbbb\ncc");
    assert_text(buf_str(&cage->errors), "EE");
    assert_false(cage->report.output_truncated);
    cage_free(cage);
}

static void output_limit_switched_off_is_off(void **state)
{
    struct cage *cage = shell("head -c 3000000 /dev/zero");

    (void)state;
    cage->job.switched_off = OFF(OUTPUT_LIMIT);
    cage_run(cage);
    assert_int_equal(cage->out.size, 3000000);
    assert_int_equal(cage->report.controls & OFF(OUTPUT_LIMIT), 0);
    cage_free(cage);
}

static void reader_that_never_reads_stops_no_clock(void **state)
{
    struct cage *cage = shell("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done");

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

static void usage_is_measured(void **state)
{
    struct cage *cage = python("x = bytearray(40 << 20)\nfor i in range(3000000): pass");

    (void)state;
    cage_run(cage);
    assert_in_range(cage->report.cpu_us, 50000, 20000000);
    assert_in_range(cage->report.memory_peak_bytes, 40 * MIB, 200 * MIB);
    cage_free(cage);
}

/* rows: a program that prints "denied" under the control and "done" without it; what must be off
 * for the latter */
static const struct control_row {
    const char *name;
    uint32_t off;
    const char *script;
} control_rows[] = {
    {"network",         OFF(SECCOMP_NETWORK),                                                         "import socket; socket.socket(socket.AF_INET)"                   },
    {"calls",           OFF(SECCOMP),                                                                 /* process_vm_readv of nothing, of itself */
     "import ctypes, os; call = 310 if os.uname().machine == 'x86_64' else 270\n"
     "if ctypes.CDLL(None).syscall(call, os.getpid(), 0, 0, 0, 0, 0): raise PermissionError"                                      },
    {"files",           OFF(LANDLOCK),                                                                "open('/mine', 'w')"                                             },
    {"execution",       OFF(LANDLOCK),
     "import shutil, subprocess; shutil.copy('/bin/true', '/tmp/t')\n"
     "subprocess.run(['/tmp/t'], check=True)"                                                                                                                          },
    {"no_new_privs",    OFF(NO_NEW_PRIVILEGES) | OFF(SECCOMP) | OFF(SECCOMP_NETWORK) | OFF(LANDLOCK),
     "if 'NoNewPrivs:\\t1' in open('/proc/self/status').read(): raise PermissionError"                                                                                 },
    {"runner's memory", OFF(NOT_DUMPABLE) | OFF(LANDLOCK),                                            "open('/proc/1/environ').read()"                                 },
    {"open files",      OFF(RLIMITS),                                                                 "import os\nfor i in range(300): os.dup(1)"                      },
    {"file size",       OFF(RLIMITS),                                                                 "import os; f = os.open('/tmp/f', 66); os.ftruncate(f, 65 << 20)"},
};

static void control_denies_and_only_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(control_rows); i++) {
        const struct control_row *row = &control_rows[i];
        for (int is_off = 0; is_off <= 1; is_off++) {
            char script[1024];
            struct cage *cage;
            snprintf(script, sizeof(script),
                     "import sys\ntry:\n    exec(\"\"\"%s\"\"\")\n    print('done')\n"
                     "except OSError as e: print('denied'); sys.stderr.write(str(e))\n",
                     row->script);
            cage = python(script);
            cage->job.switched_off = is_off ? row->off : 0;
            cage_run(cage);
            if (cage->out.size == 0 || !str_is(buf_str(&cage->out), is_off ? "done\n" : "denied\n"))
                fprintf(stderr, "%s: %.*s", row->name, (int)cage->errors.size, cage->errors.at);
            assert_text(buf_str(&cage->out), is_off ? "done\n" : "denied\n");
            assert_int_equal(cage->report.controls & row->off, is_off ? 0 : row->off);
            cage_free(cage);
        }
    }
}

static void report_says_which_controls_held(void **state)
{
    struct cage *cage = shell("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; ulimit -c");

    (void)state;
    cage_run(cage);
    assert_text(buf_str(&cage->out),
                "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
                "CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\n"
                "Seccomp:\t2\n0\n");
    assert_int_equal(cage->report.controls | OFF(LANDLOCK),
                     OFF(NO_NEW_PRIVILEGES) | OFF(CAPABILITIES) | OFF(SECCOMP) |
                         OFF(SECCOMP_NETWORK) | OFF(LANDLOCK) | OFF(NOT_DUMPABLE) | OFF(RLIMITS) |
                         OFF(OUTPUT_LIMIT) | OFF(TIMEOUT));
    cage_free(cage);
}

static void common_programs_work(void **state)
{
    static const char *const scripts[] = {
        "import threading, subprocess, tempfile, os, json, socket, multiprocessing, asyncio\n"
        "t = threading.Thread(target=print, args=('thread',)); t.start(); t.join()\n"
        "print(subprocess.run(['echo', 'hi'], capture_output=True).stdout)\n"
        "tempfile.NamedTemporaryFile().write(b'x')\n"
        "a, b = socket.socketpair(); a.send(b'x'); b.recv(1)\n"
        "multiprocessing.Lock()\n"
        "async def f():\n"
        "    p = await asyncio.create_subprocess_exec('true'); return await p.wait()\n"
        "print(asyncio.run(f()))\n",
    };

    (void)state;
    for (size_t i = 0; i < countof(scripts); i++) {
        struct cage *cage = python(scripts[i]);
        cage_run(cage);
        assert_exit(cage, 0);
        assert_text(buf_str(&cage->out), "thread\nb'hi\\n'\n0\n");
        cage_free(cage);
    }
}

static void own_overhead_is_small(void **state)
{
    int64_t best_ms = INT64_MAX;

    (void)state;
    for (int i = 0; i < 5; i++) {
        struct cage *cage = cage_new("/bin/true", NULL, NULL);
        cage_run(cage);
        if (cage->report.run_ms < best_ms)
            best_ms = cage->report.run_ms;
        cage_free(cage);
    }
    assert_in_range(best_ms, 0, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_status_is_the_codes),
        cmocka_unit_test(code_gets_its_environment_and_no_more),
        cmocka_unit_test(code_gets_its_directory_and_three_descriptors),
        cmocka_unit_test(input_none_is_empty),
        cmocka_unit_test(input_text_is_fed),
        cmocka_unit_test(input_text_that_nobody_reads_holds_nothing_up),
        cmocka_unit_test(input_stream_is_inherited),
        cmocka_unit_test(start_failure_is_told),
        cmocka_unit_test(h11_timeout_kills_what_ignores_term),
        cmocka_unit_test(timeout_is_one_even_if_the_code_then_exits_0),
        cmocka_unit_test(timeout_switched_off_is_off),
        cmocka_unit_test(term_from_outside_stops),
        cmocka_unit_test(signals_to_the_runner_are_ignored),
        cmocka_unit_test(daemon_does_not_survive_or_delay),
        cmocka_unit_test(h20_result_is_whole_or_not_at_all),
        cmocka_unit_test(h22_result_is_kept_on_failure),
        cmocka_unit_test(artifacts_come_as_frames),
        cmocka_unit_test(artifacts_beyond_a_bound_are_none),
        cmocka_unit_test(frames_behind_output_begin_on_a_line),
        cmocka_unit_test(plain_output_stays_clean),
        cmocka_unit_test(h24_frames_cannot_be_forged),
        cmocka_unit_test(output_of_a_gigabyte_is_bounded),
        cmocka_unit_test(output_just_over_the_limit_loses_nothing),
        cmocka_unit_test(output_limit_switched_off_is_off),
        cmocka_unit_test(reader_that_never_reads_stops_no_clock),
        cmocka_unit_test(usage_is_measured),
        cmocka_unit_test(control_denies_and_only_it),
        cmocka_unit_test(report_says_which_controls_held),
        cmocka_unit_test(common_programs_work),
        cmocka_unit_test(own_overhead_is_small),
    };

    if (!cage_is_possible()) {
        puts("skipped: this place allows no user namespaces");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
