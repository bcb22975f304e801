// SPDX-License-Identifier: Apache-2.0
/* Room among several tenants, and whatever may happen in any order. */
#include "room_fixture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* -- several tenants ----------------------------------------------------------------- */

static void a_point_of_priority_is_worth_a_minute(void **state)
{
    static const struct {
        int32_t priority;
        int64_t younger_ms;
        bool is_first;
    } rows[] = {
        {1,  59999,  true },
        {1,  60001,  false},
        {-1, -59999, false},
        {-1, -60001, true },
        {0,  1,      false},
        {5,  300000, false}, /* as old as the other: the name decides */
    };

    for (size_t i = 0; i < countof(rows); i++) {
        struct room_fixture *f = *state;
        struct room_task high = fixture_task(f, 1);
        fixture_anew(f);
        fixture_limit(f, 1);
        high.priority = rows[i].priority;
        high.created_ms = fixture_task(f, 0).created_ms + rows[i].younger_ms;
        fixture_note_as(f, 2, "a", true);
        fixture_note(f, 0);
        room_note(f->room, &high, f->now_ms);
        assert_int_equal(fixture_ask(f, 0).position, rows[i].is_first ? 2 : 1);
    }
}

static void a_free_slot_goes_to_whoever_had_less(void **state)
{
    struct room_fixture *f = *state;

    fixture_limit_all(f, 1, 0);
    for (int i = 0; i < 10; i++)
        fixture_note_as(f, i, "many", false);
    for (int i = 10; i < 13; i++)
        fixture_note_as(f, i, "few", false);
    assert_true(fixture_ask_as(f, 0, "many").has_room);
    fixture_done(f, 0, ROOM_STARTED);
    for (int i = 0; i < 3; i++) {
        f->now_ms += 5000;
        fixture_end(f, i);
        assert_int_equal(f->woken[10 + i], 1);
        assert_false(fixture_ask_as(f, i + 1, "many").has_room);
        assert_true(fixture_ask_as(f, 10 + i, "few").has_room);
        fixture_done(f, 10 + i, ROOM_STARTED);
        f->now_ms += 5000;
        fixture_end(f, 10 + i);
        assert_int_equal(f->woken[i + 1], 1);
        assert_true(fixture_ask_as(f, i + 1, "many").has_room);
        fixture_done(f, i + 1, ROOM_STARTED);
    }
}

static void a_slot_that_nobody_comes_for_goes_on(void **state)
{
    struct room_fixture *f = *state;

    fixture_limit_all(f, 1, 0);
    fixture_note_as(f, 0, "red", false); /* it is held for this one */
    fixture_note_as(f, 1, "red", false);
    fixture_note_as(f, 2, "blue", false);
    assert_false(fixture_ask_as(f, 2, "blue").has_room);
    fixture_end(f, 0); /* canceled, before it came */
    assert_int_equal(f->woken[1], 1);
    fixture_end(f, 1);
    assert_int_equal(f->woken[2], 1);
    assert_true(fixture_ask_as(f, 2, "blue").has_room);
}

static void who_cannot_start_holds_up_no_other_tenant(void **state)
{
    struct room_fixture *f = *state;

    fixture_limit_all(f, 1, 0);
    fixture_note_as(f, 0, "red", false);
    fixture_note_as(f, 1, "blue", false);
    assert_true(fixture_ask_as(f, 0, "red").has_room);
    fixture_done(f, 0, ROOM_FAILED);
    assert_int_equal(f->woken[1], 1);
    assert_true(fixture_ask_as(f, 1, "blue").has_room);
}

static void limits_that_shrink_take_back_what_nobody_came_for(void **state)
{
    struct room_fixture *f = *state;

    fixture_limit_all(f, 4, 0);
    for (int i = 0; i < 4; i++)
        fixture_note_as(f, i, "red", false);
    assert_true(fixture_ask_as(f, 0, "red").has_room);
    assert_true(fixture_ask_as(f, 1, "red").has_room);
    fixture_limit_all(f, 2, 0);
    assert_false(fixture_ask_as(f, 2, "red").has_room);
    fixture_limit_all(f, 1, 0);
    fixture_done(f, 0, ROOM_STARTED);
    fixture_done(f, 1, ROOM_WAITS); /* it was let in, and has to come again: too late */
    assert_false(fixture_ask_as(f, 1, "red").has_room);
    fixture_end(f, 0);
    assert_true(fixture_ask_as(f, 1, "red").has_room);
    assert_false(fixture_ask_as(f, 2, "red").has_room);
}

/* Another operator leads, and lets in others than this one would: its news is what is. */
static void what_others_started_counts(void **state)
{
    struct room_fixture *f = *state;

    fixture_limit_all(f, 2, 0);
    for (int i = 0; i < 6; i++)
        fixture_note_as(f, i, i < 3 ? "red" : "blue", false);
    fixture_note_as(f, 4, "blue", true);
    fixture_note_as(f, 5, "blue", true);
    assert_int_equal(room_facts(f->room).active, 2);
    for (int i = 0; i < 4; i++)
        assert_false(fixture_ask_as(f, i, i < 3 ? "red" : "blue").has_room);
    fixture_end(f, 4);
    assert_true(fixture_ask_as(f, 0, "red").has_room);
    assert_false(fixture_ask_as(f, 3, "blue").has_room);
}

static void whose_a_task_is_may_change(void **state)
{
    struct room_fixture *f = *state;

    fixture_limit_all(f, 0, 1);
    fixture_note_as(f, 0, "red", true);
    fixture_note_as(f, 1, "red", false);
    fixture_note_as(f, 2, "blue", false);
    assert_false(fixture_ask_as(f, 1, "red").has_room);
    assert_true(fixture_ask_as(f, 2, "blue").has_room);
    fixture_done(f, 2, ROOM_STARTED);
    fixture_note_as(f, 0, "blue", true); /* it runs, and is another's from now on */
    assert_int_equal(f->woken[1], 1);
    assert_true(fixture_ask_as(f, 1, "red").has_room);
    assert_int_equal(room_facts(f->room).active, 3);
    fixture_end(f, 2);
    fixture_note_as(f, 3, "blue", false);
    assert_false(fixture_ask_as(f, 3, "blue").has_room);
}

static void count_tenant(void *ctx, struct str tenant, struct room_facts facts)
{
    uint32_t *counts = ctx;
    size_t at = str_is(tenant, "red") ? 0 : 2;

    counts[at] += facts.waiting;
    counts[at + 1] += facts.active;
}

static void tenants_can_be_counted(void **state)
{
    struct room_fixture *f = *state;
    uint32_t counts[4] = {0};

    fixture_limit_all(f, 3, 0);
    for (int i = 0; i < 5; i++)
        fixture_note_as(f, i, "red", i < 2);
    fixture_note_as(f, 5, "blue", false);
    room_each_tenant(f->room, count_tenant, counts);
    assert_int_equal(counts[0], 3);
    assert_int_equal(counts[1], 2);
    assert_int_equal(counts[2], 1);
    assert_int_equal(counts[3], 0);
}

/* -- any order of events --------------------------------------------------------- */

enum {
    SOME = 12,
    INSIDE_MAX = 3
};
enum toy {
    TOY_NEW,
    TOY_WAITS,
    TOY_COMES_AGAIN,
    TOY_IN,
    TOY_STARTED,
    TOY_FAILED,
    TOY_OVER,
};

static uint32_t dice(uint64_t *seed, uint32_t sides)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % sides;
}

struct toys {
    enum toy at[SOME];
    bool has_tenants;
    int shift, total_max, own_max;
};

static const char *const owners[] = {"red", "blue", "grey"};

/* With tenants they are dealt out in turn, and may change hands. */
static const char *owner_of(const struct toys *toys, int i)
{
    return toys->has_tenants ? owners[(i + toys->shift) % 3] : "a";
}

static int inside(const struct toys *toys, const char *owner) /* NULL: all */
{
    int count = 0;

    for (int i = 0; i < SOME; i++)
        count += (toys->at[i] == TOY_IN || toys->at[i] == TOY_STARTED) &&
                 (!owner || strcmp(owner_of(toys, i), owner) == 0);
    return count;
}

static void toy_ask(struct room_fixture *f, struct toys *toys, int i)
{
    const char *owner = owner_of(toys, i);
    bool has_room = fixture_ask_as(f, i, owner).has_room;
    bool was_in = toys->at[i] == TOY_IN || toys->at[i] == TOY_STARTED;

    if (toys->at[i] != TOY_STARTED)
        toys->at[i] = has_room ? TOY_IN : TOY_WAITS;
    if (!has_room || was_in)
        return;
    if (inside(toys, NULL) > toys->total_max || inside(toys, owner) > toys->own_max)
        fail_msg("%d of all, %d of %s", inside(toys, NULL), inside(toys, owner), owner);
}

/* All that wait are told whose they are now, as from a cache. */
static void toy_shift(struct room_fixture *f, struct toys *toys)
{
    toys->shift++;
    for (int i = 0; i < SOME; i++)
        if (toys->at[i] != TOY_OVER && toys->at[i] != TOY_NEW)
            fixture_note_as(f, i, owner_of(toys, i), toys->at[i] == TOY_STARTED);
}

static void toy_limit(struct room_fixture *f, struct toys *toys, uint64_t *luck)
{
    if (toys->has_tenants) {
        toys->total_max = 1 + (int)dice(luck, 5);
        toys->own_max = 1 + (int)dice(luck, 3);
    }
    fixture_limit_all(f, toys->has_tenants ? toys->total_max : 0, toys->own_max);
}

static void step(struct room_fixture *f, struct toys *toys, int i, uint32_t what)
{
    bool is_in = toys->at[i] == TOY_IN;

    if (toys->at[i] == TOY_OVER)
        return;
    if (what < 4) {
        toy_ask(f, toys, i);
    } else if (what == 4 && is_in) {
        fixture_done(f, i, ROOM_STARTED);
        toys->at[i] = TOY_STARTED;
    } else if (what == 5 && is_in) {
        fixture_done(f, i, ROOM_WAITS);
        toys->at[i] = TOY_COMES_AGAIN;
    } else if (what == 6 && is_in) {
        fixture_done(f, i, ROOM_FAILED);
        toys->at[i] = TOY_FAILED;
    } else if (what == 7) {
        fixture_end(f, i);
        toys->at[i] = TOY_OVER;
    }
}

/* Those who were woken ask, until nobody is woken any more. */
static void settle(struct room_fixture *f, struct toys *toys)
{
    bool is_quiet = false;

    for (int i = 0; i < SOME; i++)
        f->woken[i] += toys->at[i] == TOY_COMES_AGAIN;
    while (!is_quiet) {
        is_quiet = true;
        for (int i = 0; i < SOME; i++)
            if (f->woken[i] > 0) {
                f->woken[i] = 0;
                is_quiet &= toys->at[i] != TOY_WAITS;
                step(f, toys, i, 0);
            }
    }
}

static bool could_come_in(const struct toys *toys, int i)
{
    return toys->at[i] == TOY_WAITS && inside(toys, NULL) < toys->total_max &&
           inside(toys, owner_of(toys, i)) < toys->own_max;
}

static void play(struct room_fixture *f, bool has_tenants, uint64_t seed)
{
    struct toys toys = {.has_tenants = has_tenants, .total_max = INSIDE_MAX, .own_max = INSIDE_MAX};
    uint64_t luck = seed;

    fixture_anew(f);
    toy_limit(f, &toys, &luck);
    memset(f->woken, 0, sizeof(f->woken));
    for (int n = 0; n < 60; n++) {
        uint32_t what = dice(&luck, 40);
        f->now_ms += dice(&luck, 3000);
        if (what == 39 && has_tenants)
            toy_shift(f, &toys);
        else if (what == 38)
            toy_limit(f, &toys, &luck);
        else
            step(f, &toys, (int)dice(&luck, SOME), what % 8);
    }
    settle(f, &toys);
    for (int i = 0; i < SOME; i++)
        if (could_come_in(&toys, i))
            fail_msg("seed %" PRIu64 ": there is room for %d, who was not woken", seed, i);
}

/* Never more than the limit; and once nothing happens any more but that those who were woken ask,
 * either the room is full or nobody waits. */
static void the_limit_holds_and_nobody_is_forgotten(void **state)
{
    for (uint64_t seed = 1; seed <= 4000; seed++)
        play(*state, false, seed);
}

static void nor_with_tenants_whatever_changes(void **state)
{
    for (uint64_t seed = 1; seed <= 20000; seed++)
        play(*state, true, seed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_point_of_priority_is_worth_a_minute),
        TEST(a_free_slot_goes_to_whoever_had_less),
        TEST(a_slot_that_nobody_comes_for_goes_on),
        TEST(who_cannot_start_holds_up_no_other_tenant),
        TEST(limits_that_shrink_take_back_what_nobody_came_for),
        TEST(what_others_started_counts),
        TEST(whose_a_task_is_may_change),
        TEST(tenants_can_be_counted),
        TEST(the_limit_holds_and_nobody_is_forgotten),
        TEST(nor_with_tenants_whatever_changes),
    };

    return cmocka_run_group_tests_name("room_tenants", tests, NULL, NULL);
}
