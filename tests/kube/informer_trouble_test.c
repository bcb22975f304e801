// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "informer_scene.h"

/* -- trouble --------------------------------------------------------------- */

static void a_server_that_is_away_is_asked_rarely_and_not_for_a_list(void **state)
{
    struct scene *scene = *state;

    scene_put(scene, "a", 1);
    scene_start(scene, SECOND);
    scene_plant(scene, FAKE_WATCH, FAULT_REFUSED, 0, 100000);
    scene_restart(scene);
    fake_run(&scene->api, 30 * MINUTE);
    assert_int_equal(scene->api.requests[FAKE_LIST], 1);
    assert_in_range(scene->api.requests[FAKE_WATCH], 55, 130); /* 15 to 30 s each */
    scene->api.faults[0].times = 0;
    scene_put(scene, "a", 2);
    fake_run(&scene->api, 31 * SECOND);
    scene_assert_equal(scene);
    assert_int_equal(scene->api.requests[FAKE_LIST], 1);
}

static void watches_that_end_at_once_are_no_hot_loop(void **state)
{
    struct scene *scene = *state;

    scene_put(scene, "a", 1);
    scene_start(scene, SECOND);
    scene_plant(scene, FAKE_WATCH, FAULT_END, 0, 100000);
    scene_restart(scene);
    fake_run(&scene->api, 10 * MINUTE);
    assert_in_range(scene->api.requests[FAKE_WATCH], 20, 60);
    assert_true(scene->troubles + 3 > scene->api.requests[FAKE_WATCH]);
}

static void lists_that_fail_are_no_hot_loop(void **state)
{
    static const int answers[] = {401, 403, 404, 500};
    struct scene *scene = *state;

    for (size_t i = 0; i < countof(answers); i++)
        scene_plant(scene, FAKE_LIST, FAULT_STATUS, answers[i], 10);
    scene_put(scene, "a", 1);
    scene_start(scene, 10 * MINUTE);
    assert_in_range(scene->api.requests[FAKE_LIST], 20, 60);
    fake_run(&scene->api, 10 * MINUTE);
    scene_assert_equal(scene);
}

static void the_pause_is_short_again_after_two_good_minutes(void **state)
{
    struct scene *scene = *state;

    scene_put(scene, "a", 1);
    scene_plant(scene, FAKE_LIST, FAULT_REFUSED, 0, 8);
    scene_start(scene, 5 * MINUTE);
    scene_plant(scene, FAKE_WATCH, FAULT_REFUSED, 0, 1);
    scene_restart(scene);
    scene_put(scene, "a", 2);
    fake_run(&scene->api, 1700);
    scene_assert_equal(scene);
}

static void a_watch_that_breaks_goes_on_where_it_was(void **state)
{
    struct scene *scene = *state;
    char name[32];

    scene_put(scene, "a", 1);
    scene_start(scene, SECOND);
    scene_plant(scene, FAKE_WATCH, FAULT_BREAK, 3, 20);
    scene_restart(scene);
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof(name), "n%d", i % 7);
        scene_put(scene, name, i);
    }
    fake_run(&scene->api, 10 * MINUTE);
    scene_assert_equal(scene);
    assert_int_equal(scene->api.requests[FAKE_LIST], 1);
}

/* -- anything -------------------------------------------------------------- */

static void random_change(struct scene *scene)
{
    char name[32];

    snprintf(name, sizeof(name), "n%d", (int)(scene->reactor.chance(&scene->api) % 12));
    if (fake_find(&scene->api, name) && scene->reactor.chance(&scene->api) % 3 == 0)
        fake_drop(&scene->api, name);
    else
        scene_put(scene, name, (int)(scene->reactor.chance(&scene->api) % 1000));
}

static void random_fault(struct scene *scene)
{
    static const struct fake_fault faults[] = {
        {FAULT_REFUSED, FAKE_LIST,  0,   0, 1},
        {FAULT_STATUS,  FAKE_LIST,  410, 1, 1},
        {FAULT_STATUS,  FAKE_LIST,  500, 0, 1},
        {FAULT_OLD,     FAKE_LIST,  3,   0, 1},
        {FAULT_REFUSED, FAKE_WATCH, 0,   0, 1},
        {FAULT_STATUS,  FAKE_WATCH, 503, 0, 1},
        {FAULT_ERROR,   FAKE_WATCH, 410, 0, 1},
        {FAULT_ERROR,   FAKE_WATCH, 429, 0, 1},
        {FAULT_ERROR,   FAKE_WATCH, 500, 0, 2},
        {FAULT_BREAK,   FAKE_WATCH, 2,   0, 2},
        {FAULT_END,     FAKE_WATCH, 0,   0, 1},
        {FAULT_SILENT,  FAKE_WATCH, 0,   0, 1},
        {FAULT_GARBAGE, FAKE_WATCH, 0,   0, 1},
        {FAULT_HIDE,    FAKE_WATCH, 2,   0, 1},
        {FAULT_REFUSED, FAKE_WATCH, 0,   0, 5},
    };

    for (int i = 0; i < FAKE_FAULTS_MAX; i++)
        if (scene->api.faults[i].times == 0) {
            scene->api.faults[i] = faults[scene->reactor.chance(&scene->api) % countof(faults)];
            return;
        }
}

static void whatever_happens_the_cache_becomes_equal_in_the_end(void **state)
{
    struct scene *scene = *state;

    scene_start(scene, 0);
    for (uint32_t round = 0; round < 300; round++) {
        scene->api.chunk_size = round % 3 ? 0 : 11;
        for (uint32_t i = scene->reactor.chance(&scene->api) % 20; i > 0; i--)
            random_change(scene);
        if (scene->reactor.chance(&scene->api) % 2)
            random_fault(scene);
        if (scene->reactor.chance(&scene->api) % 8 == 0)
            fake_compact(&scene->api);
        if (scene->reactor.chance(&scene->api) % 4 == 0)
            scene_restart(scene);
        fake_run(&scene->api, 100 + scene->reactor.chance(&scene->api) % (20 * SECOND));
        scene->told[0] = '\0';
        if (round % 20 == 19) {
            memset(scene->api.faults, 0, sizeof(scene->api.faults));
            fake_run(&scene->api, 4 * MINUTE); /* silence, a pause, a list */
            scene_assert_equal(scene);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_prepare, scene_end)
        SCENE(a_server_that_is_away_is_asked_rarely_and_not_for_a_list),
        SCENE(watches_that_end_at_once_are_no_hot_loop),
        SCENE(lists_that_fail_are_no_hot_loop),
        SCENE(the_pause_is_short_again_after_two_good_minutes),
        SCENE(a_watch_that_breaks_goes_on_where_it_was),
        SCENE(whatever_happens_the_cache_becomes_equal_in_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
