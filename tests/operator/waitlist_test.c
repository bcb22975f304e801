// SPDX-License-Identifier: Apache-2.0
#include "operator/waitlist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/map.h"

enum {
    WAITERS = 200
};

static struct waiter *make(struct map *map, int i, int64_t order_ms)
{
    char name[16];
    int size = snprintf(name, sizeof(name), "w%03d", i);
    struct waiter *waiter = map_put(map, (struct str){name, (size_t)size}, sizeof(*waiter));

    waiter->order_ms = order_ms;
    return waiter;
}

static bool is_in_order(const struct waitlist *list)
{
    for (uint32_t i = 1; i < waitlist_count(list); i++) {
        const struct waiter *a = waitlist_at(list, i - 1), *b = waitlist_at(list, i);
        if (a->order_ms > b->order_ms ||
            (a->order_ms == b->order_ms && str_order(map_key(a), map_key(b)) >= 0))
            return false;
    }
    return true;
}

static void stands_in_order_whoever_comes_and_goes(void **state)
{
    struct map map = {0};
    struct waiter *waiters[WAITERS];
    struct waitlist list;

    (void)state;
    waitlist_init(&list);
    for (int i = 0; i < WAITERS; i++) {
        waiters[i] = make(&map, i, i * 7919 % 50 - 25); /* many are equal */
        waitlist_add(&list, waiters[i]);
        assert_true(is_in_order(&list));
    }
    for (int i = 0; i < WAITERS; i++) {
        assert_ptr_equal(waitlist_at(&list, waitlist_rank(&list, waiters[i])), waiters[i]);
        waitlist_remove(&list, waiters[i]);
        assert_int_equal(waitlist_count(&list), WAITERS - 1 - i);
        assert_true(is_in_order(&list));
    }
    waitlist_fini(&list);
    map_fini(&map);
}

static void who_is_not_in_it_has_the_rank_that_he_would_have(void **state)
{
    struct map map = {0};
    struct waitlist list;

    (void)state;
    waitlist_init(&list);
    waitlist_add(&list, make(&map, 1, 10));
    waitlist_add(&list, make(&map, 2, 20));
    assert_int_equal(waitlist_rank(&list, make(&map, 3, 5)), 0);
    assert_int_equal(waitlist_rank(&list, make(&map, 4, 10)), 1); /* the name decides */
    assert_int_equal(waitlist_rank(&list, make(&map, 0, 20)), 1);
    assert_int_equal(waitlist_rank(&list, make(&map, 5, 21)), 2);
    waitlist_fini(&list);
    map_fini(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stands_in_order_whoever_comes_and_goes),
        cmocka_unit_test(who_is_not_in_it_has_the_rank_that_he_would_have),
    };

    return cmocka_run_group_tests_name("waitlist", tests, NULL, NULL);
}
