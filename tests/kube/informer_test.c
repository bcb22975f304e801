// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "informer_scene.h"

/* -- what is there --------------------------------------------------------- */

static void all_pages_of_a_list_are_taken(void **state)
{
    struct scene *scene = *state;
    char name[32];

    for (int i = 0; i < 2 * LIST_PAGE + 7; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        scene_put(scene, name, i);
    }
    assert_false(informer_is_synced(scene->informer));
    scene_start(scene, SECOND);
    scene_assert_equal(scene);
}

static void changes_are_followed(void **state)
{
    struct scene *scene = *state;

    scene_put(scene, "a", 1);
    scene_put(scene, "b", 1);
    scene->api.chunk_size = 5;
    scene_start(scene, SECOND);
    scene_assert_told(scene, "+a=1 +b=1 ");
    scene_put(scene, "a", 2);
    fake_drop(&scene->api, "b");
    scene_put(scene, "c", 1);
    fake_run(&scene->api, 2 * FAKE_TICK_MS);
    scene_assert_told(scene, "~a=2 -b=1 +c=1 ");
    scene_assert_equal(scene);
    assert_int_equal(scene->troubles, 0);
}

static void an_hour_without_news_needs_no_list(void **state)
{
    struct scene *scene = *state;

    scene_put(scene, "a", 1);
    scene_start(scene, 60 * MINUTE);
    scene_put(scene, "a", 2);
    fake_run(&scene->api, SECOND);
    scene_assert_equal(scene);
    assert_int_equal(scene->api.requests[FAKE_LIST], 1);
    assert_in_range(scene->api.requests[FAKE_WATCH], 7, 13); /* 300 to 600 s each */
    assert_int_equal(scene->troubles, 0);
    assert_true(scene->api.now_ms - informer_heard_ms(scene->informer) <= SECOND);
}

static void what_is_none_of_ours_is_not_there(void **state)
{
    struct scene *scene = *state;

    fake_put(&scene->api, "foreign", "{}");
    scene_put(scene, "ours", 1);
    scene_start(scene, SECOND);
    scene_assert_told(scene, "+ours=1 ");
    scene_put(scene, "foreign", 2);
    fake_put(&scene->api, "ours", "{}");
    fake_run(&scene->api, SECOND);
    scene_assert_told(scene, "+foreign=2 -ours=1 ");
    fake_put(&scene->api, "ours", "{\"more\":1}");
    fake_run(&scene->api, SECOND);
    scene_assert_told(scene, "");
}

static void another_object_of_the_same_name_is_gone_then_new(void **state)
{
    struct scene *scene = *state;

    scene_put(scene, "a", 1);
    scene_start(scene, SECOND);
    scene->told[0] = '\0';
    scene_plant(scene, FAKE_WATCH, FAULT_ERROR, 410, 1);
    scene_restart(scene);
    fake_drop(&scene->api, "a");
    scene_put(scene, "a", 2);
    fake_run(&scene->api, 5 * SECOND);
    scene_assert_told(scene, "-a=1 +a=2 ");
    scene_assert_equal(scene);
}

static void pages_shrink_until_they_fit(void **state)
{
    struct scene *scene = *state;
    char name[32];

    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        scene_put(scene, name, i);
    }
    scene->api.page_max = 1000;
    scene_start(scene, 10 * SECOND);
    scene_assert_equal(scene);
    assert_int_equal(scene->troubles, 0);
}

/* -- scenarios ------------------------------------------------------------- */

static void t13_a_change_that_was_never_shown_is_made_up_for(void **state)
{
    struct scene *scene = *state;

    scene_put(scene, "a", 1);
    scene_start(scene, SECOND);
    scene->told[0] = '\0';
    scene_plant(scene, FAKE_WATCH, FAULT_HIDE, 1, 1);
    scene_restart(scene);
    scene_put(scene, "a", 2);
    scene_put(scene, "a", 3);
    fake_run(&scene->api, 5 * SECOND);
    scene_assert_told(scene, "~a=3 ");
    scene_assert_equal(scene);
}

static void t15_after_410_a_list_shows_what_is_missing(void **state)
{
    struct scene *scene = *state;

    scene_put(scene, "a", 1);
    scene_put(scene, "b", 1);
    scene_start(scene, SECOND);
    scene->told[0] = '\0';
    scene_plant(scene, FAKE_WATCH, FAULT_REFUSED, 0, 3);
    scene_restart(scene);
    fake_run(&scene->api, SECOND);
    fake_drop(&scene->api, "a");
    scene_put(scene, "b", 2);
    scene_put(scene, "c", 1);
    fake_compact(&scene->api);
    fake_run(&scene->api, MINUTE);
    scene_assert_told(scene, "~b=2 +c=1 -a=1 ");
    scene_assert_equal(scene);
}

static void t16_after_429_the_watch_goes_on_without_a_list(void **state)
{
    struct scene *scene = *state;

    scene_put(scene, "a", 1);
    scene_start(scene, SECOND);
    scene_plant(scene, FAKE_WATCH, FAULT_ERROR, 429, 3);
    scene_plant(scene, FAKE_WATCH, FAULT_STATUS, 429, 3);
    scene_restart(scene);
    scene_put(scene, "a", 2);
    fake_run(&scene->api, 2 * MINUTE);
    scene_assert_equal(scene);
    assert_int_equal(scene->api.requests[FAKE_LIST], 1);
    assert_int_equal(scene->troubles, 6);
}

static void t17_after_500_the_watch_goes_on(void **state)
{
    struct scene *scene = *state;

    scene_put(scene, "a", 1);
    scene_start(scene, SECOND);
    scene_plant(scene, FAKE_WATCH, FAULT_ERROR, 500, 2);
    scene_plant(scene, FAKE_WATCH, FAULT_GARBAGE, 0, 2);
    scene_restart(scene);
    scene_put(scene, "a", 2);
    fake_run(&scene->api, 2 * MINUTE);
    scene_assert_equal(scene);
    assert_int_equal(scene->api.requests[FAKE_LIST], 1);
    assert_int_equal(scene->troubles, 4);
}

static void t17_after_many_500_comes_a_list(void **state)
{
    struct scene *scene = *state;

    scene_start(scene, SECOND);
    scene_plant(scene, FAKE_WATCH, FAULT_ERROR, 500, 10);
    scene_restart(scene);
    scene_put(scene, "a", 1);
    fake_run(&scene->api, 3 * MINUTE);
    scene_assert_equal(scene);
    assert_int_equal(scene->api.requests[FAKE_LIST], 2);
}

static void t17_after_much_garbage_comes_a_list(void **state)
{
    struct scene *scene = *state;

    scene_start(scene, SECOND);
    scene_plant(scene, FAKE_WATCH, FAULT_GARBAGE, 0, 10);
    scene_restart(scene);
    fake_run(&scene->api, 3 * MINUTE);
    assert_int_equal(scene->api.requests[FAKE_LIST], 2);
}

static void t18_a_half_open_connection_is_noticed(void **state)
{
    struct scene *scene = *state;

    scene_start(scene, SECOND);
    scene_plant(scene, FAKE_WATCH, FAULT_SILENT, 0, 1);
    scene_restart(scene);
    scene_put(scene, "a", 1);
    fake_run(&scene->api, 153 * SECOND);
    scene_assert_equal(scene);
    assert_int_equal(scene->api.requests[FAKE_LIST], 1);
}

static void t20_unordered_and_repeated_events_do_no_harm(void **state)
{
    struct scene *scene = *state;

    scene_put(scene, "a", 1);
    scene_start(scene, SECOND);
    scene->told[0] = '\0';
    scene_plant(scene, FAKE_WATCH, FAULT_REFUSED, 0, 1);
    scene_plant(scene, FAKE_WATCH, FAULT_UNORDERED, 0, 1);
    scene_restart(scene);
    scene_put(scene, "a", 2);
    scene_put(scene, "a", 3);
    scene_put(scene, "b", 1);
    scene_put(scene, "c", 1);
    fake_run(&scene->api, 5 * SECOND);
    scene_assert_told(scene, "+c=1 +b=1 ~a=3 "); /* not back to 2 */
    scene_assert_equal(scene);
}

/* A watch that shows the newest first and then breaks: the version it reached must not hide the
 * older one that it did not come to show. */
static void t20_the_version_does_not_run_ahead_of_unordered_events(void **state)
{
    struct scene *scene = *state;

    scene_start(scene, SECOND);
    scene_plant(scene, FAKE_WATCH, FAULT_REFUSED, 0, 1);
    scene_plant(scene, FAKE_WATCH, FAULT_UNORDERED, 1, 1);
    scene_restart(scene);
    scene_put(scene, "a", 1);
    scene_put(scene, "b", 1);
    fake_run(&scene->api, 10 * SECOND);
    scene_assert_told(scene, "+b=1 +a=1 ");
    scene_assert_equal(scene);
    assert_int_equal(scene->api.requests[FAKE_LIST], 1);
}

static void t20_what_is_shown_again_does_not_come_back(void **state)
{
    struct scene *scene = *state;

    scene_put(scene, "a", 1);
    scene_put(scene, "b", 1);
    scene_start(scene, SECOND);
    fake_drop(&scene->api, "a");
    scene_put(scene, "b", 2);
    fake_run(&scene->api, SECOND);
    scene->told[0] = '\0';
    scene_plant(scene, FAKE_WATCH, FAULT_REPLAY, 0, 1);
    scene_restart(scene);
    fake_run(&scene->api, SECOND);
    scene_assert_told(scene, "");
    scene_assert_equal(scene);
}

static void t20_a_late_end_is_not_that_of_the_successor(void **state)
{
    struct scene *scene = *state;

    scene_put(scene, "a", 1);
    scene_start(scene, SECOND);
    scene->told[0] = '\0';
    scene_plant(scene, FAKE_WATCH, FAULT_REFUSED, 0, 1);
    scene_plant(scene, FAKE_WATCH, FAULT_UNORDERED, 2, 1);
    scene_restart(scene);
    fake_drop(&scene->api, "a");
    scene_put(scene, "a", 2);
    fake_run(&scene->api, 10 * SECOND);
    scene_assert_told(scene, "-a=1 +a=2 ");
    scene_assert_equal(scene);
}

static void t21_without_bookmarks_a_watch_that_ends_still_moves_on(void **state)
{
    struct scene *scene = *state;

    scene->api.has_no_bookmarks = true;
    scene_start(scene, SECOND);
    for (int i = 0; i < 9; i++) { /* nothing but ADDED, and less than the silence that is borne */
        char name[32];
        snprintf(name, sizeof(name), "n%d", i);
        scene_put(scene, name, i);
        fake_run(&scene->api, 2 * MINUTE);
    }
    fake_compact(&scene->api);
    fake_run(&scene->api, 20 * MINUTE);
    scene_assert_equal(scene);
    assert_int_equal(scene->api.requests[FAKE_LIST], 1);
}

static void t21_a_server_without_bookmarks_will_do(void **state)
{
    struct scene *scene = *state;

    scene->api.has_no_bookmarks = true;
    scene_put(scene, "a", 1);
    scene_start(scene, 60 * MINUTE);
    scene_put(scene, "a", 2);
    fake_run(&scene->api, 5 * SECOND);
    fake_run(&scene->api, 60 * MINUTE);
    scene_put(scene, "b", 1);
    fake_run(&scene->api, 5 * SECOND);
    scene_assert_equal(scene);
    assert_int_equal(scene->api.requests[FAKE_LIST], 1);
}

static void t22_a_list_whose_token_expires_begins_anew(void **state)
{
    struct scene *scene = *state;
    char name[32];

    for (int i = 0; i < 3 * LIST_PAGE; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        scene_put(scene, name, i);
    }
    fake_plant(&scene->api, (struct fake_fault){FAULT_STATUS, FAKE_LIST, 410, 1, 1});
    scene_start(scene, FAKE_TICK_MS);
    assert_false(informer_is_synced(scene->informer));
    fake_drop(&scene->api, "n0"); /* was on the first page */
    fake_run(&scene->api, 5 * SECOND);
    scene_assert_equal(scene);
    assert_int_equal(scene->troubles, 1);
}

static void t24_after_504_comes_a_list_from_the_source(void **state)
{
    struct scene *scene = *state;

    scene_plant(scene, FAKE_LIST, FAULT_STATUS, 504, 1);
    scene_put(scene, "a", 1);
    scene_start(scene, 3 * SECOND);
    scene_assert_equal(scene);
    scene_plant(scene, FAKE_WATCH, FAULT_STATUS, 504, 1);
    scene_restart(scene);
    scene_put(scene, "a", 2);
    fake_run(&scene->api, 5 * SECOND);
    scene_assert_equal(scene);
    assert_int_equal(scene->api.requests[FAKE_LIST], 3);
}

static void t12_a_list_of_the_past_is_not_believed_for_long(void **state)
{
    struct scene *scene = *state;

    scene_put(scene, "a", 1);
    scene_start(scene, SECOND);
    scene_put(scene, "a", 2);
    scene_put(scene, "b", 1);
    fake_run(&scene->api, SECOND);
    scene->told[0] = '\0';
    scene_plant(scene, FAKE_WATCH, FAULT_ERROR, 410, 1);
    scene_plant(scene, FAKE_LIST, FAULT_OLD, 2, 4);
    scene_restart(scene);
    fake_run(&scene->api, 2 * MINUTE);
    scene_assert_told(scene, "");
    scene_assert_equal(scene);
    scene_plant(scene, FAKE_WATCH, FAULT_ERROR, 410, 1);
    scene_plant(scene, FAKE_LIST, FAULT_OLD, 2, 1000);
    scene_restart(scene);
    fake_run(&scene->api, 10 * MINUTE); /* it was set back for good, and says what came since */
    assert_string_equal(scene->told, "~a=1 -b=1 ~a=2 +b=1 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_prepare, scene_end)
        SCENE(all_pages_of_a_list_are_taken),
        SCENE(changes_are_followed),
        SCENE(an_hour_without_news_needs_no_list),
        SCENE(what_is_none_of_ours_is_not_there),
        SCENE(another_object_of_the_same_name_is_gone_then_new),
        SCENE(pages_shrink_until_they_fit),
        SCENE(t12_a_list_of_the_past_is_not_believed_for_long),
        SCENE(t13_a_change_that_was_never_shown_is_made_up_for),
        SCENE(t15_after_410_a_list_shows_what_is_missing),
        SCENE(t16_after_429_the_watch_goes_on_without_a_list),
        SCENE(t17_after_500_the_watch_goes_on),
        SCENE(t17_after_many_500_comes_a_list),
        SCENE(t17_after_much_garbage_comes_a_list),
        SCENE(t18_a_half_open_connection_is_noticed),
        SCENE(t20_unordered_and_repeated_events_do_no_harm),
        SCENE(t20_the_version_does_not_run_ahead_of_unordered_events),
        SCENE(t20_what_is_shown_again_does_not_come_back),
        SCENE(t20_a_late_end_is_not_that_of_the_successor),
        SCENE(t21_without_bookmarks_a_watch_that_ends_still_moves_on),
        SCENE(t21_a_server_without_bookmarks_will_do),
        SCENE(t22_a_list_whose_token_expires_begins_anew),
        SCENE(t24_after_504_comes_a_list_from_the_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
