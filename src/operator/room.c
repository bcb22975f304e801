// SPDX-License-Identifier: Apache-2.0
#include "operator/room.h"

#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"

enum state {
    STATE_WAITING, /* stands in the queue of its tenant */
    STATE_ASIDE,   /* would wait, but failed */
    STATE_LET_IN,  /* by this process; not recorded yet */
    STATE_ACTIVE,
};

struct member {
    struct tenant *tenant;
    enum state state;
    int32_t priority;
    int64_t created_ms;
    int64_t told_position, told_ms; /* 0: nothing yet */
    bool comes_again; /* it was let in, and waits for something else: it has no need of a call */
    char uid[ROOM_UID_MAX + 1];
};

struct tenant {
    int64_t running_max; /* 0: no limit */
    uint32_t inside, members;
    uint32_t cursor;  /* where the last refresh of those far behind ended */
    struct buf queue; /* of struct member *, in order */
};

struct room {
    struct arena arena; /* of this struct alone */
    void (*wake)(void *ctx, struct str space, struct str name);
    void *ctx;
    struct map members; /* by "namespace/name" */
    struct map tenants; /* by "namespace/tenant" */
    struct map limits;  /* by tenant: int64_t */
    int64_t running_max;
    struct room_facts facts;
};

enum {
    PART_MAX = 253,
    KEY_MAX = 2 * PART_MAX + 1,
    QUEUE_SIZE_MAX = 1024 * 1024 * 1024, /* bytes of pointers: more tasks than a cluster holds */
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

/* -- the queue of a tenant --------------------------------------------------- */

static struct member **queue_of(const struct tenant *tenant)
{
    return (struct member **)(void *)tenant->queue.at;
}

static uint32_t queue_count(const struct tenant *tenant)
{
    return (uint32_t)(tenant->queue.size / sizeof(struct member *));
}

static int order(const struct member *a, const struct member *b)
{
    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    if (a->created_ms != b->created_ms)
        return a->created_ms < b->created_ms ? -1 : 1;
    return str_order(map_key(a), map_key(b));
}

/* Where it stands, or would stand. */
static uint32_t rank_of(const struct member *member)
{
    struct member **queue = queue_of(member->tenant);
    uint32_t low = 0, high = queue_count(member->tenant);

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (order(queue[middle], member) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void enqueue(struct member *member)
{
    struct buf *queue = &member->tenant->queue;
    size_t at = rank_of(member) * sizeof(member);

    buf_add(queue, (struct str){(const char *)&member, sizeof(member)});
    assert(!queue->is_full);
    memmove(queue->at + at + sizeof(member), queue->at + at, queue->size - sizeof(member) - at);
    memcpy(queue->at + at, &member, sizeof(member));
}

static void dequeue(struct member *member)
{
    struct buf *queue = &member->tenant->queue;
    size_t at = rank_of(member) * sizeof(member);

    assert(queue_of(member->tenant)[rank_of(member)] == member);
    memmove(queue->at + at, queue->at + at + sizeof(member), queue->size - sizeof(member) - at);
    queue->size -= sizeof(member);
}

/* -- who may come in ---------------------------------------------------------- */

static int64_t free_of(const struct tenant *tenant)
{
    if (tenant->running_max == 0)
        return INT64_MAX;
    return tenant->running_max > tenant->inside ? tenant->running_max - tenant->inside : 0;
}

static void wake(struct room *room, const struct member *member)
{
    struct str space, name;

    if (str_cut(map_key(member), '/', &space, &name))
        room->wake(room->ctx, space, name);
}

/* Where there is no limit, nobody has been waiting for room. */
static void wake_first(struct room *room, const struct tenant *tenant)
{
    int64_t count = queue_count(tenant);

    if (tenant->running_max == 0)
        return;
    if (count > free_of(tenant))
        count = free_of(tenant);
    for (int64_t i = 0; i < count; i++)
        if (!queue_of(tenant)[i]->comes_again)
            wake(room, queue_of(tenant)[i]);
}

static bool is_inside(enum state state)
{
    return state == STATE_LET_IN || state == STATE_ACTIVE;
}

static void leave_state(struct room *room, struct member *member)
{
    if (member->state == STATE_WAITING)
        dequeue(member);
    if (is_inside(member->state)) {
        member->tenant->inside--;
        room->facts.active--;
    } else {
        room->facts.waiting--;
    }
}

static void enter_state(struct room *room, struct member *member, enum state state)
{
    member->state = state;
    if (state == STATE_WAITING)
        enqueue(member);
    if (is_inside(state)) {
        member->tenant->inside++;
        room->facts.active++;
    } else {
        room->facts.waiting++;
    }
}

static void change_state(struct room *room, struct member *member, enum state state)
{
    if (member->state == state)
        return;
    leave_state(room, member);
    enter_state(room, member, state);
}

/* -- members and tenants ------------------------------------------------------- */

static int64_t limit_of(const struct room *room, struct str name)
{
    const int64_t *limit = map_find(&room->limits, name);

    return limit ? *limit : room->running_max;
}

static struct tenant *tenant_of(struct room *room, const struct room_task *task)
{
    struct str name = task->tenant.size > 0 ? task->tenant : task->space;
    struct key key;
    struct str text = key_of(&key, task->space, name);
    struct tenant *tenant = map_find(&room->tenants, text);

    if (tenant)
        return tenant;
    tenant = map_put(&room->tenants, text, sizeof(*tenant));
    buf_init(&tenant->queue, QUEUE_SIZE_MAX);
    tenant->running_max = limit_of(room, name);
    return tenant;
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
    member->priority = task->priority;
    member->created_ms = task->created_ms;
    if (task->uid.size > 0)
        memcpy(member->uid, task->uid.at, uid_of(task).size);
    enter_state(room, member, state);
}

static void drop(struct map *map, const void *value)
{
    struct key key;
    struct str there = map_key(value); /* goes with the value */

    memcpy(key.text, there.at, there.size);
    map_drop(map, (struct str){key.text, there.size});
}

static void drop_member(struct room *room, struct member *member)
{
    struct tenant *tenant = member->tenant;

    leave_state(room, member);
    drop(&room->members, member);
    if (--tenant->members > 0) {
        wake_first(room, tenant);
        return;
    }
    buf_fini(&tenant->queue);
    drop(&room->tenants, tenant);
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

void room_note(struct room *room, const struct room_task *task)
{
    struct member *member;

    member = find_task(room, task);
    if (task->is_over && member)
        drop_member(room, member);
    if (task->is_over)
        return;
    if (!member)
        add_member(room, task, task->is_started ? STATE_ACTIVE : STATE_WAITING);
    else if (task->is_started)
        change_state(room, member, STATE_ACTIVE);
}

void room_forget(struct room *room, struct str space, struct str name)
{
    struct member *member = find_member(room, space, name);

    if (member)
        drop_member(room, member);
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

    room_note(room, task);
    member = find_member(room, task->space, task->name);
    *ret = (struct room_answer){.has_room = true};
    if (!member || is_inside(member->state))
        return;
    change_state(room, member, STATE_WAITING);
    member->comes_again = false;
    rank = rank_of(member);
    if (rank < free_of(member->tenant))
        change_state(room, member, STATE_LET_IN);
    else
        tell(member, rank, now_ms, ret);
}

void room_done(struct room *room, struct str space, struct str name, enum room_outcome outcome)
{
    struct member *member = find_member(room, space, name);

    if (!member || member->state == STATE_ACTIVE)
        return;
    if (outcome == ROOM_STARTED) {
        change_state(room, member, STATE_ACTIVE);
        return;
    }
    if (outcome == ROOM_WAITS && member->state != STATE_LET_IN)
        return;
    change_state(room, member, outcome == ROOM_FAILED ? STATE_ASIDE : STATE_WAITING);
    member->comes_again = true;
    wake_first(room, member->tenant); /* whoever else may be first now */
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
    struct member **queue = queue_of(tenant);
    uint32_t count = queue_count(tenant), woken = 0;

    for (uint32_t i = 0; i < count && i < ROOM_SHOWN; i++)
        if (has_news(queue[i], i, ROOM_TELL_MS, now_ms))
            wake(room, queue[i]);
    if (tenant->cursor < ROOM_SHOWN || tenant->cursor >= count)
        tenant->cursor = ROOM_SHOWN;
    for (; tenant->cursor < count && woken < budget; tenant->cursor++)
        if (has_news(queue[tenant->cursor], tenant->cursor, ROOM_TELL_LATER_MS, now_ms)) {
            wake(room, queue[tenant->cursor]);
            woken++;
        }
    return woken;
}

void room_refresh(struct room *room, int64_t now_ms)
{
    uint32_t budget = ROOM_REFRESH_MAX;

    for (struct tenant *tenant = map_first(&room->tenants); tenant;
         tenant = map_after(&room->tenants, map_key(tenant)))
        budget -= refresh_tenant(room, tenant, budget, now_ms);
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

struct room_facts room_facts(const struct room *room)
{
    return room->facts;
}

/* -- limits, beginning and end ---------------------------------------------------- */

void room_limit(struct room *room, const struct config *config)
{
    map_fini(&room->limits);
    room->running_max = config->running_max;
    for (uint32_t i = 0; i < config->tenant_count; i++)
        *(int64_t *)map_put(&room->limits, config->tenants[i].name, sizeof(int64_t)) =
            config->tenants[i].running_max;
    for (struct tenant *tenant = map_first(&room->tenants); tenant;
         tenant = map_after(&room->tenants, map_key(tenant))) {
        struct str space, name = {0};
        if (!str_cut(map_key(tenant), '/', &space, &name))
            continue;
        tenant->running_max = limit_of(room, name);
        for (uint32_t i = 0; i < queue_count(tenant) && i < free_of(tenant); i++)
            wake(room, queue_of(tenant)[i]);
    }
}

struct room_task room_task_of(const struct task *task)
{
    bool is_asked_to_stop = task->spec.canceled || task->deleted_ms != 0;
    bool is_started = task->status.attempt != 0;

    return (struct room_task){
        .space = task->space,
        .name = task->name,
        .uid = task->uid,
        .tenant = task->spec.tenant,
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
    return room;
}

struct room *room_free(struct room *room)
{
    struct arena arena;

    if (!room)
        return NULL;
    for (struct tenant *tenant = map_first(&room->tenants); tenant;
         tenant = map_after(&room->tenants, map_key(tenant)))
        buf_fini(&tenant->queue);
    map_fini(&room->members);
    map_fini(&room->tenants);
    map_fini(&room->limits);
    arena = room->arena;
    arena_fini(&arena);
    return NULL;
}
