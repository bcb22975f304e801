// SPDX-License-Identifier: Apache-2.0
#include "core/quota.h"

#include <assert.h>
#include <stddef.h>

#define ELAPSED_MAX_MS INT64_C(3155760000000) /* 100 years */

static_assert(QUOTA_SLOTS_MAX <= INT64_MAX / 2 / ELAPSED_MAX_MS, "a product does not overflow");

static void charge(struct quota_tenant *tenant, int64_t slot_ms)
{
    int64_t sum = tenant->rest + slot_ms;

    tenant->spent_ms += sum / tenant->weight;
    tenant->rest = sum % tenant->weight;
}

/* What it held since it was looked at last. Of what was before this era nothing counts. */
static void settle(const struct quota *quota, struct quota_tenant *tenant, int64_t now_ms)
{
    int64_t held = tenant->held < QUOTA_SLOTS_MAX ? tenant->held : QUOTA_SLOTS_MAX;
    int64_t elapsed_ms;

    if (tenant->era != quota->era) {
        tenant->era = quota->era;
        tenant->spent_ms = tenant->rest = 0;
        if (tenant->at_ms < quota->era_ms)
            tenant->at_ms = quota->era_ms;
    }
    if (now_ms <= tenant->at_ms)
        return;
    elapsed_ms = now_ms - tenant->at_ms;
    charge(tenant, held * (elapsed_ms < ELAPSED_MAX_MS ? elapsed_ms : ELAPSED_MAX_MS));
    tenant->at_ms = now_ms;
}

/* -- those that contend -------------------------------------------------------- */

static void link_last(struct quota *quota, struct quota_tenant *tenant)
{
    tenant->previous = quota->last;
    tenant->next = NULL;
    if (quota->last)
        quota->last->next = tenant;
    else
        quota->first = tenant;
    quota->last = tenant;
}

static void unlink_one(struct quota *quota, struct quota_tenant *tenant)
{
    if (tenant->previous)
        tenant->previous->next = tenant->next;
    else
        quota->first = tenant->next;
    if (tenant->next)
        tenant->next->previous = tenant->previous;
    else
        quota->last = tenant->previous;
    tenant->next = tenant->previous = NULL;
}

/* The least that one of them has spent. */
static int64_t floor_ms(const struct quota *quota, int64_t now_ms)
{
    int64_t least_ms = INT64_MAX;

    for (struct quota_tenant *other = quota->first; other; other = other->next) {
        settle(quota, other, now_ms);
        if (other->spent_ms < least_ms)
            least_ms = other->spent_ms;
    }
    return least_ms;
}

static void begin_to_contend(struct quota *quota, struct quota_tenant *tenant, int64_t now_ms)
{
    int64_t least_ms = 0;

    if (quota->first) {
        least_ms = floor_ms(quota, now_ms);
    } else {
        quota->era++;
        quota->era_ms = now_ms;
    }
    settle(quota, tenant, now_ms);
    if (tenant->spent_ms < least_ms) {
        tenant->spent_ms = least_ms;
        tenant->rest = 0;
    }
    tenant->turn = ++quota->turns;
    link_last(quota, tenant);
}

static bool is_contending(const struct quota_tenant *tenant)
{
    return tenant->waiting > 0 && (tenant->slots_max == 0 || tenant->held < tenant->slots_max);
}

static void review(struct quota *quota, struct quota_tenant *tenant, int64_t now_ms)
{
    bool contends = is_contending(tenant);

    if (contends && !tenant->contends)
        begin_to_contend(quota, tenant, now_ms);
    if (!contends && tenant->contends)
        unlink_one(quota, tenant);
    tenant->contends = contends;
}

void quota_limit(struct quota *quota, struct quota_tenant *tenant, int64_t weight,
                 int64_t slots_max, int64_t now_ms)
{
    assert(weight >= 1 && weight <= QUOTA_WEIGHT_MAX && slots_max >= 0);
    if (tenant->weight != 0)
        settle(quota, tenant, now_ms);
    if (tenant->weight != weight)
        tenant->rest = 0;
    tenant->weight = weight;
    tenant->slots_max = slots_max;
    review(quota, tenant, now_ms);
}

void quota_wait(struct quota *quota, struct quota_tenant *tenant, uint32_t waiting, int64_t now_ms)
{
    tenant->waiting = waiting;
    review(quota, tenant, now_ms);
}

/* -- slots ---------------------------------------------------------------------- */

static bool goes_before(const struct quota_tenant *a, const struct quota_tenant *b)
{
    int64_t a_ms = a->spent_ms + a->held * QUOTA_START_MS / a->weight;
    int64_t b_ms = b->spent_ms + b->held * QUOTA_START_MS / b->weight;

    return a_ms != b_ms ? a_ms < b_ms : a->turn < b->turn;
}

struct quota_tenant *quota_next(struct quota *quota, int64_t now_ms)
{
    struct quota_tenant *best = quota->first;

    if (quota->slots_max != 0 && quota->held >= quota->slots_max)
        return NULL;
    if (!best || !best->next)
        return best;
    for (struct quota_tenant *tenant = quota->first; tenant; tenant = tenant->next) {
        settle(quota, tenant, now_ms);
        if (goes_before(tenant, best))
            best = tenant;
    }
    return best;
}

void quota_take(struct quota *quota, struct quota_tenant *tenant, int64_t now_ms)
{
    settle(quota, tenant, now_ms);
    tenant->held++;
    quota->held++;
    tenant->turn = ++quota->turns;
    review(quota, tenant, now_ms);
}

void quota_return(struct quota *quota, struct quota_tenant *tenant, int64_t held_ms, int64_t now_ms)
{
    assert(tenant->held > 0 && quota->held > 0);
    settle(quota, tenant, now_ms);
    if (held_ms < QUOTA_START_MS)
        charge(tenant, QUOTA_START_MS - (held_ms > 0 ? held_ms : 0));
    tenant->held--;
    quota->held--;
    review(quota, tenant, now_ms);
}

bool quota_owes(struct quota *quota, struct quota_tenant *tenant, int64_t now_ms)
{
    settle(quota, tenant, now_ms);
    return quota->first && tenant->spent_ms > floor_ms(quota, now_ms);
}
