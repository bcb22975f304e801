// SPDX-License-Identifier: Apache-2.0
#include "sys/loop.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/clock.h"

struct bell {
    struct alarm alarm;
    struct reactor reactor;
    struct bell *other;
    int64_t rung_ms;
    uint32_t count, *order;
    uint32_t place;
};

static struct loop *open_loop(void)
{
    struct loop *loop = NULL;
    struct err err = {0};

    assert_true(loop_open(&loop, &err));
    return loop;
}

static void ring(void *ctx)
{
    struct bell *bell = ctx;

    bell->rung_ms = clock_monotonic_ms();
    bell->count++;
    if (bell->order)
        bell->place = ++*bell->order;
}

static void alarms_ring_in_order_and_never_early(void **state)
{
    struct loop *loop = open_loop();
    struct reactor reactor = loop_reactor(loop);
    struct bell bells[50] = {0};
    uint32_t order = 0;
    int64_t start_ms = reactor.monotonic_ms(reactor.self);

    (void)state;
    for (uint32_t i = 0; i < 50; i++) {
        bells[i].alarm = (struct alarm){.ring = ring, .ctx = &bells[i]};
        bells[i].order = &order;
        reactor.arm(reactor.self, &bells[i].alarm, start_ms + (i * 37 % 50) * 2);
    }
    for (uint32_t i = 0; i < 50; i += 5)
        reactor.disarm(reactor.self, &bells[i].alarm);
    loop_run(loop); /* ends when nothing is left to wait for */
    assert_int_equal(order, 40);
    for (uint32_t i = 0; i < 50; i++) {
        assert_int_equal(bells[i].count, i % 5 ? 1 : 0);
        assert_int_equal(bells[i].alarm.slot, 0);
        if (i % 5)
            assert_true(bells[i].rung_ms >= start_ms + (i * 37 % 50) * 2);
        for (uint32_t k = 0; i % 5 && k < 50; k++)
            if (k % 5 && bells[k].alarm.at_ms < bells[i].alarm.at_ms)
                assert_true(bells[k].place < bells[i].place);
    }
    loop_close(loop);
}

static void an_alarm_armed_again_is_moved(void **state)
{
    struct loop *loop = open_loop();
    struct reactor reactor = loop_reactor(loop);
    struct bell bell = {
        .alarm = {.ring = ring, .ctx = &bell}
    };
    int64_t start_ms = clock_monotonic_ms();

    (void)state;
    reactor.arm(reactor.self, &bell.alarm, start_ms);
    reactor.arm(reactor.self, &bell.alarm, start_ms + 3600000);
    assert_int_equal(bell.count, 0); /* never from inside */
    reactor.arm(reactor.self, &bell.alarm, start_ms + 30);
    loop_run(loop);
    assert_int_equal(bell.count, 1);
    assert_true(bell.rung_ms >= start_ms + 30);
    assert_true(bell.rung_ms < start_ms + 60000);
    reactor.disarm(reactor.self, &bell.alarm); /* not armed: nothing happens */
    loop_close(loop);
}

static void what_was_due_rings_at_once(void **state)
{
    struct loop *loop = open_loop();
    struct reactor reactor = loop_reactor(loop);
    struct bell bell = {
        .alarm = {.ring = ring, .ctx = &bell}
    };

    (void)state;
    reactor.arm(reactor.self, &bell.alarm, 0);
    uv_run(loop_uv(loop), UV_RUN_NOWAIT);
    assert_int_equal(bell.count, 1);
    loop_close(loop);
}

static void any_alarm_can_be_taken_out(void **state)
{
    struct loop *loop = open_loop();
    struct reactor reactor = loop_reactor(loop);
    static struct bell bells[1000];
    uint32_t order = 0, chance = 1, previous = 0;
    const struct bell *by_place[1001] = {0};

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        chance = chance * 1664525 + 1013904223;
        bells[i] = (struct bell){
            .alarm = {.ring = ring, .ctx = &bells[i]},
              .order = &order
        };
        reactor.arm(reactor.self, &bells[i].alarm, chance >> 12);
    }
    for (uint32_t i = 0; i < 1000; i += 1 + i % 3)
        reactor.disarm(reactor.self, &bells[i].alarm);
    loop_run(loop);
    for (uint32_t i = 0; i < 1000; i++)
        by_place[bells[i].place] = &bells[i];
    for (uint32_t i = 1; i <= order; i++) {
        assert_true(by_place[i]->alarm.at_ms >= previous);
        previous = (uint32_t)by_place[i]->alarm.at_ms;
    }
    assert_true(order > 300);
    loop_close(loop);
}

static void hold_up(void *ctx)
{
    struct bell *bell = ctx;
    int64_t now_ms = clock_monotonic_ms();

    usleep(60 * 1000); /* the loop's own time stands still */
    assert_true(bell->reactor.monotonic_ms(bell->reactor.self) >= now_ms + 60);
    bell->reactor.arm(bell->reactor.self, &bell->other->alarm, now_ms + 80);
}

static void time_is_true_while_something_runs(void **state)
{
    struct loop *loop = open_loop();
    struct reactor reactor = loop_reactor(loop);
    struct bell late = {
        .alarm = {.ring = ring, .ctx = &late}
    };
    struct bell first = {
        .alarm = {.ring = hold_up, .ctx = &first},
          .reactor = reactor, .other = &late
    };
    int64_t start_ms = clock_monotonic_ms();

    (void)state;
    reactor.arm(reactor.self, &first.alarm, start_ms);
    loop_run(loop);
    assert_true(late.rung_ms >= start_ms + 80);
    assert_true(late.rung_ms < start_ms + 5000);
    loop_close(loop);
}

struct flood {
    struct alarm alarm;
    struct reactor reactor;
    struct loop *loop;
    int ends[2];
    uv_poll_t poll;
    uint32_t count;
};

static void again(void *ctx)
{
    struct flood *flood = ctx;

    if (++flood->count < 100000)
        flood->reactor.arm(flood->reactor.self, &flood->alarm, 0);
}

static void readable(uv_poll_t *poll, int status, int events)
{
    struct flood *flood = poll->data;

    (void)events;
    assert_int_equal(status, 0);
    flood->reactor.disarm(flood->reactor.self, &flood->alarm);
    uv_close((uv_handle_t *)poll, NULL);
    loop_stop(flood->loop);
}

static void alarms_at_once_do_not_starve_sockets(void **state)
{
    struct flood flood = {.loop = open_loop()};

    (void)state;
    flood.reactor = loop_reactor(flood.loop);
    flood.alarm = (struct alarm){.ring = again, .ctx = &flood};
    assert_int_equal(pipe(flood.ends), 0);
    assert_int_equal(write(flood.ends[1], "x", 1), 1);
    assert_int_equal(uv_poll_init(loop_uv(flood.loop), &flood.poll, flood.ends[0]), 0);
    flood.poll.data = &flood;
    assert_int_equal(uv_poll_start(&flood.poll, UV_READABLE, readable), 0);
    flood.reactor.arm(flood.reactor.self, &flood.alarm, 0);
    loop_run(flood.loop);
    assert_true(flood.count < 10);
    loop_close(flood.loop);
    close(flood.ends[0]);
    close(flood.ends[1]);
}

struct nap {
    const struct reactor *reactor;
    struct fiber *fiber;
    int64_t slept_ms;
};

static void naps(struct fiber *fiber, void *ctx)
{
    struct nap *nap = ctx;
    int64_t start_ms = clock_monotonic_ms();

    nap->fiber = fiber;
    fiber_sleep(fiber, nap->reactor, 40);
    nap->slept_ms = clock_monotonic_ms() - start_ms;
}

static void a_fiber_sleeps_while_the_loop_goes_on(void **state)
{
    struct loop *loop = open_loop();
    struct reactor reactor = loop_reactor(loop);
    struct fiber_pool *pool = fiber_pool_new(3);
    struct nap naps_of[3] = {{.reactor = &reactor}, {.reactor = &reactor}, {.reactor = &reactor}};

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(fiber_start(pool, naps, &naps_of[i]));
    fiber_wake(naps_of[2].fiber); /* early: its alarm does not ring later */
    assert_true(naps_of[2].slept_ms < 40);
    loop_run(loop);
    assert_true(naps_of[0].slept_ms >= 40);
    assert_true(naps_of[1].slept_ms >= 40);
    fiber_pool_free(pool);
    loop_close(loop);
}

static void stop(void *ctx)
{
    loop_stop(ctx);
}

static void a_signal_calls_back(void **state)
{
    struct loop *loop = open_loop();
    struct err err = {0};
    struct bell bell = {0};

    (void)state;
    assert_true(loop_signal(loop, SIGUSR1, ring, &bell, &err));
    assert_true(loop_signal(loop, SIGUSR2, stop, loop, &err));
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR2);
    loop_run(loop);
    assert_int_equal(bell.count, 1);
    loop_close(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alarms_ring_in_order_and_never_early),
        cmocka_unit_test(an_alarm_armed_again_is_moved),
        cmocka_unit_test(what_was_due_rings_at_once),
        cmocka_unit_test(any_alarm_can_be_taken_out),
        cmocka_unit_test(time_is_true_while_something_runs),
        cmocka_unit_test(alarms_at_once_do_not_starve_sockets),
        cmocka_unit_test(a_fiber_sleeps_while_the_loop_goes_on),
        cmocka_unit_test(a_signal_calls_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
