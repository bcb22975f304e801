// SPDX-License-Identifier: Apache-2.0
#include "kube/cache.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct cache *made(void **state)
{
    struct cache *cache = cache_new();

    *state = cache;
    return cache;
}

static int end(void **state)
{
    *state = cache_free(*state);
    return 0;
}

static bool put(struct cache *cache, const char *space, const char *name, const char *uid,
                const char *version, const char *kept)
{
    struct cached entry = {str_of(space), str_of(name), str_of(uid), str_of(version), str_of(kept)};

    return cache_put(cache, &entry);
}

static void assert_held(const struct cache *cache, const char *space, const char *name,
                        const char *uid, const char *version, const char *kept)
{
    struct cached found;

    assert_true(cache_find(cache, str_of(space), str_of(name), &found));
    assert_true(str_is(found.space, space));
    assert_true(str_is(found.name, name));
    assert_true(str_is(found.uid, uid));
    assert_true(str_is(found.version, version));
    assert_true(str_is(found.kept, kept));
}

static void what_was_put_is_found(void **state)
{
    struct cache *cache = made(state);

    assert_true(put(cache, "ns", "a", "u1", "5", "{}"));
    assert_true(put(cache, "", "cluster-scoped", "u2", "6", ""));
    assert_held(cache, "ns", "a", "u1", "5", "{}");
    assert_held(cache, "", "cluster-scoped", "u2", "6", "");
    assert_int_equal(cache_count(cache), 2);
}

static void names_of_other_spaces_are_others(void **state)
{
    struct cache *cache = made(state);
    struct cached found;

    put(cache, "a", "b", "u1", "1", "x");
    put(cache, "", "a", "u2", "1", "y");
    assert_false(cache_find(cache, STR_LIT("a"), STR_LIT("a"), &found));
    assert_false(cache_find(cache, STR_LIT(""), STR_LIT("b"), &found));
    assert_false(cache_find(cache, STR_LIT("a"), STR_LIT(""), &found));
    assert_held(cache, "a", "b", "u1", "1", "x");
}

static void the_same_version_of_the_same_uid_changes_nothing(void **state)
{
    struct cache *cache = made(state);

    put(cache, "ns", "a", "u1", "5", "first");
    assert_false(put(cache, "ns", "a", "u1", "5", "again"));
    assert_held(cache, "ns", "a", "u1", "5", "first");
    assert_true(put(cache, "ns", "a", "u2", "5", "another object"));
    assert_held(cache, "ns", "a", "u2", "5", "another object");
    assert_true(put(cache, "ns", "a", "u2", "6", "shorter"));
    assert_held(cache, "ns", "a", "u2", "6", "shorter");
    assert_int_equal(cache_count(cache), 1);
}

static void what_was_dropped_is_not_found(void **state)
{
    struct cache *cache = made(state);
    struct cached found;

    put(cache, "ns", "a", "u1", "5", "");
    assert_true(cache_drop(cache, STR_LIT("ns"), STR_LIT("a")));
    assert_false(cache_drop(cache, STR_LIT("ns"), STR_LIT("a")));
    assert_false(cache_find(cache, STR_LIT("ns"), STR_LIT("a"), &found));
}

static void a_name_that_is_too_long_is_nowhere(void **state)
{
    struct cache *cache = made(state);
    char name[CACHE_TEXT_MAX + 2] = {0};
    struct cached found;

    memset(name, 'n', CACHE_TEXT_MAX + 1);
    assert_false(cache_find(cache, STR_LIT("ns"), str_of(name), &found));
    assert_false(cache_drop(cache, str_of(name), STR_LIT("a")));
    name[CACHE_TEXT_MAX] = '\0';
    assert_true(put(cache, name, name, name, name, "k"));
    assert_held(cache, name, name, name, name, "k");
}

struct told {
    struct cache *cache;
    char names[256];
};

static void note(void *ctx, const struct cached *entry)
{
    struct told *told = ctx;
    size_t used = strlen(told->names);

    snprintf(told->names + used, sizeof(told->names) - used, "%.*s/%.*s=%.*s ",
             STR_ARG(entry->space), STR_ARG(entry->name), STR_ARG(entry->kept));
}

static void note_gone(void *ctx, const struct cached *entry)
{
    struct told *told = ctx;
    struct cached found;

    assert_false(cache_find(told->cache, entry->space, entry->name, &found));
    note(ctx, entry);
}

static void each_is_visited_once(void **state)
{
    struct told told = {.cache = made(state)};

    put(told.cache, "b", "a", "u", "1", "1");
    put(told.cache, "a", "b", "u", "1", "2");
    put(told.cache, "a", "a", "u", "1", "3");
    put(told.cache, "a", "a", "u", "2", "4");
    cache_each(told.cache, note, &told);
    assert_string_equal(told.names, "a/a=4 a/b=2 b/a=1 ");
}

static void a_sweep_takes_what_was_not_put_since_the_mark(void **state)
{
    struct told told = {.cache = made(state)};

    put(told.cache, "ns", "changed", "u", "1", "old");
    put(told.cache, "ns", "gone", "u", "1", "kept");
    put(told.cache, "ns", "same", "u", "1", "kept");
    cache_mark(told.cache);
    put(told.cache, "ns", "changed", "u", "2", "new");
    put(told.cache, "ns", "new", "u", "2", "new");
    put(told.cache, "ns", "same", "u", "1", "kept");
    cache_sweep(told.cache, note_gone, &told);
    assert_string_equal(told.names, "ns/gone=kept ");
    told.names[0] = '\0';
    cache_each(told.cache, note, &told);
    assert_string_equal(told.names, "ns/changed=new ns/new=new ns/same=kept ");
}

static void an_abandoned_list_takes_nothing_and_hides_nothing(void **state)
{
    struct told told = {.cache = made(state)};

    put(told.cache, "ns", "a", "u", "1", "");
    put(told.cache, "ns", "gone", "u", "1", "");
    cache_mark(told.cache);
    put(told.cache, "ns", "a", "u", "2", "");
    cache_mark(told.cache); /* the list began anew */
    put(told.cache, "ns", "a", "u", "2", "");
    cache_sweep(told.cache, note_gone, &told);
    assert_string_equal(told.names, "ns/gone= ");
}

/* 100 000 entries: found, replaced, swept; and what each costs besides its texts. */
static void many_entries_cost_little(void **state)
{
    enum {
        ENTRIES = 100000
    };
    struct cache *cache = made(state);
    struct told told = {.cache = cache};
    size_t texts = 0, before = mallinfo2().uordblks;
    char name[32], kept[400];

    memset(kept, 'k', sizeof(kept));
    for (int i = 0; i < ENTRIES; i++) {
        struct cached entry = {
            .space = STR_LIT("team-a"),
            .name = {name, (size_t)sprintf(name, "task-%d", i)},
            .uid = STR_LIT("4d3f2c1b-0a99-4887-b766-554433221100"),
            .version = STR_LIT("123456789"),
            .kept = {kept,  100 + (size_t)(i % 300)                     }
        };
        texts += entry.space.size + entry.name.size + entry.uid.size + entry.version.size +
                 entry.kept.size;
        assert_true(cache_put(cache, &entry));
    }
    assert_int_equal(cache_count(cache), ENTRIES);
    size_t after = mallinfo2().uordblks;
    if (after > before) /* a sanitizer's allocator does not say */
        assert_in_range((after - before - texts) / ENTRIES, 1, 64);
    for (int i = 0; i < ENTRIES; i++) {
        struct cached found;
        struct str key = {name, (size_t)sprintf(name, "task-%d", i)};
        assert_true(cache_find(cache, STR_LIT("team-a"), key, &found));
        assert_int_equal(found.kept.size, 100 + i % 300);
    }
    cache_mark(cache);
    put(cache, "team-a", "task-77", "u", "1", "");
    cache_sweep(cache, note_gone, &told);
    assert_int_equal(cache_count(cache), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_was_put_is_found, end),
        cmocka_unit_test_teardown(names_of_other_spaces_are_others, end),
        cmocka_unit_test_teardown(the_same_version_of_the_same_uid_changes_nothing, end),
        cmocka_unit_test_teardown(what_was_dropped_is_not_found, end),
        cmocka_unit_test_teardown(a_name_that_is_too_long_is_nowhere, end),
        cmocka_unit_test_teardown(each_is_visited_once, end),
        cmocka_unit_test_teardown(a_sweep_takes_what_was_not_put_since_the_mark, end),
        cmocka_unit_test_teardown(an_abandoned_list_takes_nothing_and_hides_nothing, end),
        cmocka_unit_test_teardown(many_entries_cost_little, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
