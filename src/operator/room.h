// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Room: how many tasks may have a run at the same time, all together and of each tenant, and who is
 * next. A tenant is one that was verified (config_tenant_of()), whatever namespaces its tasks are
 * in. Between tenants a free slot goes by fair share (core/quota.h). Inside a tenant the order is
 * that of creation, where a point of priority is worth a minute: it never changes, so nobody is
 * overtaken for ever. Fed with what the cache of tasks says; a task that was let in by this process
 * counts from that moment on, long before a cache shows it. A slot is held for whoever is next
 * until he asks for it. What could not start although it was let in stands aside, so that it holds
 * up nobody. When limits shrink, those inside stay, and nobody else comes in before there is room
 * again.
 *
 * A task that waits is told its place in the queue of its own tenant: the first ROOM_SHOWN exactly,
 * at most once a second, those behind them every 30 s, and at most ROOM_REFRESH_MAX of them a
 * second: a long queue that moves fast costs few writes. How many of other tenants come before it
 * is not said: that is decided only when a slot is free. Pure but for memory; all times are
 * monotonic, unless said otherwise. */
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
    struct str tenant; /* verified */
    int32_t priority;
    int64_t created_ms; /* wall clock */
    bool is_started;    /* the intent to run it is recorded */
    bool is_over;       /* or will never start: canceled, deleted */
};

/* Its texts are the task's. tenant: verified. */
struct room_task room_task_of(const struct task *task, struct str tenant);

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
struct room *room_free(struct room *room); /* NULL is fine; returns NULL */
/* From now on; copied. */
void room_limit(struct room *room, const struct config *config, int64_t now_ms);

/* What a cache says of a task, and whose it is. Old news moves nothing back. One that is new here
 * is not woken: whoever has news of it looks at it. */
void room_note(struct room *room, const struct room_task *task, int64_t now_ms);
void room_forget(struct room *room, struct str space, struct str name, int64_t now_ms);

/* May it have a run now? True lets it in, until room_done() says otherwise. */
void room_ask(struct room *room, const struct room_task *task, int64_t now_ms,
              struct room_answer *ret);

enum room_outcome {
    ROOM_STARTED, /* its intent is recorded */
    ROOM_WAITS,   /* not yet; it keeps its turn */
    ROOM_FAILED,  /* something is wrong with it: others first */
};
/* The reconcile that may have asked is over. */
void room_done(struct room *room, struct str space, struct str name, enum room_outcome outcome,
               int64_t now_ms);

/* Everybody who waits or is inside; nobody may come or go meanwhile. */
void room_each(const struct room *room, void (*visit)(void *ctx, struct str space, struct str name),
               void *ctx);

/* Every tenant that has somebody inside, or waiting. */
void room_each_tenant(const struct room *room,
                      void (*visit)(void *ctx, struct str tenant, struct room_facts facts),
                      void *ctx);

void room_refresh(struct room *room, int64_t now_ms); /* about every second */
struct room_facts room_facts(const struct room *room);
