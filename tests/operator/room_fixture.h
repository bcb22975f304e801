// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A room with tasks "n0" to "n999" of namespace "a", who are of tenant "a" unless said otherwise,
 * and who was woken. */
#include "operator/room.h"

enum {
    TASKS = 1000
};

struct room_fixture {
    struct room *room;
    char names[TASKS][8];
    uint32_t woken[TASKS];
    uint64_t wakes;
    int64_t now_ms;
};

int fixture_set_up(void **state);
int fixture_tear_down(void **state);
void fixture_anew(struct room_fixture *f); /* with nobody in it */

void fixture_limit(struct room_fixture *f, int64_t running_max);
struct room_task fixture_task(struct room_fixture *f, int i);
void fixture_note(struct room_fixture *f, int i);
struct room_answer fixture_ask(struct room_fixture *f, int i);
void fixture_done(struct room_fixture *f, int i, enum room_outcome outcome);
void fixture_end(struct room_fixture *f, int i);
void fixture_limit_all(struct room_fixture *f, int64_t total, int64_t each);
struct room_answer fixture_ask_as(struct room_fixture *f, int i, const char *tenant);
void fixture_note_as(struct room_fixture *f, int i, const char *tenant, bool is_started);
