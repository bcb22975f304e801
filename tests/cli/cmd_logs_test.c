// SPDX-License-Identifier: Apache-2.0
#include "stage.h"

#include <string.h>

#include "store/runlog.h"

static int setup(void **state)
{
    static struct stage stage;

    stage_init(&stage);
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    stage_fini(*state);
    return 0;
}

struct piece {
    enum log_stream stream;
    const char *text;
    int64_t ms;
};

static void put_log(struct stage *stage, const struct task *task, const struct piece *pieces,
                    size_t count)
{
    struct rundir dir;
    struct runlog log;
    struct err err = {0};

    if (!rundir_create(stage->state, task->uid, &dir, &err) || !runlog_create(&dir, &log, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < count; i++)
        runlog_add(&log, pieces[i].stream, str_of(pieces[i].text), STAGE_NOW_MS + pieces[i].ms);
    runlog_flush(&log, STAGE_NOW_MS);
    runlog_fini(&log);
    rundir_close(&dir);
}

static void put(struct stage *stage, const char *name, enum phase phase, const struct piece *pieces,
                size_t count)
{
    struct task task = stage_task(stage, name, phase, REASON_NONE);

    task.status.logs = (struct task_logs){.bytes = 1, .is_known = true, .is_complete = true};
    stage_put(stage, &task);
    put_log(stage, &task, pieces, count);
}

static const struct piece lines[] = {
    {LOG_STDOUT, "one\n",   -50000},
    {LOG_STDERR, "two\n",   -40000},
    {LOG_STDOUT, "three\n", -1000 },
};

static void the_output_is_printed(void **state)
{
    struct stage *stage = *state;

    put(stage, "a", PHASE_SUCCEEDED, lines, countof(lines));
    stage_run(stage, "logs a");
    assert_out(stage, "one\ntwo\nthree\n");
    assert_err(stage, "");
    stage_run(stage, "logs a -f");
    assert_out(stage, "one\ntwo\nthree\n");
    assert_int_equal(stage->code, 0);
}

static void tail_since_and_timestamps(void **state)
{
    struct stage *stage = *state;

    put(stage, "a", PHASE_SUCCEEDED, lines, countof(lines));
    stage_run(stage, "logs a --tail 1");
    assert_out(stage, "three\n");
    stage_run(stage, "logs a --tail 0");
    assert_out(stage, "");
    stage_run(stage, "logs a --since 45s");
    assert_out(stage, "two\nthree\n");
    stage_run(stage, "logs a --timestamps --tail 2");
    assert_out(stage, "2026-11-24T07:39:20.000000000Z two\n2026-11-24T07:39:59.000000000Z three\n");
}

static void h64_control_bytes_are_escaped(void **state)
{
    static const struct piece evil[] = {
        {LOG_STDOUT, "\x1b[2J\x1b]0;x\x07 \xe2\x80\xae\xff\ttab\r\n", -1000},
        {LOG_STDOUT, "caf\xc3\xa9 \xe2\x82\xac\n",                    -900 },
    };
    struct stage *stage = *state;

    put(stage, "evil", PHASE_SUCCEEDED, evil, countof(evil));
    stage_run(stage, "logs evil");
    assert_out(stage, "\\x1b[2J\\x1b]0;x\\x07 \\u202e\\xff\ttab\\r\n"
                      "caf\xc3\xa9 \xe2\x82\xac\n");
    stage_run(stage, "logs evil --raw");
    assert_out(stage, "\x1b[2J\x1b]0;x\x07 \xe2\x80\xae\xff\ttab\r\ncaf\xc3\xa9 \xe2\x82\xac\n");
    stage->out_is_terminal = true;
    stage_run(stage, "logs evil --raw");
    assert_err(stage, "error: --raw is not for terminals\n");
    assert_out(stage, "");
}

static void a_task_that_never_started_has_none(void **state)
{
    struct stage *stage = *state;
    struct task task = stage_task(stage, "waits", PHASE_FAILED, REASON_QUEUE_TIMEOUT);

    stage_put(stage, &task);
    stage_run(stage, "logs waits");
    assert_out(stage, "");
    assert_int_equal(stage->code, 0);
}

static void what_was_not_kept_is_said(void **state)
{
    struct stage *stage = *state;
    struct task task = stage_task(stage, "lost", PHASE_FAILED, REASON_SUPERVISOR_LOST);

    task.status.logs = (struct task_logs){.is_known = true, .is_complete = false};
    stage_put(stage, &task);
    put_log(stage, &task, lines, 1);
    stage_run(stage, "logs lost");
    assert_out(stage, "one\n");
    assert_err(stage, "warning: the output of lost was not kept completely\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_output_is_printed, setup, teardown),
        cmocka_unit_test_setup_teardown(tail_since_and_timestamps, setup, teardown),
        cmocka_unit_test_setup_teardown(h64_control_bytes_are_escaped, setup, teardown),
        cmocka_unit_test_setup_teardown(a_task_that_never_started_has_none, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_not_kept_is_said, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
