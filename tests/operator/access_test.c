// SPDX-License-Identifier: Apache-2.0
#include "operator/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hand_clock.h"

#include "api/look.h"

enum {
    EXCHANGES_MAX = 64,
    ASKED_MAX = 512,
    TICK_MS = 10, /* an answer takes that long */
};

/* An API server that knows its tokens by their first letter: g: reads metrics · w: may not ·
 * others: nobody's. And the clock. */
struct exchange {
    const struct exchange_events *events;
    void *ctx;
    char body[256];
    int32_t status;
    bool is_silent;
};

struct scene {
    struct transport transport;
    struct reactor reactor;
    struct fiber_pool *fibers;
    struct access *access;
    struct hand_clock clock;
    struct exchange *exchanges[EXCHANGES_MAX];
    int32_t status; /* of what is answered; 0: no connection */
    bool is_silent; /* nothing is answered */
    bool is_mute;   /* answers of rights say nothing */
    const char *group, *verdict;
    uint32_t token_reviews, right_reviews, at_once, at_once_max;
    uint32_t answers[ASKED_MAX]; /* by who asked; 0: none yet */
    uint32_t asked, troubles;
    char last_right[512];
};

/* -- the server -------------------------------------------------------------- */

static void answer_token(struct scene *scene, struct str token, struct exchange *exchange)
{
    bool is_known = str_starts(token, "g") || str_starts(token, "w");

    scene->token_reviews++;
    if (!is_known) {
        snprintf(exchange->body, sizeof(exchange->body),
                 "{\"status\": {\"user\": {}, \"error\": \"no\"}}");
        return;
    }
    snprintf(exchange->body, sizeof(exchange->body),
             "{\"status\": {\"authenticated\": true, \"user\": {\"username\": \"%.*s\", "
             "\"uid\": \"u1\", \"groups\": [\"%s\"], \"extra\": {\"e\": [\"x\"]}}}}",
             STR_ARG(token), scene->group);
}

static void answer_right(struct scene *scene, const struct json_value *spec,
                         struct exchange *exchange)
{
    bool is_good = str_starts(look_text(spec, "user"), "g");

    scene->right_reviews++;
    snprintf(exchange->body, sizeof(exchange->body), "{\"status\": {\"%s\": %s%s}}",
             scene->is_mute ? "reason" : "allowed", is_good ? "true" : "false", scene->verdict);
}

static struct exchange *start(void *self, const struct kube_request *request,
                              const struct exchange_events *events, void *ctx)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct scene *scene = self;
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    struct json_value review;
    struct err err = {0};
    uint32_t i = 0;

    assert_int_equal(request->method, HTTP_POST);
    if (!json_read(&arena, request->body, &review, &err))
        fail_msg("%s", err.text);
    *exchange = (struct exchange){
        .events = events, .ctx = ctx, .status = scene->status, .is_silent = scene->is_silent};
    if (str_is(request->path, "/apis/authentication.k8s.io/v1/tokenreviews")) {
        answer_token(scene, look_text(json_get(&review, "spec"), "token"), exchange);
    } else {
        assert_true(str_is(request->path, "/apis/authorization.k8s.io/v1/subjectaccessreviews"));
        snprintf(scene->last_right, sizeof(scene->last_right), "%.*s", STR_ARG(request->body));
        answer_right(scene, json_get(&review, "spec"), exchange);
    }
    while (scene->exchanges[i])
        i++;
    assert_true(i < EXCHANGES_MAX);
    scene->exchanges[i] = exchange;
    if (++scene->at_once > scene->at_once_max)
        scene->at_once_max = scene->at_once;
    return exchange;
}

static void stop(void *self, struct exchange *exchange)
{
    struct scene *scene = self;

    for (uint32_t i = 0; i < EXCHANGES_MAX; i++)
        if (scene->exchanges[i] == exchange)
            scene->exchanges[i] = NULL;
    scene->at_once--;
    free(exchange);
}

static void answer(struct scene *scene, struct exchange *exchange)
{
    struct exchange now = *exchange;
    struct err err = {0};

    stop(scene, exchange);
    if (now.status == 0)
        err_set(&err, ERR_RETRY, "no connection");
    else
        now.events->head(now.ctx, now.status, -1);
    if (now.status != 0)
        now.events->bytes(now.ctx, str_of(now.body));
    now.events->end(now.ctx, now.status == 0 ? &err : NULL);
}

/* -- the clock ----------------------------------------------------------------- */

static void tick(struct scene *scene)
{
    struct exchange *open[EXCHANGES_MAX];

    scene->clock.now_ms += TICK_MS;
    memcpy(open, scene->exchanges, sizeof(open));
    for (uint32_t i = 0; i < EXCHANGES_MAX; i++)
        if (open[i] && !open[i]->is_silent)
            answer(scene, open[i]);
    hand_clock_ring(&scene->clock);
}

static void run(struct scene *scene, int64_t for_ms)
{
    for (int64_t until_ms = scene->clock.now_ms + for_ms; scene->clock.now_ms < until_ms;)
        tick(scene);
}

/* -- who asks ------------------------------------------------------------------ */

static void troubled(void *ctx, const struct err *err)
{
    assert_null(strstr(err->text, "good"));
    ((struct scene *)ctx)->troubles++;
}

static void decided(void *ctx, void *who, uint32_t status)
{
    uint32_t *answer = who;

    (void)ctx;
    assert_int_equal(*answer, 0); /* exactly once */
    *answer = status;
}

static uint32_t *asks(struct scene *scene, const char *authorization)
{
    uint32_t *ret = &scene->answers[scene->asked++];

    assert_true(scene->asked <= ASKED_MAX);
    access_check(scene->access, str_of(authorization), "/metrics", "get", ret);
    return ret;
}

static uint32_t check(struct scene *scene, const char *authorization)
{
    uint32_t *ret = asks(scene, authorization);

    for (int i = 0; i < 1000 && *ret == 0; i++)
        tick(scene);
    return *ret;
}

static int prepare(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->transport = (struct transport){.self = scene, .start = start, .stop = stop};
    scene->reactor = hand_clock_reactor(&scene->clock);
    scene->fibers = fiber_pool_new(ACCESS_REVIEWS_MAX);
    scene->status = 201;
    scene->group = "staff";
    scene->verdict = "";
    scene->clock.now_ms = 1000000;
    scene->access = access_new(&(struct access_spec){
        .transport = &scene->transport,
        .reactor = &scene->reactor,
        .fibers = scene->fibers,
        .decided = decided,
        .troubled = troubled,
        .ctx = scene,
    });
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    run(scene, 10000);
    assert_int_equal(scene->at_once, 0);
    for (uint32_t i = 0; i < scene->asked; i++)
        assert_int_not_equal(scene->answers[i], 0);
    access_free(scene->access);
    fiber_pool_free(scene->fibers);
    free(scene);
    return 0;
}

/* -- tests ---------------------------------------------------------------------- */

static void x14_headers_become_statuses(void **state)
{
    static const struct {
        const char *header;
        uint32_t status, reviews;
    } rows[] = {
        {NULL,                        401, 0},
        {"",                          401, 0},
        {"Bearer",                    401, 0},
        {"Bearer ",                   401, 0},
        {"Basic Z29vZDpn",            401, 0},
        {"good",                      401, 0},
        {"Bearer go od",              401, 0},
        {"Bearer good\nX",            401, 0},
        {"Bearer g\xc3\xb6",          401, 0},
        {"Bearer bad",                401, 1},
        {"Bearer wrong.role",         403, 2},
        {"Bearer good-1.a_b~c+d/e==", 200, 2},
        {"bearer  good-2 ",           200, 2},
        {"BEARER good-3",             200, 2},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < countof(rows); i++) {
        uint32_t before = scene->token_reviews + scene->right_reviews;
        assert_int_equal(check(scene, rows[i].header), rows[i].status);
        assert_int_equal(scene->token_reviews + scene->right_reviews - before, rows[i].reviews);
    }
}

static void x14_a_token_has_a_bound(void **state)
{
    struct scene *scene = *state;
    char header[ACCESS_TOKEN_SIZE_MAX + 16] = "Bearer ";

    memset(header + 7, 'g', ACCESS_TOKEN_SIZE_MAX);
    header[7 + 20] = '\0';
    assert_int_equal(check(scene, header), 200);
    header[7 + 20] = 'g';
    header[7 + ACCESS_TOKEN_SIZE_MAX] = 'g';
    assert_int_equal(check(scene, header), 401);
    assert_int_equal(scene->token_reviews, 1);
}

static void the_right_is_asked_for_the_whole_user(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(check(scene, "Bearer good"), 200);
    assert_string_equal(
        scene->last_right,
        "{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SubjectAccessReview\",\"spec\":{"
        "\"extra\":{\"e\":[\"x\"]},\"groups\":[\"staff\"],\"uid\":\"u1\",\"user\":\"good\","
        "\"nonResourceAttributes\":{\"path\":\"/metrics\",\"verb\":\"get\"}}}");
}

static void an_answer_that_says_neither_is_none(void **state)
{
    struct scene *scene = *state;

    scene->is_mute = true;
    assert_int_equal(check(scene, "Bearer good"), 503);
    assert_int_equal(scene->right_reviews, 1);
}

static void denied_beats_allowed(void **state)
{
    struct scene *scene = *state;

    scene->verdict = ", \"denied\": true";
    assert_int_equal(check(scene, "Bearer good"), 403);
}

static void x14_no_answer_is_no_access(void **state)
{
    static const int32_t statuses[] = {0, 500, 403, 401, 404, 422, 409, 302};
    struct scene *scene = *state;

    for (size_t i = 0; i < countof(statuses); i++) {
        scene->status = statuses[i];
        assert_int_equal(check(scene, "Bearer good"), 503);
    }
    assert_int_equal(scene->troubles, 1); /* said once, not for each */
    scene->is_silent = true;
    scene->status = 201;
    int64_t began_ms = scene->clock.now_ms;
    assert_int_equal(check(scene, "Bearer good"), 503);
    assert_in_range(scene->clock.now_ms - began_ms, 4900, 5100);
    scene->is_silent = false;
    assert_int_equal(check(scene, "Bearer good"), 200); /* nothing of it was remembered */
}

static void x14_what_was_good_is_not_when_the_server_is_gone(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(check(scene, "Bearer good"), 200);
    scene->status = 0;
    run(scene, ACCESS_TOKEN_MS - 1000);
    assert_int_equal(check(scene, "Bearer good"), 200);
    run(scene, 1000);
    assert_int_equal(check(scene, "Bearer good"), 503);
    scene->status = 201;
    assert_int_equal(check(scene, "Bearer good"), 200);
}

/* How many questions of each kind a check costs, so long after the first one. */
static void answers_are_remembered_for_their_time(void **state)
{
    static const struct {
        const char *header;
        int64_t after_ms;
        uint32_t token_reviews, right_reviews;
    } rows[] = {
        {"Bearer good",  ACCESS_TOKEN_MS - 100, 0, 0},
        {"Bearer good",  ACCESS_TOKEN_MS + 100, 1, 0},
        {"Bearer good",  ACCESS_ALLOW_MS - 100, 1, 0},
        {"Bearer good",  ACCESS_ALLOW_MS + 100, 1, 1},
        {"Bearer wrong", ACCESS_DENY_MS - 100,  0, 0},
        {"Bearer wrong", ACCESS_DENY_MS + 100,  1, 1},
        {"Bearer bad",   ACCESS_DENY_MS - 100,  0, 0},
        {"Bearer bad",   ACCESS_DENY_MS + 100,  1, 0},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < countof(rows); i++) {
        uint32_t first = check(scene, rows[i].header);
        uint32_t tokens = scene->token_reviews, rights = scene->right_reviews;
        run(scene, rows[i].after_ms);
        assert_int_equal(check(scene, rows[i].header), first);
        assert_int_equal(scene->token_reviews - tokens, rows[i].token_reviews);
        assert_int_equal(scene->right_reviews - rights, rows[i].right_reviews);
        run(scene, 2 * ACCESS_ALLOW_MS);
    }
}

static void other_groups_are_another_user(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(check(scene, "Bearer good"), 200);
    scene->group = "guests";
    scene->verdict = ", \"denied\": true";
    run(scene, ACCESS_TOKEN_MS + 100);
    assert_int_equal(check(scene, "Bearer good"), 403);
}

static void a_path_of_its_own_is_a_right_of_its_own(void **state)
{
    struct scene *scene = *state;
    uint32_t status = 0;

    assert_int_equal(check(scene, "Bearer good"), 200);
    access_check(scene->access, STR_LIT("Bearer good"), "/other", "get", &status);
    assert_int_equal(status, 0); /* not known yet */
    run(scene, 100);
    assert_int_equal(status, 200);
    assert_non_null(strstr(scene->last_right, "\"/other\""));
}

static void who_asks_the_same_waits_for_one_answer(void **state)
{
    struct scene *scene = *state;
    uint32_t *first = asks(scene, "Bearer good");

    for (uint32_t i = 1; i < ACCESS_WAITERS_MAX; i++)
        asks(scene, "Bearer good");
    assert_int_equal(*asks(scene, "Bearer good"), 503); /* one too many */
    assert_int_equal(*first, 0);
    run(scene, 100);
    for (uint32_t i = 0; i < ACCESS_WAITERS_MAX; i++)
        assert_int_equal(scene->answers[i], 200);
    assert_int_equal(scene->token_reviews, 1);
    assert_int_equal(scene->right_reviews, 1);
}

static void flood(struct scene *scene, uint32_t count, const char *stem)
{
    char header[32];

    for (uint32_t i = 0; i < count; i++) {
        snprintf(header, sizeof(header), "Bearer %s-%u", stem, i);
        asks(scene, header);
    }
}

static void a_flood_of_tokens_is_bounded_and_locks_nobody_out(void **state)
{
    struct scene *scene = *state;
    uint32_t unknown_max = ACCESS_REVIEWS_MAX - ACCESS_KNOWN_MAX;

    assert_int_equal(check(scene, "Bearer good"), 200);
    run(scene, ACCESS_TOKEN_MS + 100);
    scene->is_silent = true;
    scene->at_once_max = 0;
    flood(scene, 100, "bad");
    assert_int_equal(scene->at_once_max, unknown_max);
    for (uint32_t i = 1 + unknown_max; i < scene->asked; i++)
        assert_int_equal(scene->answers[i], 503);
    scene->is_silent = false;
    assert_int_equal(check(scene, "Bearer good"), 200); /* has a place of its own */
    run(scene, 10000);
    assert_int_equal(check(scene, "Bearer bad-0"), 401);
}

static void a_flood_of_tokens_does_not_drive_out_who_is_good(void **state)
{
    struct scene *scene = *state;
    uint32_t tokens;

    assert_int_equal(check(scene, "Bearer good"), 200);
    for (uint32_t i = 0; i < ACCESS_ENTRIES_MAX + 64; i += 4) {
        char stem[16];
        snprintf(stem, sizeof(stem), "b%u", i);
        flood(scene, 4, stem);
        run(scene, 3 * TICK_MS);
    }
    tokens = scene->token_reviews;
    assert_true(tokens > ACCESS_ENTRIES_MAX);
    assert_int_equal(check(scene, "Bearer good"), 200);
    assert_int_equal(scene->token_reviews, tokens);
    assert_int_equal(check(scene, "Bearer b0-0"), 401); /* he was forgotten */
    assert_int_equal(scene->token_reviews, tokens + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(x14_headers_become_statuses),
        TEST(x14_a_token_has_a_bound),
        TEST(the_right_is_asked_for_the_whole_user),
        TEST(an_answer_that_says_neither_is_none),
        TEST(denied_beats_allowed),
        TEST(x14_no_answer_is_no_access),
        TEST(x14_what_was_good_is_not_when_the_server_is_gone),
        TEST(answers_are_remembered_for_their_time),
        TEST(other_groups_are_another_user),
        TEST(a_path_of_its_own_is_a_right_of_its_own),
        TEST(who_asks_the_same_waits_for_one_answer),
        TEST(a_flood_of_tokens_is_bounded_and_locks_nobody_out),
        TEST(a_flood_of_tokens_does_not_drive_out_who_is_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
