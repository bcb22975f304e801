// SPDX-License-Identifier: Apache-2.0
#include "long_lives.h"

#include <stddef.h>
#include <string.h>

#include "core/quota.h"

enum {
    SLOTS_MAX = 10,
    PEOPLE = 3,
    BACKLOG = 1000,
    LIFE_MS = 300000,
};

struct person {
    struct quota_tenant tenant;
    int64_t weight, slots_max;
    int64_t hold_ms; /* of each slot */
    int64_t away_ms; /* how long it waits for nothing, in turn with as long a time of backlog */
    bool is_away;
    int64_t used_ms;   /* what it had, by our own count */
    int64_t waits_ms;  /* contends without being served since */
    int64_t turned_ms; /* came or went last */
};

struct slot {
    struct person *by; /* NULL: free */
    int64_t since_ms;
};

struct life {
    struct quota quota;
    struct person people[PEOPLE];
    struct slot slots[SLOTS_MAX];
    uint32_t count, slot_count;
    int64_t now_ms;
    bool meets[PEOPLE][PEOPLE];  /* both have contended without a break since ... */
    double lead[PEOPLE][PEOPLE]; /* ... the first was that much ahead of the second */
};

/* -- what is demanded -------------------------------------------------------------- */

static double longest_ms(const struct life *life)
{
    int64_t ret = QUOTA_START_MS;

    for (uint32_t i = 0; i < life->count; i++)
        if (life->people[i].hold_ms > ret)
            ret = life->people[i].hold_ms;
    return (double)ret;
}

static double weight_of(const struct life *life, bool is_least)
{
    int64_t ret = life->people[0].weight;

    for (uint32_t i = 1; i < life->count; i++)
        if ((life->people[i].weight < ret) == is_least)
            ret = life->people[i].weight;
    return (double)ret;
}

static double bound_ms(const struct life *life)
{
    return life->slot_count * (longest_ms(life) + QUOTA_START_MS) / weight_of(life, true) + 1;
}

static double had(const struct life *life, uint32_t i)
{
    return (double)life->people[i].used_ms / (double)life->people[i].weight;
}

static bool contends(const struct person *person)
{
    return !person->is_away && (person->slots_max == 0 || person->tenant.held < person->slots_max);
}

/* Any two, for as long as both contend. `slack`: how many bounds they may be apart. */
static void compare(struct life *life, enum check check, double slack, struct judge *judge)
{
    for (uint32_t i = 0; i < life->count; i++)
        for (uint32_t j = 0; j < life->count; j++) {
            bool meet = contends(&life->people[i]) && contends(&life->people[j]);
            double lead = had(life, i) - had(life, j);
            if (meet && !life->meets[i][j])
                life->lead[i][j] = lead;
            life->meets[i][j] = meet;
            if (meet)
                judge_that(judge, check, lead - life->lead[i][j] <= slack * bound_ms(life));
        }
}

static void check_waits(struct life *life, struct judge *judge)
{
    double most = weight_of(life, false) * 2 * bound_ms(life);
    double bound = life->count * most / life->slot_count + longest_ms(life);

    for (uint32_t i = 0; i < life->count; i++) {
        struct person *person = &life->people[i];
        if (!contends(person))
            person->waits_ms = life->now_ms;
        judge_that(judge, EVERY_WAIT_ENDS, (double)(life->now_ms - person->waits_ms) <= bound);
    }
}

/* -- what happens -------------------------------------------------------------------- */

static void give_all(struct life *life, struct judge *judge)
{
    struct quota_tenant *next;

    for (uint32_t i = 0; i < life->slot_count; i++) {
        struct slot *slot = &life->slots[i];
        if (slot->by || !(next = quota_next(&life->quota, life->now_ms)))
            continue;
        slot->by = (struct person *)(void *)((char *)next - offsetof(struct person, tenant));
        slot->since_ms = slot->by->waits_ms = life->now_ms;
        quota_take(&life->quota, next, life->now_ms);
        judge->grants++;
    }
}

static void pass(struct life *life, int64_t to_ms)
{
    for (uint32_t i = 0; i < life->count; i++)
        life->people[i].used_ms += life->people[i].tenant.held * (to_ms - life->now_ms);
    life->now_ms = to_ms;
}

static void give_back(struct life *life, struct slot *slot)
{
    struct person *by = slot->by;
    int64_t held_ms = life->now_ms - slot->since_ms;

    if (held_ms < QUOTA_START_MS)
        by->used_ms += QUOTA_START_MS - held_ms;
    slot->by = NULL;
    quota_return(&life->quota, &by->tenant, held_ms, life->now_ms);
}

static void come_or_go(struct life *life, struct person *person)
{
    if (person->away_ms == 0 || life->now_ms < person->turned_ms + person->away_ms)
        return;
    person->is_away = !person->is_away;
    person->turned_ms = life->now_ms;
    quota_wait(&life->quota, &person->tenant, person->is_away ? 0 : BACKLOG, life->now_ms);
}

static int64_t next_ms(const struct life *life)
{
    int64_t ret = life->now_ms + 5000;

    for (uint32_t i = 0; i < life->slot_count; i++) {
        const struct slot *slot = &life->slots[i];
        if (slot->by && slot->since_ms + slot->by->hold_ms < ret)
            ret = slot->since_ms + slot->by->hold_ms;
    }
    return ret;
}

static void begin(struct life *life)
{
    life->quota.slots_max = life->slot_count;
    for (uint32_t i = 0; i < life->count; i++) {
        struct person *person = &life->people[i];
        quota_limit(&life->quota, &person->tenant, person->weight, person->slots_max, 0);
        quota_wait(&life->quota, &person->tenant, person->is_away ? 0 : BACKLOG, 0);
    }
}

static void live(struct life *life, enum check check, double slack, struct judge *judge)
{
    int64_t end_ms = life->now_ms + LIFE_MS;

    give_all(life, judge);
    while (life->now_ms < end_ms) {
        compare(life, check, slack, judge);
        check_waits(life, judge);
        pass(life, next_ms(life));
        for (uint32_t i = 0; i < life->slot_count; i++)
            if (life->slots[i].by &&
                life->now_ms >= life->slots[i].since_ms + life->slots[i].by->hold_ms)
                give_back(life, &life->slots[i]);
        for (uint32_t i = 0; i < life->count; i++)
            come_or_go(life, &life->people[i]);
        give_all(life, judge);
    }
}

/* -- many lives ------------------------------------------------------------------------ */

static const int64_t weights[] = {1, 2, 7};
static const int64_t holds_ms[] = {200, 1000, 7000};
static const uint32_t slot_counts[] = {1, 2, 3, 5, 10};

static void choose(struct life *life, uint32_t number)
{
    *life = (struct life){.count = PEOPLE};
    for (uint32_t i = 0; i < PEOPLE; i++) {
        life->people[i].weight = weights[number % 3];
        life->people[i].hold_ms = holds_ms[number / 3 % 3];
        number /= 9;
    }
    life->slot_count = slot_counts[number % 5];
}

/* Everybody always has more to do: every choice of weights, holds and slots. */
static void always_busy(struct judge *judge)
{
    for (uint32_t number = 0; number < 9 * 9 * 9 * 5; number++) {
        struct life life;
        choose(&life, number);
        begin(&life);
        live(&life, SHARES_FOLLOW_WEIGHTS, 1, judge);
    }
}

/* One comes and goes, one may hold few. */
static void come_and_go(struct judge *judge)
{
    for (uint32_t number = 0; number < 9 * 9 * 9 * 5; number += 7) {
        struct life life;
        choose(&life, number);
        life.people[0].away_ms = 60000;
        life.people[0].is_away = true;
        life.people[1].slots_max = number % 2;
        begin(&life);
        live(&life, SHARES_AFTER_ABSENCE, 2, judge);
    }
}

/* The first one was alone for an hour, and did with it what it liked. */
static void past_is_forgotten(struct judge *judge)
{
    struct life life = {.count = 2, .slot_count = 4};
    const int64_t alone_ms = 3600000;

    for (uint32_t i = 0; i < life.count; i++)
        life.people[i] = (struct person){.weight = 1, .hold_ms = 3000};
    life.quota.slots_max = life.slot_count;
    for (uint32_t i = 0; i < life.count; i++)
        quota_limit(&life.quota, &life.people[i].tenant, 1, 0, life.now_ms);
    quota_wait(&life.quota, &life.people[0].tenant, 4, life.now_ms);
    give_all(&life, judge);
    quota_wait(&life.quota, &life.people[0].tenant, 0, life.now_ms);
    pass(&life, alone_ms);
    for (uint32_t i = 0; i < life.slot_count; i++)
        give_back(&life, &life.slots[i]);
    for (uint32_t i = life.count; i-- > 0;) { /* the other one first */
        life.people[i].waits_ms = alone_ms;
        quota_wait(&life.quota, &life.people[i].tenant, BACKLOG, alone_ms);
    }
    live(&life, PAST_IS_FORGOTTEN, 1, judge);
}

static void bursts_are_shared(struct judge *judge)
{
    struct quota quota = {.slots_max = 400};
    struct quota_tenant three = {0}, one = {0};

    quota_limit(&quota, &three, 3, 0, 0);
    quota_limit(&quota, &one, 1, 0, 0);
    quota_wait(&quota, &one, BACKLOG, 0);
    quota_wait(&quota, &three, BACKLOG, 0);
    for (struct quota_tenant *next; (next = quota_next(&quota, 0));)
        quota_take(&quota, next, 0);
    judge_that(judge, BURSTS_ARE_SHARED, three.held >= 299 && three.held <= 301);
}

/* Who holds slots for no time at all does not hold up the others. */
static void nothing_is_free(struct judge *judge)
{
    struct quota quota = {.slots_max = 1};
    struct quota_tenant brief = {0}, other = {0}, *next;
    int times = 0;

    quota_limit(&quota, &brief, 1, 0, 0);
    quota_limit(&quota, &other, 1, 0, 0);
    quota_wait(&quota, &brief, BACKLOG, 0);
    quota_wait(&quota, &other, BACKLOG, 0);
    quota_take(&quota, &other, 0);
    quota_return(&quota, &other, 10000, 10000);
    while ((next = quota_next(&quota, 10000)) == &brief && times < BACKLOG) {
        quota_take(&quota, next, 10000);
        quota_return(&quota, next, 0, 10000);
        times++;
    }
    judge_that(judge, NOTHING_IS_FREE, times >= 9 && times <= 11);
}

static void nothing_is_lost(struct judge *judge)
{
    struct quota quota = {.slots_max = 2};
    struct quota_tenant heavy = {0}, other = {0};

    quota_limit(&quota, &heavy, 1000, 0, 0);
    quota_limit(&quota, &other, 999, 0, 0);
    quota_wait(&quota, &heavy, BACKLOG, 0);
    quota_wait(&quota, &other, BACKLOG, 0);
    quota_take(&quota, &heavy, 0);
    for (int64_t now_ms = 1; now_ms <= 3000000; now_ms++) /* somebody looks all the time */
        quota_next(&quota, now_ms);
    judge_that(judge, NOTHING_IS_LOST, heavy.spent_ms == 3000 && other.spent_ms == 0);
}

static void nothing_overflows(struct judge *judge)
{
    const int64_t age_ms = INT64_C(100) * 365 * 86400 * 1000;
    struct quota quota = {.slots_max = QUOTA_SLOTS_MAX + 1};
    struct quota_tenant all = {0}, none = {0};

    quota_limit(&quota, &all, 1, 0, 0);
    quota_limit(&quota, &none, 1, 0, 0);
    quota_wait(&quota, &all, BACKLOG, 0);
    quota_wait(&quota, &none, BACKLOG, 0);
    for (int i = 0; i < QUOTA_SLOTS_MAX; i++)
        quota_take(&quota, &all, 0);
    judge_that(judge, NOTHING_OVERFLOWS, quota_next(&quota, age_ms) == &none);
    judge_that(judge, NOTHING_OVERFLOWS, all.spent_ms == age_ms * QUOTA_SLOTS_MAX);
    judge_that(judge, NOTHING_OVERFLOWS, quota_next(&quota, age_ms - 1) == &none);
    judge_that(judge, NOTHING_OVERFLOWS, all.spent_ms == age_ms * QUOTA_SLOTS_MAX);
}

void long_lives(struct judge *judge)
{
    always_busy(judge);
    come_and_go(judge);
    past_is_forgotten(judge);
    bursts_are_shared(judge);
    nothing_is_free(judge);
    nothing_is_lost(judge);
    nothing_overflows(judge);
}
