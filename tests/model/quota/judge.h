// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What is demanded of a fair share of slots, one name each: a mutant counts as caught only if the
 * check that is named for it fails. */
#include <stdbool.h>
#include <stdint.h>

enum check {
    NEVER_ABOVE_THE_TOTAL,
    NEVER_ABOVE_ITS_OWN,
    NO_SLOT_IDLES,
    ABSENCE_EARNS_NOTHING,
    NAMES_DO_NOT_MATTER,
    SHARES_FOLLOW_WEIGHTS,
    SHARES_AFTER_ABSENCE,
    EVERY_WAIT_ENDS,
    PAST_IS_FORGOTTEN,
    BURSTS_ARE_SHARED,
    NOTHING_IS_FREE,
    NOTHING_IS_LOST,
    NOTHING_OVERFLOWS,
    CHECK_COUNT,
};

struct judge {
    uint32_t failed; /* one bit for each check */
    uint64_t worlds, grants;
};

void judge_that(struct judge *judge, enum check check, bool holds);
