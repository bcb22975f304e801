// SPDX-License-Identifier: Apache-2.0
#include "kube/curl_transport.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "loopback.h"

static struct loopback *server(void **state)
{
    return *state;
}

static void is_kept_out(struct visit *visit)
{
    struct kube_request request = visit_request(HTTP_GET, "/echo");

    visit_expect(visit, &request, *(const enum err_kind *)visit->ctx, 0);
}

static void asks_many_times(struct visit *visit)
{
    struct json_value before = visit_get(visit, "/facts"), after;

    for (int i = 0; i < 100; i++)
        visit_get(visit, "/echo");
    after = visit_get(visit, "/facts");
    assert_int_equal(answer_number(&after, "connections"), answer_number(&before, "connections"));
}

static void a_hundred_requests_need_one_connection(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access plain = loopback_plain(&arena, *state), tls = loopback_tls(&arena, *state);

    visit_as(*state, &plain, asks_many_times, NULL);
    visit_as(*state, &tls, asks_many_times, NULL);
}

struct crowd {
    struct visit *visit;
    uint32_t *left;
};

static void one_of_many(struct fiber *fiber, void *ctx)
{
    struct crowd *crowd = ctx;
    struct kube_request request = visit_request(HTTP_GET, "/slow?ms=60");
    struct kube_client client = crowd->visit->client;
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_response response;
    struct err err = {0};

    client.fiber = fiber;
    if (!kube_send(&client, &arena, &request, &response, &err))
        fail_msg("%s", err.text);
    assert_int_equal(response.status, 200);
    --*crowd->left;
}

static void asks_all_at_once(struct visit *visit)
{
    uint32_t left = 200;
    struct crowd crowd = {visit, &left};
    struct json_value facts;

    for (int i = 0; i < 200; i++)
        assert_true(fiber_start(visit->fibers, one_of_many, &crowd));
    while (left > 0)
        fiber_sleep(visit->client.fiber, &visit->reactor, 10);
    facts = visit_get(visit, "/facts");
    assert_true(answer_number(&facts, "active_max") <= TRANSPORT_FLIGHT_MAX);
    assert_true(answer_number(&facts, "active_max") > 8);
}

static void no_more_than_64_are_in_flight(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_plain(&arena, *state);

    visit_as(*state, &access, asks_all_at_once, NULL);
}

static void meets_bad_answers(struct visit *visit)
{
    static const struct {
        const char *path;
        enum err_kind kind;
        int32_t status;
    } cases[] = {
        {"/cut-body",        ERR_RETRY, 0  },
        {"/drop",            ERR_RETRY, 0  },
        {"/big-head",        ERR_LIMIT, 0  },
        {"/big-body",        ERR_LIMIT, 0  },
        {"/redirect",        ERR_NONE,  302},
        {"/status?code=500", ERR_NONE,  500},
        {"/status?code=503", ERR_NONE,  503},
        {"/status?code=401", ERR_NONE,  401},
        {"/nothing",         ERR_NONE,  404},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        struct kube_request request = visit_request(HTTP_GET, cases[i].path);
        visit_expect(visit, &request, cases[i].kind, cases[i].status);
    }
    visit_get(visit, "/echo"); /* and goes on */
}

static void bad_answers_are_errors(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_plain(&arena, *state);

    visit_as(*state, &access, meets_bad_answers, NULL);
}

static bool take_all(void *ctx, struct str bytes)
{
    buf_add(ctx, bytes);
    return true;
}

static void reads_to_the_end(struct visit *visit, struct fiber *fiber, const char *path)
{
    struct kube_request request = visit_request(HTTP_GET, path);
    struct kube_client client = visit->client;
    auto_end(buf_fini) struct buf bytes;
    struct err err = {0};

    client.fiber = fiber;
    request.is_stream = true;
    buf_init(&bytes, 1000);
    if (!kube_stream(&client, &request, path, 0, take_all, &bytes, &err))
        fail_msg("%s", err.text);
}

static long connections(struct visit *visit)
{
    struct json_value facts = visit_get(visit, "/facts");

    return answer_number(&facts, "connections");
}

static void reads_beside(struct visit *visit)
{
    long first = connections(visit);
    uint32_t left = 2;
    struct crowd crowd = {visit, &left};
    struct json_value before = visit_get(visit, "/echo"), after;

    reads_to_the_end(visit, visit->client.fiber, "/stream?n=0");
    after = visit_get(visit, "/echo");
    assert_int_equal(answer_number(&before, "connection"), answer_number(&after, "connection"));
    assert_int_equal(connections(visit), first + 1); /* though one was free */
    for (int i = 0; i < 2; i++)
        assert_true(fiber_start(visit->fibers, one_of_many, &crowd));
    while (left > 0)
        fiber_sleep(visit->client.fiber, &visit->reactor, 10);
    assert_int_equal(connections(visit), first + 2); /* the stream's was not kept */
}

static void a_stream_has_a_connection_of_its_own(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_plain(&arena, *state);

    visit_as(*state, &access, reads_beside, NULL);
}

static void reads_for_a_second(struct fiber *fiber, void *ctx)
{
    struct crowd *crowd = ctx;

    reads_to_the_end(crowd->visit, fiber, "/stream?n=10&ms=100");
    --*crowd->left;
}

static void drops_then_waits(struct visit *visit)
{
    struct kube_request request = visit_request(HTTP_GET, "/drop");
    uint32_t left = 1;
    struct crowd crowd = {visit, &left};

    visit_expect(visit, &request, ERR_RETRY, 0);
    /* The stream's socket has the number of the one that is gone. */
    assert_true(fiber_start(visit->fibers, reads_for_a_second, &crowd));
    request = visit_request(HTTP_GET, "/slow?ms=3000");
    request.timeout_ms = 300;
    visit_expect(visit, &request, ERR_RETRY, 0);
    while (left > 0)
        fiber_sleep(visit->client.fiber, &visit->reactor, 10);
}

static void a_dead_connection_does_not_end_a_stream(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_plain(&arena, *state);

    visit_as(*state, &access, drops_then_waits, NULL);
}

static void waits_in_vain(struct visit *visit)
{
    struct kube_request request = visit_request(HTTP_GET, "/slow?ms=3000");
    int64_t start_ms = visit->reactor.monotonic_ms(visit->reactor.self);

    request.timeout_ms = 200;
    visit_expect(visit, &request, ERR_RETRY, 0);
    assert_true(visit->reactor.monotonic_ms(visit->reactor.self) < start_ms + 2500);
    visit_get(visit, "/echo");
}

static void no_answer_in_time_is_an_error(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_plain(&arena, *state);

    visit_as(*state, &access, waits_in_vain, NULL);
}

static void waits_on_silence(struct visit *visit)
{
    struct kube_request request = visit_request(HTTP_GET, "/echo");

    request.timeout_ms = 600;
    for (int i = 0; i < 3; i++)
        visit_expect(visit, &request, ERR_RETRY, 0);
}

static void counts_silent_connections(struct visit *visit)
{
    struct json_value facts = visit_get(visit, "/facts");

    assert_int_equal(answer_number(&facts, "silent"), 3); /* none is used again */
}

static void a_silent_connection_is_not_used_again(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access silent = loopback_tls(&arena, *state),
                       plain = loopback_plain(&arena, *state);

    silent.server = loopback_url(&arena, "https", server(state)->silent);
    visit_as(*state, &silent, waits_on_silence, NULL);
    visit_as(*state, &plain, counts_silent_connections, NULL);
}

static void is_put_off(struct visit *visit)
{
    struct kube_request request = visit_request(HTTP_GET, "/busy?key=a&n=2&code=429&retry=0");
    int64_t start_ms = visit->reactor.monotonic_ms(visit->reactor.self);

    visit_expect(visit, &request, ERR_NONE, 200);
    request.path = STR_LIT("/busy?key=b&n=1&code=503&retry=1");
    visit_expect(visit, &request, ERR_NONE, 200);
    assert_true(visit->reactor.monotonic_ms(visit->reactor.self) >= start_ms + 1000);
}

static void it_waits_as_long_as_it_is_told(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_plain(&arena, *state);

    visit_as(*state, &access, is_put_off, NULL);
}

static void reads_streams(struct visit *visit)
{
    static const struct {
        const char *path;
        enum err_kind kind;
        const char *bytes;
    } cases[] = {
        {"/stream?n=3&ms=10",      ERR_NONE,   "line 0\nline 1\nline 2\n"  },
        {"/stream?n=0",            ERR_NONE,   ""                          },
        {"/stream?n=1&end=cut",    ERR_RETRY,  "line 0\nhalf a li"         },
        {"/stream?n=2&end=silent", ERR_RETRY,  "line 0\nline 1\n"          },
        {"/stream?n=8&ms=200",     ERR_NONE,
         "line 0\nline 1\nline 2\nline 3\nline 4\nline 5\nline 6\nline 7\n"},
        {"/refused-stream",        ERR_STALE,  ""                          },
        {"/nothing",               ERR_ABSENT, ""                          },
        {"/drop",                  ERR_RETRY,  ""                          },
    };

    for (size_t i = 0; i < countof(cases); i++) {
        struct kube_request request = visit_request(HTTP_GET, cases[i].path);
        auto_end(buf_fini) struct buf bytes;
        struct err err = {0};
        request.is_stream = true;
        request.timeout_ms = 1200; /* the longest one above takes longer, but is never silent */
        buf_init(&bytes, 1000);
        bool is_well = kube_stream(&visit->client, &request, "read it", 0, take_all, &bytes, &err);
        if (err.kind != cases[i].kind)
            fail_msg("%s: kind %d: %s", cases[i].path, (int)err.kind, err.text);
        assert_int_equal(is_well, cases[i].kind == ERR_NONE);
        assert_int_equal(bytes.size, strlen(cases[i].bytes));
        assert_true(str_is(buf_str(&bytes), cases[i].bytes));
    }
}

static void a_stream_ends_well_or_is_known_to_be_broken(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access plain = loopback_plain(&arena, *state), tls = loopback_tls(&arena, *state);

    visit_as(*state, &plain, reads_streams, NULL);
    visit_as(*state, &tls, reads_streams, NULL);
}

static void reads_until(struct visit *visit)
{
    struct kube_request request = visit_request(HTTP_GET, "/stream?n=1&end=silent");
    auto_end(buf_fini) struct buf bytes;
    struct err err = {0};
    int64_t start_ms = visit->reactor.monotonic_ms(visit->reactor.self);

    request.is_stream = true;
    buf_init(&bytes, 1000);
    assert_true(
        kube_stream(&visit->client, &request, "read it", start_ms + 300, take_all, &bytes, &err));
    assert_true(str_is(buf_str(&bytes), "line 0\n"));
    assert_true(visit->reactor.monotonic_ms(visit->reactor.self) >= start_ms + 300);
}

static void a_stream_ends_when_its_time_is_up(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_plain(&arena, *state);

    visit_as(*state, &access, reads_until, NULL);
}

static bool take_and_ask(void *ctx, struct str bytes)
{
    struct visit *visit = ctx;

    (void)bytes;
    for (int i = 0; i < 3; i++) /* meanwhile the stream's bytes gather */
        visit_get(visit, "/slow?ms=30");
    return false;
}

static void asks_beside_a_stream(struct visit *visit)
{
    struct kube_request request = visit_request(HTTP_GET, "/stream?n=50&ms=5");
    struct err err = {0};

    request.is_stream = true;
    assert_true(kube_stream(&visit->client, &request, "read it", 0, take_and_ask, visit, &err));
}

static void who_reads_a_stream_may_ask_for_more(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_plain(&arena, *state);

    visit_as(*state, &access, asks_beside_a_stream, NULL);
}

static void finds_the_new_token(struct visit *visit)
{
    struct kube_request request = visit_request(HTTP_GET, "/token");

    visit_expect(visit, &request, ERR_NONE, 200);
    loopback_write(visit->loopback, "token", "two\n");
    visit_expect(visit, &request, ERR_NONE, 200); /* the old one is good still */
    loopback_write(visit->loopback, "accepted", "two");
    visit_get(visit, "/token"); /* read again after a 401, of which nothing is told */
    loopback_write(visit->loopback, "accepted", "three");
    visit_expect(visit, &request, ERR_NONE, 401); /* it does not help: told */
}

static void a_token_file_is_read_again_when_it_is_refused(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_plain(&arena, *state);

    loopback_write(server(state), "token", "one\n");
    loopback_write(server(state), "accepted", "one");
    access.token_file = arena_print(&arena, "%s/token", server(state)->directory);
    visit_as(*state, &access, finds_the_new_token, NULL);
}

static void asks_the_plugin_again(struct visit *visit)
{
    visit_get(visit, "/token");
    loopback_write(visit->loopback, "token", "plugged-2");
    loopback_write(visit->loopback, "accepted", "plugged-2");
    visit_get(visit, "/token");
}

static void a_plugin_is_asked_again_when_it_is_refused(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_plain(&arena, *state);
    const char *directory = server(state)->directory;
    const struct str args[] = {STR_LIT("-c"),
                               arena_print(&arena,
                                           "printf '{\"apiVersion\":"
                                           "\"client.authentication.k8s.io/v1\",\"kind\":"
                                           "\"ExecCredential\",\"status\":{\"token\":\"%%s\"}}'"
                                           " \"$(cat %s/token)\"",
                                           directory)};

    loopback_write(server(state), "token", "plugged-1");
    loopback_write(server(state), "accepted", "plugged-1");
    access.has_exec = true;
    access.exec = (struct kube_exec){
        .command = STR_LIT("/bin/sh"),
        .args = {args, 2},
        .api_version = STR_LIT("client.authentication.k8s.io/v1"),
    };
    visit_as(*state, &access, asks_the_plugin_again, NULL);
}

static void a_credential_that_cannot_be_had_is_no_absent_object(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_plain(&arena, *state);
    enum err_kind refused = ERR_REFUSED;

    access.has_exec = true;
    access.exec = (struct kube_exec){
        .command = STR_LIT("/nonexistent/plugin"),
        .api_version = STR_LIT("client.authentication.k8s.io/v1"),
    };
    visit_as(*state, &access, is_kept_out, &refused);
}

static void a_server_that_is_not_there_is_an_error(void **state)
{
    struct kube_access access = {.server = STR_LIT("http://127.0.0.1:1")};
    enum err_kind retry = ERR_RETRY;

    visit_as(*state, &access, is_kept_out, &retry);
}

struct tally {
    uint32_t count, statuses[4];
};

static void count_answer(void *ctx, enum http_method method, int32_t status)
{
    struct tally *tally = ctx;

    assert_int_equal(method, HTTP_GET);
    assert_true(tally->count < countof(tally->statuses));
    tally->statuses[tally->count++] = (uint32_t)status;
}

static void is_counted(struct visit *visit)
{
    struct tally tally = {0};
    struct kube_request request = visit_request(HTTP_GET, "/drop");

    curl_transport_observe(visit->curl, count_answer, &tally);
    visit_get(visit, "/echo");
    visit_expect(visit, &request, ERR_RETRY, 0);
    request.path = STR_LIT("/status?code=418");
    visit_expect(visit, &request, ERR_NONE, 418);
    curl_transport_observe(visit->curl, NULL, NULL);
    assert_int_equal(tally.count, 3);
    assert_int_equal(tally.statuses[0], 200);
    assert_int_equal(tally.statuses[1], 0);
    assert_int_equal(tally.statuses[2], 418);
}

static void every_answer_is_counted_once(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_plain(&arena, *state);

    visit_as(*state, &access, is_counted, NULL);
}

static void never(void *ctx, int32_t status, int64_t retry_after_ms)
{
    (void)status;
    (void)retry_after_ms;
    *(bool *)ctx = true;
}

static void never_bytes(void *ctx, struct str bytes)
{
    (void)bytes;
    *(bool *)ctx = true;
}

static void never_end(void *ctx, const struct err *failure)
{
    (void)failure;
    *(bool *)ctx = true;
}

static void starts_and_stops(struct visit *visit)
{
    static const struct exchange_events events = {never, never_bytes, never_end};
    struct exchange *exchanges[100];
    struct kube_request request = visit_request(HTTP_GET, "/echo");
    bool was_called = false;

    for (int i = 0; i < 100; i++) { /* flying ones, queued ones */
        request.is_stream = i % 10 == 0;
        exchanges[i] =
            visit->transport.start(visit->transport.self, &request, &events, &was_called);
    }
    for (int i = 0; i < 100; i += 2)
        visit->transport.stop(visit->transport.self, exchanges[i]);
    for (int i = 99; i > 0; i -= 2)
        visit->transport.stop(visit->transport.self, exchanges[i]);
    fiber_sleep(visit->client.fiber, &visit->reactor, 50);
    assert_false(was_called);
    for (int i = 0; i < 100; i++)
        (void)visit->transport.start(visit->transport.self, &request, &events, &was_called);
    /* and leaves: closing stops what is under way */
    assert_false(was_called); /* never from inside */
}

static void what_is_stopped_is_heard_of_no_more(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_plain(&arena, *state);

    visit_as(*state, &access, starts_and_stops, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_requests_need_one_connection),
        cmocka_unit_test(no_more_than_64_are_in_flight),
        cmocka_unit_test(bad_answers_are_errors),
        cmocka_unit_test(no_answer_in_time_is_an_error),
        cmocka_unit_test(a_silent_connection_is_not_used_again),
        cmocka_unit_test(it_waits_as_long_as_it_is_told),
        cmocka_unit_test(a_stream_ends_well_or_is_known_to_be_broken),
        cmocka_unit_test(a_stream_has_a_connection_of_its_own),
        cmocka_unit_test(a_dead_connection_does_not_end_a_stream),
        cmocka_unit_test(a_stream_ends_when_its_time_is_up),
        cmocka_unit_test(who_reads_a_stream_may_ask_for_more),
        cmocka_unit_test(a_token_file_is_read_again_when_it_is_refused),
        cmocka_unit_test(a_plugin_is_asked_again_when_it_is_refused),
        cmocka_unit_test(a_credential_that_cannot_be_had_is_no_absent_object),
        cmocka_unit_test(a_server_that_is_not_there_is_an_error),
        cmocka_unit_test(every_answer_is_counted_once),
        cmocka_unit_test(what_is_stopped_is_heard_of_no_more),
    };
    return cmocka_run_group_tests(tests, loopback_setup, loopback_teardown);
}
