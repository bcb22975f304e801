// SPDX-License-Identifier: Apache-2.0
#include "http/visitor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "http/server.h"
#include "sys/file.h"

enum {
    PLACES = 16
};

/* Sockets whose other ends see whether they were cut off. */
struct fixture {
    struct arena arena;
    struct visitors visitors;
    int ours[PLACES], theirs[PLACES];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    visitors_init(&f->visitors, &f->arena, PLACES);
    for (int i = 0; i < PLACES; i++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
        f->ours[i] = pair[0];
        f->theirs[i] = pair[1];
    }
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < PLACES; i++) {
        fd_end(&f->ours[i]);
        fd_end(&f->theirs[i]);
    }
    arena_fini(&f->arena);
    free(f);
    return 0;
}

static bool is_cut(const struct fixture *f, int i)
{
    char byte;

    return recv(f->theirs[i], &byte, 1, 0) == 0;
}

static struct visitor *add(struct fixture *f, int i, int64_t now_ms)
{
    struct visitor *visitor = visitors_add(&f->visitors, f->ours[i], now_ms);

    assert_non_null(visitor);
    return visitor;
}

static void each_stage_has_its_time(void **state)
{
    static const struct {
        enum visitor_stage stage;
        int64_t limit_ms; /* 0: none */
    } rows[] = {
        {VISITOR_ASKING,  HTTP_ASK_MS },
        {VISITOR_WAITING, 0           },
        {VISITOR_TAKING,  HTTP_ASK_MS },
        {VISITOR_IDLE,    HTTP_IDLE_MS},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < countof(rows); i++) {
        struct visitor *visitor = add(f, (int)i, 0);
        int64_t limit_ms = rows[i].limit_ms ? rows[i].limit_ms : 10 * HTTP_IDLE_MS;
        visitors_move(&f->visitors, visitor, rows[i].stage, 1000);
        assert_true(visitors_sweep(&f->visitors, 1000) ==
                    (rows[i].limit_ms ? 1000 + limit_ms : INT64_MAX));
        (void)visitors_sweep(&f->visitors, 1000 + limit_ms - 1);
        assert_false(is_cut(f, (int)i));
        (void)visitors_sweep(&f->visitors, 1000 + limit_ms);
        assert_int_equal(is_cut(f, (int)i), rows[i].limit_ms != 0);
        visitors_drop(&f->visitors, visitor);
    }
    assert_int_equal(f->visitors.count, 0);
}

/* Longer than Go's clients keep one: it is always they who close. */
static void idle_ones_outlast_a_go_client(void **state)
{
    (void)state;
    assert_true(HTTP_IDLE_MS >= 100 * 1000);
}

static void a_sweep_tells_when_the_next_is_due(void **state)
{
    struct fixture *f = *state;

    add(f, 0, 100);
    add(f, 1, 5000);
    visitors_move(&f->visitors, add(f, 2, 0), VISITOR_IDLE, 50);
    assert_true(visitors_sweep(&f->visitors, 6000) == 100 + HTTP_ASK_MS);
    assert_true(visitors_sweep(&f->visitors, 100 + HTTP_ASK_MS) == 5000 + HTTP_ASK_MS);
    assert_true(is_cut(f, 0) && !is_cut(f, 1));
    assert_true(visitors_sweep(&f->visitors, 5000 + HTTP_ASK_MS) == 50 + HTTP_IDLE_MS);
    assert_true(is_cut(f, 1) && !is_cut(f, 2));
}

static void there_is_a_bound(void **state)
{
    struct fixture *f = *state;
    struct visitor *first = add(f, 0, 0);

    for (int i = 1; i < PLACES; i++)
        add(f, i, 0);
    assert_null(visitors_add(&f->visitors, -1, 0));
    visitors_drop(&f->visitors, first);
    add(f, 0, 0);
}

static void a_newcomer_takes_the_place_of_the_longest_idle(void **state)
{
    struct fixture *f = *state;
    int64_t now_ms = VISITOR_STAY_MS;

    add(f, 0, 0);
    visitors_move(&f->visitors, add(f, 1, 0), VISITOR_WAITING, 0);
    visitors_move(&f->visitors, add(f, 2, 0), VISITOR_IDLE, 0);
    visitors_move(&f->visitors, add(f, 3, 0), VISITOR_IDLE, 0);
    for (int i = 4; i < PLACES - PLACES / 8; i++)
        add(f, i, now_ms);
    assert_false(is_cut(f, 2)); /* there was room */
    add(f, 14, now_ms);
    assert_true(is_cut(f, 2) && !is_cut(f, 3) && !is_cut(f, 0));
    add(f, 15, now_ms);
    assert_true(is_cut(f, 3) && !is_cut(f, 0) && !is_cut(f, 1));
}

static void who_has_just_come_is_not_sent_away(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < PLACES; i++)
        add(f, i, i < 2 ? 1 : VISITOR_STAY_MS);
    for (int i = 0; i < PLACES; i++)
        assert_false(is_cut(f, i));
}

static void who_asks_for_long_goes_if_nobody_idles(void **state)
{
    struct fixture *f = *state;

    visitors_move(&f->visitors, add(f, 0, 0), VISITOR_WAITING, 0);
    for (int i = 1; i < PLACES; i++)
        add(f, i, i == 1 ? 0 : VISITOR_STAY_MS);
    assert_true(is_cut(f, 1) && !is_cut(f, 0) && !is_cut(f, 2));
}

static void handshakes_of_a_time_are_over_or_not(void **state)
{
    struct fixture *f = *state;
    struct visitor *visitor = add(f, 0, 100);

    assert_true(visitors_are_newer(&f->visitors, 99));
    assert_false(visitors_are_newer(&f->visitors, 100));
    visitors_cut(&f->visitors, visitor, 100);
    assert_false(visitors_are_newer(&f->visitors, 99)); /* it may still be read from */
    visitors_drop(&f->visitors, visitor);
    assert_true(visitors_are_newer(&f->visitors, 100));
    visitors_move(&f->visitors, add(f, 1, 100), VISITOR_IDLE, 100);
    assert_true(visitors_are_newer(&f->visitors, 100));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_stage_has_its_time),
        TEST(idle_ones_outlast_a_go_client),
        TEST(a_sweep_tells_when_the_next_is_due),
        TEST(there_is_a_bound),
        TEST(a_newcomer_takes_the_place_of_the_longest_idle),
        TEST(who_has_just_come_is_not_sent_away),
        TEST(who_asks_for_long_goes_if_nobody_idles),
        TEST(handshakes_of_a_time_are_over_or_not),
    };

    return cmocka_run_group_tests_name("visitor", tests, NULL, NULL);
}
