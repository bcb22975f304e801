// SPDX-License-Identifier: Apache-2.0
#include "room_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void woke(void *ctx, struct str space, struct str name)
{
    struct room_fixture *f = ctx;
    int64_t number;

    assert_true(str_is(space, "a"));
    assert_true(str_to_int(str_skip(name, 1), &number));
    f->woken[number]++;
    f->wakes++;
}

void fixture_anew(struct room_fixture *f)
{
    f->room = room_free(f->room);
    f->room = room_new(woke, f);
}

int fixture_set_up(void **state)
{
    struct room_fixture *f = calloc(1, sizeof(*f));

    for (int i = 0; i < TASKS; i++)
        snprintf(f->names[i], sizeof(f->names[i]), "n%d", i);
    fixture_anew(f);
    f->now_ms = 1000000;
    *state = f;
    return 0;
}

int fixture_tear_down(void **state)
{
    struct room_fixture *f = *state;

    room_free(f->room);
    free(f);
    return 0;
}

void fixture_limit(struct room_fixture *f, int64_t running_max)
{
    room_limit(f->room, &(struct config){.running_max = running_max}, f->now_ms);
}

struct room_task fixture_task(struct room_fixture *f, int i)
{
    return (struct room_task){
        .space = STR_LIT("a"),
        .name = str_of(f->names[i]),
        .uid = str_of(f->names[i]),
        .tenant = STR_LIT("a"),
        .created_ms = 1000 + i,
    };
}

void fixture_note(struct room_fixture *f, int i)
{
    struct room_task asked = fixture_task(f, i);

    room_note(f->room, &asked, f->now_ms);
}

struct room_answer fixture_ask(struct room_fixture *f, int i)
{
    struct room_task asked = fixture_task(f, i);
    struct room_answer answer;

    room_ask(f->room, &asked, f->now_ms, &answer);
    return answer;
}

void fixture_done(struct room_fixture *f, int i, enum room_outcome outcome)
{
    room_done(f->room, STR_LIT("a"), str_of(f->names[i]), outcome, f->now_ms);
}

void fixture_end(struct room_fixture *f, int i)
{
    struct room_task over = fixture_task(f, i);

    over.is_over = true;
    room_note(f->room, &over, f->now_ms);
}

void fixture_limit_all(struct room_fixture *f, int64_t total, int64_t each)
{
    room_limit(f->room, &(struct config){.running_total = total, .running_max = each}, f->now_ms);
}

struct room_answer fixture_ask_as(struct room_fixture *f, int i, const char *tenant)
{
    struct room_task asked = fixture_task(f, i);
    struct room_answer answer;

    asked.tenant = str_of(tenant);
    room_ask(f->room, &asked, f->now_ms, &answer);
    return answer;
}

void fixture_note_as(struct room_fixture *f, int i, const char *tenant, bool is_started)
{
    struct room_task noted = fixture_task(f, i);

    noted.tenant = str_of(tenant);
    noted.is_started = is_started;
    room_note(f->room, &noted, f->now_ms);
}
