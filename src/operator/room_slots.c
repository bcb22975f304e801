// SPDX-License-Identifier: Apache-2.0
#include <assert.h>

#include "operator/room_parts.h"

static_assert(offsetof(struct member, waiter) == 0, "a waiter is its member");
static_assert(offsetof(struct tenant, share) == 0, "a share is its tenant");

static uint32_t queue_count(const struct tenant *tenant)
{
    return waitlist_count(&tenant->queue);
}

static uint32_t rank_of(const struct member *member)
{
    return waitlist_rank(&member->tenant->queue, &member->waiter);
}

static void enqueue(struct member *member)
{
    waitlist_add(&member->tenant->queue, &member->waiter);
}

static void dequeue(struct member *member)
{
    waitlist_remove(&member->tenant->queue, &member->waiter);
}

/* -- slots ---------------------------------------------------------------------- */

void room_wake(struct room *room, const struct member *member)
{
    struct str space, name;

    if (member != room->current && str_cut(map_key(member), '/', &space, &name))
        room->wake(room->ctx, space, name);
}

/* The last one for whom a slot is held, who may be new among them. */
static void wake_last_granted(struct room *room, const struct tenant *tenant)
{
    const struct member *member;

    if (tenant->granted == 0)
        return;
    member = room_queue_at(tenant, tenant->granted - 1);
    if (!member->comes_again)
        room_wake(room, member);
}

static void say_who_waits(struct room *room, struct tenant *tenant)
{
    quota_wait(&room->quota, &tenant->share, queue_count(tenant) - tenant->granted, room->now_ms);
}

static void grant(struct room *room, struct tenant *tenant)
{
    tenant->granted++;
    room->granted++;
    quota_take(&room->quota, &tenant->share, room->now_ms);
    say_who_waits(room, tenant);
    wake_last_granted(room, tenant);
}

static void withdraw(struct room *room, struct tenant *tenant)
{
    assert(tenant->granted > 0 && room->granted > 0);
    tenant->granted--;
    room->granted--;
    quota_return(&room->quota, &tenant->share, QUOTA_START_MS, room->now_ms);
    say_who_waits(room, tenant);
}

/* Whoever has a slot granted has somebody waiting for it. */
void room_serve(struct room *room)
{
    struct quota_tenant *next;

    while ((next = quota_next(&room->quota, room->now_ms)) != NULL)
        grant(room, (struct tenant *)(void *)next);
}

static bool is_above_its_own(const struct tenant *tenant)
{
    const struct quota_tenant *share = &tenant->share;

    return share->slots_max != 0 && share->held > share->slots_max;
}

static bool is_above_the_total(const struct room *room)
{
    return room->quota.slots_max != 0 && room->quota.held > room->quota.slots_max;
}

static void withdraw_all(struct room *room)
{
    for (struct tenant *tenant = map_first(&room->tenants); tenant;
         tenant = map_after(&room->tenants, map_key(tenant)))
        while (tenant->granted > 0)
            withdraw(room, tenant);
}

/* Slots that nobody has come for yet, and that are no longer to be had: whose they would be is
 * decided anew. */
void room_withdraw_excess(struct room *room)
{
    if (room->granted > 0 && is_above_the_total(room))
        withdraw_all(room);
    for (struct tenant *tenant = map_first(&room->tenants); tenant && room->granted > 0;
         tenant = map_after(&room->tenants, map_key(tenant)))
        while (tenant->granted > 0 && is_above_its_own(tenant))
            withdraw(room, tenant);
}

/* -- states ----------------------------------------------------------------------- */

/* It takes the slot that is held for its tenant, if one is; news may be of one let in elsewhere. */
static void come_inside(struct room *room, struct member *member)
{
    struct tenant *tenant = member->tenant;

    if (tenant->granted > 0) {
        tenant->granted--;
        room->granted--;
    } else {
        quota_take(&room->quota, &tenant->share, room->now_ms);
    }
    member->since_ms = room->now_ms;
    tenant->inside++;
    room->facts.active++;
    say_who_waits(room, tenant);
    if (is_above_the_total(room) && room->granted > 0)
        withdraw_all(room);
}

static void go_outside(struct room *room, struct member *member)
{
    struct tenant *tenant = member->tenant;
    int64_t held_ms = room->now_ms - member->since_ms;

    tenant->inside--;
    room->facts.active--;
    quota_return(&room->quota, &tenant->share,
                 member->state == STATE_LET_IN ? QUOTA_START_MS : held_ms, room->now_ms);
}

/* Among those for whom a slot is held already, it displaces the last one, who is told when he
 * comes. */
static void begin_to_wait(struct room *room, struct member *member)
{
    enqueue(member);
    say_who_waits(room, member->tenant);
    if (rank_of(member) < member->tenant->granted && !member->comes_again)
        room_wake(room, member);
}

/* The slots stay with those who are first now. */
static void end_to_wait(struct room *room, struct member *member)
{
    struct tenant *tenant = member->tenant;
    bool was_granted = rank_of(member) < tenant->granted;

    dequeue(member);
    if (tenant->granted > queue_count(tenant))
        withdraw(room, tenant);
    else if (was_granted)
        wake_last_granted(room, tenant);
    say_who_waits(room, tenant);
}

void room_leave(struct room *room, struct member *member)
{
    if (room_is_inside(member->state)) {
        go_outside(room, member);
        return;
    }
    room->facts.waiting--;
    if (member->state == STATE_WAITING)
        end_to_wait(room, member);
}

void room_enter(struct room *room, struct member *member, enum state state)
{
    member->state = state;
    if (room_is_inside(state)) {
        come_inside(room, member);
        return;
    }
    room->facts.waiting++;
    if (state == STATE_WAITING)
        begin_to_wait(room, member);
}

/* Between the two it keeps its slot. */
static void enter_from_queue(struct room *room, struct member *member, enum state state)
{
    dequeue(member);
    room->facts.waiting--;
    room_enter(room, member, state);
}

/* The same the other way: its tenant keeps the slot, for whoever is first now. */
void room_return(struct room *room, struct member *member)
{
    struct tenant *tenant = member->tenant;

    member->state = STATE_WAITING;
    member->comes_again = true;
    tenant->inside--;
    room->facts.active--;
    room->facts.waiting++;
    enqueue(member);
    tenant->granted++;
    room->granted++;
    say_who_waits(room, tenant);
    wake_last_granted(room, tenant);
    if (is_above_the_total(room))
        withdraw_all(room);
    while (tenant->granted > 0 && is_above_its_own(tenant))
        withdraw(room, tenant);
}

void room_change(struct room *room, struct member *member, enum state state)
{
    if (member->state == state)
        return;
    if (room_is_inside(member->state) && room_is_inside(state)) {
        member->state = state;
    } else if (member->state == STATE_WAITING && room_is_inside(state)) {
        enter_from_queue(room, member, state);
    } else {
        room_leave(room, member);
        room_enter(room, member, state);
    }
}
