// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A fair share of slots: whose turn it is when one is free. A tenant contends while somebody of it
 * waits and it holds fewer slots than it may. The free slot goes to that contender that has spent
 * least: the time for which it held slots, in milliseconds, by its weight. What it holds just now
 * counts as QUOTA_START_MS more each, so that many slots that are free at once are shared; and what
 * was held for less than that counts as much, so that nothing is free of charge.
 *
 * While all of them contend, any two have had the same time by weight, but for
 * (slots x (longest hold + QUOTA_START_MS) / lower weight). Who begins to contend among others
 * starts with no less than the least that one of them has spent: absence earns nothing, and whoever
 * its own limit kept away was absent. When nobody contends there is nothing to share, and what was
 * spent is forgotten. Equal ones take turns; no name matters.
 *
 * Pure: the memory is the caller's, time is an argument (monotonic; one that goes back stands
 * still). O(1), except that quota_next() and whoever begins to contend cost O(contenders). All is
 * whole numbers: with QUOTA_SLOTS_MAX slots nothing overflows within 100 years; what a division
 * leaves is kept, so nothing is lost in the long run. */
#include <stdbool.h>
#include <stdint.h>

#define QUOTA_START_MS INT64_C(1000)

enum {
    QUOTA_SLOTS_MAX = 1000000, /* held by all together; more count as so many */
    QUOTA_WEIGHT_MAX = 1000,
};

struct quota_tenant { /* zeroed before quota_limit() */
    int64_t weight;
    int64_t slots_max; /* 0: any number */
    uint32_t waiting, held;
    /* of quota.c alone */
    bool contends;
    int64_t spent_ms, rest, at_ms; /* spent up to then; what a division by the weight left */
    uint64_t era, turn;
    struct quota_tenant *next, *previous; /* among those that contend */
};

struct quota {         /* zero value: no limit, nobody there */
    int64_t slots_max; /* of all together; 0: any number. Set it at any time */
    int64_t held;
    /* of quota.c alone */
    uint64_t era, turns; /* an era begins when somebody contends where nobody did */
    int64_t era_ms;
    struct quota_tenant *first, *last;
};

/* From now on: a new tenant, or an old one with new limits. */
void quota_limit(struct quota *quota, struct quota_tenant *tenant, int64_t weight,
                 int64_t slots_max, int64_t now_ms);

/* So many of it wait for a slot that they do not have yet. A tenant that neither waits nor holds
 * may go away. */
void quota_wait(struct quota *quota, struct quota_tenant *tenant, uint32_t waiting, int64_t now_ms);

/* Who is to have the next slot; NULL: there is none, or nobody contends. */
struct quota_tenant *quota_next(struct quota *quota, int64_t now_ms);

/* It holds one more; also beyond all limits, where that is so already. */
void quota_take(struct quota *quota, struct quota_tenant *tenant, int64_t now_ms);

/* It holds one less, that it held for so long. QUOTA_START_MS or more: nothing was done with it. */
void quota_return(struct quota *quota, struct quota_tenant *tenant, int64_t held_ms,
                  int64_t now_ms);

/* Has it spent more than a new one would begin with? Then it is not to be forgotten yet. */
bool quota_owes(struct quota *quota, struct quota_tenant *tenant, int64_t now_ms);
