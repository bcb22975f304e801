// SPDX-License-Identifier: Apache-2.0
#include "operator/certificate_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DAY_MS INT64_C(86400000)
#define NOW    INT64_C(1795521600000) /* 2026-11-24T12:00:00Z */

static const struct str name = {"agenttask-webhook-service.agenttask-system.svc", 46};
static const struct str another_name = {"another.example", 15};

/* -- the rules --------------------------------------------------------------------- */

/* All is well: made a month ago, for three and for twelve. */
static struct certificate_view well(void)
{
    return (struct certificate_view){
        .now_ms = NOW,
        .steady_ms = DAY_MS,
        .spans = certificate_spans_of(CERTIFICATE_LEAF_MS),
        .has_leaf = true,
        .is_stored = true,
        .is_newest = true,
        .has_authority = true,
        .is_trusted = true,
        .authorities = 1,
        .leaf = {NOW - 30 * DAY_MS, NOW + 60 * DAY_MS },
        .authority = {NOW - 30 * DAY_MS, NOW + 330 * DAY_MS},
    };
}

static void expect(const struct certificate_view *view, enum certificate_step step)
{
    const char *because;
    enum certificate_step got = certificate_next(view, &because);

    if (got != step)
        fail_msg("step %d instead of %d: %s", got, step, because);
    assert_true(because[0]);
}

static void nothing_is_to_be_done_if_all_is_well(void **state)
{
    struct certificate_view view = well();

    (void)state;
    expect(&view, CERTIFICATE_REST);
}

static void what_is_lacking_comes_first(void **state)
{
    struct certificate_view view = well();

    (void)state;
    view.is_trusted = false;
    view.has_leaf = view.is_stored = view.is_newest = false;
    expect(&view, CERTIFICATE_RENEW);
    view.has_authority = false;
    expect(&view, CERTIFICATE_BEGIN);
    view.has_leaf = true; /* in memory alone */
    expect(&view, CERTIFICATE_SUCCEED);
    view.has_authority = true;
    expect(&view, CERTIFICATE_RENEW);
    view.is_torn = true;
    expect(&view, CERTIFICATE_SUCCEED);
}

static void both_are_renewed_after_two_thirds(void **state)
{
    struct certificate_view view = well();

    (void)state;
    view.now_ms = NOW + 30 * DAY_MS - 1;
    expect(&view, CERTIFICATE_REST);
    view.now_ms = NOW + 30 * DAY_MS;
    expect(&view, CERTIFICATE_RENEW);
    view.leaf.from_ms = NOW + 150 * DAY_MS;
    view.leaf.until_ms = NOW + 240 * DAY_MS;
    view.now_ms = NOW + 210 * DAY_MS - 1;
    expect(&view, CERTIFICATE_REST);
    view.now_ms = NOW + 210 * DAY_MS;
    expect(&view, CERTIFICATE_SUCCEED);
}

static void a_shorter_lifetime_holds_for_what_is_there(void **state)
{
    struct certificate_view view = well();

    (void)state;
    view.spans = certificate_spans_of(46 * DAY_MS);
    expect(&view, CERTIFICATE_REST);
    view.spans = certificate_spans_of(45 * DAY_MS);
    expect(&view, CERTIFICATE_RENEW);
    view.spans = certificate_spans_of(11 * DAY_MS);
    expect(&view, CERTIFICATE_SUCCEED);
    view.spans = certificate_spans_of(900 * DAY_MS); /* a longer one for the next */
    expect(&view, CERTIFICATE_REST);
}

static void trust_waits_for_nothing_but_what_is_lacking_or_old(void **state)
{
    struct certificate_view view = well();

    (void)state;
    view.is_trusted = false;
    view.steady_ms = 0;
    expect(&view, CERTIFICATE_TRUST);
    view.is_newest = false;
    expect(&view, CERTIFICATE_TRUST);
    view.now_ms = NOW + 40 * DAY_MS; /* of an old authority's certificate there is no new one */
    expect(&view, CERTIFICATE_TRUST);
    view.is_newest = true;
    expect(&view, CERTIFICATE_RENEW);
}

static void an_heir_signs_when_it_has_been_trusted_for_long_enough(void **state)
{
    struct certificate_view view = well();

    (void)state;
    view.is_newest = false;
    view.authorities = 2;
    view.steady_ms = 59999;
    expect(&view, CERTIFICATE_REST);
    view.steady_ms = 60000;
    expect(&view, CERTIFICATE_RENEW);
}

static void an_ancestor_goes_when_nobody_shows_what_it_signed(void **state)
{
    struct certificate_view view = well();

    (void)state;
    view.authorities = 2;
    view.steady_ms = 59999;
    expect(&view, CERTIFICATE_REST);
    view.steady_ms = 60000;
    expect(&view, CERTIFICATE_RETIRE);
}

static void lifetimes_follow_from_one(void **state)
{
    struct certificate_spans spans = certificate_spans_of(CERTIFICATE_LEAF_MS);

    (void)state;
    assert_int_equal(spans.authority_ms, 360 * DAY_MS);
    assert_int_equal(spans.overlap_ms, 60000);
    assert_int_equal(spans.slack_ms, 3600000);
    assert_int_equal(spans.look_ms, 10000);
    spans = certificate_spans_of(CERTIFICATE_LEAF_MIN_MS);
    assert_int_equal(spans.overlap_ms, 3000);
    assert_true(spans.look_ms * 2 < spans.overlap_ms);
    assert_true(spans.slack_ms < spans.leaf_ms / 3);
}

/* -- lives: a Secret, a configuration and who serves ---------------------------------- */

struct scene {
    struct arena arena;
    struct certificate_look look;
};

static int prepare(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->look = (struct certificate_look){
        .has_config = true,
        .names = {&name, 1},
        .spans = certificate_spans_of(CERTIFICATE_LEAF_MS),
        .now_ms = NOW,
    };
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    arena_fini(&scene->arena);
    free(scene);
    return 0;
}

static enum certificate_step next(struct scene *scene)
{
    struct certificate_view view;
    const char *because;

    scene->look.is_trusted =
        scene->look.trusted.size > 0 && str_equal(scene->look.trusted, scene->look.stored.bundle);
    certificate_view_of(&scene->look, &view);
    return certificate_next(&view, &because);
}

/* What a leader does in one turn. */
static enum certificate_step turn(struct scene *scene)
{
    struct err err = {0};
    enum certificate_step step;

    if (certificate_is_better(&scene->look))
        scene->look.held = scene->look.stored;
    step = next(scene);
    if (step == CERTIFICATE_TRUST) {
        scene->look.trusted = scene->look.stored.bundle;
        scene->look.steady_ms = 0;
    } else if (step != CERTIFICATE_REST) {
        scene->look.steady_ms = 0;
        if (!certificate_issue(&scene->arena, &scene->look, step, &scene->look.stored, &err))
            fail_msg("%s", err.text);
    }
    return step;
}

/* Turns until it rests; never is anything served that is not trusted, once anything was. */
static void settle(struct scene *scene)
{
    struct err err = {0};
    int turns = 0;

    while (turn(scene) != CERTIFICATE_REST) {
        assert_true(turns++ < 5);
        if (scene->look.held.certificate.size > 0 && scene->look.trusted.size > 0 &&
            !x509_is_signed(scene->look.held.certificate, scene->look.trusted, &err))
            fail_msg("%s", err.text);
    }
    assert_true(str_equal(scene->look.trusted, scene->look.stored.bundle));
}

static void later(struct scene *scene, int64_t ms)
{
    scene->look.now_ms += ms;
    scene->look.steady_ms += ms;
}

static uint32_t authorities(struct scene *scene)
{
    struct certificate_view view;

    certificate_view_of(&scene->look, &view);
    return view.authorities;
}

static void from_nothing_in_two_steps(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(turn(scene), CERTIFICATE_BEGIN);
    assert_int_equal(turn(scene), CERTIFICATE_TRUST);
    assert_int_equal(turn(scene), CERTIFICATE_REST);
    assert_int_equal(authorities(scene), 1);
    assert_true(str_equal(scene->look.held.certificate, scene->look.stored.certificate));
}

static void without_a_configuration_in_one(void **state)
{
    struct scene *scene = *state;

    scene->look.has_config = false;
    assert_int_equal(turn(scene), CERTIFICATE_BEGIN);
    assert_int_equal(turn(scene), CERTIFICATE_REST);
    assert_true(scene->look.held.certificate.size > 0);
}

static void a_certificate_is_renewed_by_the_same_authority(void **state)
{
    struct scene *scene = *state;
    struct str bundle, first;

    settle(scene);
    bundle = scene->look.stored.bundle;
    first = scene->look.held.certificate;
    later(scene, 60 * DAY_MS);
    assert_int_equal(turn(scene), CERTIFICATE_RENEW);
    assert_int_equal(turn(scene), CERTIFICATE_REST);
    assert_true(str_equal(scene->look.stored.bundle, bundle));
    assert_false(str_equal(scene->look.held.certificate, first));
}

static void an_authority_is_followed_by_another_in_four_steps(void **state)
{
    struct scene *scene = *state;
    struct str first, authority;

    settle(scene);
    for (int64_t day = 0; day < 236; day += 59) { /* its certificates are renewed meanwhile */
        later(scene, 59 * DAY_MS);
        settle(scene);
    }
    first = scene->look.held.certificate;
    authority = scene->look.stored.bundle;
    later(scene, 4 * DAY_MS);
    assert_int_equal(turn(scene), CERTIFICATE_SUCCEED);
    assert_int_equal(authorities(scene), 2);
    assert_int_equal(turn(scene), CERTIFICATE_TRUST);
    assert_int_equal(turn(scene), CERTIFICATE_REST);
    assert_true(str_equal(scene->look.held.certificate, first));
    later(scene, 60000);
    assert_int_equal(turn(scene), CERTIFICATE_RENEW);
    assert_int_equal(turn(scene), CERTIFICATE_REST);
    assert_false(str_equal(scene->look.held.certificate, first));
    later(scene, 60000);
    assert_int_equal(turn(scene), CERTIFICATE_RETIRE);
    assert_int_equal(turn(scene), CERTIFICATE_TRUST);
    assert_int_equal(turn(scene), CERTIFICATE_REST);
    assert_int_equal(authorities(scene), 1);
    assert_false(str_equal(scene->look.stored.bundle, authority));
}

static void a_deleted_secret_means_a_new_authority_and_no_gap(void **state)
{
    struct scene *scene = *state;
    struct str first;

    settle(scene);
    first = scene->look.held.certificate;
    scene->look.stored = (struct tls_secret){0};
    assert_int_equal(turn(scene), CERTIFICATE_SUCCEED);
    assert_int_equal(authorities(scene), 2);
    settle(scene);
    assert_true(str_equal(scene->look.held.certificate, first));
    later(scene, 60000);
    settle(scene);
    assert_false(str_equal(scene->look.held.certificate, first));
    later(scene, 60000);
    settle(scene);
    assert_int_equal(authorities(scene), 1);
}

/* Both operators are gone as well: what others still trust or show goes on beside the new. */
static void after_a_restart_without_a_secret_the_trusted_stays_for_a_while(void **state)
{
    struct scene *scene = *state;

    settle(scene);
    scene->look.stored = scene->look.held = (struct tls_secret){0};
    assert_int_equal(turn(scene), CERTIFICATE_BEGIN);
    assert_int_equal(authorities(scene), 2);
    settle(scene);
    later(scene, 60000);
    settle(scene);
    assert_int_equal(authorities(scene), 1);
}

static void a_damaged_part_is_mended(void **state)
{
    static const struct {
        size_t at;
        enum certificate_step step;
    } rows[] = {
        {offsetof(struct tls_secret, certificate),   CERTIFICATE_RENEW  },
        {offsetof(struct tls_secret, key),           CERTIFICATE_RENEW  },
        {offsetof(struct tls_secret, bundle),        CERTIFICATE_SUCCEED},
        {offsetof(struct tls_secret, authority_key), CERTIFICATE_SUCCEED},
    };
    static const struct str damages[] = {
        {0 },
        { "junk", 4}
    };
    struct scene *scene = *state;

    settle(scene);
    for (size_t i = 0; i < countof(rows); i++)
        for (size_t j = 0; j < countof(damages); j++) {
            struct certificate_look was = scene->look;
            memcpy((char *)&scene->look.stored + rows[i].at, &damages[j], sizeof(struct str));
            assert_int_equal(turn(scene), rows[i].step);
            settle(scene);
            scene->look = was;
        }
}

static void a_foreign_pair_is_replaced(void **state)
{
    struct scene *scene = *state;
    struct certificate_look other = scene->look;
    struct err err = {0};
    struct tls_secret foreign;

    other.names.at = &another_name;
    assert_true(certificate_issue(&scene->arena, &other, CERTIFICATE_BEGIN, &foreign, &err));
    settle(scene);
    scene->look.stored.certificate = foreign.certificate;
    scene->look.stored.key = foreign.key;
    assert_int_equal(turn(scene), CERTIFICATE_RENEW);
    settle(scene);
    scene->look.stored = foreign; /* whole, but for another name */
    assert_int_equal(turn(scene), CERTIFICATE_SUCCEED);
    settle(scene);
    later(scene, 60000);
    settle(scene);
}

/* Whole and good: then it is taken as soon as it is trusted, and until ours follows. */
static void a_pair_put_there_by_hand_is_served_for_a_while(void **state)
{
    struct scene *scene = *state;
    struct certificate_look other = scene->look;
    struct err err = {0};
    struct tls_secret made;

    assert_true(certificate_issue(&scene->arena, &other, CERTIFICATE_BEGIN, &made, &err));
    settle(scene);
    scene->look.stored = made;
    assert_false(certificate_is_better(&scene->look));
    assert_int_equal(turn(scene), CERTIFICATE_SUCCEED);
    assert_int_equal(authorities(scene), 3);
    assert_int_equal(turn(scene), CERTIFICATE_TRUST);
    assert_true(certificate_is_better(&scene->look));
    settle(scene);
    assert_true(str_equal(scene->look.held.certificate, made.certificate));
    later(scene, 60000);
    settle(scene);
    later(scene, 60000);
    settle(scene);
    assert_false(str_equal(scene->look.held.certificate, made.certificate));
    assert_int_equal(authorities(scene), 1);
}

static void what_has_expired_begins_anew(void **state)
{
    struct scene *scene = *state;

    settle(scene);
    later(scene, 91 * DAY_MS);
    assert_int_equal(turn(scene), CERTIFICATE_RENEW);
    settle(scene);
    later(scene, 400 * DAY_MS);
    assert_int_equal(turn(scene), CERTIFICATE_BEGIN);
    assert_int_equal(authorities(scene), 1); /* an expired one is not carried on */
    settle(scene);
}

static void a_clock_set_back_costs_a_new_pair_and_no_trust(void **state)
{
    struct scene *scene = *state;
    struct err err = {0};

    settle(scene);
    struct str first = scene->look.held.certificate;
    later(scene, -3500000); /* within the slack: nothing at all */
    assert_int_equal(turn(scene), CERTIFICATE_REST);
    later(scene, -2 * DAY_MS);
    assert_int_equal(turn(scene), CERTIFICATE_BEGIN);
    assert_int_equal(turn(scene), CERTIFICATE_TRUST);
    assert_true(x509_is_signed(first, scene->look.trusted, &err));
    settle(scene);
}

static void a_configuration_that_lost_its_bundle_gets_it_again(void **state)
{
    struct scene *scene = *state;

    settle(scene);
    scene->look.trusted = (struct str){0};
    assert_int_equal(turn(scene), CERTIFICATE_TRUST);
    scene->look.trusted = STR_LIT("junk");
    assert_int_equal(turn(scene), CERTIFICATE_TRUST);
    assert_int_equal(turn(scene), CERTIFICATE_REST);
}

/* Two that believe to lead act on one look: one write counts, the other one finds it is stale,
 * looks again and has nothing to do. */
static void a_second_leader_finds_nothing_to_do(void **state)
{
    struct scene *scene = *state;
    struct certificate_look second = scene->look;
    struct tls_secret late;
    struct err err = {0};

    assert_true(certificate_issue(&scene->arena, &second, CERTIFICATE_BEGIN, &late, &err));
    settle(scene);
    second = scene->look;
    second.held = late; /* even if it had served what nobody trusts */
    assert_true(certificate_is_better(&second));
    second.held = scene->look.stored;
    assert_int_equal(next(&(struct scene){.look = second}), CERTIFICATE_REST);
}

static void no_certificate_outlives_its_authority(void **state)
{
    struct scene *scene = *state;
    struct x509_term leaf, authority;
    struct err err = {0};

    settle(scene);
    later(scene, 300 * DAY_MS);
    assert_true(certificate_issue(&scene->arena, &scene->look, CERTIFICATE_RENEW,
                                  &scene->look.stored, &err));
    assert_true(x509_read_term(scene->look.stored.certificate, &leaf, &err));
    assert_true(x509_read_term(scene->look.stored.bundle, &authority, &err));
    assert_true(leaf.until_ms == authority.until_ms);
}

static void a_bundle_does_not_grow_without_end(void **state)
{
    struct scene *scene = *state;
    struct err err = {0};

    settle(scene);
    for (int i = 0; i < 10; i++)
        assert_true(certificate_issue(&scene->arena, &scene->look, CERTIFICATE_SUCCEED,
                                      &scene->look.stored, &err));
    assert_int_equal(authorities(scene), 9);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_to_be_done_if_all_is_well),
        cmocka_unit_test(what_is_lacking_comes_first),
        cmocka_unit_test(both_are_renewed_after_two_thirds),
        cmocka_unit_test(a_shorter_lifetime_holds_for_what_is_there),
        cmocka_unit_test(trust_waits_for_nothing_but_what_is_lacking_or_old),
        cmocka_unit_test(an_heir_signs_when_it_has_been_trusted_for_long_enough),
        cmocka_unit_test(an_ancestor_goes_when_nobody_shows_what_it_signed),
        cmocka_unit_test(lifetimes_follow_from_one),
        TEST(from_nothing_in_two_steps),
        TEST(without_a_configuration_in_one),
        TEST(a_certificate_is_renewed_by_the_same_authority),
        TEST(an_authority_is_followed_by_another_in_four_steps),
        TEST(a_deleted_secret_means_a_new_authority_and_no_gap),
        TEST(after_a_restart_without_a_secret_the_trusted_stays_for_a_while),
        TEST(a_damaged_part_is_mended),
        TEST(a_foreign_pair_is_replaced),
        TEST(a_pair_put_there_by_hand_is_served_for_a_while),
        TEST(what_has_expired_begins_anew),
        TEST(a_clock_set_back_costs_a_new_pair_and_no_trust),
        TEST(a_configuration_that_lost_its_bundle_gets_it_again),
        TEST(a_second_leader_finds_nothing_to_do),
        TEST(no_certificate_outlives_its_authority),
        TEST(a_bundle_does_not_grow_without_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
