// SPDX-License-Identifier: Apache-2.0
#include "operator/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    EXCHANGES_MAX = 300
};

struct exchange {
    enum http_method method;
    char path[200], body[1200];
    const struct exchange_events *events;
    void *ctx;
};

/* A server that answers when the test says so; time stands still. */
struct fixture {
    struct exchange exchanges[EXCHANGES_MAX];
    uint32_t asked, answered;
    struct reactor reactor;
    struct transport transport;
    struct fiber_pool *fibers;
    struct metrics metrics;
    struct events *events;
};

static struct exchange *toy_start(void *self, const struct kube_request *request,
                                  const struct exchange_events *events, void *ctx)
{
    struct fixture *f = self;
    struct exchange *exchange = &f->exchanges[f->asked++];

    assert_true(f->asked <= EXCHANGES_MAX);
    exchange->method = request->method;
    snprintf(exchange->path, sizeof(exchange->path), "%.*s", STR_ARG(request->path));
    snprintf(exchange->body, sizeof(exchange->body), "%.*s", STR_ARG(request->body));
    exchange->events = events;
    exchange->ctx = ctx;
    return exchange;
}

static void toy_stop(void *self, struct exchange *exchange)
{
    (void)self;
    (void)exchange;
}

static int64_t toy_time(void *self)
{
    (void)self;
    return 1732434000000;
}

static void toy_arm(void *self, struct alarm *alarm, int64_t at_ms)
{
    (void)self;
    (void)alarm;
    (void)at_ms;
}

static void toy_disarm(void *self, struct alarm *alarm)
{
    (void)self;
    (void)alarm;
}

static uint32_t toy_chance(void *self)
{
    (void)self;
    return 0;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->reactor = (struct reactor){f, toy_time, toy_time, toy_arm, toy_disarm, toy_chance};
    f->transport = (struct transport){f, toy_start, toy_stop};
    f->fibers = fiber_pool_new(16);
    f->events = events_new(&(struct events_spec){
        .client = {.transport = &f->transport, .reactor = &f->reactor},
        .fibers = f->fibers,
        .metrics = &f->metrics,
    });
    *state = f;
    return 0;
}

/* The oldest question not yet answered. */
static void answer(struct fixture *f, int32_t status, const char *body)
{
    struct exchange *exchange = &f->exchanges[f->answered++];

    assert_true(f->answered <= f->asked);
    exchange->events->head(exchange->ctx, status, -1);
    exchange->events->bytes(exchange->ctx, str_of(body));
    exchange->events->end(exchange->ctx, NULL);
}

static void answer_all(struct fixture *f)
{
    while (f->answered < f->asked)
        answer(f, 201, "{}");
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    answer_all(f);
    assert_true(events_are_sent(f->events));
    events_free(f->events);
    fiber_pool_free(f->fibers);
    free(f);
    return 0;
}

static const struct task task = {
    .name = {"t", 1},
    .space = {"a", 1},
    .uid = {"u", 1},
};

static void post(struct fixture *f, const char *note)
{
    struct event event = {
        .task = &task,
        .reason = "Running",
        .action = "Running",
        .note = str_of(note),
        .at_ms = 1732434000000,
        .controller = "agenttask.io/operator",
        .instance = STR_LIT("me"),
    };

    events_post(f->events, &event, 3);
}

static void an_event_is_created_in_the_namespace_of_its_task(void **state)
{
    struct fixture *f = *state;

    post(f, "it runs");
    assert_int_equal(f->asked, 1);
    assert_int_equal(f->exchanges[0].method, HTTP_POST);
    assert_string_equal(f->exchanges[0].path, "/apis/events.k8s.io/v1/namespaces/a/events");
    assert_non_null(strstr(f->exchanges[0].body, "\"note\":\"it runs\""));
    assert_false(events_are_sent(f->events));
    answer(f, 201, "{}");
    assert_true(events_are_sent(f->events));
    assert_int_equal(f->metrics.events_sent, 1);
}

static void what_was_said_before_becomes_a_series(void **state)
{
    struct fixture *f = *state;

    post(f, "again");
    answer(f, 409,
           "{\"kind\":\"Status\",\"reason\":\"AlreadyExists\",\"message\":\"it "
           "exists\",\"code\":409}");
    assert_int_equal(f->asked, 2);
    assert_int_equal(f->exchanges[1].method, HTTP_PATCH);
    assert_true(
        str_starts(str_of(f->exchanges[1].path), "/apis/events.k8s.io/v1/namespaces/a/events/t."));
    assert_non_null(strstr(f->exchanges[1].body, "\"count\":3"));
    answer(f, 200, "{}");
    assert_int_equal(f->metrics.events_sent, 1);
}

static void what_is_refused_is_given_up(void **state)
{
    struct fixture *f = *state;

    post(f, "no");
    answer(f, 403,
           "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"no\",\"code\":403}");
    assert_int_equal(f->asked, 1);
    assert_int_equal(f->metrics.events_dropped, 1);
}

static void a_server_that_does_not_answer_costs_a_bound(void **state)
{
    struct fixture *f = *state;
    char note[16];

    for (int i = 0; i < 250; i++) {
        snprintf(note, sizeof(note), "%d", i);
        post(f, note);
    }
    assert_int_equal(f->asked, EVENTS_SENDERS);
    assert_int_equal(f->metrics.events_dropped, 250 - EVENTS_SENDERS - EVENTS_PENDING_MAX);
    answer_all(f);
    assert_int_equal(f->metrics.events_sent, EVENTS_SENDERS + EVENTS_PENDING_MAX);
    assert_non_null(strstr(f->exchanges[0].body, "\"note\":\"0\"")); /* the oldest first */
    assert_true(events_are_sent(f->events));
}

static void many_are_many_before_one_is_dropped(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < EVENTS_SENDERS + EVENTS_MANY; i++) {
        assert_false(events_are_many(f->events));
        post(f, "again");
    }
    assert_true(events_are_many(f->events));
    answer_all(f);
    assert_false(events_are_many(f->events));
    assert_int_equal(f->metrics.events_dropped, 0);
}

static void what_was_not_sent_ends_with_it(void **state)
{
    struct fixture *f = *state;

    fiber_pool_free(f->fibers);
    f->fibers = fiber_pool_new(0); /* nobody to send it */
    events_free(f->events);
    f->events = events_new(&(struct events_spec){
        .client = {.transport = &f->transport, .reactor = &f->reactor},
        .fibers = f->fibers,
        .metrics = &f->metrics,
    });
    post(f, "never");
    assert_false(events_are_sent(f->events));
    events_free(f->events);
    f->events = events_new(&(struct events_spec){.fibers = f->fibers, .metrics = &f->metrics});
}

static void a_rule_becomes_an_action(void **state)
{
    static const struct {
        const char *because, *action;
    } rows[] = {
        {"timed out",       "TimedOut"     },
        {"new",             "New"          },
        {"queued too long", "QueuedTooLong"},
        {"  a-b ",          "AB"           },
        {"",                ""             },
    };
    auto_end(arena_fini) struct arena arena = {0};

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_true(str_is(event_action(&arena, rows[i].because), rows[i].action));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_event_is_created_in_the_namespace_of_its_task),
        TEST(what_was_said_before_becomes_a_series),
        TEST(what_is_refused_is_given_up),
        TEST(a_server_that_does_not_answer_costs_a_bound),
        TEST(many_are_many_before_one_is_dropped),
        TEST(what_was_not_sent_ends_with_it),
        cmocka_unit_test(a_rule_becomes_an_action),
    };

    return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
