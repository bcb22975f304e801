// SPDX-License-Identifier: Apache-2.0
#include "kube/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum {
    ALARMS_MAX = 8
};

struct answer {
    int32_t status;
    int64_t retry_after_ms;
    const char *bytes;
    enum err_kind failure;
    int64_t wait_ms;
};

struct exchange {
    const struct exchange_events *events;
    void *ctx;
    struct alarm alarm;
    const struct answer *answer;
    struct script *script;
};

/* A server that answers as it is written, and a time that only jumps. */
struct script {
    const struct answer *answers;
    uint32_t sent, stopped, writes_left;
    int64_t now_ms;
    struct alarm *alarms[ALARMS_MAX];
    struct exchange exchange;
    struct transport transport;
    struct reactor reactor;
    struct kube_client client;
    struct arena arena;
    void (*main)(struct script *script);
    bool is_stopped, is_over;
};

static int64_t now(void *self)
{
    return ((struct script *)self)->now_ms;
}

static uint32_t no_chance(void *self)
{
    (void)self;
    return 0;
}

static void disarm(void *self, struct alarm *alarm)
{
    struct script *script = self;

    for (int i = 0; i < ALARMS_MAX; i++)
        if (script->alarms[i] == alarm)
            script->alarms[i] = NULL;
}

static void arm(void *self, struct alarm *alarm, int64_t at_ms)
{
    struct script *script = self;

    disarm(self, alarm);
    alarm->at_ms = at_ms;
    for (int i = 0; i < ALARMS_MAX; i++)
        if (!script->alarms[i]) {
            script->alarms[i] = alarm;
            return;
        }
    fail();
}

static bool ring_next(struct script *script)
{
    struct alarm *next = NULL;

    for (int i = 0; i < ALARMS_MAX; i++)
        if (script->alarms[i] && (!next || script->alarms[i]->at_ms < next->at_ms))
            next = script->alarms[i];
    if (!next)
        return false;
    disarm(script, next);
    script->now_ms = next->at_ms > script->now_ms ? next->at_ms : script->now_ms;
    next->ring(next->ctx);
    return true;
}

static void answer(void *ctx)
{
    struct exchange *exchange = ctx;
    const struct answer *told = exchange->answer;
    struct err failure = {0};
    uint32_t stopped = exchange->script->stopped;

    if (told->status)
        exchange->events->head(exchange->ctx, told->status, told->retry_after_ms);
    if (told->bytes && exchange->script->stopped == stopped)
        exchange->events->bytes(exchange->ctx, str_of(told->bytes));
    if (exchange->script->stopped != stopped)
        return;
    if (told->failure)
        err_set(&failure, told->failure, "broken");
    exchange->events->end(exchange->ctx, told->failure ? &failure : NULL);
}

static struct exchange *start(void *self, const struct kube_request *request,
                              const struct exchange_events *events, void *ctx)
{
    struct script *script = self;

    (void)request;
    script->exchange = (struct exchange){
        .events = events,
        .ctx = ctx,
        .alarm = {.ring = answer, .ctx = &script->exchange},
        .answer = &script->answers[script->sent++],
        .script = script,
    };
    arm(script, &script->exchange.alarm, script->now_ms + script->exchange.answer->wait_ms);
    return &script->exchange;
}

static void stop(void *self, struct exchange *exchange)
{
    struct script *script = self;

    script->stopped++;
    disarm(self, &exchange->alarm);
}

static bool may_write(void *ctx)
{
    struct script *script = ctx;

    return script->writes_left > 0 && script->writes_left--;
}

static void run(struct fiber *fiber, void *ctx)
{
    struct script *script = ctx;

    script->client.fiber = fiber;
    script->main(script);
    script->is_over = true;
}

static void play(struct script *script)
{
    struct fiber_pool *fibers = fiber_pool_new(1);

    script->now_ms = 1000;
    script->reactor = (struct reactor){script, now, now, arm, disarm, no_chance};
    script->transport = (struct transport){script, start, stop};
    script->client = (struct kube_client){
        .transport = &script->transport,
        .reactor = &script->reactor,
        .may_write = may_write,
        .ctx = script,
        .is_stopped = &script->is_stopped,
    };
    assert_true(fiber_start(fibers, run, script));
    while (ring_next(script))
        ;
    assert_true(script->is_over);
    fiber_pool_free(fibers);
    arena_fini(&script->arena);
}

static const struct kube_resource pods = {"", "v1", "pods", "Pod", true};

static bool get(struct script *script, struct json_value *ret, struct err *err)
{
    struct kube_request request = request_get(&script->arena, &pods, STR_LIT("s"), STR_LIT("n"));

    return kube_call(&script->client, &script->arena, &request, "get pod s/n", ret, err);
}

static bool create(struct script *script, struct err *err)
{
    struct kube_request request =
        request_create(&script->arena, &pods, STR_LIT("s"), STR_LIT("{}"));
    struct json_value ignored;

    return kube_call(&script->client, &script->arena, &request, "create pod s/n", &ignored, err);
}

static void gets_an_object(struct script *script)
{
    struct json_value object;
    struct err err = {0};

    assert_true(get(script, &object, &err));
    assert_true(json_get(&object, "a")->flag);
}

static void an_object_comes_back(void **state)
{
    static const struct answer answers[] = {
        {200, -1, "{\"a\":true}", ERR_NONE, 5}
    };

    (void)state;
    play(&(struct script){.answers = answers, .main = gets_an_object});
}

static void sees_each_failure(struct script *script)
{
    static const struct {
        enum err_kind kind;
        const char *text;
    } wanted[] = {
        {ERR_ABSENT,  "get pod s/n: HTTP 404"                        },
        {ERR_RETRY,   "get pod s/n: broken"                          },
        {ERR_REFUSED, "get pod s/n: broken"                          },
        {ERR_RETRY,   "get pod s/n: the answer cannot be read: 1:1: "},
        {ERR_RETRY,   "get pod s/n: HTTP 503"                        },
        {ERR_RETRY,   "get pod s/n: HTTP 500"                        },
    };

    for (size_t i = 0; i < countof(wanted); i++) {
        struct json_value object;
        struct err err = {0};
        assert_false(get(script, &object, &err));
        assert_int_equal(err.kind, wanted[i].kind);
        assert_ptr_equal(strstr(err.text, wanted[i].text), err.text);
    }
    assert_int_equal(script->sent, countof(wanted)); /* none of them is sent again */
}

static void what_failed_is_not_sent_again(void **state)
{
    static const struct answer answers[] = {
        {404, -1,   "",      ERR_NONE,    0},
        {0,   -1,   NULL,    ERR_RETRY,   0},
        {200, -1,   "{",     ERR_REFUSED, 0},
        {200, -1,   "hello", ERR_NONE,    0},
        {503, -1,   "",      ERR_NONE,    0},
        {500, 3000, "",      ERR_NONE,    0},
    };

    (void)state;
    play(&(struct script){.answers = answers, .main = sees_each_failure});
}

static void gets_too_much(struct script *script)
{
    struct kube_request request = {.size_max = 5};
    struct kube_response response;
    struct json_value object;
    struct err first = {0}, second = {0};

    assert_false(kube_send(&script->client, &script->arena, &request, &response, &first));
    assert_int_equal(first.kind, ERR_LIMIT);
    assert_false(get(script, &object, &second));
    assert_int_equal(second.kind, ERR_LIMIT);
}

static void what_is_too_large_is_a_limit(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    char *blanks = arena_alloc(&arena, JSON_SIZE_MAX + 2);
    const struct answer answers[] = {
        {200, -1, "{\"a\":1}", ERR_NONE, 0},
        {200, -1, blanks,      ERR_NONE, 0},
    };

    (void)state;
    memset(blanks, ' ', JSON_SIZE_MAX + 1);
    play(&(struct script){.answers = answers, .main = gets_too_much});
}

static void is_put_off(struct script *script)
{
    struct json_value object;
    struct err err = {0};

    assert_true(get(script, &object, &err));
    assert_int_equal(script->sent, 5);
    assert_int_equal(script->now_ms, 1000 + 2000 + 1000 + 0 + 60000);
}

static void what_is_put_off_is_sent_again_when_told(void **state)
{
    static const struct answer answers[] = {
        {429, 2000,    "",   ERR_NONE, 0},
        {429, -1,      "",   ERR_NONE, 0},
        {503, 0,       "",   ERR_NONE, 0},
        {429, 3600000, "",   ERR_NONE, 0}, /* no longer than a minute */
        {200, -1,      "{}", ERR_NONE, 0},
    };

    (void)state;
    play(&(struct script){.answers = answers, .main = is_put_off});
}

static void gives_up(struct script *script)
{
    struct json_value object;
    struct err err = {0};

    assert_false(get(script, &object, &err));
    assert_int_equal(err.kind, ERR_RETRY);
    assert_int_equal(script->sent, 6);
}

static void it_is_sent_again_five_times_at_most(void **state)
{
    static const struct answer answers[] = {
        {429, 1, "", ERR_NONE, 0},
        {429, 1, "", ERR_NONE, 0},
        {429, 1, "", ERR_NONE, 0},
        {429, 1, "", ERR_NONE, 0},
        {429, 1, "", ERR_NONE, 0},
        {429, 1, "", ERR_NONE, 0},
        {200, 1, "", ERR_NONE, 0},
    };

    (void)state;
    play(&(struct script){.answers = answers, .main = gives_up});
}

static void loses_the_right(struct script *script)
{
    struct json_value object;
    struct err first = {0}, second = {0}, third = {0};

    script->writes_left = 1;
    assert_true(create(script, &first));
    script->writes_left = 1;
    assert_false(create(script, &second)); /* put off, and then it is gone */
    assert_int_equal(second.kind, ERR_REFUSED);
    assert_int_equal(script->sent, 2);
    assert_true(get(script, &object, &third)); /* anybody may read */
}

static void nothing_is_written_without_the_right(void **state)
{
    static const struct answer answers[] = {
        {201, -1, "{}", ERR_NONE, 0},
        {429, 10, "",   ERR_NONE, 0},
        {200, -1, "{}", ERR_NONE, 0},
    };

    (void)state;
    play(&(struct script){.answers = answers, .main = loses_the_right});
}

static void stop_it(void *ctx)
{
    struct script *script = ctx;

    script->is_stopped = true;
    fiber_wake(script->client.fiber);
}

static bool take_all(void *ctx, struct str bytes)
{
    buf_add(ctx, bytes);
    return true;
}

static bool take_none(void *ctx, struct str bytes)
{
    (void)bytes;
    ++*(uint32_t *)ctx;
    return false;
}

static void is_let_go(struct script *script)
{
    struct alarm alarm = {.ring = stop_it, .ctx = script};
    struct kube_request request = {.is_stream = true};
    struct json_value object;
    struct buf bytes;
    struct err first = {0}, second = {0}, third = {0};

    arm(script, &alarm, script->now_ms + 10);
    assert_false(get(script, &object, &first));
    assert_int_equal(first.kind, ERR_RETRY);
    assert_int_equal(script->stopped, 1);
    assert_false(get(script, &object, &second));
    assert_int_equal(script->sent, 1);
    script->is_stopped = false;
    arm(script, &alarm, script->now_ms + 10);
    buf_init(&bytes, 100);
    assert_false(kube_stream(&script->client, &request, "read", 0, take_all, &bytes, &third));
    assert_int_equal(third.kind, ERR_RETRY);
    assert_int_equal(script->stopped, 2);
    assert_int_equal(bytes.size, 0);
}

static void who_is_stopped_waits_no_more(void **state)
{
    static const struct answer answers[] = {
        {200, -1, "{}", ERR_NONE, 1000},
        {200, -1, "{}", ERR_NONE, 1000},
    };

    (void)state;
    play(&(struct script){.answers = answers, .main = is_let_go});
}

static void reads_streams(struct script *script)
{
    struct kube_request request = {.is_stream = true};
    auto_end(buf_fini) struct buf bytes;
    struct err err[4] = {0};
    uint32_t takes = 0;

    buf_init(&bytes, 100);
    assert_true(kube_stream(&script->client, &request, "read", 0, take_all, &bytes, &err[0]));
    assert_true(str_is(buf_str(&bytes), "ab"));
    assert_true(kube_stream(&script->client, &request, "read", 0, take_none, &takes, &err[1]));
    assert_int_equal(takes, 1);
    assert_int_equal(script->stopped, 1); /* the rest is not wanted */
    assert_false(kube_stream(&script->client, &request, "read", 0, take_all, &bytes, &err[2]));
    assert_string_equal(err[2].text, "read: broken");
    assert_true(str_is(buf_str(&bytes), "abc")); /* what came before it broke */
    assert_false(kube_stream(&script->client, &request, "read", 0, take_all, &bytes, &err[3]));
    assert_int_equal(err[3].kind, ERR_STALE);
    assert_non_null(strstr(err[3].text, "too old"));
    assert_int_equal(bytes.size, 3); /* a refusal is not the stream */
}

static void a_stream_is_handed_on(void **state)
{
    static const struct answer answers[] = {
        {200, -1, "ab",                                            ERR_NONE,  1},
        {200, -1, "ab",                                            ERR_NONE,  1},
        {200, -1, "c",                                             ERR_RETRY, 1},
        {410, -1, "{\"kind\":\"Status\",\"message\":\"too old\"}", ERR_NONE,  1},
    };

    (void)state;
    play(&(struct script){.answers = answers, .main = reads_streams});
}

static void is_late(struct script *script)
{
    struct kube_request request = {.is_stream = true};
    auto_end(buf_fini) struct buf bytes;
    struct err err = {0};

    buf_init(&bytes, 100);
    assert_true(kube_stream(&script->client, &request, "read", script->now_ms + 500, take_all,
                            &bytes, &err));
    assert_int_equal(script->now_ms, 1500);
    assert_int_equal(script->stopped, 1);
}

static void a_stream_ends_when_it_is_late(void **state)
{
    static const struct answer answers[] = {
        {200, -1, "ab", ERR_NONE, 1000}
    };

    (void)state;
    play(&(struct script){.answers = answers, .main = is_late});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_comes_back),
        cmocka_unit_test(what_failed_is_not_sent_again),
        cmocka_unit_test(what_is_too_large_is_a_limit),
        cmocka_unit_test(what_is_put_off_is_sent_again_when_told),
        cmocka_unit_test(it_is_sent_again_five_times_at_most),
        cmocka_unit_test(nothing_is_written_without_the_right),
        cmocka_unit_test(who_is_stopped_waits_no_more),
        cmocka_unit_test(a_stream_is_handed_on),
        cmocka_unit_test(a_stream_ends_when_it_is_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
