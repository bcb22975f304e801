// SPDX-License-Identifier: Apache-2.0
/* The fair share of slots in every small world, and over long times. Ends with how much was seen;
 * mutants.py reads which checks failed. */
#include <stdio.h>
#include <time.h>

#include "long_lives.h"
#include "small_worlds.h"

static const char *const words[CHECK_COUNT] = {
    [NEVER_ABOVE_THE_TOTAL] = "never_above_the_total",
    [NEVER_ABOVE_ITS_OWN] = "never_above_its_own",
    [NO_SLOT_IDLES] = "no_slot_idles",
    [ABSENCE_EARNS_NOTHING] = "absence_earns_nothing",
    [NAMES_DO_NOT_MATTER] = "names_do_not_matter",
    [SHARES_FOLLOW_WEIGHTS] = "shares_follow_weights",
    [SHARES_AFTER_ABSENCE] = "shares_after_absence",
    [EVERY_WAIT_ENDS] = "every_wait_ends",
    [PAST_IS_FORGOTTEN] = "past_is_forgotten",
    [BURSTS_ARE_SHARED] = "bursts_are_shared",
    [NOTHING_IS_FREE] = "nothing_is_free",
    [NOTHING_IS_LOST] = "nothing_is_lost",
    [NOTHING_OVERFLOWS] = "nothing_overflows",
};

void judge_that(struct judge *judge, enum check check, bool holds)
{
    if (!holds)
        judge->failed |= UINT32_C(1) << check;
}

/* Every choice of weights and limits. */
static void all_small_worlds(uint32_t tenants, uint32_t steps, struct judge *judge)
{
    for (uint32_t choice = 0; choice < UINT32_C(1) << (2 * tenants); choice++)
        for (int64_t total = 0; total <= 2; total++) {
            struct small_rules rules = {.tenants = tenants, .total = total};
            for (uint32_t i = 0; i < tenants; i++) {
                rules.weights[i] = choice >> (2 * i) & 1 ? 3 : 1;
                rules.slots_max[i] = choice >> (2 * i + 1) & 1;
            }
            small_worlds(&rules, steps, judge);
        }
}

int main(void)
{
    struct judge judge = {0};
    clock_t start = clock();
    uint32_t failed = 0;

    all_small_worlds(1, 10, &judge);
    all_small_worlds(2, 8, &judge);
    all_small_worlds(3, 6, &judge);
    long_lives(&judge);
    for (enum check check = 0; check < CHECK_COUNT; check++) {
        bool is_broken = judge.failed & UINT32_C(1) << check;
        failed += is_broken;
        printf("%s %s\n", is_broken ? "FAILED" : "ok    ", words[check]);
    }
    printf("%.3g small worlds, %.3g slots given in long lives, in %.1f s\n", (double)judge.worlds,
           (double)judge.grants, (double)(clock() - start) / CLOCKS_PER_SEC);
    printf("%u passed, %u failed, 0 skipped\n", CHECK_COUNT - failed, failed);
    return failed ? 1 : 0;
}
