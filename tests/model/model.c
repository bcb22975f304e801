// SPDX-License-Identifier: Apache-2.0
/* Every small world of the decision function: see life.h. Prints how many lives were lived. With
 * the name of a check as argument it ends as soon as that check fails (for mutants.py). */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "life.h"

struct model {
    struct lives lives;
    const char *wanted; /* NULL: all of them */
};

static bool has_found(const struct model *model)
{
    for (enum check check = 0; model->wanted && check < CHECK_COUNT; check++)
        if (model->lives.witness.failed & UINT64_C(1) << check &&
            strcmp(check_word(check), model->wanted) == 0)
            return true;
    return false;
}

static void live_fate(const struct toy_fate *fate, struct model *model)
{
    if (!has_found(model))
        lives_live(fate, &model->lives);
}

static const struct toy_fate plain = {
    .wait_passes = true,
    .is_reported = true,
    .ttl_ms = TTL_KEEP,
    .has_policy = true,
    .has_room = true,
    .operators = 1,
    .troubles = 1,
};

/* Every wait with every ending, kept and with a ttl, with one trouble anywhere. */
static void live_waits_and_endings(struct model *model)
{
    static const int64_t ttls[] = {TTL_KEEP, TOY_TTL_MS};

    for (enum run_wait wait = WAIT_NONE; wait <= WAIT_CODE_MISSING; wait++)
        for (enum toy_ending ending = 0; ending < ENDING_COUNT; ending++)
            for (unsigned i = 0; i < 4; i++) {
                struct toy_fate fate = plain;
                fate.wait = wait;
                fate.ending = ending;
                fate.ttl_ms = ttls[i / 2];
                fate.wait_passes = i % 2;
                live_fate(&fate, model);
            }
}

static const enum toy_ending endings[] = {ENDING_EXIT_0, ENDING_NEVER};

/* What else may be so from the start, alone and in pairs. */
static void live_circumstances(struct model *model)
{
    for (unsigned bits = 0; bits < 256; bits++) {
        struct toy_fate fate = plain;
        if (__builtin_popcount(bits) > 2)
            continue;
        fate.is_lost = bits & 1;
        fate.is_reported = !(bits & 2);
        fate.has_policy = !(bits & 4);
        fate.settle_ms = bits & 8 ? TOY_SETTLE_MS : 0;
        fate.has_room = !(bits & 16);
        fate.has_stranger = bits & (32 | 64);
        fate.stranger_leaves = bits & 64;
        fate.refusal = bits & 128 ? REASON_PROFILE_NOT_FOUND : REASON_NONE;
        for (unsigned i = 0; i < countof(endings); i++) {
            fate.ending = endings[i];
            live_fate(&fate, model);
        }
    }
}

/* Two troubles in one life; two operators at once. */
static void live_hard_lives(struct model *model)
{
    for (unsigned i = 0; i < countof(endings); i++) {
        struct toy_fate fate = plain;
        fate.ending = endings[i];
        fate.ttl_ms = 0;
        live_fate(&fate, model);
        fate.ttl_ms = TTL_KEEP;
        fate.troubles = 2;
        live_fate(&fate, model);
        fate.operators = 2;
        fate.troubles = 1;
        live_fate(&fate, model);
        fate.is_orderly = true;
        live_fate(&fate, model);
    }
}

static int judge(const struct lives *lives, double seconds)
{
    uint32_t failed = 0;

    for (enum check check = 0; check < CHECK_COUNT; check++) {
        bool is_broken = lives->witness.failed & UINT64_C(1) << check;
        failed += is_broken;
        printf("%s %s\n", is_broken ? "FAILED" : "ok    ", check_word(check));
    }
    printf("%.3g lives through %llu worlds by %llu steps in %.1f s\n", lives->count,
           (unsigned long long)lives->worlds, (unsigned long long)lives->steps, seconds);
    printf("%u passed, %u failed, 0 skipped\n", CHECK_COUNT - failed, failed);
    return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
    static struct model model;
    clock_t start = clock();

    model.wanted = argc > 1 ? argv[1] : NULL;
    live_waits_and_endings(&model);
    live_circumstances(&model);
    live_hard_lives(&model);
    return judge(&model.lives, (double)(clock() - start) / CLOCKS_PER_SEC);
}
