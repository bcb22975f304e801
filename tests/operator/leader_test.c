// SPDX-License-Identifier: Apache-2.0
#include "operator/leader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/lease_spec.h"
#include "fake_api.h"
#include "kube/lease.h"

enum {
    LEADERS = 3
};

struct member {
    struct leader *leader;
    int elected, lost;
    int troubles;
};

struct scene {
    struct fake_api api;
    struct fake_change *changes;
    struct transport transport;
    struct reactor reactor;
    struct fiber_pool *fibers;
    struct member members[LEADERS];
};

static void elected(void *ctx)
{
    struct member *member = ctx;

    assert_true(leader_holds(member->leader));
    member->elected++;
}

static void lost(void *ctx, const struct err *err)
{
    struct member *member = ctx;

    assert_int_equal(err->kind, ERR_REFUSED);
    assert_false(leader_holds(member->leader));
    member->lost++;
}

static void troubled(void *ctx, const struct err *err)
{
    struct member *member = ctx;

    assert_int_not_equal(err->kind, ERR_NONE);
    member->troubles++;
}

static void join(struct scene *scene, int who, const char *self)
{
    struct member *member = &scene->members[who];

    *member = (struct member){0};
    member->leader = leader_new(&(struct leader_spec){
        .transport = &scene->transport,
        .reactor = &scene->reactor,
        .fibers = scene->fibers,
        .space = STR_LIT("ns"),
        .name = STR_LIT("lease"),
        .self = str_of(self),
        .elected = elected,
        .lost = lost,
        .troubled = troubled,
        .ctx = member,
    });
}

static int prepare(void **state)
{
    static const char *const names[] = {"first", "second", "third"};
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->changes = calloc(FAKE_CHANGES_MAX, sizeof(*scene->changes));
    fake_init(&scene->api, scene->changes);
    scene->transport = fake_transport(&scene->api);
    scene->reactor = fake_reactor(&scene->api);
    scene->fibers = fiber_pool_new(LEADERS * LEADER_FIBERS);
    for (int i = 0; i < LEADERS; i++)
        join(scene, i, names[i]);
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    memset(scene->api.faults, 0, sizeof(scene->api.faults));
    for (int i = 0; i < LEADERS; i++)
        leader_leave(scene->members[i].leader);
    fake_run(&scene->api, 10000);
    for (int i = 0; i < LEADERS; i++) {
        assert_true(leader_is_idle(scene->members[i].leader));
        leader_free(scene->members[i].leader);
    }
    fiber_pool_free(scene->fibers);
    fake_fini(&scene->api);
    free(scene->changes);
    free(scene);
    return 0;
}

static void start(struct scene *scene, int who)
{
    struct err err = {0};

    if (!leader_start(scene->members[who].leader, &err))
        fail_msg("%s", err.text);
}

static bool holds(struct scene *scene, int who)
{
    return leader_holds(scene->members[who].leader);
}

/* Runs on; never may two hold it. */
static void run(struct scene *scene, int64_t for_ms)
{
    for (int64_t i = 0; i < for_ms; i += FAKE_TICK_MS) {
        fake_run(&scene->api, FAKE_TICK_MS);
        assert_true(holds(scene, 0) + holds(scene, 1) + holds(scene, 2) <= 1);
    }
}

/* How long until that one holds it; -1: not within a minute. */
static int64_t time_until(struct scene *scene, int who)
{
    int64_t began_ms = scene->api.now_ms;

    while (!holds(scene, who) && scene->api.now_ms - began_ms < 60000)
        run(scene, FAKE_TICK_MS);
    return holds(scene, who) ? scene->api.now_ms - began_ms : -1;
}

static struct lease_spec stored(const struct scene *scene, struct arena *arena)
{
    const struct fake_change *lease = fake_find(&scene->api, "lease");
    struct json_value object = json_object(), spec;
    struct lease_spec ret;
    struct err err = {0};

    assert_non_null(lease);
    assert_true(json_read(arena, str_of(lease->spec), &spec, &err));
    json_put(arena, &object, "spec", spec);
    lease_spec_read(&object, &ret);
    return ret;
}

static void put_holder(struct scene *scene, const char *holder)
{
    char spec[128];

    snprintf(spec, sizeof(spec),
             "{\"holderIdentity\":\"%s\",\"leaseTransitions\":7,\"leaseDurationSeconds\":15}",
             holder);
    fake_put(&scene->api, "lease", spec);
}

static void plant(struct scene *scene, enum fake_kind on, enum fake_fault_kind kind, int arg,
                  int times)
{
    fake_plant(&scene->api, (struct fake_fault){kind, on, arg, 0, times});
}

/* -- in good times --------------------------------------------------------- */

static void the_only_one_is_elected_at_once_and_stays(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct scene *scene = *state;

    start(scene, 0);
    run(scene, 200);
    assert_int_equal(scene->members[0].elected, 1);
    run(scene, 600000);
    assert_true(holds(scene, 0));
    assert_int_equal(scene->members[0].elected, 1);
    assert_int_equal(scene->members[0].lost, 0);
    assert_int_equal(scene->members[0].troubles, 0);
    struct lease_spec spec = stored(scene, &arena);
    assert_true(str_is(spec.holder, "first"));
    assert_int_equal(spec.duration_ms, LEASE_DURATION_MS);
    assert_int_equal(spec.transitions, 0);
    assert_true(spec.renewed_ms - spec.acquired_ms > 590000);
}

static void renewing_costs_one_write_in_two_seconds_and_following_nothing(void **state)
{
    struct scene *scene = *state;

    start(scene, 0);
    run(scene, 1000);
    start(scene, 1);
    start(scene, 2);
    run(scene, 1000);
    memset(scene->api.requests, 0, sizeof(scene->api.requests));
    run(scene, 240000);
    assert_in_range(scene->api.requests[FAKE_WRITE], 95, 121);
    assert_int_equal(scene->api.requests[FAKE_READ], 0);
    assert_int_equal(scene->api.requests[FAKE_LIST], 0);
}

static void a_dead_leader_is_followed_within_17_s(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct scene *scene = *state;

    start(scene, 1);
    put_holder(scene, "killed");
    int64_t took_ms = time_until(scene, 1);
    assert_in_range(took_ms, 14900, 17000);
    assert_int_equal(stored(scene, &arena).transitions, 8);
}

static void t63_a_leader_that_leaves_is_followed_at_once(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct scene *scene = *state;

    start(scene, 0);
    run(scene, 3000);
    start(scene, 1);
    run(scene, 60500);
    leader_leave(scene->members[0].leader);
    assert_in_range(time_until(scene, 1), 0, 1000);
    assert_true(leader_is_idle(scene->members[0].leader));
    assert_int_equal(scene->members[0].lost, 0);
    assert_int_equal(stored(scene, &arena).transitions, 1); /* nobody's time is no term */
}

static void a_follower_that_leaves_changes_nothing(void **state)
{
    struct scene *scene = *state;

    start(scene, 0);
    run(scene, 1000);
    start(scene, 1);
    run(scene, 5000);
    int64_t version = scene->api.version;
    leader_leave(scene->members[1].leader);
    run(scene, 100);
    assert_true(leader_is_idle(scene->members[1].leader));
    assert_true(scene->api.version - version <= 1);
    assert_true(holds(scene, 0));
}

/* -- in bad times ---------------------------------------------------------- */

static void a_leader_that_cannot_renew_is_lost_before_another_begins(void **state)
{
    struct scene *scene = *state;

    start(scene, 0);
    run(scene, 1000);
    start(scene, 1);
    run(scene, 5000);
    plant(scene, FAKE_WRITE, FAULT_REFUSED, 0, 100);
    run(scene, 12100);
    assert_int_equal(scene->members[0].lost, 1);
    assert_true(leader_is_idle(scene->members[0].leader));
    scene->api.faults[0].times = 0;
    assert_in_range(time_until(scene, 1), 1000, 6000);
}

static void t60_a_leader_that_was_frozen_is_lost_when_it_wakes(void **state)
{
    struct scene *scene = *state;

    start(scene, 0);
    run(scene, 1000);
    scene->api.now_ms += 30000;
    assert_false(holds(scene, 0));
    fake_run(&scene->api, 1000);
    assert_int_equal(scene->members[0].lost, 1);
    assert_false(holds(scene, 0));
}

static void an_answer_that_was_lost_costs_a_look_not_the_lease(void **state)
{
    struct scene *scene = *state;

    plant(scene, FAKE_WRITE, FAULT_LOST, 0, 3);
    start(scene, 0);
    assert_in_range(time_until(scene, 0), 0, 9000);
    plant(scene, FAKE_WRITE, FAULT_LOST, 0, 2);
    run(scene, 60000);
    assert_true(holds(scene, 0));
    assert_int_equal(scene->members[0].lost, 0);
}

static void who_may_not_lead_says_so_until_he_may(void **state)
{
    struct scene *scene = *state;

    plant(scene, FAKE_WRITE, FAULT_STATUS, 403, 10);
    start(scene, 0);
    run(scene, 5000);
    assert_true(leader_is_refused(scene->members[0].leader));
    assert_in_range(time_until(scene, 0), 0, 60000);
    assert_false(leader_is_refused(scene->members[0].leader));
}

static void t62_a_deleted_lease_is_made_again_by_its_holder(void **state)
{
    struct scene *scene = *state;

    start(scene, 0);
    run(scene, 1000);
    start(scene, 1);
    run(scene, 30000);
    fake_drop(&scene->api, "lease");
    run(scene, 60000);
    assert_true(holds(scene, 0));
    assert_int_equal(scene->members[1].elected, 0);
}

static void t62_a_leader_that_is_written_over_is_lost_at_once(void **state)
{
    struct scene *scene = *state;

    start(scene, 0);
    run(scene, 5000);
    put_holder(scene, "another");
    run(scene, 100);
    assert_int_equal(scene->members[0].lost, 1);
}

static void a_follower_whose_watch_is_silent_still_follows(void **state)
{
    struct scene *scene = *state;

    start(scene, 0);
    run(scene, 1000);
    plant(scene, FAKE_WATCH, FAULT_SILENT, 0, 100);
    start(scene, 1);
    run(scene, 60000);
    assert_true(holds(scene, 0));
    leader_leave(scene->members[0].leader);
    assert_in_range(time_until(scene, 1), 0, 3000);
}

static void t61_of_three_in_any_trouble_never_do_two_hold_it(void **state)
{
    static const struct fake_fault faults[] = {
        {FAULT_REFUSED, FAKE_WRITE, 0,   0, 3 },
        {FAULT_LOST,    FAKE_WRITE, 0,   0, 2 },
        {FAULT_STATUS,  FAKE_WRITE, 500, 0, 2 },
        {FAULT_STATUS,  FAKE_WRITE, 429, 0, 1 },
        {FAULT_REFUSED, FAKE_READ,  0,   0, 3 },
        {FAULT_STATUS,  FAKE_READ,  500, 0, 2 },
        {FAULT_SILENT,  FAKE_WATCH, 0,   0, 1 },
        {FAULT_ERROR,   FAKE_WATCH, 410, 0, 1 },
        {FAULT_REFUSED, FAKE_WRITE, 0,   0, 12},
    };
    struct scene *scene = *state;
    int terms = 0;

    for (int i = 0; i < LEADERS; i++)
        start(scene, i);
    for (int round = 0; round < 150; round++) {
        memset(scene->api.faults, 0, sizeof(scene->api.faults));
        for (int i = 0; i < 3; i++)
            fake_plant(&scene->api, faults[scene->reactor.chance(&scene->api) % countof(faults)]);
        if (round % 10 == 9)
            scene->api.now_ms += 12000; /* all were asleep */
        run(scene, 1000 + scene->reactor.chance(&scene->api) % 20000);
        for (int i = 0; i < LEADERS; i++) {
            struct member *member = &scene->members[i];
            if (!leader_is_idle(member->leader))
                continue;
            assert_int_equal(member->lost, 1); /* a new process takes its place */
            terms++;
            leader_free(member->leader);
            char self[32];
            snprintf(self, sizeof(self), "member-%d-%d", i, round);
            join(scene, i, self);
            start(scene, i);
        }
    }
    assert_true(terms > 10);
    memset(scene->api.faults, 0, sizeof(scene->api.faults));
    run(scene, 200000);
    assert_int_equal(holds(scene, 0) + holds(scene, 1) + holds(scene, 2), 1);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, prepare, end)
    const struct CMUnitTest tests[] = {
        SCENE(the_only_one_is_elected_at_once_and_stays),
        SCENE(renewing_costs_one_write_in_two_seconds_and_following_nothing),
        SCENE(a_dead_leader_is_followed_within_17_s),
        SCENE(t63_a_leader_that_leaves_is_followed_at_once),
        SCENE(a_follower_that_leaves_changes_nothing),
        SCENE(a_leader_that_cannot_renew_is_lost_before_another_begins),
        SCENE(t60_a_leader_that_was_frozen_is_lost_when_it_wakes),
        SCENE(an_answer_that_was_lost_costs_a_look_not_the_lease),
        SCENE(who_may_not_lead_says_so_until_he_may),
        SCENE(t62_a_deleted_lease_is_made_again_by_its_holder),
        SCENE(t62_a_leader_that_is_written_over_is_lost_at_once),
        SCENE(a_follower_whose_watch_is_silent_still_follows),
        SCENE(t61_of_three_in_any_trouble_never_do_two_hold_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
