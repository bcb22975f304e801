// SPDX-License-Identifier: Apache-2.0
/* The closed lists and their words: reason.h, isolation.h, plan.h, backoff.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/backoff.h"
#include "core/isolation.h"
#include "core/plan.h"

static void every_phase_and_reason_is_read_as_it_is_written(void **state)
{
    enum phase phase;
    enum reason reason;

    (void)state;
    for (enum phase i = PHASE_PENDING; i <= PHASE_CANCELED; i++)
        assert_true(phase_parse(str_of(phase_word(i)), &phase) && phase == i);
    for (enum reason i = REASON_POD_FAILED; i < REASON_COUNT; i++)
        assert_true(reason_parse(str_of(reason_word(i)), &reason) && reason == i);
    assert_false(phase_parse(STR_LIT("Timeout"), &phase));
    assert_false(reason_parse(STR_LIT("succeeded; drop table"), &reason));
    assert_string_equal(reason_word(REASON_NONE), "");
}

static void three_phases_are_over(void **state)
{
    (void)state;
    for (enum phase i = PHASE_NONE; i <= PHASE_CANCELED; i++)
        assert_int_equal(phase_is_terminal(i), i >= PHASE_SUCCEEDED);
}

static void every_control_and_action_has_a_word_of_its_own(void **state)
{
    enum control control;

    (void)state;
    for (enum control i = 0; i < CONTROL_COUNT; i++)
        assert_true(control_parse(str_of(control_word(i)), &control) && control == i);
    assert_false(control_parse(STR_LIT("everything"), &control));
    for (enum action i = 0; i < ACTION_COUNT; i++)
        for (enum action j = 0; j < i; j++)
            assert_string_not_equal(action_word(i), action_word(j));
}

static void waits_double_up_to_a_bound(void **state)
{
    (void)state;
    assert_int_equal(backoff_ms(0, 0), 0);
    assert_in_range(backoff_ms(1, 0), BACKOFF_FIRST_MS * 3 / 4, BACKOFF_FIRST_MS);
    for (uint32_t i = 1; i < 100; i++) {
        assert_in_range(backoff_ms(i, 0xffffffff), BACKOFF_FIRST_MS * 3 / 4, BACKOFF_LAST_MS);
    }
    assert_in_range(backoff_ms(60, 0), BACKOFF_LAST_MS * 3 / 4, BACKOFF_LAST_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_phase_and_reason_is_read_as_it_is_written),
        cmocka_unit_test(three_phases_are_over),
        cmocka_unit_test(every_control_and_action_has_a_word_of_its_own),
        cmocka_unit_test(waits_double_up_to_a_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
