// SPDX-License-Identifier: Apache-2.0
#include "room_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void who_never_started_and_is_to_stop_needs_no_room(void **state)
{
    static const struct {
        enum phase phase;
        uint32_t attempt;
        bool is_canceled, is_deleted;
        bool is_started, is_over;
    } rows[] = {
        {PHASE_PENDING,   0, false, false, false, false},
        {PHASE_PENDING,   0, true,  false, false, true },
        {PHASE_PENDING,   0, false, true,  false, true },
        {PHASE_SCHEDULED, 1, false, false, true,  false},
        {PHASE_RUNNING,   1, true,  true,  true,  false}, /* it has a run, until that has ended */
        {PHASE_FAILED,    1, false, false, true,  true },
        {PHASE_CANCELED,  0, true,  false, false, true },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct task task = {.uid = STR_LIT("u"), .created_ms = 7, .spec = {.priority = -3}};
        struct room_task in_room;
        task.status.phase = rows[i].phase;
        task.status.attempt = rows[i].attempt;
        task.spec.canceled = rows[i].is_canceled;
        task.deleted_ms = rows[i].is_deleted ? 9 : 0;
        in_room = room_task_of(&task, STR_LIT("red"));
        assert_int_equal(in_room.is_started, rows[i].is_started);
        assert_int_equal(in_room.is_over, rows[i].is_over);
        assert_int_equal(in_room.priority, -3);
        assert_int_equal(in_room.created_ms, 7);
        assert_true(str_is(in_room.uid, "u"));
        assert_true(str_is(in_room.tenant, "red"));
    }
}

static void without_a_limit_everybody_comes_in(void **state)
{
    struct room_fixture *f = *state;

    for (int i = TASKS - 1; i >= 0; i--)
        assert_true(fixture_ask(f, i).has_room);
    assert_int_equal(room_facts(f->room).active, TASKS);
    assert_int_equal(room_facts(f->room).waiting, 0);
}

static void those_who_wait_know_their_place(void **state)
{
    struct room_fixture *f = *state;

    fixture_limit(f, 2);
    for (int i = 0; i < 5; i++)
        fixture_note(f, i);
    assert_true(fixture_ask(f, 0).has_room);
    assert_true(fixture_ask(f, 1).has_room);
    assert_false(fixture_ask(f, 2).has_room);
    assert_int_equal(fixture_ask(f, 2).position, 1);
    assert_int_equal(fixture_ask(f, 2).ahead, 0);
    assert_int_equal(fixture_ask(f, 4).position, 3);
    assert_int_equal(fixture_ask(f, 4).ahead, 2);
    assert_true(fixture_ask(f, 0).has_room); /* who is in stays in */
}

static void the_next_one_is_woken_when_room_frees(void **state)
{
    struct room_fixture *f = *state;

    fixture_limit(f, 1);
    for (int i = 0; i < 5; i++)
        fixture_note(f, i);
    assert_true(fixture_ask(f, 0).has_room);
    fixture_done(f, 0, ROOM_STARTED);
    assert_false(fixture_ask(f, 1).has_room);
    assert_int_equal(f->wakes, 0);
    fixture_end(f, 0);
    assert_int_equal(f->woken[1], 1);
    assert_int_equal(f->wakes, 1);
    assert_false(fixture_ask(f, 2).has_room); /* not its turn, although there is room */
    assert_true(fixture_ask(f, 1).has_room);
}

static void priority_beats_age_and_age_the_rest(void **state)
{
    struct room_fixture *f = *state;
    struct room_task high = fixture_task(f, 4);
    struct room_answer answer;

    fixture_limit(f, 1);
    high.priority = 7;
    for (int i = 3; i >= 0; i--)
        fixture_note(f, i);
    room_ask(f->room, &high, f->now_ms, &answer);
    assert_true(answer.has_room);
    assert_int_equal(fixture_ask(f, 0).position, 1);
    assert_int_equal(fixture_ask(f, 3).position, 4);
}

static void old_news_moves_nothing_back(void **state)
{
    struct room_fixture *f = *state;

    fixture_limit(f, 1);
    assert_true(fixture_ask(f, 0).has_room);
    fixture_note(f, 0); /* the cache still says that it waits */
    fixture_done(f, 0, ROOM_STARTED);
    fixture_note(f, 0);
    assert_false(fixture_ask(f, 1).has_room);
    assert_true(fixture_ask(f, 0).has_room);
}

static void a_task_of_the_same_name_is_another(void **state)
{
    struct room_fixture *f = *state;
    struct room_task other = fixture_task(f, 0);

    fixture_limit(f, 1);
    assert_true(fixture_ask(f, 0).has_room);
    fixture_done(f, 0, ROOM_STARTED);
    other.uid = STR_LIT("another");
    room_note(f->room, &other, f->now_ms);
    assert_int_equal(room_facts(f->room).active, 0);
    assert_int_equal(room_facts(f->room).waiting, 1);
}

static void who_fails_holds_up_nobody(void **state)
{
    struct room_fixture *f = *state;

    fixture_limit(f, 1);
    for (int i = 0; i < 3; i++)
        fixture_note(f, i);
    assert_true(fixture_ask(f, 0).has_room);
    fixture_done(f, 0, ROOM_FAILED);
    assert_int_equal(f->woken[1], 1);
    assert_true(fixture_ask(f, 1).has_room);
    fixture_done(f, 1, ROOM_STARTED);
    assert_false(fixture_ask(f, 0).has_room);
    assert_int_equal(fixture_ask(f, 0).position, 1); /* and has its turn again */
}

static void who_does_not_start_yet_keeps_its_turn(void **state)
{
    struct room_fixture *f = *state;

    fixture_limit(f, 1);
    fixture_note(f, 0);
    fixture_note(f, 1);
    assert_true(fixture_ask(f, 0).has_room);
    fixture_done(f, 0, ROOM_WAITS);
    assert_false(fixture_ask(f, 1).has_room);
    assert_true(fixture_ask(f, 0).has_room);
}

static void tenants_and_namespaces_have_room_of_their_own(void **state)
{
    struct room_fixture *f = *state;
    const struct config_tenant limits[] = {
        {.name = STR_LIT("red"), .running_max = 2, .weight = 1}
    };
    struct room_task red = fixture_task(f, 2), elsewhere = fixture_task(f, 3);
    struct room_answer answer;

    room_limit(f->room, &(struct config){.running_max = 1, .tenants = limits, .tenant_count = 1},
               f->now_ms);
    assert_true(fixture_ask(f, 0).has_room);
    assert_false(fixture_ask(f, 1).has_room);
    red.tenant = STR_LIT("red");
    room_ask(f->room, &red, f->now_ms, &answer);
    assert_true(answer.has_room);
    red.name = red.uid = STR_LIT("n4");
    room_ask(f->room, &red, f->now_ms, &answer);
    assert_true(answer.has_room);
    red.name = red.uid = STR_LIT("n5");
    room_ask(f->room, &red, f->now_ms, &answer);
    assert_false(answer.has_room);
    elsewhere.space = elsewhere.tenant = STR_LIT("b");
    room_ask(f->room, &elsewhere, f->now_ms, &answer);
    assert_true(answer.has_room);
}

static void a_new_limit_wakes_those_for_whom_there_is_room_now(void **state)
{
    struct room_fixture *f = *state;

    fixture_limit(f, 1);
    for (int i = 0; i < 10; i++)
        fixture_ask(f, i);
    fixture_limit(f, 4);
    assert_int_equal(f->woken[1] + f->woken[2] + f->woken[3], 3);
    assert_int_equal(f->wakes, 3);
}

/* All of a long queue, one after the other: as each learns its place at most once a second, or
 * every 30 s, the writes stay far below one per task and step. */
static void a_long_queue_that_moves_costs_few_writes(void **state)
{
    struct room_fixture *f = *state;
    int64_t told[TASKS] = {0};
    uint64_t writes = 0;

    fixture_limit(f, 1);
    for (int i = 0; i < TASKS; i++)
        fixture_note(f, i);
    for (int i = 0; i < TASKS; i++)
        told[i] = fixture_ask(f, i).position; /* the first one is in */
    for (int i = 0; i < TASKS; i++) {         /* ten a second */
        fixture_done(f, i, ROOM_STARTED);
        f->now_ms += 100;
        memset(f->woken, 0, sizeof(f->woken));
        fixture_end(f, i);
        if (i % 10 == 9)
            room_refresh(f->room, f->now_ms);
        for (int j = i + 1; j < TASKS; j++) {
            struct room_answer answer;
            if (f->woken[j] == 0)
                continue;
            answer = fixture_ask(f, j);
            writes += answer.position != told[j];
            told[j] = answer.position;
        }
        if (i + 1 < TASKS)
            assert_true(fixture_ask(f, i + 1).has_room);
    }
    assert_true(writes < 5 * TASKS);
    assert_true(writes > TASKS / 10); /* but they are told */
    assert_true(f->wakes < 10 * TASKS);
}

static void the_first_ones_are_told_within_a_second(void **state)
{
    struct room_fixture *f = *state;

    fixture_limit(f, 1);
    for (int i = 0; i < 40; i++)
        fixture_ask(f, i);
    fixture_done(f, 0, ROOM_STARTED);
    fixture_end(f, 0);
    f->now_ms += 1000;
    memset(f->woken, 0, sizeof(f->woken));
    assert_true(fixture_ask(f, 1).has_room);
    room_refresh(f->room, f->now_ms);
    for (int i = 2; i < 12; i++) {
        assert_int_equal(f->woken[i], 1);
        assert_int_equal(fixture_ask(f, i).position, i - 1);
    }
    assert_int_equal(f->woken[12], 0);
    assert_int_equal(fixture_ask(f, 20).position, 20); /* as it was told before */
    f->now_ms += 30000;
    room_refresh(f->room, f->now_ms);
    assert_int_equal(f->woken[20], 1);
    assert_int_equal(fixture_ask(f, 20).position, 19);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_never_started_and_is_to_stop_needs_no_room),
        TEST(without_a_limit_everybody_comes_in),
        TEST(those_who_wait_know_their_place),
        TEST(the_next_one_is_woken_when_room_frees),
        TEST(priority_beats_age_and_age_the_rest),
        TEST(old_news_moves_nothing_back),
        TEST(a_task_of_the_same_name_is_another),
        TEST(who_fails_holds_up_nobody),
        TEST(who_does_not_start_yet_keeps_its_turn),
        TEST(tenants_and_namespaces_have_room_of_their_own),
        TEST(a_new_limit_wakes_those_for_whom_there_is_room_now),
        TEST(a_long_queue_that_moves_costs_few_writes),
        TEST(the_first_ones_are_told_within_a_second),
    };

    return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}
