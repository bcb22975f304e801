// SPDX-License-Identifier: Apache-2.0
#include "operator/room_parts.h"

#define PRIORITY_MS INT64_C(60000) /* what a point is worth */

enum {
    PART_MAX = 253,
    KEY_MAX = 2 * PART_MAX + 1,
};

struct key {
    char text[KEY_MAX];
};

/* Longer names are none that an API server lets in: what differs only there is one to us. */
static struct str key_of(struct key *key, struct str space, struct str name)
{
    size_t space_size = space.size < PART_MAX ? space.size : PART_MAX;
    size_t name_size = name.size < PART_MAX ? name.size : PART_MAX;

    memcpy(key->text, space.at, space_size);
    key->text[space_size] = '/';
    memcpy(key->text + space_size + 1, name.at, name_size);
    return (struct str){key->text, space_size + 1 + name_size};
}

/* -- members and tenants ------------------------------------------------------- */

static void drop(struct map *map, const void *value)
{
    struct key key;
    struct str there = map_key(value); /* goes with the value */

    memcpy(key.text, there.at, there.size);
    map_drop(map, (struct str){key.text, there.size});
}

static void limit_tenant(struct room *room, struct tenant *tenant)
{
    const struct limit *limit = map_find(&room->limits, map_key(tenant));

    if (!limit)
        limit = &room->limit;
    quota_limit(&room->quota, &tenant->share, limit->weight, limit->running_max, room->now_ms);
}

static struct tenant *tenant_of(struct room *room, const struct room_task *task)
{
    struct tenant *tenant = map_find(&room->tenants, task->tenant);

    if (tenant)
        return tenant;
    tenant = map_put(&room->tenants, task->tenant, sizeof(*tenant));
    waitlist_init(&tenant->queue);
    limit_tenant(room, tenant);
    return tenant;
}

/* What it has spent more than others is not forgotten, lest it comes back without it. */
static void drop_tenant_if_empty(struct room *room, struct tenant *tenant)
{
    if (tenant->members > 0 || quota_owes(&room->quota, &tenant->share, room->now_ms))
        return;
    waitlist_fini(&tenant->queue);
    drop(&room->tenants, tenant);
}

static struct str uid_of(const struct room_task *task) /* an API server's have 36 */
{
    return (struct str){task->uid.at,
                        task->uid.size < ROOM_UID_MAX ? task->uid.size : ROOM_UID_MAX};
}

static void add_member(struct room *room, const struct room_task *task, enum state state)
{
    struct key key;
    struct member *member =
        map_put(&room->members, key_of(&key, task->space, task->name), sizeof(*member));

    member->tenant = tenant_of(room, task);
    member->tenant->members++;
    member->waiter.order_ms = task->created_ms - task->priority * PRIORITY_MS;
    room->current = member;
    if (task->uid.size > 0)
        memcpy(member->uid, task->uid.at, uid_of(task).size);
    room_enter(room, member, state);
}

static void drop_member(struct room *room, struct member *member)
{
    struct tenant *tenant = member->tenant;

    room_leave(room, member);
    drop(&room->members, member);
    tenant->members--;
    drop_tenant_if_empty(room, tenant);
}

/* The config, or who checks tasks, has changed. */
static void move_member(struct room *room, struct member *member, struct tenant *to)
{
    struct tenant *from = member->tenant;
    enum state state = member->state;

    room_leave(room, member);
    from->members--;
    to->members++;
    member->tenant = to;
    room_enter(room, member, state);
    drop_tenant_if_empty(room, from);
}

static struct member *find_member(const struct room *room, struct str space, struct str name)
{
    struct key key;

    return map_find(&room->members, key_of(&key, space, name));
}

/* Of that very task: another one of the same name is gone. */
static struct member *find_task(struct room *room, const struct room_task *task)
{
    struct member *member = find_member(room, task->space, task->name);

    if (!member || str_is(uid_of(task), member->uid))
        return member;
    drop_member(room, member);
    return NULL;
}

static struct member *note(struct room *room, const struct room_task *task)
{
    struct member *member = find_task(room, task);

    if (task->is_over && member)
        drop_member(room, member);
    if (task->is_over)
        return NULL;
    if (!member) {
        add_member(room, task, task->is_started ? STATE_ACTIVE : STATE_WAITING);
        return find_member(room, task->space, task->name);
    }
    if (!str_equal(map_key(member->tenant), task->tenant))
        move_member(room, member, tenant_of(room, task));
    if (task->is_started)
        room_change(room, member, STATE_ACTIVE);
    return member;
}

/* Between these two something happens to one of them; then whoever is next is served. */
static void begin(struct room *room, int64_t now_ms)
{
    room->now_ms = now_ms;
    room->current = NULL;
}

static void end(struct room *room)
{
    room_serve(room);
    room->current = NULL;
}

void room_note(struct room *room, const struct room_task *task, int64_t now_ms)
{
    begin(room, now_ms);
    note(room, task);
    end(room);
}

void room_forget(struct room *room, struct str space, struct str name, int64_t now_ms)
{
    struct member *member = find_member(room, space, name);

    begin(room, now_ms);
    if (member)
        drop_member(room, member);
    end(room);
}

/* -- asking ------------------------------------------------------------------- */

static void tell(struct member *member, uint32_t rank, int64_t now_ms, struct room_answer *ret)
{
    int64_t wait_ms = rank < ROOM_SHOWN ? ROOM_TELL_MS : ROOM_TELL_LATER_MS;

    if (member->told_position == 0 || now_ms - member->told_ms >= wait_ms) {
        member->told_position = rank + 1;
        member->told_ms = now_ms;
    }
    ret->has_room = false;
    ret->position = member->told_position;
    ret->ahead = member->told_position - 1;
}

void room_ask(struct room *room, const struct room_task *task, int64_t now_ms,
              struct room_answer *ret)
{
    struct member *member;
    uint32_t rank;

    begin(room, now_ms);
    *ret = (struct room_answer){.has_room = true};
    member = note(room, task);
    if (member && !room_is_inside(member->state)) {
        room->current = member;
        room_change(room, member, STATE_WAITING);
        member->comes_again = false;
        room_serve(room);
        rank = waitlist_rank(&member->tenant->queue, &member->waiter);
        if (rank < member->tenant->granted)
            room_change(room, member, STATE_LET_IN);
        else
            tell(member, rank, now_ms, ret);
    }
    end(room);
}

void room_done(struct room *room, struct str space, struct str name, enum room_outcome outcome,
               int64_t now_ms)
{
    struct member *member = find_member(room, space, name);

    begin(room, now_ms);
    if (!member || member->state == STATE_ACTIVE)
        return;
    if (outcome == ROOM_STARTED) {
        room_change(room, member, STATE_ACTIVE);
    } else if (outcome == ROOM_FAILED) {
        room_change(room, member, STATE_ASIDE);
        member->comes_again = true;
    } else if (member->state == STATE_LET_IN) {
        room_return(room, member);
    }
    end(room);
}

/* -- from time to time ---------------------------------------------------------- */

static bool has_news(const struct member *member, uint32_t rank, int64_t wait_ms, int64_t now_ms)
{
    return member->told_position != 0 && member->told_position != rank + 1 &&
           now_ms - member->told_ms >= wait_ms;
}

static uint32_t refresh_tenant(struct room *room, struct tenant *tenant, uint32_t budget,
                               int64_t now_ms)
{
    uint32_t count = waitlist_count(&tenant->queue), woken = 0;

    for (uint32_t i = 0; i < count && i < ROOM_SHOWN; i++)
        if (has_news(room_queue_at(tenant, i), i, ROOM_TELL_MS, now_ms))
            room_wake(room, room_queue_at(tenant, i));
    if (tenant->cursor < ROOM_SHOWN || tenant->cursor >= count)
        tenant->cursor = ROOM_SHOWN;
    for (; tenant->cursor < count && woken < budget; tenant->cursor++)
        if (has_news(room_queue_at(tenant, tenant->cursor), tenant->cursor, ROOM_TELL_LATER_MS,
                     now_ms)) {
            room_wake(room, room_queue_at(tenant, tenant->cursor));
            woken++;
        }
    return woken;
}

/* Also of those that were kept for what they had spent. */
static struct tenant *tenant_after(struct room *room, struct tenant *tenant)
{
    struct key key;
    struct str name = map_key(tenant);

    memcpy(key.text, name.at, name.size);
    drop_tenant_if_empty(room, tenant);
    return map_after(&room->tenants, (struct str){key.text, name.size});
}

void room_refresh(struct room *room, int64_t now_ms)
{
    struct tenant *tenant = map_first(&room->tenants);
    uint32_t budget = ROOM_REFRESH_MAX;

    begin(room, now_ms);
    while (tenant) {
        budget -= refresh_tenant(room, tenant, budget, now_ms);
        tenant = tenant_after(room, tenant);
    }
}

void room_each(const struct room *room, void (*visit)(void *ctx, struct str space, struct str name),
               void *ctx)
{
    struct str space, name;

    for (struct member *member = map_first(&room->members); member;
         member = map_after(&room->members, map_key(member)))
        if (str_cut(map_key(member), '/', &space, &name))
            visit(ctx, space, name);
}

void room_each_tenant(const struct room *room,
                      void (*visit)(void *ctx, struct str tenant, struct room_facts facts),
                      void *ctx)
{
    for (struct tenant *tenant = map_first(&room->tenants); tenant;
         tenant = map_after(&room->tenants, map_key(tenant)))
        if (tenant->members > 0)
            visit(ctx, map_key(tenant),
                  (struct room_facts){tenant->members - tenant->inside, tenant->inside});
}

struct room_facts room_facts(const struct room *room)
{
    return room->facts;
}

/* -- limits, beginning and end ---------------------------------------------------- */

void room_limit(struct room *room, const struct config *config, int64_t now_ms)
{
    begin(room, now_ms);
    map_fini(&room->limits);
    room->limit = (struct limit){.running_max = config->running_max, .weight = 1};
    for (uint32_t i = 0; i < config->tenant_count; i++) {
        const struct config_tenant *tenant = &config->tenants[i];
        *(struct limit *)map_put(&room->limits, tenant->name, sizeof(struct limit)) =
            (struct limit){tenant->running_max, tenant->weight};
    }
    room->quota.slots_max = config->running_total;
    for (struct tenant *tenant = map_first(&room->tenants); tenant;
         tenant = map_after(&room->tenants, map_key(tenant)))
        limit_tenant(room, tenant);
    room_withdraw_excess(room);
    end(room);
}

struct room_task room_task_of(const struct task *task, struct str tenant)
{
    bool is_asked_to_stop = task->spec.canceled || task->deleted_ms != 0;
    bool is_started = task->status.attempt != 0;

    return (struct room_task){
        .space = task->space,
        .name = task->name,
        .uid = task->uid,
        .tenant = tenant,
        .priority = task->spec.priority,
        .created_ms = task->created_ms,
        .is_started = is_started,
        .is_over = phase_is_terminal(task->status.phase) || (is_asked_to_stop && !is_started),
    };
}

struct room *room_new(void (*wake_task)(void *ctx, struct str space, struct str name), void *ctx)
{
    struct arena arena = {0};
    struct room *room = arena_alloc(&arena, sizeof(*room));

    room->arena = arena;
    room->wake = wake_task;
    room->ctx = ctx;
    room->limit.weight = 1;
    return room;
}

struct room *room_free(struct room *room)
{
    struct arena arena;

    if (!room)
        return NULL;
    for (struct tenant *tenant = map_first(&room->tenants); tenant;
         tenant = map_after(&room->tenants, map_key(tenant)))
        waitlist_fini(&tenant->queue);
    map_fini(&room->members);
    map_fini(&room->tenants);
    map_fini(&room->limits);
    arena = room->arena;
    arena_fini(&arena);
    return NULL;
}
