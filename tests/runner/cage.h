// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Runs the real runner as process 1 of a small world of its own: user, mount, PID and network
 * namespaces, a root on a tmpfs with this machine's programs. Only what the runner needs; the
 * product's launcher has a suite of its own. */
#include "base/buf.h"
#include "core/frame.h"
#include "core/job.h"
#include "core/report.h"

enum {
    CAGE_FILES_MAX = 64
};

struct cage_file { /* as it came out of frames */
    enum frame_kind kind;
    char path[FRAME_PATH_MAX + 1];
    struct buf bytes;
    bool is_whole;
};

struct cage {
    const char *runner;                 /* the program under test */
    struct job job;                     /* cage_init() fills in what most tests want */
    int stop_after_ms;                  /* > 0: TERM from outside */
    int read_after_ms;                  /* > 0: nobody reads the output before */
    const char *input;                  /* JOB_INPUT_STREAM */
    bool is_behind_output;              /* frames go to fd 1 */
    const char *memory_peak, *pids_max; /* what its control group would tell; NULL: nothing */

    int status; /* of the runner, as from waitpid */
    int64_t ms; /* it took */
    struct buf out, errors, frames;
    char report_text[REPORT_SIZE_MAX + 1];
    struct report report; /* cause CAUSE_NONE: none that could be decoded */
    struct frame_reader reader;
    struct cage_file files[CAGE_FILES_MAX];
    size_t file_count;
    unsigned broken; /* FRAME_BROKEN seen */
    bool has_end;
    struct buf text; /* output without frames, if is_behind_output */
};

struct CMUnitTest;

/* Runs the tests, or skips them all where there are no user namespaces; for main() to return. */
int cage_tests_run(const struct CMUnitTest *tests, size_t count);

struct cage *cage_shell(const char *script);
struct cage *cage_python(const char *script);
struct cage *cage_new(const char *program, const char *first, const char *second);
void cage_run(struct cage *cage);
const struct cage_file *cage_find(const struct cage *cage, enum frame_kind kind, const char *path);
struct cage *cage_free(struct cage *cage);

void assert_exit(const struct cage *cage, int code);
void assert_text(struct str got, const char *expected);
