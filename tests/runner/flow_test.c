// SPDX-License-Identifier: Apache-2.0
#include "runner/flow.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "runner/timer.h"

enum {
    PIPE_SIZE = 64 * 1024
};

/* The code's ends, the flow, and who reads it. */
struct rig {
    int code[2];   /* stdout and stderr of the code */
    int reader[2]; /* what comes out */
    struct flow *flow;
};

static void rig_init(struct rig *rig, int64_t live_max)
{
    int ends[2], from[2];

    rig->flow = calloc(1, sizeof(*rig->flow));
    assert_non_null(rig->flow);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
        fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
        from[i] = ends[0];
        rig->code[i] = ends[1];
    }
    flow_init(rig->flow, from[0], from[1], live_max, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
        fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
        rig->reader[i] = ends[0];
        rig->flow->streams[i].to.fd = ends[1];
    }
}

static void rig_fini(struct rig *rig)
{
    for (int i = 0; i < 2; i++) {
        close(rig->code[i]);
        close(rig->reader[i]);
        close(rig->flow->streams[i].to.fd);
        if (rig->flow->streams[i].from >= 0)
            close(rig->flow->streams[i].from);
    }
    free(rig->flow);
}

static void turn(struct rig *rig)
{
    struct pollfd polls[FLOW_POLLS];

    flow_poll(rig->flow, polls);
    if (poll(polls, FLOW_POLLS, 0) > 0)
        flow_turn(rig->flow, polls);
}

static void drain(struct rig *rig, int which, struct buf *ret)
{
    char bytes[4096];
    ssize_t got;

    while ((got = read(rig->reader[which], bytes, sizeof(bytes))) > 0)
        buf_add(ret, (struct str){bytes, (size_t)got});
}

/* The code writes `text`, all that comes out is taken. */
static void pass(struct rig *rig, int which, struct str text, struct buf *ret)
{
    while (text.size > 0) {
        ssize_t got = write(rig->code[which], text.at, text.size);
        text = str_skip(text, got > 0 ? (size_t)got : 0);
        turn(rig);
        drain(rig, which, ret);
    }
}

static void finish(struct rig *rig, int which, struct buf *ret)
{
    for (int i = 0; i < 2; i++) {
        close(rig->code[i]);
        rig->code[i] = -1;
    }
    for (int i = 0; i < 64; i++) { /* what fits in the reader's pipe comes by itself */
        turn(rig);
        drain(rig, which, ret);
    }
    flow_finish(rig->flow, timer_now() + 2000);
    drain(rig, which, ret);
}

static void marks_are_replaced_and_bytes_counted(void **state)
{
    auto_end(buf_fini) struct buf got = {0};
    struct rig rig;

    (void)state;
    rig_init(&rig, INT64_MAX);
    buf_init(&got, 1 << 20);
    pass(&rig, 0,
         STR_LIT("\x1e"
                 "end\n\x1e\x1e\0x"),
         &got);
    assert_true(str_equal(buf_str(&got), STR_LIT("?end\n??\0x")));
    assert_int_equal(rig.flow->bytes, 9);
    finish(&rig, 0, &got);
    assert_int_equal(got.size, 9);
    assert_false(flow_is_truncated(rig.flow));
    rig_fini(&rig);
}

static void slow_reader_slows_the_code_while_live(void **state)
{
    static char bytes[PIPE_SIZE];
    struct rig rig;
    ssize_t got, total = 0;

    (void)state;
    rig_init(&rig, INT64_MAX);
    for (int i = 0; i < 100; i++) {
        if ((got = write(rig.code[0], bytes, sizeof(bytes))) > 0)
            total += got;
        turn(&rig);
    }
    assert_in_range(total, PIPE_SIZE, 3 * PIPE_SIZE); /* two pipes and what is pending */
    rig_fini(&rig);
}

static void slow_reader_slows_nobody_beyond_the_limit(void **state)
{
    static char bytes[PIPE_SIZE];
    struct rig rig;
    ssize_t got, total = 0;

    (void)state;
    rig_init(&rig, 10);
    for (int i = 0; i < 100; i++) {
        if ((got = write(rig.code[0], bytes, sizeof(bytes))) > 0)
            total += got;
        turn(&rig);
        turn(&rig);
    }
    assert_int_equal(total, 100 * PIPE_SIZE);
    assert_true(flow_is_truncated(rig.flow));
    rig_fini(&rig);
}

/* After 10 live bytes, `size` more: the last FLOW_TAIL of them come, in order. */
static void check_tail(size_t size)
{
    static char bytes[4 * FLOW_TAIL];
    auto_end(buf_fini) struct buf got = {0};
    struct rig rig;
    size_t kept = size < FLOW_TAIL ? size : FLOW_TAIL;
    const char *after;

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)('a' + i % 23);
    rig_init(&rig, 10);
    fcntl(rig.reader[1], F_SETPIPE_SZ, 4 * PIPE_SIZE); /* the tail is read after it was written */
    buf_init(&got, 1 << 20);
    pass(&rig, 1, STR_LIT("0123456789"), &got);
    pass(&rig, 1, (struct str){bytes, size}, &got);
    finish(&rig, 1, &got);
    after = memchr(got.at + 11, '\n', got.size - 11);
    assert_non_null(after);
    assert_memory_equal(got.at, "0123456789\nagenttask: output limit of 10 bytes reached;", 54);
    assert_int_equal(got.at + got.size - (after + 1), kept);
    assert_memory_equal(after + 1, bytes + size - kept, kept);
    assert_int_equal(flow_is_truncated(rig.flow), size > FLOW_TAIL);
    assert_int_equal(rig.flow->bytes, 10 + size);
    rig_fini(&rig);
}

static void last_bytes_come_at_the_end(void **state)
{
    static const size_t sizes[] = {
        1, FLOW_TAIL - 1, FLOW_TAIL, FLOW_TAIL + 1, 2 * FLOW_TAIL, 3 * FLOW_TAIL + 12345};

    (void)state;
    for (size_t i = 0; i < countof(sizes); i++)
        check_tail(sizes[i]);
}

/* What a log makes of it: `cost` more for each line. */
static int64_t cost_of(struct str bytes, int64_t cost)
{
    int64_t ret = (int64_t)bytes.size;

    for (size_t i = 0; i < bytes.size; i++)
        ret += bytes.at[i] == '\n' ? cost : 0;
    return ret;
}

static void lines_cost_what_a_log_adds_to_them(void **state)
{
    static const struct {
        size_t line;   /* bytes, with its end */
        int64_t lines; /* live, of a limit of 10 000 */
    } rows[] = {
        {1,    10000 / 49 + 1},
        {52,   100           },
        {5000, 2             },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        static char bytes[3 * FLOW_TAIL];
        auto_end(buf_fini) struct buf got = {0};
        struct rig rig;
        struct str live, tail;

        for (size_t at = 0; at < sizeof(bytes); at++)
            bytes[at] = (at + 1) % rows[i].line == 0 ? '\n' : 'x';
        rig_init(&rig, 10000);
        rig.flow->line_cost = 48;
        fcntl(rig.reader[0], F_SETPIPE_SZ, 4 * PIPE_SIZE);
        buf_init(&got, 1 << 20);
        pass(&rig, 0, (struct str){bytes, sizeof(bytes)}, &got);
        finish(&rig, 0, &got);
        live = (struct str){got.at,
                            (size_t)((char *)memmem(got.at, got.size, "agenttask: ", 11) - got.at)};
        tail = str_skip(buf_str(&got), live.size);
        tail = str_skip(tail, (size_t)((char *)memchr(tail.at, '\n', tail.size) - tail.at) + 1);
        assert_in_range(cost_of(live, 48), 10000 - 49, 10000 + 2 * 49);
        assert_in_range((int64_t)live.size / (int64_t)rows[i].line, rows[i].lines - 1,
                        rows[i].lines + 1);
        assert_in_range(cost_of(tail, 48), FLOW_TAIL - 49, FLOW_TAIL);
        assert_memory_equal(tail.at, bytes + sizeof(bytes) - tail.size, tail.size);
        assert_true(flow_is_truncated(rig.flow));
        rig_fini(&rig);
    }
}

static void finish_is_bounded_by_time(void **state)
{
    static char bytes[PIPE_SIZE];
    struct rig rig;
    int64_t start_ms;

    (void)state;
    rig_init(&rig, INT64_MAX);
    for (int i = 0; i < 10; i++) {
        (void)!write(rig.code[0], bytes, sizeof(bytes));
        turn(&rig);
    }
    start_ms = timer_now();
    flow_finish(rig.flow, start_ms + 200); /* nobody reads, and somebody holds the code's end */
    assert_in_range(timer_now() - start_ms, 200, 1000);
    assert_true(flow_is_truncated(rig.flow));
    rig_fini(&rig);
}

static void reader_that_left_loses_bytes_and_slows_nobody(void **state)
{
    static char bytes[PIPE_SIZE];
    struct rig rig;
    ssize_t got, total = 0;

    (void)state;
    rig_init(&rig, INT64_MAX);
    close(rig.reader[0]);
    rig.reader[0] = -1;
    for (int i = 0; i < 50; i++) {
        if ((got = write(rig.code[0], bytes, sizeof(bytes))) > 0)
            total += got;
        turn(&rig);
        turn(&rig);
    }
    assert_int_equal(total, 50 * PIPE_SIZE);
    assert_true(flow_is_truncated(rig.flow));
    rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_are_replaced_and_bytes_counted),
        cmocka_unit_test(slow_reader_slows_the_code_while_live),
        cmocka_unit_test(slow_reader_slows_nobody_beyond_the_limit),
        cmocka_unit_test(last_bytes_come_at_the_end),
        cmocka_unit_test(lines_cost_what_a_log_adds_to_them),
        cmocka_unit_test(finish_is_bounded_by_time),
        cmocka_unit_test(reader_that_left_loses_bytes_and_slows_nobody),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
