// SPDX-License-Identifier: Apache-2.0
#include "kube/curl_setup.h"

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

static struct json_value echo_of(struct visit *visit, const struct kube_request *request)
{
    struct json_value ret;
    struct err err = {0};

    if (!kube_call(&visit->client, &visit->arena, request, "echo", &ret, &err))
        fail_msg("%s", err.text);
    return ret;
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
        assert_true(answer_is(&echo, "method", cases[i].name));
        assert_true(answer_is(&echo, "path", "/echo?a=%2F..%2F"));
        assert_true(answer_is(&echo, "body", cases[i].body));
        assert_true(answer_has_header(&echo, "user-agent: agenttask-test/1"));
        assert_true(answer_has_header(&echo, "accept: application/json"));
        assert_true(answer_has_header(&echo, "authorization: Bearer secret"));
        assert_false(answer_names_header(&echo, "expect"));
        if (cases[i].type)
            assert_true(answer_has_header(&echo, cases[i].type));
        else
            assert_false(answer_names_header(&echo, "content-type"));
    }
}

static void a_request_arrives_as_it_was_made(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_plain(&arena, *state);

    access.token = STR_LIT("secret");
    visit_as(*state, &access, sends_all_methods, NULL);
}

static void goes_astray(struct visit *visit)
{
    struct kube_request request = visit_request(HTTP_GET, "/a/../b/./c");
    struct json_value facts;
    const struct json_value *requests;

    visit_expect(visit, &request, ERR_NONE, 404);
    facts = visit_get(visit, "/facts");
    requests = json_get(&facts, "requests");
    assert_true(str_is(requests->items[requests->count - 2].text, "/a/../b/./c"));
}

static void no_path_is_cleaned_up_on_the_way(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_plain(&arena, *state);

    visit_as(*state, &access, goes_astray, NULL);
}

static void sends_much(struct visit *visit)
{
    struct kube_request request = visit_request(HTTP_POST, "/echo");
    size_t size = 2 * 1024 * 1024;
    char *body = arena_alloc(&visit->arena, size);

    memset(body, 'x', size);
    request.body_kind = BODY_JSON;
    request.body = (struct str){body, size};
    request.size_max = 4 * 1024 * 1024;
    struct json_value echo = echo_of(visit, &request);
    assert_int_equal(json_get(&echo, "body")->text.size, size);
    assert_false(answer_names_header(&echo, "expect"));
}

static void much_is_sent_without_asking_first(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_tls(&arena, *state);

    visit_as(*state, &access, sends_much, NULL);
}

static void reads_who_it_is(struct visit *visit)
{
    struct json_value echo = visit_get(visit, "/echo");

    assert_true(answer_has_header(&echo, "authorization: Basic dTpwOnc=")); /* u:p:w */
    assert_true(answer_has_header(&echo, "impersonate-user: jane"));
    assert_true(answer_has_header(&echo, "impersonate-uid: 7"));
    assert_true(answer_has_header(&echo, "impersonate-group: one"));
    assert_true(answer_has_header(&echo, "impersonate-group: two"));
    assert_true(answer_has_header(&echo, "impersonate-extra-acme.com%2fproject: x"));
    assert_true(answer_has_header(&echo, "accept-encoding: gzip"));
}

static void who_it_is_stands_in_the_headers(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct str groups[] = {STR_LIT("one"), STR_LIT("two")};
    const struct pair extra[] = {
        {STR_LIT("Acme.com/Project"), STR_LIT("x")}
    };
    struct kube_access access = loopback_plain(&arena, *state);

    access.user = STR_LIT("u");
    access.password = STR_LIT("p:w");
    access.as_user = STR_LIT("jane");
    access.as_uid = STR_LIT("7");
    access.as_groups = (struct strs){groups, 2};
    access.as_extra = (struct pairs){extra, 1};
    visit_as(*state, &access, reads_who_it_is, NULL);
}

static void is_refused_before_sending(struct visit *visit)
{
    struct kube_request request = visit_request(HTTP_GET, "/echo");

    visit_expect(visit, &request, ERR_REFUSED, 0);
}

static void no_header_is_smuggled_in(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_plain(&arena, *state);

    access.as_user = STR_LIT("jane\r\nImpersonate-Group: system:masters");
    visit_as(*state, &access, is_refused_before_sending, NULL);
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
    struct kube_access access = loopback_plain(&arena, *state);
    bool is_packed = true;

    visit_as(*state, &access, asks_for_packed, &is_packed);
    access.disable_compression = true;
    is_packed = false;
    visit_as(*state, &access, asks_for_packed, &is_packed);
}

static void is_let_in(struct visit *visit)
{
    struct json_value echo = visit_get(visit, "/echo");

    assert_true(answer_is(&echo, "peer", visit->ctx));
}

static void is_kept_out(struct visit *visit)
{
    struct kube_request request = visit_request(HTTP_GET, "/echo");

    visit_expect(visit, &request, *(const enum err_kind *)visit->ctx, 0);
}

static void only_a_server_with_the_right_certificate_is_spoken_to(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_tls(&arena, *state);
    enum err_kind refused = ERR_REFUSED;

    visit_as(*state, &access, is_let_in, "");
    access.ca_pem = loopback_file(&arena, server(state), "other-ca.pem");
    visit_as(*state, &access, is_kept_out, &refused);
    access.ca_pem = (struct str){0}; /* the system's */
    visit_as(*state, &access, is_kept_out, &refused);
    access.is_insecure = true;
    visit_as(*state, &access, is_let_in, "");
}

static void tls_server_name_is_what_the_certificate_must_say(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_tls(&arena, *state);
    enum err_kind refused = ERR_REFUSED;

    access.server = loopback_url(&arena, "https", server(state)->tls_named);
    visit_as(*state, &access, is_kept_out, &refused); /* it is kube.example's, not 127.0.0.1's */
    access.tls_server_name = STR_LIT("kube.example");
    visit_as(*state, &access, is_let_in, "");
    access.tls_server_name = STR_LIT("kube.wrong");
    visit_as(*state, &access, is_kept_out, &refused);
}

static void reads_its_host(struct visit *visit)
{
    struct json_value echo = visit_get(visit, "/echo");

    assert_true(answer_has_header(&echo, visit->ctx));
}

static void the_host_header_stays_that_of_the_address(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_tls(&arena, *state);
    char host[64];

    snprintf(host, sizeof(host), "host: 127.0.0.1:%d", server(state)->tls_named);
    access.server = loopback_url(&arena, "https", server(state)->tls_named);
    access.tls_server_name = STR_LIT("kube.example");
    visit_as(*state, &access, reads_its_host, host);
}

static void a_client_certificate_is_shown(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_tls(&arena, *state);
    enum err_kind retry = ERR_RETRY, refused = ERR_REFUSED;

    access.server = loopback_url(&arena, "https", server(state)->tls_client);
    visit_as(*state, &access, is_kept_out, &retry); /* an alert after the handshake */
    access.cert_pem = loopback_file(&arena, server(state), "client.pem");
    access.key_pem = loopback_file(&arena, server(state), "client.key");
    visit_as(*state, &access, is_let_in, "client");
    access.key_pem = loopback_file(&arena, server(state), "server.key"); /* another's */
    visit_as(*state, &access, is_kept_out, &refused);
}

static void goes_through_the_proxy(struct visit *visit)
{
    struct json_value before = visit_get(visit, "/facts"), echo = visit_get(visit, "/echo"), after;

    assert_true(answer_has_header(&echo, "authorization: Bearer secret"));
    after = visit_get(visit, "/facts");
    assert_int_equal(answer_number(&after, "tunnels"),
                     answer_number(&before, "tunnels")); /* kept */
    assert_true(answer_number(&after, "tunnels") > 0);
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
    struct kube_access access = loopback_tls(&arena, *state), proxy = {0};
    enum err_kind retry = ERR_RETRY;

    access.token = STR_LIT("secret");
    access.proxy_url = loopback_url(&arena, "http", server(state)->proxy);
    visit_as(*state, &access, goes_through_the_proxy, NULL);
    proxy.server = access.proxy_url;
    visit_as(*state, &proxy, reads_what_the_proxy_saw, NULL);
    access.proxy_url = arena_print(&arena, "http://no:no@127.0.0.1:%d", server(state)->proxy);
    visit_as(*state, &access, is_kept_out, &retry);
}

static void the_proxies_of_the_environment_are_not_for_this_machine(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access = loopback_tls(&arena, *state);

    setenv("https_proxy", "http://127.0.0.1:1", 1); /* nothing listens there */
    visit_as(*state, &access, is_let_in, "");
    unsetenv("https_proxy");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_arrives_as_it_was_made),
        cmocka_unit_test(no_path_is_cleaned_up_on_the_way),
        cmocka_unit_test(much_is_sent_without_asking_first),
        cmocka_unit_test(who_it_is_stands_in_the_headers),
        cmocka_unit_test(no_header_is_smuggled_in),
        cmocka_unit_test(answers_are_packed_unless_told_not_to),
        cmocka_unit_test(only_a_server_with_the_right_certificate_is_spoken_to),
        cmocka_unit_test(tls_server_name_is_what_the_certificate_must_say),
        cmocka_unit_test(the_host_header_stays_that_of_the_address),
        cmocka_unit_test(a_client_certificate_is_shown),
        cmocka_unit_test(a_proxy_is_a_tunnel_and_sees_no_token),
        cmocka_unit_test(the_proxies_of_the_environment_are_not_for_this_machine),
        cmocka_unit_test(what_is_no_address_is_refused),
    };
    return cmocka_run_group_tests(tests, loopback_setup, loopback_teardown);
}
