// SPDX-License-Identifier: Apache-2.0
/* The life of the code: the real, static runner as process 1 of a world of its own. RUNNER names
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
        struct cage *cage = cage_shell(rows[i].script);
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
    struct cage *cage = cage_shell("pwd; ls /proc/self/fd; echo err >&2");

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
    struct cage *cage = cage_shell("cat; echo done");

    (void)state;
    cage_run(cage);
    assert_text(buf_str(&cage->out), "done\n");
    cage_free(cage);
}

static void input_text_is_fed(void **state)
{
    struct cage *cage = cage_shell("wc -c");
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
    struct cage *cage = cage_shell("exec 0<&-; sleep 0.2; echo done");
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
    struct cage *cage = cage_shell("cat");

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

/* It is out of the network here, so nothing can be proven. */
static void code_with_a_network_waits_for_the_proof(void **state)
{
    static const struct {
        const char *canary;
        bool is_allowed;
        int exit;
        enum run_cause cause;
        const char *out;
    } rows[] = {
        {"127.0.0.1", true,  125, CAUSE_UNPROVEN, ""     },
        {"",          true,  125, CAUSE_UNPROVEN, ""     },
        {"127.0.0.1", false, 0,   CAUSE_EXITED,   "ran\n"},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct cage *cage = cage_shell("echo ran");
        cage->job.network_allowed = rows[i].is_allowed;
        cage->job.canary = str_of(rows[i].canary);
        cage->job.canary_open_port = 9444;
        cage->job.canary_closed_port = 9445;
        cage->job.proof_ms = 1000;
        cage_run(cage);
        assert_exit(cage, rows[i].exit);
        assert_int_equal(cage->report.cause, rows[i].cause);
        assert_text(buf_str(&cage->out), rows[i].out);
        assert_int_equal(cage->report.exit_code, rows[i].is_allowed ? EXIT_UNKNOWN : 0);
        assert_false(cage->report.controls & OFF(NETWORK_POLICY));
        cage_free(cage);
    }
}

static void term_ends_the_proof_and_the_code_never_runs(void **state)
{
    struct cage *cage = cage_shell("echo ran");

    (void)state;
    cage->job.network_allowed = true;
    cage->job.canary = STR_LIT("127.0.0.1");
    cage->job.canary_open_port = 9444;
    cage->job.canary_closed_port = 9445;
    cage->job.proof_ms = 20000;
    cage->stop_after_ms = 300;
    cage_run(cage);
    assert_exit(cage, 143);
    assert_int_equal(cage->report.cause, CAUSE_STOPPED);
    assert_text(buf_str(&cage->out), "");
    assert_in_range(cage->ms, 0, 3000);
    cage_free(cage);
}

static void h11_timeout_kills_what_ignores_term(void **state)
{
    struct cage *cage = cage_shell("trap '' TERM INT HUP; echo up; while :; do sleep 1; done");

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
    struct cage *cage = cage_shell("trap 'echo bye; exit 0' TERM; while :; do sleep 0.1; done");

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
    struct cage *cage = cage_shell("sleep 1");

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
    struct cage *cage = cage_shell("trap 'echo told; exit 7' TERM; while :; do sleep 0.1; done");

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
        struct cage *cage = cage_python(script);
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
    struct cage *cage =
        cage_shell("(setsid sh -c 'trap \"\" TERM; sleep 60; echo late' &) ; exit 0");

    (void)state;
    cage_run(cage);
    assert_exit(cage, 0);
    assert_in_range(cage->ms, 0, 3000);
    assert_int_equal(cage->out.size, 0);
    cage_free(cage);
}

static void usage_is_measured(void **state)
{
    struct cage *cage = cage_python("x = bytearray(40 << 20)\nfor i in range(3000000): pass");

    (void)state;
    cage_run(cage);
    assert_in_range(cage->report.cpu_us, 50000, 20000000);
    assert_in_range(cage->report.memory_peak_bytes, 40 * MIB, 200 * MIB);
    cage_free(cage);
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

static void a_name_runs_the_program_in_path(void **state)
{
    struct cage *cage = cage_new("sh", "-c", "exit 3");

    (void)state;
    cage_run(cage);
    assert_exit(cage, 3);
    cage_free(cage);
    cage = cage_new("no-such-program", NULL, NULL);
    cage_run(cage);
    assert_exit(cage, 125);
    assert_int_equal(cage->report.cause, CAUSE_START_FAILED);
    assert_text(cage->report.message, "start no-such-program: there is no such program in PATH");
    cage_free(cage);
}

static void what_the_control_group_tells_is_reported(void **state)
{
    static const struct {
        const char *memory_peak, *pids_max;
        int64_t processes_max;
        bool is_large, is_limited;
    } rows[] = {
        {"999000000\n", "512\n", 0,  true,  true },
        {"999000000\n", "max\n", 0,  true,  false},
        {"1\n",         "max\n", 64, false, true },
        {NULL,          NULL,    0,  false, false},
        {"nonsense",    "",      0,  false, false},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct cage *cage = cage_shell("exit 0");
        cage->memory_peak = rows[i].memory_peak;
        cage->pids_max = rows[i].pids_max;
        cage->job.processes_max = rows[i].processes_max;
        cage_run(cage);
        assert_exit(cage, 0);
        assert_int_equal(cage->report.memory_peak_bytes == 999000000, rows[i].is_large);
        assert_true(cage->report.memory_peak_bytes > 1);
        assert_int_equal((cage->report.controls & OFF(PROCESS_LIMIT)) != 0, rows[i].is_limited);
        cage_free(cage);
    }
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
        cmocka_unit_test(code_with_a_network_waits_for_the_proof),
        cmocka_unit_test(term_ends_the_proof_and_the_code_never_runs),
        cmocka_unit_test(h11_timeout_kills_what_ignores_term),
        cmocka_unit_test(timeout_is_one_even_if_the_code_then_exits_0),
        cmocka_unit_test(timeout_switched_off_is_off),
        cmocka_unit_test(term_from_outside_stops),
        cmocka_unit_test(signals_to_the_runner_are_ignored),
        cmocka_unit_test(daemon_does_not_survive_or_delay),
        cmocka_unit_test(usage_is_measured),
        cmocka_unit_test(a_name_runs_the_program_in_path),
        cmocka_unit_test(what_the_control_group_tells_is_reported),
        cmocka_unit_test(own_overhead_is_small),
    };

    return cage_tests_run(tests, countof(tests));
}
