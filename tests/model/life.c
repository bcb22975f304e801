// SPDX-License-Identifier: Apache-2.0
#include "life.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/decide.h"

enum {
    DEPTH_MAX = 4000,
    LOOKS_MAX = 20, /* promise L2: reconciles in a row without anything else happening */
    PASSES_MAX = 3, /* how often time may hurry past what was going to happen */
    WAKES_MAX = 40, /* of one life */
    BACKOFF_MS = 1000,
};

struct node {
    _Alignas(32) struct toy toy;   /* whole steps of hash_of(), padding and all */
    uint32_t looks, passes, wakes; /* looks: in a row */
};

/* -- worlds seen before ----------------------------------------------------- */

struct slot {
    uint64_t hash; /* 0: free. Of 64 bits: a collision would hide a life, one in 10^9 times */
    double count;
    bool is_open; /* its lives are being lived: to meet it again is to go in a circle */
};

struct seen {
    struct slot *slots;
    uint64_t room, used;
};

/* Four lanes, so that one need not wait for the other: this is most of what the model does. */
static uint64_t hash_of(const struct node *node)
{
    const unsigned char *bytes = (const unsigned char *)node;
    uint64_t lanes[4] = {1, 2, 3, 4}, words[4], hash = 0;

    static_assert(sizeof(*node) % sizeof(words) == 0, "no byte of a node is left out");
    for (size_t i = 0; i < sizeof(*node); i += sizeof(words)) {
        memcpy(words, bytes + i, sizeof(words));
        for (unsigned lane = 0; lane < 4; lane++) {
            lanes[lane] = (lanes[lane] ^ words[lane]) * 0xff51afd7ed558ccd;
            lanes[lane] ^= lanes[lane] >> 32;
        }
    }
    for (unsigned lane = 0; lane < 4; lane++) {
        hash = (hash ^ lanes[lane]) * 0x9e3779b97f4a7c15;
        hash ^= hash >> 29;
    }
    return hash ? hash : 1;
}

static struct slot *slot_in(struct slot *slots, uint64_t room, uint64_t hash)
{
    uint64_t i = hash & (room - 1);

    while (slots[i].hash != 0 && slots[i].hash != hash)
        i = (i + 1) & (room - 1);
    return &slots[i];
}

static void seen_grow(struct seen *seen)
{
    uint64_t room = seen->room ? 2 * seen->room : 4096;
    struct slot *slots = calloc(room, sizeof(*slots));

    if (!slots)
        abort();
    for (uint64_t i = 0; i < seen->room; i++)
        if (seen->slots[i].hash)
            *slot_in(slots, room, seen->slots[i].hash) = seen->slots[i];
    free(seen->slots);
    seen->slots = slots;
    seen->room = room;
}

/* -- living ----------------------------------------------------------------- */

struct living {
    const struct toy_fate *fate;
    struct lives *lives;
    struct seen seen;
    double found; /* lives below the node under way */
};

static double live(struct living *living, const struct node *node);

static void step(struct living *living, const char *word, const struct node *next)
{
    struct witness *witness = &living->lives->witness;

    witness_step(witness, word);
    living->lives->steps++;
    living->found += live(living, next);
    witness->steps--;
}

static bool is_idle(const struct toy_operator *who)
{
    return who->next >= who->count;
}

/* No action of a plan is made for nothing, on the very world it was made for. Only the intent may
 * be written once more: it is the condition under which the run is started. */
static void try_plan(struct living *living, const struct toy *toy, const struct toy_facts *seen,
                     const struct plan *plan)
{
    struct toy after = *toy;
    const struct toy_operator *who = &after.operators[0];

    toy_intend(&after, 0, seen, plan);
    for (uint32_t i = 0; i < plan->action_count; i++) {
        const struct toy_facts before = after.facts;
        bool is_condition = plan->actions[i] == ACTION_SET_STATUS && i + 1 < plan->action_count &&
                            plan->actions[i + 1] == ACTION_START_RUN;
        bool is_done = toy_apply(&after, living->fate, who, plan->actions[i]);

        witness_that(&living->lives->witness, L2_NO_VAIN_ACTION,
                     is_done &&
                         (is_condition || memcmp(&before, &after.facts, sizeof(before)) != 0));
    }
}

/* Looks first at what is cheap to see, and at the source if the decision wants that. */
static struct plan look(struct living *living, const struct toy *toy, struct toy_facts *glance,
                        const struct toy_facts **seen)
{
    struct witness *witness = &living->lives->witness;
    struct toy_view view;
    struct plan plan;

    *glance = toy_glance(toy);
    *seen = toy->cache == CACHE_FRESH ? &toy->facts : glance;
    toy_observe(toy, living->fate, *seen, &view);
    decide(&view.world, &plan);
    demand_of_plan(witness, living->fate, toy, *seen, &plan);
    if (plan.action_count == 1 && plan.actions[0] == ACTION_LOOK_AGAIN) {
        *seen = &toy->facts;
        toy_observe(toy, living->fate, *seen, &view);
        decide(&view.world, &plan);
        demand_of_plan(witness, living->fate, toy, *seen, &plan);
        witness_that(witness, L2_NO_VAIN_ACTION,
                     plan.action_count == 0 || plan.actions[0] != ACTION_LOOK_AGAIN);
    }
    if (*seen == &toy->facts)
        try_plan(living, toy, *seen, &plan);
    return plan;
}

static bool act(struct living *living, struct node *next, uint32_t who)
{
    struct toy_operator *mind = &next->toy.operators[who];
    const struct toy before = next->toy;
    enum action action = mind->actions[mind->next];
    bool is_done, is_vain;

    mind->next++;
    is_done = toy_apply(&next->toy, living->fate, mind, action);
    if (is_done && action == ACTION_SET_STATUS && mind->wanted.phase >= PHASE_SUCCEEDED)
        next->toy.ends_written++;
    if (is_done && action == ACTION_SET_STATUS)
        mind->version = next->toy.facts.version; /* its own write */
    if (!is_done || is_idle(mind))
        memset(mind, 0, sizeof(*mind));
    is_vain = is_idle(mind) && before.cache != CACHE_FRESH &&
              memcmp(&before.facts, &next->toy.facts, sizeof(before.facts)) == 0;
    mind->backs_off = !is_done || is_vain; /* "already there" makes nobody try at once */
    demand_of_action(&living->lives->witness, living->fate, &before, &next->toy, action);
    return true;
}

/* Carries the rest of a plan out, with a crash possible before every action. */
static void operator_act(struct living *living, const struct node *node, uint32_t who)
{
    struct node next = *node;

    act(living, &next, who);
    step(living, action_word(node->toy.operators[who].actions[node->toy.operators[who].next]),
         &next);
    if (node->toy.troubles_left == 0)
        return;
    next = *node;
    next.toy.troubles_left--;
    memset(&next.toy.operators[who], 0, sizeof(next.toy.operators[who]));
    step(living, "CRASH", &next);
}

/* True: it has something to do. `wake_at_ms`: else, when to look again. */
static bool operator_look(struct living *living, const struct node *node, uint32_t who,
                          int64_t *wake_at_ms)
{
    const struct toy_facts *seen;
    struct toy_facts glance;
    struct node next = *node;
    struct plan plan = look(living, &node->toy, &glance, &seen);

    if (plan.wake_at_ms < *wake_at_ms)
        *wake_at_ms = plan.wake_at_ms;
    if (plan.action_count == 0)
        return false;
    toy_intend(&next.toy, who, seen, &plan);
    next.looks++;
    witness_that(&living->lives->witness, L2_SETTLES, next.looks <= LOOKS_MAX);
    if (next.looks <= LOOKS_MAX)
        step(living, plan.because, &next);
    return true;
}

static void stop_backing_off(struct node *node)
{
    node->looks = 0;
    for (uint32_t who = 0; who < OPERATORS_MAX; who++)
        node->toy.operators[who].backs_off = false;
}

static bool events_happen(struct living *living, const struct node *node)
{
    struct node next = *node;
    bool has_own = false;

    for (enum toy_event event = 0; event < EVENT_COUNT; event++) {
        if (node->toy.facts.is_gone && event != EVENT_SWEEP)
            continue;
        if (!toy_happen(&next.toy, living->fate, event))
            continue; /* then nothing has changed */
        stop_backing_off(&next);
        has_own |= event < EVENT_CANCEL;
        demand_of_event(&living->lives->witness, &node->toy, &next.toy, event);
        step(living, toy_event_word(event), &next);
        next = *node;
    }
    return has_own;
}

static void cache_catch_up(struct living *living, const struct node *node)
{
    struct node next = *node;

    next.toy.cache = CACHE_FRESH;
    memset(&next.toy.news, 0, sizeof(next.toy.news));
    stop_backing_off(&next);
    step(living, "the cache catches up", &next);
}

static bool is_any_back(const struct node *node)
{
    for (uint32_t who = 0; who < OPERATORS_MAX; who++)
        if (node->toy.operators[who].backs_off)
            return true;
    return false;
}

/* Nobody has anything to do now. Either time goes on to the next look, or this life is at rest. */
static void time_pass(struct living *living, const struct node *node, int64_t wake_at_ms,
                      bool has_events)
{
    struct witness *witness = &living->lives->witness;
    struct node next = *node;

    if (node->toy.facts.run.state == RUN_ACTIVE && !node->toy.facts.is_gone && !is_any_back(node))
        witness_that(witness, X7_NOTHING_WITHOUT_POLICY,
                     (node->toy.facts.has_policy && !node->toy.facts.run.is_unmarked) ||
                         node->toy.cache != CACHE_FRESH);
    if (wake_at_ms == WAKE_NEVER || node->toy.facts.is_gone) {
        if (!has_events) {
            demand_of_rest(witness, living->fate, &node->toy);
            living->found += 1;
        }
        return;
    }
    if (has_events && node->passes == PASSES_MAX)
        return;
    next.passes += has_events;
    next.toy.passed_over |= has_events;
    next.wakes++;
    witness_that(witness, L2_SETTLES, next.wakes <= WAKES_MAX);
    if (next.wakes > WAKES_MAX) {
        witness_that(witness, H12_GONE_IS_DONE, !node->toy.was_intruded);
        return;
    }
    stop_backing_off(&next);
    next.toy.now_ms = wake_at_ms > node->toy.now_ms ? wake_at_ms : node->toy.now_ms + 1;
    step(living, "time passes", &next);
}

static void go_on(struct living *living, const struct node *node)
{
    int64_t wake_at_ms = WAKE_NEVER;
    bool is_busy = false, has_events;

    for (uint32_t who = 0; who < living->fate->operators; who++) {
        if (!is_idle(&node->toy.operators[who])) {
            operator_act(living, node, who);
            is_busy = true;
        } else if (node->toy.operators[who].backs_off) {
            wake_at_ms = node->toy.now_ms + BACKOFF_MS;
        } else if (!node->toy.facts.is_gone) {
            is_busy |= operator_look(living, node, who, &wake_at_ms);
        }
    }
    has_events = events_happen(living, node);
    if (node->toy.cache != CACHE_FRESH)
        cache_catch_up(living, node);
    if (!is_busy)
        time_pass(living, node, wake_at_ms, has_events || node->toy.cache != CACHE_FRESH);
}

static double live(struct living *living, const struct node *node)
{
    uint64_t hash = hash_of(node);
    double found = living->found, count;
    struct slot *slot;

    if (2 * living->seen.used >= living->seen.room)
        seen_grow(&living->seen);
    slot = slot_in(living->seen.slots, living->seen.room, hash);
    if (slot->hash) {
        witness_that(&living->lives->witness, L2_SETTLES, !slot->is_open);
        return slot->count;
    }
    if (living->lives->witness.steps > DEPTH_MAX)
        return 0;
    *slot = (struct slot){.hash = hash, .is_open = true};
    living->seen.used++;
    living->found = 0;
    go_on(living, node);
    count = living->found;
    living->found = found;
    slot = slot_in(living->seen.slots, living->seen.room, hash);
    slot->count = count;
    slot->is_open = false;
    return count;
}

void lives_live(const struct toy_fate *fate, struct lives *lives)
{
    struct living living = {.fate = fate, .lives = lives};
    struct node birth;

    memset(&birth, 0, sizeof(birth)); /* padding too */
    toy_init(fate, &birth.toy);
    lives->count += live(&living, &birth);
    lives->worlds += living.seen.used;
    free(living.seen.slots);
}
