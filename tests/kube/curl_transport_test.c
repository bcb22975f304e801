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

static bool text_is(const struct json_value *object, const char *key, const char *wanted)
{
    const struct json_value *value = json_get(object, key);

    return value && value->kind == JSON_TEXT && str_is(value->text, wanted);
}

static long number_of(const struct json_value *object, const char *key)
{
    const struct json_value *value = json_get(object, key);
    int64_t ret = -1;

    assert_non_null(value);
    assert_true(str_to_int(value->text, &ret));
    return (long)ret;
}

static bool has_header(const struct json_value *echo, const char *header)
{
    const struct json_value *headers = json_get(echo, "headers");

    assert_non_null(headers);
    for (uint32_t i = 0; i < headers->count; i++)
        if (str_is(headers->items[i].text, header))
            return true;
    return false;
}

static bool has_header_name(const struct json_value *echo, const char *name)
{
    const struct json_value *headers = json_get(echo, "headers");

    assert_non_null(headers);
    for (uint32_t i = 0; i < headers->count; i++)
        if (str_starts(headers->items[i].text, name))
            return true;
    return false;
}

static void visit(void **state, const struct kube_access *access, void (*main)(struct visit *visit),
                  const void *ctx)
{
    visit_make(
        &(struct visit){.loopback = server(state), .access = access, .main = main, .ctx = ctx});
}

static struct json_value echo_of(struct visit *visit, const struct kube_request *request)
{
    struct json_value ret;
    struct err err = {0};

    if (!kube_call(&visit->client, &visit->arena, request, "echo", &ret, &err))
        fail_msg("%s", err.text);
    return ret;
}

static struct kube_access plain_access(struct arena *arena, void **state)
{
    return (struct kube_access){.server = loopback_url(arena, "http", server(state)->plain)};
}

static struct kube_access tls_access(struct arena *arena, void **state)
{
    return (struct kube_access){
        .server = loopback_url(arena, "https", server(state)->tls),
        .ca_pem = loopback_file(arena, server(state), "ca.pem"),
    };
}

static void sends_all_methods(struct visit *visit)
{
    static const struct {
        enum http_method method;
        enum body_kind kind;
        const char *name, *body, *type;
    } cases[] = {
        {HTTP_GET,    BODY_NONE,        "GET",    "",                 NULL                            },
        {HTTP_POST,   BODY_JSON,        "POST",   "{\"a\":1}",        "content-type: application/json"},
        {HTTP_PUT,    BODY_JSON,        "PUT",    "{}",               "content-type: application/json"},
        {HTTP_PATCH,  BODY_MERGE_PATCH, "PATCH",  "{\"b\":null}",
         "content-type: application/merge-patch+json"                                                 },
        {HTTP_DELETE, BODY_JSON,        "DELETE", "{\"kind\":\"x\"}", "content-type: application/json"},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        struct kube_request request = visit_request(cases[i].method, "/echo?a=%2F..%2F");
        request.body_kind = cases[i].kind;
        request.body = str_of(cases[i].body);
        struct json_value echo = echo_of(visit, &request);
        assert_true(text_is(&echo, "method", cases[i].name));
        assert_true(text_is(&echo, "path", "/echo?a=%2F..%2F"));
        assert_true(text_is(&echo, "body", cases[i].body));
        assert_true(has_header(&echo, "user-agent: agenttask-test/1"));
        assert_true(has_header(&echo, "accept: application/json"));
        assert_true(has_header(&echo, "authorization: Bearer secret"));
        assert_false(has_header_name(&echo, "expect"));
        if (cases[i].type)
            assert_true(has_header(&echo, cases[i].type));
        else
            assert_false(has_header_name(&echo, "content-type"));
    }
}

static void a_request_arrives_as_it_was_made(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = plain_access(&arena, state);

    access.token = STR_LIT("secret");
    visit(state, &access, sends_all_methods, NULL);
}

static void reads_who_it_is(struct visit *visit)
{
    struct json_value echo = visit_get(visit, "/echo");

    assert_true(has_header(&echo, "authorization: Basic dTpwOnc=")); /* u:p:w */
    assert_true(has_header(&echo, "impersonate-user: jane"));
    assert_true(has_header(&echo, "impersonate-uid: 7"));
    assert_true(has_header(&echo, "impersonate-group: one"));
    assert_true(has_header(&echo, "impersonate-group: two"));
    assert_true(has_header(&echo, "impersonate-extra-acme.com%2fproject: x"));
    assert_true(has_header(&echo, "accept-encoding: gzip"));
}

static void who_it_is_stands_in_the_headers(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct str groups[] = {STR_LIT("one"), STR_LIT("two")};
    const struct pair extra[] = {
        {STR_LIT("Acme.com/Project"), STR_LIT("x")}
    };
    struct kube_access access = plain_access(&arena, state);

    access.user = STR_LIT("u");
    access.password = STR_LIT("p:w");
    access.as_user = STR_LIT("jane");
    access.as_uid = STR_LIT("7");
    access.as_groups = (struct strs){groups, 2};
    access.as_extra = (struct pairs){extra, 1};
    visit(state, &access, reads_who_it_is, NULL);
}

static void is_refused_before_sending(struct visit *visit)
{
    struct kube_request request = visit_request(HTTP_GET, "/echo");

    visit_expect(visit, &request, ERR_REFUSED, 0);
}

static void no_header_is_smuggled_in(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = plain_access(&arena, state);

    access.as_user = STR_LIT("jane\r\nImpersonate-Group: system:masters");
    visit(state, &access, is_refused_before_sending, NULL);
}

static void asks_for_packed(struct visit *visit)
{
    struct json_value answer = visit_get(visit, "/gzip");
    const struct json_value *packed = json_get(&answer, "packed");

    assert_int_equal(packed->flag, *(const bool *)visit->ctx);
}

static void answers_are_packed_unless_told_not_to(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = plain_access(&arena, state);
    bool is_packed = true;

    visit(state, &access, asks_for_packed, &is_packed);
    access.disable_compression = true;
    is_packed = false;
    visit(state, &access, asks_for_packed, &is_packed);
}

static void asks_many_times(struct visit *visit)
{
    struct json_value before = visit_get(visit, "/facts"), after;

    for (int i = 0; i < 100; i++)
        visit_get(visit, "/echo");
    after = visit_get(visit, "/facts");
    assert_int_equal(number_of(&after, "connections"), number_of(&before, "connections"));
}

static void a_hundred_requests_need_one_connection(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access plain = plain_access(&arena, state), tls = tls_access(&arena, state);

    visit(state, &plain, asks_many_times, NULL);
    visit(state, &tls, asks_many_times, NULL);
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
    assert_true(number_of(&facts, "active_max") <= TRANSPORT_FLIGHT_MAX);
    assert_true(number_of(&facts, "active_max") > 8);
}

static void no_more_than_64_are_in_flight(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = plain_access(&arena, state);

    visit(state, &access, asks_all_at_once, NULL);
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
    struct kube_access access = plain_access(&arena, state);

    visit(state, &access, meets_bad_answers, NULL);
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
    struct kube_access access = plain_access(&arena, state);

    visit(state, &access, waits_in_vain, NULL);
}

static void waits_on_silence(struct visit *visit)
{
    struct kube_request request = visit_request(HTTP_GET, "/echo");

    request.timeout_ms = 300;
    for (int i = 0; i < 3; i++)
        visit_expect(visit, &request, ERR_RETRY, 0);
}

static void counts_silent_connections(struct visit *visit)
{
    struct json_value facts = visit_get(visit, "/facts");

    assert_int_equal(number_of(&facts, "silent"), 3); /* none is used again */
}

static void a_silent_connection_is_not_used_again(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access silent = tls_access(&arena, state), plain = plain_access(&arena, state);

    silent.server = loopback_url(&arena, "https", server(state)->silent);
    visit(state, &silent, waits_on_silence, NULL);
    visit(state, &plain, counts_silent_connections, NULL);
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
    struct kube_access access = plain_access(&arena, state);

    visit(state, &access, is_put_off, NULL);
}

static bool take_all(void *ctx, struct str bytes)
{
    buf_add(ctx, bytes);
    return true;
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
        {"/stream?n=8&ms=100",     ERR_NONE,
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
        request.timeout_ms = 500; /* the longest one above takes longer, but is never silent */
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
    struct kube_access plain = plain_access(&arena, state), tls = tls_access(&arena, state);

    visit(state, &plain, reads_streams, NULL);
    visit(state, &tls, reads_streams, NULL);
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
    struct kube_access access = plain_access(&arena, state);

    visit(state, &access, reads_until, NULL);
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
    struct kube_access access = plain_access(&arena, state);

    visit(state, &access, asks_beside_a_stream, NULL);
}

static void is_let_in(struct visit *visit)
{
    struct json_value echo = visit_get(visit, "/echo");

    assert_true(text_is(&echo, "peer", visit->ctx));
}

static void is_kept_out(struct visit *visit)
{
    struct kube_request request = visit_request(HTTP_GET, "/echo");

    visit_expect(visit, &request, *(const enum err_kind *)visit->ctx, 0);
}

static void only_a_server_with_the_right_certificate_is_spoken_to(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = tls_access(&arena, state);
    enum err_kind refused = ERR_REFUSED;

    visit(state, &access, is_let_in, "");
    access.ca_pem = loopback_file(&arena, server(state), "other-ca.pem");
    visit(state, &access, is_kept_out, &refused);
    access.ca_pem = (struct str){0}; /* the system's */
    visit(state, &access, is_kept_out, &refused);
    access.is_insecure = true;
    visit(state, &access, is_let_in, "");
}

static void tls_server_name_is_what_the_certificate_must_say(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = tls_access(&arena, state);
    enum err_kind refused = ERR_REFUSED;

    access.server = loopback_url(&arena, "https", server(state)->tls_named);
    visit(state, &access, is_kept_out, &refused); /* it is kube.example's, not 127.0.0.1's */
    access.tls_server_name = STR_LIT("kube.example");
    visit(state, &access, is_let_in, "");
    access.tls_server_name = STR_LIT("kube.wrong");
    visit(state, &access, is_kept_out, &refused);
}

static void reads_its_host(struct visit *visit)
{
    struct json_value echo = visit_get(visit, "/echo");

    assert_true(has_header(&echo, visit->ctx));
}

static void the_host_header_stays_that_of_the_address(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = tls_access(&arena, state);
    char host[64];

    snprintf(host, sizeof(host), "host: 127.0.0.1:%d", server(state)->tls_named);
    access.server = loopback_url(&arena, "https", server(state)->tls_named);
    access.tls_server_name = STR_LIT("kube.example");
    visit(state, &access, reads_its_host, host);
}

static void a_client_certificate_is_shown(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = tls_access(&arena, state);
    enum err_kind retry = ERR_RETRY, refused = ERR_REFUSED;

    access.server = loopback_url(&arena, "https", server(state)->tls_client);
    visit(state, &access, is_kept_out, &retry); /* an alert after the handshake */
    access.cert_pem = loopback_file(&arena, server(state), "client.pem");
    access.key_pem = loopback_file(&arena, server(state), "client.key");
    visit(state, &access, is_let_in, "client");
    access.key_pem = loopback_file(&arena, server(state), "server.key"); /* another's */
    visit(state, &access, is_kept_out, &refused);
}

static void finds_the_new_token(struct visit *visit)
{
    struct kube_request request = visit_request(HTTP_GET, "/token");

    visit_expect(visit, &request, ERR_NONE, 200);
    loopback_write(visit->loopback, "token", "two\n");
    visit_expect(visit, &request, ERR_NONE, 200); /* the old one is good still */
    loopback_write(visit->loopback, "accepted", "two");
    visit_expect(visit, &request, ERR_NONE, 200); /* read again after a 401 */
    loopback_write(visit->loopback, "accepted", "three");
    visit_expect(visit, &request, ERR_NONE, 401); /* it does not help: told */
}

static void a_token_file_is_read_again_when_it_is_refused(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = plain_access(&arena, state);

    loopback_write(server(state), "token", "one\n");
    loopback_write(server(state), "accepted", "one");
    access.token_file = arena_print(&arena, "%s/token", server(state)->directory);
    visit(state, &access, finds_the_new_token, NULL);
}

static void goes_through_the_proxy(struct visit *visit)
{
    struct json_value before = visit_get(visit, "/facts"), echo = visit_get(visit, "/echo"), after;

    assert_true(has_header(&echo, "authorization: Bearer secret"));
    after = visit_get(visit, "/facts");
    assert_int_equal(number_of(&after, "tunnels"), number_of(&before, "tunnels")); /* kept */
    assert_true(number_of(&after, "tunnels") > 0);
}

static void reads_what_the_proxy_saw(struct visit *visit)
{
    struct json_value facts = visit_get(visit, "/facts");
    const struct json_value *requests = json_get(&facts, "requests");
    uint32_t tunnels = 0;

    for (uint32_t i = 0; i < requests->count; i++) {
        struct str request = requests->items[i].text;
        if (!str_starts(request, "CONNECT "))
            continue;
        tunnels++;
        assert_null(memmem(request.at, request.size, "secret", 6));
    }
    assert_true(tunnels > 0);
}

static void a_proxy_is_a_tunnel_and_sees_no_token(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = tls_access(&arena, state), proxy = {0};
    enum err_kind retry = ERR_RETRY;

    access.token = STR_LIT("secret");
    access.proxy_url = loopback_url(&arena, "http", server(state)->proxy);
    visit(state, &access, goes_through_the_proxy, NULL);
    proxy.server = access.proxy_url;
    visit(state, &proxy, reads_what_the_proxy_saw, NULL);
    access.proxy_url = arena_print(&arena, "http://no:no@127.0.0.1:%d", server(state)->proxy);
    visit(state, &access, is_kept_out, &retry);
}

static void the_proxies_of_the_environment_are_not_for_this_machine(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = tls_access(&arena, state);

    setenv("https_proxy", "http://127.0.0.1:1", 1); /* nothing listens there */
    visit(state, &access, is_let_in, "");
    unsetenv("https_proxy");
}

static void a_server_that_is_not_there_is_an_error(void **state)
{
    struct kube_access access = {.server = STR_LIT("http://127.0.0.1:1")};
    enum err_kind retry = ERR_RETRY;

    visit(state, &access, is_kept_out, &retry);
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const servers[] = {"", "https://", "http://a b", "https://u:p@host", "::"};
    struct curl_transport *curl;
    struct loop *loop;
    struct err failure = {0};

    (void)state;
    assert_true(loop_open(&loop, &failure));
    for (size_t i = 0; i < countof(servers); i++) {
        struct kube_access access = {.server = str_of(servers[i])};
        struct err err = {0};
        assert_false(curl_transport_open(loop, &access, "a", &curl, &err));
        assert_int_equal(err.kind, ERR_INVALID);
    }
    loop_close(loop);
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
    struct kube_access access = plain_access(&arena, state);

    visit(state, &access, is_counted, NULL);
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
    struct kube_access access = plain_access(&arena, state);

    visit(state, &access, starts_and_stops, NULL);
}

static int start_server(void **state)
{
    static const char script[] = KUBE_TEST_SERVER;
    struct loopback *loopback = calloc(1, sizeof(*loopback));

    loopback_start(loopback, script);
    *state = loopback;
    return 0;
}

static int stop_server(void **state)
{
    loopback_stop(*state);
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_arrives_as_it_was_made),
        cmocka_unit_test(who_it_is_stands_in_the_headers),
        cmocka_unit_test(no_header_is_smuggled_in),
        cmocka_unit_test(answers_are_packed_unless_told_not_to),
        cmocka_unit_test(a_hundred_requests_need_one_connection),
        cmocka_unit_test(no_more_than_64_are_in_flight),
        cmocka_unit_test(bad_answers_are_errors),
        cmocka_unit_test(no_answer_in_time_is_an_error),
        cmocka_unit_test(a_silent_connection_is_not_used_again),
        cmocka_unit_test(it_waits_as_long_as_it_is_told),
        cmocka_unit_test(a_stream_ends_well_or_is_known_to_be_broken),
        cmocka_unit_test(a_stream_ends_when_its_time_is_up),
        cmocka_unit_test(who_reads_a_stream_may_ask_for_more),
        cmocka_unit_test(only_a_server_with_the_right_certificate_is_spoken_to),
        cmocka_unit_test(tls_server_name_is_what_the_certificate_must_say),
        cmocka_unit_test(the_host_header_stays_that_of_the_address),
        cmocka_unit_test(a_client_certificate_is_shown),
        cmocka_unit_test(a_token_file_is_read_again_when_it_is_refused),
        cmocka_unit_test(a_proxy_is_a_tunnel_and_sees_no_token),
        cmocka_unit_test(the_proxies_of_the_environment_are_not_for_this_machine),
        cmocka_unit_test(a_server_that_is_not_there_is_an_error),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(every_answer_is_counted_once),
        cmocka_unit_test(what_is_stopped_is_heard_of_no_more),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
