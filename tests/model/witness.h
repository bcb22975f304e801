// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The demands of the model, one name each (a mutant counts as caught only if the check named for it
 * fails), and the witness who remembers the life under way and tells it when a check fails. */
#include <stdbool.h>
#include <stdint.h>

enum check {
    S1_TERMINAL_IS_ABSORBING,
    S2_PHASES_GO_FORWARD,
    S3_AT_MOST_ONE_RUN,
    S4_NO_CODE_AFTER_THE_END,
    S4_RUN_IS_TAKEN_DOWN,
    S5_SUCCESS_IS_EXIT_0,
    S6_ONLY_THE_RECORDED_RUN,
    S7_GRAVE_ONLY_IF_LIVE,
    S8_STRANGERS_UNTOUCHED,
    S9_TIMES_SET_ONCE,
    S10_TWO_OPERATORS_ONE_START,
    S11_CANCEL_BEFORE_THE_END,
    L2_SETTLES,
    L2_NO_VAIN_ACTION,
    L4_DELETED_LEAVES_NOTHING,
    L5_TTL_DROPS_ONCE,
    L7_PULL_GRACE_IS_BORNE,
    X7_NOTHING_WITHOUT_POLICY,
    H01_WAKES_IN_TIME,
    H06_RUN_TIME_IS_WHOLE,
    H08_INTENT_BEFORE_RUN,
    H12_GONE_IS_DONE,
    H13_FINALIZER_LAST,
    H18_OUTPUT_BEFORE_THE_END,
    H18_END_BEFORE_DROP,
    H30_EVERY_WAIT_ENDS,
    H31_ONE_END_IS_WRITTEN,
    REASONS_ARE_TRUE,
    CHECK_COUNT,
};

enum {
    PATH_MAX_STEPS = 512
};

struct witness {
    uint64_t failed; /* one bit for each check */
    const char *path[PATH_MAX_STEPS];
    uint32_t steps;
};

const char *check_word(enum check check);
void witness_that(struct witness *witness, enum check check, bool holds);
void witness_step(struct witness *witness, const char *step);
