// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Room from inside: room.c knows who there is and answers, room_slots.c says who holds a slot. A
 * slot is held by whoever is inside, or granted to a tenant for the next one of its queue, who was
 * woken and will come for it. */
#include "base/arena.h"
#include "base/map.h"
#include "core/quota.h"
#include "operator/room.h"
#include "operator/waitlist.h"

enum state {
    STATE_WAITING, /* stands in the queue of its tenant */
    STATE_ASIDE,   /* would wait, but failed */
    STATE_LET_IN,  /* by this process; not recorded yet */
    STATE_ACTIVE,
};

struct member {
    struct waiter waiter; /* since it was created, by its priority earlier or later */
    struct tenant *tenant;
    enum state state;
    int64_t since_ms;               /* inside */
    int64_t told_position, told_ms; /* 0: nothing yet */
    bool comes_again; /* it was let in, and waits for something else: it has no need of a call */
    char uid[ROOM_UID_MAX + 1];
};

struct tenant {
    struct quota_tenant share; /* first: it holds what is inside, and what is granted */
    uint32_t granted;          /* so many slots are held for the first ones of the queue */
    uint32_t inside, members;
    uint32_t cursor;       /* where the last refresh of those far behind ended */
    struct waitlist queue; /* of members */
};

struct limit {
    int64_t running_max, weight;
};

struct room {
    struct arena arena; /* of this struct alone */
    void (*wake)(void *ctx, struct str space, struct str name);
    void *ctx;
    struct map members; /* by "namespace/name" */
    struct map tenants; /* by name */
    struct map limits;  /* by tenant: those that the config names */
    struct limit limit; /* of all others */
    struct quota quota;
    struct room_facts facts;
    const struct member *current; /* who is being looked at needs no call */
    int64_t granted;
    int64_t now_ms; /* of the event under way */
};

static inline struct member *room_queue_at(const struct tenant *tenant, uint32_t rank)
{
    return (struct member *)(void *)waitlist_at(&tenant->queue, rank);
}

static inline bool room_is_inside(enum state state)
{
    return state == STATE_LET_IN || state == STATE_ACTIVE;
}

/* Unless it is the one that is being looked at. */
void room_wake(struct room *room, const struct member *member);

/* A member of a tenant begins to be in a state, ends to, or goes from one to another. */
void room_enter(struct room *room, struct member *member, enum state state);
void room_leave(struct room *room, struct member *member);
void room_change(struct room *room, struct member *member, enum state state);
/* It was let in and has to wait for something else: its tenant keeps the slot. */
void room_return(struct room *room, struct member *member);

void room_serve(struct room *room);           /* grants all slots that are free */
void room_withdraw_excess(struct room *room); /* limits may have shrunk */
