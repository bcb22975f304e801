// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Room: how many tasks of a tenant may have a run at the same time, and who is next. A tenant is a
 * namespace and a spec.tenant in it; its tasks are let in by priority, then by age. Fed with what
 * the cache of tasks says; a task that was let in by this process counts from that moment on, long
 * before a cache shows it. What could not start although it was let in stands aside, so that it
 * holds up nobody.
 * A task that waits is told its place: the first ROOM_SHOWN exactly, at most once a second, those
 * behind them every 30 s, and at most ROOM_REFRESH_MAX of them a second: a long queue that moves
 * fast costs few writes. Pure but for memory; all times are monotonic. */
#include <stdbool.h>
#include <stdint.h>

#include "core/task.h"
#include "operator/config.h"

#define ROOM_TELL_MS       INT64_C(1000)
#define ROOM_TELL_LATER_MS INT64_C(30000)

enum {
    ROOM_SHOWN = 10,
    ROOM_REFRESH_MAX = 32,
    ROOM_UID_MAX = 63,
};

struct room_task {
    struct str space, name, uid;
    struct str tenant; /* spec.tenant; empty: the namespace */
    int32_t priority;
    int64_t created_ms;
    bool is_started; /* the intent to run it is recorded */
    bool is_over;    /* or will never start: canceled, deleted */
};

struct room_task room_task_of(const struct task *task); /* its texts are the task's */

struct room_answer {
    bool has_room;
    int64_t position, ahead; /* without room: from 1; tasks before it */
};

struct room_facts {
    uint32_t waiting, active;
};

struct room;

/* wake: there is room for that task now, or news of its place; must not call back. */
struct room *room_new(void (*wake)(void *ctx, struct str space, struct str name), void *ctx);
struct room *room_free(struct room *room);                       /* NULL is fine; returns NULL */
void room_limit(struct room *room, const struct config *config); /* from now on; copied */

/* What a cache says of a task. Old news moves nothing back. */
void room_note(struct room *room, const struct room_task *task);
void room_forget(struct room *room, struct str space, struct str name);

/* May it have a run now? True lets it in, until room_done() says otherwise. */
void room_ask(struct room *room, const struct room_task *task, int64_t now_ms,
              struct room_answer *ret);

enum room_outcome {
    ROOM_STARTED, /* its intent is recorded */
    ROOM_WAITS,   /* not yet; it keeps its turn */
    ROOM_FAILED,  /* something is wrong with it: others first */
};
/* The reconcile that may have asked is over. */
void room_done(struct room *room, struct str space, struct str name, enum room_outcome outcome);

/* Everybody who waits or is inside; nobody may come or go meanwhile. */
void room_each(const struct room *room, void (*visit)(void *ctx, struct str space, struct str name),
               void *ctx);

void room_refresh(struct room *room, int64_t now_ms); /* about every second */
struct room_facts room_facts(const struct room *room);
