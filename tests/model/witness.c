// SPDX-License-Identifier: Apache-2.0
#include "witness.h"

#include <assert.h>
#include <stdio.h>

static const char *const words[CHECK_COUNT] = {
    [S1_TERMINAL_IS_ABSORBING] = "s1_terminal_is_absorbing",
    [S2_PHASES_GO_FORWARD] = "s2_phases_go_forward",
    [S3_AT_MOST_ONE_RUN] = "s3_at_most_one_run",
    [S4_NO_CODE_AFTER_THE_END] = "s4_no_code_after_the_end",
    [S4_RUN_IS_TAKEN_DOWN] = "s4_run_is_taken_down",
    [S5_SUCCESS_IS_EXIT_0] = "s5_success_is_exit_0",
    [S6_ONLY_THE_RECORDED_RUN] = "s6_only_the_recorded_run",
    [S7_GRAVE_ONLY_IF_LIVE] = "s7_grave_only_if_live",
    [S8_STRANGERS_UNTOUCHED] = "s8_strangers_untouched",
    [S9_TIMES_SET_ONCE] = "s9_times_set_once",
    [S10_TWO_OPERATORS_ONE_START] = "s10_two_operators_one_start",
    [S11_CANCEL_BEFORE_THE_END] = "s11_cancel_before_the_end",
    [L2_SETTLES] = "l2_settles",
    [L2_NO_VAIN_ACTION] = "l2_no_vain_action",
    [L4_DELETED_LEAVES_NOTHING] = "l4_deleted_leaves_nothing",
    [L5_TTL_DROPS_ONCE] = "l5_ttl_drops_once",
    [L7_PULL_GRACE_IS_BORNE] = "l7_pull_grace_is_borne",
    [X7_NOTHING_WITHOUT_POLICY] = "x7_nothing_without_policy",
    [H01_WAKES_IN_TIME] = "h01_wakes_in_time",
    [H06_RUN_TIME_IS_WHOLE] = "h06_run_time_is_whole",
    [H08_INTENT_BEFORE_RUN] = "h08_intent_before_run",
    [H12_GONE_IS_DONE] = "h12_gone_is_done",
    [H13_FINALIZER_LAST] = "h13_finalizer_last",
    [H18_OUTPUT_BEFORE_THE_END] = "h18_output_before_the_end",
    [H18_END_BEFORE_DROP] = "h18_end_before_drop",
    [H30_EVERY_WAIT_ENDS] = "h30_every_wait_ends",
    [H31_ONE_END_IS_WRITTEN] = "h31_one_end_is_written",
    [REASONS_ARE_TRUE] = "reasons_are_true",
};

const char *check_word(enum check check)
{
    assert(check < CHECK_COUNT && words[check]);
    return words[check];
}

void witness_that(struct witness *witness, enum check check, bool holds)
{
    if (holds || witness->failed & UINT64_C(1) << check)
        return;
    witness->failed |= UINT64_C(1) << check;
    printf("FAILED %s:", check_word(check));
    for (uint32_t i = 0; i < witness->steps && i < PATH_MAX_STEPS; i++)
        printf(" %s%s", i > 0 ? "/ " : "", witness->path[i]);
    printf("\n");
}

void witness_step(struct witness *witness, const char *step)
{
    if (witness->steps < PATH_MAX_STEPS)
        witness->path[witness->steps] = step;
    witness->steps++;
}
