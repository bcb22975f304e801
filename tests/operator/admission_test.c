// SPDX-License-Identifier: Apache-2.0
#include "operator/admission.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/look.h"
#include "hand_clock.h"

enum {
    PLACES = 512,
    TICK_MS = 10, /* an answer takes that long */
    TEXT = 2048,
};

#define PROFILE(name)                                                                              \
    "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":\"RuntimeProfile\","             \
    "\"metadata\":{\"name\":\"" name "\"},\"spec\":{\"image\":\"python:3.11\",\"fileName\":"       \
    "\"main.py\",\"resources\":{\"max\":{\"cpu\":\"2\"}}}}"
#define SOURCE "\"runtimeProfile\":\"python3.11\",\"code\":{\"source\":\"x\"}"
#define MAP(name)                                                                                  \
    "\"runtimeProfile\":\"python3.11\",\"code\":{\"configMapRef\":{\"name\":\"" name               \
    "\",\"key\":\"main.py\"}}"

/* -- the server of pages: what stands in for http/ ------------------------------- */

struct http_exchange {
    struct http_request request;
    char text[TEXT * 2], answer[TEXT];
    uint32_t status; /* 0: none yet */
    int64_t answered_ms;
    const int64_t *now_ms;
};

const struct http_request *http_request_of(const struct http_exchange *exchange)
{
    assert_int_equal(exchange->status, 0);
    return &exchange->request;
}

void http_answer(struct http_exchange *exchange, uint32_t status, const char *content_type,
                 struct str body)
{
    assert_int_equal(exchange->status, 0); /* exactly once */
    assert_string_equal(content_type, status == 200 ? "application/json" : HTTP_TEXT);
    assert_true(body.size < TEXT);
    snprintf(exchange->answer, TEXT, "%.*s", STR_ARG(body));
    exchange->status = status;
    exchange->answered_ms = *exchange->now_ms;
}

/* -- the API server ----------------------------------------------------------------- */

struct exchange {
    const struct exchange_events *events;
    void *ctx;
    const char *body;
    int32_t status;
};

struct scene {
    struct transport transport;
    struct reactor reactor;
    struct fiber_pool *fibers;
    struct admission *admission;
    struct kube_caches caches;
    struct cache *profiles;
    struct config config;
    struct metrics metrics;
    struct log log;
    FILE *log_file;
    struct hand_clock clock;
    struct exchange *exchanges[PLACES];
    struct http_exchange *reviews; /* PLACES */
    uint32_t review_count;
    int32_t status; /* instead of an answer; 0: the answer; -1: no connection */
    bool is_silent;
    char asked[TEXT];      /* what was asked for, a word each */
    char last_right[TEXT]; /* the SubjectAccessReview */
    uint32_t at_once, at_once_max;
};

/* new: a profile that the cache does not know. mine, other: ConfigMaps. Who is called m… may not
 * read any. */
static const struct reply {
    const char *path, *word;
    int32_t status;
    const char *body;
} replies[] = {
    {"/apis/execution.agenttask.io/v1alpha1/runtimeprofiles/new", "profile", 200, PROFILE("new")                  },
    {"/apis/execution.agenttask.io/v1alpha1/runtimeprofiles/bad", "profile", 200, "{\"spec\":7}"                  },
    {"/apis/execution.agenttask.io/v1alpha1/runtimeprofiles/",    "profile", 404, NULL                            },
    {"/api/v1/namespaces/a/configmaps/mine",                      "map",     200, "{\"data\":{\"main.py\":\"x\"}}"},
    {"/api/v1/namespaces/a/configmaps/other",                     "map",     200, "{\"data\":{\"b.py\":\"x\"}}"   },
    {"/api/v1/namespaces/a/configmaps/",                          "map",     404, NULL                            },
};

static void answer_right(struct scene *scene, struct str body, struct exchange *exchange)
{
    snprintf(scene->last_right, TEXT, "%.*s", STR_ARG(body));
    exchange->status = 201;
    exchange->body = strstr(scene->last_right, "\"user\":\"m")
                         ? "{\"status\":{\"allowed\":false,\"reason\":\"no\"}}"
                         : "{\"status\":{\"allowed\":true}}";
}

static void answer_get(const char *path, const char **ret_word, struct exchange *exchange)
{
    size_t i = 0;

    while (i < countof(replies) && !str_starts(str_of(path), replies[i].path))
        i++;
    if (i == countof(replies))
        fail_msg("asked for %s", path);
    *ret_word = replies[i].word;
    exchange->status = replies[i].status;
    exchange->body = replies[i].body;
    if (!exchange->body)
        exchange->body = "{\"kind\":\"Status\",\"reason\":\"NotFound\",\"message\":\"not found\"}";
}

static struct exchange *start(void *self, const struct kube_request *request,
                              const struct exchange_events *events, void *ctx)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct scene *scene = self;
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    size_t used = strlen(scene->asked);
    const char *word = "right";
    uint32_t i = 0;

    *exchange = (struct exchange){.events = events, .ctx = ctx};
    if (request->method == HTTP_GET) {
        answer_get(arena_text(&arena, request->path), &word, exchange);
    } else { /* nothing else is ever written */
        assert_int_equal(request->method, HTTP_POST);
        assert_true(str_is(request->path, "/apis/authorization.k8s.io/v1/subjectaccessreviews"));
        answer_right(scene, request->body, exchange);
    }
    if (used + strlen(word) + 2 < TEXT)
        snprintf(scene->asked + used, TEXT - used, "%s%s", used ? " " : "", word);
    if (scene->status != 0) {
        exchange->status = scene->status;
        exchange->body = "{\"kind\":\"Status\",\"message\":\"etcd is gone\"}";
    }
    while (scene->exchanges[i])
        i++;
    assert_true(i < PLACES);
    scene->exchanges[i] = exchange;
    if (++scene->at_once > scene->at_once_max)
        scene->at_once_max = scene->at_once;
    return exchange;
}

static void stop(void *self, struct exchange *exchange)
{
    struct scene *scene = self;

    for (uint32_t i = 0; i < PLACES; i++)
        if (scene->exchanges[i] == exchange)
            scene->exchanges[i] = NULL;
    scene->at_once--;
    free(exchange);
}

static void deliver(struct scene *scene, struct exchange *exchange)
{
    const struct err lost = {.kind = ERR_RETRY, .text = "no connection"};
    struct exchange now = *exchange;

    stop(scene, exchange);
    if (now.status > 0) {
        now.events->head(now.ctx, now.status, -1);
        now.events->bytes(now.ctx, str_of(now.body));
    }
    now.events->end(now.ctx, now.status > 0 ? NULL : &lost);
}

/* -- the clock -------------------------------------------------------------------------- */

static void tick(struct scene *scene)
{
    struct exchange *open[PLACES];

    scene->clock.now_ms += TICK_MS;
    memcpy(open, scene->exchanges, sizeof(open));
    for (uint32_t i = 0; i < PLACES; i++)
        if (open[i] && !scene->is_silent)
            deliver(scene, open[i]);
    hand_clock_ring(&scene->clock);
}

/* -- who asks ---------------------------------------------------------------------------- */

static struct http_exchange *post(struct scene *scene, const char *type, const char *text)
{
    struct http_exchange *ret = &scene->reviews[scene->review_count++];

    assert_true(scene->review_count <= PLACES);
    snprintf(ret->text, sizeof(ret->text), "%s", text);
    ret->request = (struct http_request){
        .method = "POST", .content_type = str_of(type), .body = str_of(ret->text)};
    ret->now_ms = &scene->clock.now_ms;
    admission_serve_task(scene->admission, ret);
    return ret;
}

static struct http_exchange *ask(struct scene *scene, const char *user, const char *spec,
                                 const char *more)
{
    char text[TEXT];

    snprintf(text, sizeof(text),
             "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{"
             "\"uid\":\"u-1\",\"operation\":\"CREATE\",\"resource\":{\"group\":"
             "\"execution.agenttask.io\",\"version\":\"v1alpha1\",\"resource\":\"agenttasks\"},"
             "\"namespace\":\"a\",\"name\":\"t\",\"userInfo\":{\"username\":\"%s\",\"uid\":\"7\","
             "\"groups\":[\"devs\"],\"extra\":{\"k\":[\"v\"]}}%s,\"object\":{\"metadata\":{"
             "\"name\":\"t\"},\"spec\":{%s}}}}",
             user, more, spec);
    return post(scene, "application/json", text);
}

static struct http_exchange *wait_for(struct scene *scene, struct http_exchange *review)
{
    for (int i = 0; i < 1000 && review->status == 0; i++)
        tick(scene);
    assert_int_not_equal(review->status, 0);
    return review;
}

static void assert_answer(struct http_exchange *review, int32_t code, const char *words)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value value;
    const struct json_value *response;
    struct err err = {0};
    struct str message;

    assert_int_equal(review->status, 200);
    assert_true(json_read(&arena, str_of(review->answer), &value, &err));
    response = json_get(&value, "response");
    assert_true(str_is(look_text(response, "uid"), "u-1"));
    message = look_text(json_get(response, "status"), "message");
    if (look_flag(response, "allowed") != (code == 0) ||
        look_int(json_get(response, "status"), "code") != code ||
        !strstr(arena_text(&arena, message), words))
        fail_msg("expected %d %s, got %s", code, words, review->answer);
}

static int prepare(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    struct cached cached = {
        .name = STR_LIT("python3.11"),
        .uid = STR_LIT("1"),
        .version = STR_LIT("1"),
        .kept = STR_LIT(PROFILE("python3.11")),
    };

    scene->transport = (struct transport){.self = scene, .start = start, .stop = stop};
    scene->reactor = hand_clock_reactor(&scene->clock);
    scene->fibers = fiber_pool_new(ADMISSION_FIBERS);
    scene->profiles = cache_new();
    cache_put(scene->profiles, &cached);
    scene->caches = (struct kube_caches){.profiles = scene->profiles, .is_synced = true};
    scene->reviews = calloc(PLACES, sizeof(*scene->reviews));
    scene->log_file = tmpfile();
    scene->log = (struct log){
        .fd = fileno(scene->log_file), .level = LEVEL_INFO, .reactor = &scene->reactor};
    scene->clock.now_ms = 1000000;
    config_init(&scene->config);
    scene->admission = admission_new(&(struct admission_spec){
        .transport = &scene->transport,
        .reactor = &scene->reactor,
        .fibers = scene->fibers,
        .caches = &scene->caches,
        .config = &scene->config,
        .metrics = &scene->metrics,
        .log = &scene->log,
    });
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < 1000; i++)
        tick(scene);
    for (uint32_t i = 0; i < scene->review_count; i++)
        assert_int_not_equal(scene->reviews[i].status, 0);
    assert_int_equal(scene->at_once, 0);
    admission_free(scene->admission);
    fiber_pool_free(scene->fibers);
    cache_free(scene->profiles);
    fclose(scene->log_file);
    free(scene->reviews);
    free(scene);
    return 0;
}

/* -- tests ----------------------------------------------------------------------------------- */

static void what_memory_knows_is_answered_at_once(void **state)
{
    struct scene *scene = *state;

    assert_answer(ask(scene, "bob", SOURCE, ""), 0, "");
    assert_answer(ask(scene, "bob", SOURCE ",\"tenant\":\"x\"", ""), 403, "spec.tenant");
    assert_answer(ask(scene, "bob", SOURCE ",\"resources\":{\"limits\":{\"cpu\":\"3\"}}", ""), 422,
                  "spec.resources.limits.cpu: 3 is too much: at most 2");
    assert_string_equal(scene->asked, "");
}

static void a_profile_that_the_cache_does_not_know_is_asked_for(void **state)
{
    struct scene *scene = *state;
    const char *spec = "\"runtimeProfile\":\"new\",\"code\":{\"source\":\"x\"}";

    assert_answer(wait_for(scene, ask(scene, "bob", spec, "")), 0, "");
    assert_string_equal(scene->asked, "profile");
    spec = "\"runtimeProfile\":\"cobol\",\"code\":{\"source\":\"x\"}";
    assert_answer(wait_for(scene, ask(scene, "bob", spec, "")), 422,
                  "spec.runtimeProfile: there is no RuntimeProfile \"cobol\"; it must be one "
                  "of: python3.11");
    spec = "\"runtimeProfile\":\"bad\",\"code\":{\"source\":\"x\"}";
    assert_answer(wait_for(scene, ask(scene, "bob", spec, "")), 503,
                  "spec.runtimeProfile: it could not be checked");
}

static void h45_confused_deputy(void **state)
{
    struct scene *scene = *state;

    assert_answer(wait_for(scene, ask(scene, "mallory", MAP("mine"), "")), 403,
                  "spec.code.configMapRef.name: user \"mallory\" may not read ConfigMap \"mine\"");
    assert_answer(wait_for(scene, ask(scene, "mallory", MAP("gone"), "")), 403,
                  "may not read ConfigMap \"gone\"");
    assert_string_equal(scene->asked, "right right"); /* and whether it is there stays untold */
    assert_answer(wait_for(scene, ask(scene, "bob", MAP("mine"), "")), 0, "");
    assert_string_equal(scene->asked, "right right right map");
    assert_string_equal(
        scene->last_right,
        "{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SubjectAccessReview\",\"spec\":{"
        "\"extra\":{\"k\":[\"v\"]},\"groups\":[\"devs\"],\"uid\":\"7\",\"user\":\"bob\","
        "\"resourceAttributes\":{\"name\":\"mine\",\"namespace\":\"a\",\"resource\":\"configmaps\","
        "\"verb\":\"get\",\"version\":\"v1\"}}}");
}

static void h44_configmap_unchecked(void **state)
{
    struct scene *scene = *state;

    assert_answer(wait_for(scene, ask(scene, "bob", MAP("gone"), "")), 422,
                  "spec.code.configMapRef: there is no ConfigMap \"gone\" in namespace a");
    assert_answer(wait_for(scene, ask(scene, "bob", MAP("other"), "")), 422,
                  "spec.code.configMapRef: the ConfigMap has no key main.py");
    assert_answer(wait_for(scene, ask(scene, "bob", MAP("mine"), "")), 0, "");
}

static void a_dry_run_is_judged_as_any_other(void **state)
{
    struct scene *scene = *state;
    const char *dry = ",\"dryRun\":true";

    assert_answer(wait_for(scene, ask(scene, "bob", MAP("mine"), dry)), 0, "");
    assert_answer(wait_for(scene, ask(scene, "mallory", MAP("mine"), dry)), 403, "may not read");
    assert_string_equal(scene->asked, "right map right");
}

static void an_api_server_that_fails_lets_nobody_in(void **state)
{
    static const struct {
        int32_t status;
        const char *words;
    } rows[] = {
        {500, "spec.code.configMapRef: it could not be checked: create SubjectAccessReview"},
        {403, "etcd is gone"                                                               },
        {404, "it could not be checked"                                                    },
        {-1,  "no connection"                                                              },
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < countof(rows); i++) {
        scene->status = rows[i].status;
        assert_answer(wait_for(scene, ask(scene, "bob", MAP("mine"), "")), 503, rows[i].words);
    }
    scene->status = 0;
    assert_answer(wait_for(scene, ask(scene, "bob", MAP("mine"), "")), 0, "");
}

static void an_api_server_that_is_silent_is_not_waited_for(void **state)
{
    struct scene *scene = *state;
    struct http_exchange *review;
    int64_t asked_ms = scene->clock.now_ms;

    scene->is_silent = true;
    review = wait_for(scene, ask(scene, "bob", MAP("mine"), ""));
    assert_answer(review, 503, "spec.code.configMapRef: the API server did not say within 4 s");
    assert_in_range(review->answered_ms - asked_ms, ADMISSION_MS, ADMISSION_MS + TICK_MS);
    asked_ms = scene->clock.now_ms;
    scene->is_silent = false;
    scene->status = 429; /* come back later, again and again */
    review = wait_for(scene, ask(scene, "bob", MAP("mine"), ""));
    assert_answer(review, 503, "did not say within 4 s");
    assert_in_range(review->answered_ms - asked_ms, ADMISSION_MS, ADMISSION_MS + TICK_MS);
}

static void a_flood_waits_in_line_and_then_is_turned_away(void **state)
{
    const uint32_t room = ADMISSION_FIBERS + ADMISSION_WAITING_MAX;
    struct scene *scene = *state;
    int64_t asked_ms = scene->clock.now_ms;

    scene->is_silent = true;
    for (uint32_t i = 0; i < room + 20; i++)
        (void)ask(scene, "bob", MAP("mine"), "");
    for (uint32_t i = 0; i < room + 20; i++)
        if (i < room)
            assert_int_equal(scene->reviews[i].status, 0);
        else
            assert_answer(&scene->reviews[i], 429, "too many reviews");
    assert_int_equal(scene->at_once_max, ADMISSION_FIBERS);
    assert_answer(ask(scene, "bob", SOURCE, ""), 0, ""); /* what memory knows is not held up */
    scene->is_silent = false;
    for (uint32_t i = 0; i < room; i++)
        assert_answer(wait_for(scene, &scene->reviews[i]), 0, "");
    assert_in_range(scene->clock.now_ms - asked_ms, 1, ADMISSION_MS);
}

static void who_waits_in_line_waits_no_longer_than_others(void **state)
{
    struct scene *scene = *state;
    int64_t asked_ms = scene->clock.now_ms;

    scene->is_silent = true;
    for (uint32_t i = 0; i < ADMISSION_FIBERS * 3; i++)
        (void)ask(scene, "bob", MAP("mine"), "");
    for (uint32_t i = 0; i < ADMISSION_FIBERS * 3; i++) {
        assert_answer(wait_for(scene, &scene->reviews[i]), 503, "did not say within 4 s");
        assert_in_range(scene->reviews[i].answered_ms - asked_ms, ADMISSION_MS,
                        ADMISSION_MS + TICK_MS);
    }
}

static void before_the_caches_are_filled_nobody_is_let_in(void **state)
{
    struct scene *scene = *state;

    scene->caches.is_synced = false;
    assert_answer(ask(scene, "bob", SOURCE, ""), 503, "the operator has just begun");
    scene->caches.is_synced = true;
    assert_answer(ask(scene, "bob", SOURCE, ""), 0, "");
}

static void the_config_that_holds_now_decides(void **state)
{
    static const struct str bob[] = {
        {"bob", 3}
    };
    static const struct config_tenant tenants[] = {
        {.name = {"x", 1}, .users = {bob, 1}}
    };
    struct scene *scene = *state;

    assert_answer(ask(scene, "bob", SOURCE ",\"tenant\":\"x\"", ""), 403, "spec.tenant");
    scene->config.tenants = tenants;
    scene->config.tenant_count = 1;
    assert_answer(ask(scene, "bob", SOURCE ",\"tenant\":\"x\"", ""), 0, "");
    assert_answer(ask(scene, "ann", SOURCE ",\"tenant\":\"x\"", ""), 403, "spec.tenant");
}

static void what_is_no_review_is_no_answer(void **state)
{
    static const struct {
        const char *type, *text;
        uint32_t status;
        const char *words;
    } rows[] = {
        {"application/json",                "",             400, "no JSON"                     },
        {"application/json",                "{\"kind\":1}", 400, "this is no AdmissionReview"  },
        {"Application/JSON; charset=utf-8", "\x1b[31m\xff", 400, "1:1: "                       },
        {"text/plain",                      "{}",           415, "application/json is expected"},
        {"application/jsonp",               "{}",           415, "application/json is expected"},
        {"",                                "{}",           415, "application/json is expected"},
    };
    struct scene *scene = *state;
    struct http_exchange *review;

    for (size_t i = 0; i < countof(rows); i++) {
        review = post(scene, rows[i].type, rows[i].text);
        assert_int_equal(review->status, rows[i].status);
        assert_non_null(strstr(review->answer, rows[i].words));
    }
    review = &scene->reviews[scene->review_count++];
    review->now_ms = &scene->clock.now_ms;
    review->request = (struct http_request){
        .content_type = STR_LIT("application/json"),
        .body = {calloc(1, REVIEW_SIZE_MAX + 1), REVIEW_SIZE_MAX + 1},
    };
    admission_serve_task(scene->admission, review);
    assert_int_equal(review->status, 413);
    free((char *)(uintptr_t)review->request.body.at);
    assert_int_equal(scene->metrics.reviews[WEBHOOK_TASKS][REVIEW_FAILED], countof(rows) + 1);
}

static void the_page_of_profiles_judges_profiles(void **state)
{
    struct scene *scene = *state;
    struct http_exchange *review = &scene->reviews[scene->review_count++];

    snprintf(review->text, sizeof(review->text),
             "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{"
             "\"uid\":\"u-1\",\"operation\":\"CREATE\",\"resource\":{\"group\":"
             "\"execution.agenttask.io\",\"version\":\"v1alpha1\",\"resource\":"
             "\"runtimeprofiles\"},\"object\":" PROFILE("p") "}}");
    review->now_ms = &scene->clock.now_ms;
    review->request = (struct http_request){.content_type = STR_LIT("application/json"),
                                            .body = str_of(review->text)};
    admission_serve_profile(scene->admission, review);
    assert_answer(review, 422, "spec.image: \"python:3.11\" has no digest");
    assert_int_equal(scene->metrics.reviews[WEBHOOK_PROFILES][REVIEW_DENIED], 1);
}

/* What a user wrote is escaped, and cut. */
static void a_denial_is_a_line_of_the_log(void **state)
{
    struct scene *scene = *state;
    char text[4096] = "";
    size_t size;

    (void)ask(scene, "bob", SOURCE, "");
    assert_int_equal(lseek(scene->log.fd, 0, SEEK_CUR), 0);
    (void)ask(scene, "e\\u001b[31mve", "\"runtimeProfile\":\"a\\nb\",\"code\":{\"source\":\"x\"}",
              "");
    size = (size_t)lseek(scene->log.fd, 0, SEEK_CUR);
    assert_in_range(size, 1, sizeof(text) - 1);
    assert_int_equal(pread(scene->log.fd, text, size, 0), size);
    assert_ptr_equal(strchr(text, '\n'), text + size - 1); /* one line */
    assert_non_null(strstr(text, "\"level\":\"info\",\"logger\":\"admission\",\"msg\":"
                                 "\"AgentTask denied\",\"namespace\":\"a\",\"name\":\"t\","
                                 "\"because\":\"create\""));
    assert_non_null(strstr(text, "\"error\":\"spec.runtimeProfile: \\\"a?b\\\" is no name"));
    assert_non_null(strstr(text, "asked by e\\\\x1b[31mve"));
    assert_int_equal(scene->metrics.reviews[WEBHOOK_TASKS][REVIEW_ALLOWED], 1);
    assert_int_equal(scene->metrics.reviews[WEBHOOK_TASKS][REVIEW_DENIED], 1);
    assert_int_equal(scene->metrics.review_time[WEBHOOK_TASKS].count, 2);
}

#define SCENE_TEST(test) cmocka_unit_test_setup_teardown(test, prepare, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(what_memory_knows_is_answered_at_once),
        SCENE_TEST(a_profile_that_the_cache_does_not_know_is_asked_for),
        SCENE_TEST(h45_confused_deputy),
        SCENE_TEST(h44_configmap_unchecked),
        SCENE_TEST(a_dry_run_is_judged_as_any_other),
        SCENE_TEST(an_api_server_that_fails_lets_nobody_in),
        SCENE_TEST(an_api_server_that_is_silent_is_not_waited_for),
        SCENE_TEST(a_flood_waits_in_line_and_then_is_turned_away),
        SCENE_TEST(who_waits_in_line_waits_no_longer_than_others),
        SCENE_TEST(before_the_caches_are_filled_nobody_is_let_in),
        SCENE_TEST(the_config_that_holds_now_decides),
        SCENE_TEST(what_is_no_review_is_no_answer),
        SCENE_TEST(the_page_of_profiles_judges_profiles),
        SCENE_TEST(a_denial_is_a_line_of_the_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
