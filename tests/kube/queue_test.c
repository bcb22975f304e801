// SPDX-License-Identifier: Apache-2.0
#include "kube/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/backoff.h"

static struct queue *made(void **state)
{
    struct queue *queue = queue_new();

    *state = queue;
    return queue;
}

static int end(void **state)
{
    *state = queue_free(*state);
    return 0;
}

static void add(struct queue *queue, const char *key, int64_t at_ms)
{
    queue_add(queue, str_of(key), at_ms);
}

static void done(struct queue *queue, const char *key, enum queue_outcome outcome, int64_t now_ms)
{
    queue_done(queue, str_of(key), outcome, now_ms, 0);
}

static void assert_takes(struct queue *queue, int64_t now_ms, const char *expected)
{
    struct str key = {0};

    assert_true(queue_take(queue, now_ms, &key));
    assert_true(str_is(key, expected));
}

static void assert_nothing_due(struct queue *queue, int64_t now_ms)
{
    struct str key;

    assert_false(queue_take(queue, now_ms, &key));
}

static void keys_come_when_due_in_order(void **state)
{
    struct queue *queue = made(state);

    add(queue, "late", 300);
    add(queue, "first", 100);
    add(queue, "second", 100);
    assert_int_equal(queue_next_ms(queue), 100);
    assert_nothing_due(queue, 99);
    assert_takes(queue, 100, "first");
    assert_takes(queue, 100, "second");
    assert_nothing_due(queue, 299);
    assert_takes(queue, 300, "late");
    assert_int_equal(queue_next_ms(queue), INT64_MAX);
}

static void a_key_that_is_taken_late_tells_when_it_was_due(void **state)
{
    struct queue *queue = made(state);

    add(queue, "a", 100);
    assert_takes(queue, 350, "a");
    assert_int_equal(queue_due_ms(queue, STR_LIT("a")), 100);
}

static void adds_of_a_waiting_key_fall_together_at_the_earliest_time(void **state)
{
    struct queue *queue = made(state);

    add(queue, "a", 500);
    add(queue, "a", 200);
    add(queue, "a", 900);
    assert_int_equal(queue_next_ms(queue), 200);
    assert_takes(queue, 200, "a");
    done(queue, "a", QUEUE_DONE, 201);
    assert_nothing_due(queue, 10000);
    assert_int_equal(queue_facts(queue, 10000).adds, 1);
}

static void a_key_is_handed_out_once_and_comes_again_if_added_meanwhile(void **state)
{
    struct queue *queue = made(state);

    add(queue, "a", 0);
    assert_takes(queue, 10, "a");
    add(queue, "a", 10);
    add(queue, "a", 5000);
    assert_nothing_due(queue, 20);
    done(queue, "a", QUEUE_DONE, 30);
    assert_takes(queue, 30, "a");
    done(queue, "a", QUEUE_DONE, 31);
    assert_nothing_due(queue, 6000);
}

static void a_later_look_asked_for_at_work_is_kept(void **state)
{
    struct queue *queue = made(state);

    add(queue, "a", 0);
    assert_takes(queue, 10, "a");
    add(queue, "a", 60000);
    done(queue, "a", QUEUE_DONE, 20);
    assert_int_equal(queue_next_ms(queue), 60000);
}

static void failures_back_off_and_success_forgets_them(void **state)
{
    struct queue *queue = made(state);
    int64_t now_ms = 1000, wait_ms = BACKOFF_FIRST_MS;

    add(queue, "a", now_ms);
    for (int i = 0; i < 30; i++) {
        assert_takes(queue, now_ms, "a");
        done(queue, "a", QUEUE_FAILED, now_ms);
        assert_int_equal(queue_next_ms(queue), now_ms + wait_ms);
        now_ms += wait_ms;
        wait_ms = wait_ms * 2 < BACKOFF_LAST_MS ? wait_ms * 2 : BACKOFF_LAST_MS;
    }
    assert_int_equal(wait_ms, BACKOFF_LAST_MS);
    assert_takes(queue, now_ms, "a");
    add(queue, "a", now_ms);
    done(queue, "a", QUEUE_DONE, now_ms);
    assert_takes(queue, now_ms, "a");
    done(queue, "a", QUEUE_FAILED, now_ms);
    assert_int_equal(queue_next_ms(queue), now_ms + BACKOFF_FIRST_MS);
    assert_int_equal(queue_facts(queue, now_ms).retries, 31);
}

static void news_of_a_failed_key_do_not_wait_for_its_backoff(void **state)
{
    struct queue *queue = made(state);

    add(queue, "a", 0);
    for (int i = 0; i < 12; i++) {
        assert_takes(queue, 1000000 * (i + 1), "a");
        done(queue, "a", QUEUE_FAILED, 1000000 * (i + 1));
    }
    assert_true(queue_next_ms(queue) > 12000000);
    add(queue, "a", 12000000);
    assert_takes(queue, 12000000, "a");
    add(queue, "a", 12000001); /* and while it fails */
    done(queue, "a", QUEUE_FAILED, 12000001);
    assert_takes(queue, 12000001, "a");
}

static void nobody_is_overtaken_by_keys_that_are_always_overdue(void **state)
{
    struct queue *queue = made(state);

    add(queue, "hot", 0);
    assert_takes(queue, 1000, "hot");
    add(queue, "patient", 1000);
    add(queue, "hot", 0); /* long ago, it says */
    done(queue, "hot", QUEUE_DONE, 1000);
    assert_takes(queue, 1001, "patient");
    assert_takes(queue, 1001, "hot");
}

static void a_move_to_an_earlier_time_goes_behind_those_of_that_time(void **state)
{
    struct queue *queue = made(state);

    add(queue, "a", 900);
    add(queue, "b", 300);
    add(queue, "a", 300);
    assert_takes(queue, 300, "b");
    assert_takes(queue, 300, "a");
}

static void facts_tell_depth_activity_and_the_oldest_work(void **state)
{
    struct queue *queue = made(state);

    add(queue, "a", 100);
    add(queue, "b", 100);
    add(queue, "c", 100);
    add(queue, "later", 5000);
    assert_int_equal(queue_facts(queue, 200).oldest_active_ms, 0);
    assert_takes(queue, 200, "a");
    assert_takes(queue, 300, "b");
    struct queue_facts facts = queue_facts(queue, 400);
    assert_int_equal(facts.depth, 1);
    assert_int_equal(facts.active, 2);
    assert_int_equal(facts.adds, 4);
    assert_int_equal(facts.oldest_active_ms, 200);
    done(queue, "a", QUEUE_DONE, 400);
    assert_int_equal(queue_facts(queue, 400).oldest_active_ms, 300);
    assert_int_equal(queue_facts(queue, 5000).depth, 2);
}

/* -- against a model ------------------------------------------------------- */

enum {
    MODEL_KEYS = 12
};

struct model_key {
    bool is_waiting, is_active, is_again;
    int64_t due_ms, again_ms;
    uint64_t order;
    uint32_t failures;
};

struct model {
    struct model_key keys[MODEL_KEYS];
    uint64_t order;
    int64_t told_ms;
};

static void model_wait(struct model *model, struct model_key *key, int64_t at_ms)
{
    key->is_waiting = true;
    key->due_ms = at_ms;
    key->order = ++model->order;
}

static void model_add(struct model *model, int which, int64_t at_ms)
{
    struct model_key *key = &model->keys[which];

    if (at_ms < model->told_ms)
        at_ms = model->told_ms;
    if (key->is_active) {
        if (!key->is_again || at_ms < key->again_ms)
            key->again_ms = at_ms;
        key->is_again = true;
    } else if (!key->is_waiting || at_ms < key->due_ms) {
        model_wait(model, key, at_ms);
    }
}

static int model_take(struct model *model, int64_t now_ms) /* -1: none */
{
    int best = -1;

    model->told_ms = now_ms;
    for (int i = 0; i < MODEL_KEYS; i++) {
        const struct model_key *key = &model->keys[i];
        if (!key->is_waiting || key->due_ms > now_ms)
            continue;
        const struct model_key *other = &model->keys[best < 0 ? i : best];
        if (best < 0 || key->due_ms < other->due_ms ||
            (key->due_ms == other->due_ms && key->order < other->order))
            best = i;
    }
    if (best >= 0) {
        model->keys[best].is_waiting = false;
        model->keys[best].is_active = true;
    }
    return best;
}

static void model_done(struct model *model, int which, bool failed, int64_t now_ms, uint32_t dice)
{
    struct model_key *key = &model->keys[which];
    int64_t next_ms = key->is_again ? key->again_ms : INT64_MAX;

    model->told_ms = now_ms;
    key->failures = failed ? key->failures + 1 : 0;
    if (failed && now_ms + backoff_ms(key->failures, dice) < next_ms)
        next_ms = now_ms + backoff_ms(key->failures, dice);
    key->is_active = key->is_again = false;
    if (next_ms != INT64_MAX)
        model_wait(model, key, next_ms);
}

static uint32_t roll(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % below;
}

static struct str model_name(int which, char ret[8])
{
    return (struct str){ret, (size_t)snprintf(ret, 8, "key%d", which)};
}

static void step(struct queue *queue, struct model *model, int64_t now_ms, uint32_t *seed)
{
    int which = (int)roll(seed, MODEL_KEYS);
    char name[8], expected[8];
    struct str key;

    if (roll(seed, 3) == 0) {
        int64_t at_ms = now_ms + roll(seed, 400) - 200;
        queue_add(queue, model_name(which, name), at_ms);
        model_add(model, which, at_ms);
    } else if (model->keys[which].is_active) {
        bool failed = roll(seed, 2);
        uint32_t dice = roll(seed, 1000);
        queue_done(queue, model_name(which, name), failed ? QUEUE_FAILED : QUEUE_DONE, now_ms,
                   dice);
        model_done(model, which, failed, now_ms, dice);
    } else {
        int taken = model_take(model, now_ms);
        assert_int_equal(queue_take(queue, now_ms, &key), taken >= 0);
        if (taken >= 0)
            assert_true(str_equal(key, model_name(taken, expected)));
    }
}

static void it_does_what_a_simple_model_does(void **state)
{
    struct queue *queue = made(state);
    struct model model = {0};
    uint32_t seed = 20261124;
    int64_t now_ms = 0;

    for (int i = 0; i < 300000; i++) {
        now_ms += roll(&seed, 4) == 0 ? roll(&seed, 50) : 0;
        step(queue, &model, now_ms, &seed);
        int64_t next_ms = INT64_MAX;
        for (int k = 0; k < MODEL_KEYS; k++)
            if (model.keys[k].is_waiting && model.keys[k].due_ms < next_ms)
                next_ms = model.keys[k].due_ms;
        assert_int_equal(queue_next_ms(queue), next_ms);
    }
}

/* -- in numbers ------------------------------------------------------------ */

static void a_hundred_thousand_keys_are_all_served(void **state)
{
    enum {
        KEYS = 100000
    };
    struct queue *queue = made(state);
    char text[16];
    struct str key;

    for (int i = 0; i < KEYS; i++)
        queue_add(queue, (struct str){text, (size_t)snprintf(text, sizeof(text), "t%d", i)},
                  i % 10);
    for (int i = 0; i < KEYS; i++) {
        assert_true(queue_take(queue, 10 + i, &key));
        queue_done(queue, key, QUEUE_DONE, 10 + i, 0);
    }
    assert_nothing_due(queue, INT64_MAX);
    assert_int_equal(queue_facts(queue, INT64_MAX).active, 0);
}

/* One worker, a millisecond per key: healthy keys are served as if the poisoned one, which fails
 * whenever it comes, were not there. */
static void l6_a_poisoned_key_never_delays_others(void **state)
{
    struct queue *queue = made(state);
    int64_t waited_most_ms = 0;
    uint32_t poisoned = 0, healthy = 0;
    char text[16];
    struct str key;

    add(queue, "poison", 0);
    for (int64_t now_ms = 1; now_ms < 20000; now_ms++) {
        if (now_ms % 4 == 0)
            queue_add(queue,
                      (struct str){text, (size_t)snprintf(text, sizeof(text), "%d", (int)now_ms)},
                      0);
        if (!queue_take(queue, now_ms, &key))
            continue;
        if (str_is(key, "poison")) {
            poisoned++;
            queue_done(queue, key, QUEUE_FAILED, now_ms, 0);
            continue;
        }
        healthy++;
        int64_t asked_ms = 0;
        assert_true(str_to_int(key, &asked_ms));
        if (now_ms - asked_ms > waited_most_ms)
            waited_most_ms = now_ms - asked_ms;
        queue_done(queue, key, QUEUE_DONE, now_ms, 0);
    }
    assert_in_range(poisoned, 10, 13); /* 5 ms doubled within 20 s */
    assert_in_range(healthy, 4998, 4999);
    assert_in_range(waited_most_ms, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(keys_come_when_due_in_order, end),
        cmocka_unit_test_teardown(a_key_that_is_taken_late_tells_when_it_was_due, end),
        cmocka_unit_test_teardown(adds_of_a_waiting_key_fall_together_at_the_earliest_time, end),
        cmocka_unit_test_teardown(a_key_is_handed_out_once_and_comes_again_if_added_meanwhile, end),
        cmocka_unit_test_teardown(a_later_look_asked_for_at_work_is_kept, end),
        cmocka_unit_test_teardown(failures_back_off_and_success_forgets_them, end),
        cmocka_unit_test_teardown(news_of_a_failed_key_do_not_wait_for_its_backoff, end),
        cmocka_unit_test_teardown(nobody_is_overtaken_by_keys_that_are_always_overdue, end),
        cmocka_unit_test_teardown(a_move_to_an_earlier_time_goes_behind_those_of_that_time, end),
        cmocka_unit_test_teardown(facts_tell_depth_activity_and_the_oldest_work, end),
        cmocka_unit_test_teardown(it_does_what_a_simple_model_does, end),
        cmocka_unit_test_teardown(a_hundred_thousand_keys_are_all_served, end),
        cmocka_unit_test_teardown(l6_a_poisoned_key_never_delays_others, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
