// SPDX-License-Identifier: Apache-2.0
#include "small_worlds.h"

#include <stddef.h>

#include "core/quota.h"

enum {
    WAITING_MAX = 3,
    HELD_MAX = 8,
    SIDES = 2,
};

/* One world on two sides: the same tenants, stored the other way round. */
struct side {
    struct quota quota;
    struct quota_tenant tenants[TENANTS];
};

struct small_world {
    struct side sides[SIDES];
    const struct small_rules *rules;
    int64_t now_ms;
    uint32_t waiting[TENANTS], held[TENANTS];
    int64_t since_ms[TENANTS][HELD_MAX];
};

static struct quota_tenant *tenant_of(struct small_world *world, int side, uint32_t i)
{
    return &world->sides[side].tenants[side == 0 ? i : TENANTS - 1 - i];
}

static struct quota_tenant *moved(struct quota_tenant *at, const struct side *from, struct side *to)
{
    return at ? (struct quota_tenant *)(void *)((char *)to + ((char *)at - (const char *)from))
              : NULL;
}

static void copy(const struct small_world *from, struct small_world *to)
{
    *to = *from;
    for (int n = 0; n < SIDES; n++) {
        struct side *side = &to->sides[n];
        side->quota.first = moved(side->quota.first, &from->sides[n], side);
        side->quota.last = moved(side->quota.last, &from->sides[n], side);
        for (uint32_t i = 0; i < TENANTS; i++) {
            struct quota_tenant *tenant = &side->tenants[i];
            tenant->next = moved(tenant->next, &from->sides[n], side);
            tenant->previous = moved(tenant->previous, &from->sides[n], side);
        }
    }
}

/* -- what is said of it, without asking the one who is accused ------------------- */

static bool contends(const struct small_world *world, uint32_t i)
{
    int64_t max = world->rules->slots_max[i];

    return world->waiting[i] > 0 && (max == 0 || world->held[i] < max);
}

static uint32_t held_by_all(const struct small_world *world)
{
    uint32_t held = 0;

    for (uint32_t i = 0; i < world->rules->tenants; i++)
        held += world->held[i];
    return held;
}

static bool somebody_could_be_served(const struct small_world *world)
{
    bool is_free = world->rules->total == 0 || held_by_all(world) < world->rules->total;

    for (uint32_t i = 0; i < world->rules->tenants; i++)
        if (is_free && contends(world, i))
            return true;
    return false;
}

/* Whoever has just begun to contend, where `before` others did. */
static bool has_credit(struct small_world *world, const bool *before)
{
    for (uint32_t i = 0; i < world->rules->tenants; i++) {
        int64_t least_ms = INT64_MAX;
        for (uint32_t j = 0; j < world->rules->tenants; j++) {
            int64_t spent_ms = tenant_of(world, 0, j)->spent_ms;
            if (j != i && before[j] && contends(world, j) && spent_ms < least_ms)
                least_ms = spent_ms;
        }
        if (!before[i] && contends(world, i) && least_ms != INT64_MAX &&
            tenant_of(world, 0, i)->spent_ms < least_ms)
            return true;
    }
    return false;
}

/* -- what happens ------------------------------------------------------------------ */

static void wait(struct small_world *world, uint32_t i, uint32_t waiting)
{
    world->waiting[i] = waiting;
    for (int n = 0; n < SIDES; n++)
        quota_wait(&world->sides[n].quota, tenant_of(world, n, i), waiting, world->now_ms);
}

static void take(struct small_world *world, uint32_t i)
{
    world->since_ms[i][world->held[i]++] = world->now_ms;
    for (int n = 0; n < SIDES; n++)
        quota_take(&world->sides[n].quota, tenant_of(world, n, i), world->now_ms);
    wait(world, i, world->waiting[i] - 1);
}

static void end_oldest(struct small_world *world, uint32_t i)
{
    int64_t held_ms = world->now_ms - world->since_ms[i][0];

    world->held[i]--;
    for (uint32_t n = 0; n < world->held[i]; n++)
        world->since_ms[i][n] = world->since_ms[i][n + 1];
    for (int n = 0; n < SIDES; n++)
        quota_return(&world->sides[n].quota, tenant_of(world, n, i), held_ms, world->now_ms);
}

static uint32_t index_of(struct small_world *world, int side, const struct quota_tenant *tenant)
{
    uint32_t i = 0;

    while (i < TENANTS && tenant_of(world, side, i) != tenant)
        i++;
    return i; /* TENANTS: nobody */
}

static void serve(struct small_world *world, struct judge *judge)
{
    uint32_t max = world->rules->tenants * WAITING_MAX;

    while (max-- > 0) {
        uint32_t i = index_of(world, 0, quota_next(&world->sides[0].quota, world->now_ms));
        uint32_t other = index_of(world, 1, quota_next(&world->sides[1].quota, world->now_ms));
        judge_that(judge, NAMES_DO_NOT_MATTER, i == other);
        judge_that(judge, NO_SLOT_IDLES, (i < TENANTS) == somebody_could_be_served(world));
        if (i == TENANTS || world->waiting[i] == 0 || world->held[i] == HELD_MAX)
            break;
        take(world, i);
        judge_that(judge, NEVER_ABOVE_THE_TOTAL,
                   world->rules->total == 0 || held_by_all(world) <= world->rules->total);
        judge_that(judge, NEVER_ABOVE_ITS_OWN,
                   world->rules->slots_max[i] == 0 || world->held[i] <= world->rules->slots_max[i]);
    }
}

enum {
    EVENT_ARRIVES,
    EVENT_GIVES_UP,
    EVENT_ENDS,
    EVENT_KINDS,
};

/* False: it cannot happen now. */
static bool happens(struct small_world *world, uint32_t event)
{
    static const int64_t passes_ms[] = {400, 2500};
    uint32_t i = event / EVENT_KINDS;

    if (i >= world->rules->tenants) {
        world->now_ms += passes_ms[event - world->rules->tenants * EVENT_KINDS];
        return true;
    }
    switch (event % EVENT_KINDS) {
    case EVENT_ARRIVES:
        if (world->waiting[i] == WAITING_MAX)
            return false;
        wait(world, i, world->waiting[i] + 1);
        return true;
    case EVENT_GIVES_UP:
        if (world->waiting[i] == 0)
            return false;
        wait(world, i, world->waiting[i] - 1);
        return true;
    default:
        if (world->held[i] == 0)
            return false;
        end_oldest(world, i);
        return true;
    }
}

static void live_on(const struct small_world *from, uint32_t steps, struct judge *judge)
{
    for (uint32_t event = 0; event < from->rules->tenants * EVENT_KINDS + 2; event++) {
        struct small_world world;
        bool before[TENANTS];
        copy(from, &world);
        for (uint32_t i = 0; i < world.rules->tenants; i++)
            before[i] = contends(&world, i);
        if (!happens(&world, event))
            continue;
        judge->worlds++;
        judge_that(judge, ABSENCE_EARNS_NOTHING, !has_credit(&world, before));
        serve(&world, judge);
        if (steps > 1)
            live_on(&world, steps - 1, judge);
    }
}

void small_worlds(const struct small_rules *rules, uint32_t steps, struct judge *judge)
{
    struct small_world world = {.rules = rules, .now_ms = 1000};

    for (int n = 0; n < SIDES; n++) {
        world.sides[n].quota.slots_max = rules->total;
        for (uint32_t i = 0; i < rules->tenants; i++)
            quota_limit(&world.sides[n].quota, tenant_of(&world, n, i), rules->weights[i],
                        rules->slots_max[i], world.now_ms);
    }
    live_on(&world, steps, judge);
}
