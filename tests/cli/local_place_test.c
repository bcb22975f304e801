// SPDX-License-Identifier: Apache-2.0
#include "cli/local_place.h"

#include "cli/place.h"
#include "stage.h"

static int64_t paused_ms;

static bool note_pause(int64_t ms)
{
    paused_ms = ms;
    return true;
}

static int64_t no_time_ms(void)
{
    return 0;
}

static struct session session_of(struct place *place)
{
    return (struct session){.monotonic_ms = no_time_ms, .pause = note_pause, .place = place};
}

/* Short at first, for what is over soon; then gentle. */
static void looks_become_rarer(void **state)
{
    static const int64_t expected[] = {20, 40, 80, 160, 250, 250};
    struct place place;
    struct session session = session_of(&place);

    (void)state;
    local_place(&session, &place);
    for (size_t i = 0; i < countof(expected); i++) {
        assert_true(place.pause(place.self, 60000));
        assert_int_equal(paused_ms, expected[i]);
    }
}

static void no_pause_is_longer_than_asked(void **state)
{
    struct place place;
    struct session session = session_of(&place);

    (void)state;
    local_place(&session, &place);
    assert_true(place.pause(place.self, 7));
    assert_int_equal(paused_ms, 7);
}

static void here_there_is_one_namespace(void **state)
{
    struct place place;
    struct session session = session_of(&place);

    (void)state;
    local_place(&session, &place);
    assert_string_equal(place.space, "default");
    assert_false(place.has_spaces);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_become_rarer),
        cmocka_unit_test(no_pause_is_longer_than_asked),
        cmocka_unit_test(here_there_is_one_namespace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
