// SPDX-License-Identifier: Apache-2.0
/* What holds the code: the real, static runner as process 1 of a world of its own. RUNNER names it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "cage.h"

#define OFF(control) CONTROL_BIT(CONTROL_##control)

#define ALL_THAT_NEED_IT                                                                           \
    (OFF(NO_NEW_PRIVILEGES) | OFF(SECCOMP) | OFF(SECCOMP_NETWORK) | OFF(LANDLOCK))

static const char call_script[] = /* process_vm_readv of nothing, of itself */
    "import ctypes, os; call = 310 if os.uname().machine == 'x86_64' else 270\n"
    "words = [ctypes.c_long(word) for word in (call, os.getpid(), 0, 0, 0, 0, 0)]\n"
    "if ctypes.CDLL(None).syscall(*words): raise PermissionError";
static const char execution_script[] =
    "import shutil, subprocess; shutil.copy('/bin/true', '/tmp/t')\n"
    "subprocess.run(['/tmp/t'], check=True)";
static const char privileges_script[] =
    "if 'NoNewPrivs:\\t1' in open('/proc/self/status').read(): raise PermissionError";
static const char open_files_script[] = "import os\nfor i in range(300): os.dup(1)";
static const char file_size_script[] =
    "import os; f = os.open('/tmp/f', 66); os.ftruncate(f, 65 << 20)";

/* rows: a program that prints "denied" under the control and "done" without it; what must be off
 * for the latter */
static const struct control_row {
    const char *name;
    uint32_t off;
    const char *script;
} control_rows[] = {
    {"network",         OFF(SECCOMP_NETWORK),              "import socket; socket.socket(socket.AF_INET)"},
    {"calls",           OFF(SECCOMP),                      call_script                                   },
    {"files",           OFF(LANDLOCK),                     "open('/mine', 'w')"                          },
    {"execution",       OFF(LANDLOCK),                     execution_script                              },
    {"no_new_privs",    ALL_THAT_NEED_IT,                  privileges_script                             },
    {"runner's memory", OFF(NOT_DUMPABLE) | OFF(LANDLOCK), "open('/proc/1/environ').read()"              },
    {"open files",      OFF(RLIMITS),                      open_files_script                             },
    {"file size",       OFF(RLIMITS),                      file_size_script                              },
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
            cage = cage_python(script);
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
    struct cage *cage =
        cage_shell("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; ulimit -c");

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
        struct cage *cage = cage_python(scripts[i]);
        cage_run(cage);
        assert_exit(cage, 0);
        assert_text(buf_str(&cage->out), "thread\nb'hi\\n'\n0\n");
        cage_free(cage);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_denies_and_only_it),
        cmocka_unit_test(report_says_which_controls_held),
        cmocka_unit_test(common_programs_work),
    };

    return cage_tests_run(tests, countof(tests));
}
