// SPDX-License-Identifier: Apache-2.0
#include "operator/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void is_ready_when_synced_and_not_stopping(void **state)
{
    const char *why;

    (void)state;
    assert_true(health_is_ready(&(struct health){.is_synced = true}, &why));
    assert_string_equal(why, "ok");
    assert_false(health_is_ready(&(struct health){0}, &why));
    assert_string_equal(why, "caches not synced");
    assert_false(health_is_ready(&(struct health){.is_synced = true, .is_stopping = true}, &why));
    assert_string_equal(why, "stopping");
    assert_false(health_is_ready(&(struct health){.is_synced = true, .is_refused = true}, &why));
    assert_string_equal(why, "the lease is forbidden");
    assert_false(
        health_is_ready(&(struct health){.is_synced = true, .is_unidentified = true}, &why));
    assert_string_equal(why, "no valid certificate");
    assert_false(
        health_is_ready(&(struct health){.is_synced = true, .is_unconfigured = true}, &why));
    assert_string_equal(why, "no valid config yet");
}

static void is_live_until_a_reconcile_is_stuck(void **state)
{
    struct health health = {.now_ms = 100000};
    const char *why;

    (void)state;
    assert_true(health_is_live(&health, &why)); /* nothing is worked on */
    health.oldest_work_ms = 100000 - STUCK_MS;
    assert_true(health_is_live(&health, &why));
    health.oldest_work_ms--;
    assert_false(health_is_live(&health, &why));
    assert_string_equal(why, "a reconcile does not end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_ready_when_synced_and_not_stopping),
        cmocka_unit_test(is_live_until_a_reconcile_is_stuck),
    };

    return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
