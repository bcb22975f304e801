// SPDX-License-Identifier: Apache-2.0
#include "kube/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct kube_resource pods = {"", "v1", "pods", "Pod", true};
static const struct kube_resource nodes = {"", "v1", "nodes", "Node", false};
static const struct kube_resource tasks = {"execution.agenttask.io", "v1alpha1", "agenttasks",
                                           "AgentTask", true};

static void expect(struct str got, const char *wanted)
{
    char text[2048] = "";

    assert_true(got.size < sizeof(text));
    memcpy(text, got.at, got.size);
    assert_string_equal(text, wanted);
}

static void an_object_has_one_path(void **state)
{
    static const struct {
        const struct kube_resource *resource;
        const char *space, *name, *path;
    } cases[] = {
        {&pods,  "default", "a",           "/api/v1/namespaces/default/pods/a"                              },
        {&nodes, "",        "n1",          "/api/v1/nodes/n1"                                               },
        {&nodes, "ignored", "n1",          "/api/v1/nodes/n1"                                               },
        {&tasks, "x",       "t",           "/apis/execution.agenttask.io/v1alpha1/namespaces/x/agenttasks/t"},
        {&pods,  "a/b",     "..",          "/api/v1/namespaces/a%2Fb/pods/%2E%2E"                           },
        {&pods,  "..",      ".",           "/api/v1/namespaces/%2E%2E/pods/%2E"                             },
        {&pods,  "d",       "x?y#z%2f",    "/api/v1/namespaces/d/pods/x%3Fy%23z%252f"                       },
        {&pods,  "d",       "\xc3\xa4 \n", "/api/v1/namespaces/d/pods/%C3%A4%20%0A"                         },
        {&pods,  "d",       "a.b-c_d~e",   "/api/v1/namespaces/d/pods/a.b-c_d~e"                            },
    };
    auto_end(arena_fini) struct arena arena = {0};

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        struct kube_request request =
            request_get(&arena, cases[i].resource, str_of(cases[i].space), str_of(cases[i].name));
        expect(request.path, cases[i].path);
        assert_int_equal(request.method, HTTP_GET);
        assert_int_equal(request.body_kind, BODY_NONE);
        assert_false(request.is_stream);
        assert_int_equal(request.timeout_ms, REQUEST_TIMEOUT_MS);
        assert_int_equal(request.size_max, ANSWER_SIZE_MAX);
    }
}

static void the_longest_names_fit(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    char space[64], name[254], wanted[512], group[254];
    struct kube_resource resource = tasks;

    (void)state;
    memset(space, 's', 63);
    memset(name, 'n', 253);
    memset(group, 'g', 253);
    space[63] = name[253] = group[253] = 0;
    snprintf(wanted, sizeof(wanted),
             "/apis/execution.agenttask.io/v1alpha1/namespaces/%s/agenttasks/%s", space, name);
    expect(request_get(&arena, &tasks, str_of(space), str_of(name)).path, wanted);
    resource.group = group;
    assert_int_equal(request_get(&arena, &resource, str_of(space), str_of(name)).path.size,
                     strlen("/apis//v1alpha1/namespaces//agenttasks/") + 253 + 63 + 253);
}

static void a_list_says_what_it_wants(void **state)
{
    const struct {
        struct list_query query;
        const char *space, *path;
    } cases[] = {
        {{.limit = 0},                                               "",  "/api/v1/pods"                                                             },
        {{.limit = 500},                                             "a", "/api/v1/namespaces/a/pods?limit=500"                                      },
        {{.label_selector = STR_LIT("a=b,c in (d)")},
         "",                                                              "/api/v1/pods?labelSelector=a%3Db%2Cc%20in%20%28d%29"                      },
        {{.field_selector = STR_LIT("metadata.name=x"), .limit = 1},
         "",                                                              "/api/v1/pods?fieldSelector=metadata.name%3Dx&limit=1"                     },
        {{.version = STR_LIT("42"), .limit = 5},
         "",                                                              "/api/v1/pods?limit=5&resourceVersion=42&resourceVersionMatch=NotOlderThan"},
        {{.version = STR_LIT("42"), .resume = STR_LIT("e&=")},       "",  "/api/v1/pods?continue=e%26%3D"                                            },
    };
    auto_end(arena_fini) struct arena arena = {0};

    (void)state;
    for (size_t i = 0; i < countof(cases); i++)
        expect(request_list(&arena, &pods, str_of(cases[i].space), &cases[i].query).path,
               cases[i].path);
}

static void a_watch_is_a_stream_with_bookmarks(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct list_query query = {.label_selector = STR_LIT("a"), .version = STR_LIT("7")};
    struct kube_request request = request_watch(&arena, &pods, STR_LIT("d"), &query, 300);

    (void)state;
    expect(request.path, "/api/v1/namespaces/d/pods?labelSelector=a&watch=true"
                         "&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds=300");
    assert_true(request.is_stream);
    assert_int_equal(request.timeout_ms, WATCH_SILENCE_MS);
}

static void writes_carry_their_body(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    char body[] = "{}";
    struct kube_request create = request_create(&arena, &pods, STR_LIT("d"), str_of(body));
    struct kube_request replace =
        request_replace(&arena, &pods, STR_LIT("d"), STR_LIT("a"), str_of(body));
    struct kube_request patch =
        request_patch(&arena, &tasks, STR_LIT("d"), STR_LIT("a"), "status", str_of(body));
    struct kube_request bare =
        request_patch(&arena, &tasks, STR_LIT("d"), STR_LIT("a"), "", str_of(body));

    (void)state;
    memcpy(body, "xx", 2); /* copied: theirs to change */
    expect(create.path, "/api/v1/namespaces/d/pods");
    assert_int_equal(create.method, HTTP_POST);
    assert_int_equal(create.body_kind, BODY_JSON);
    expect(create.body, "{}");
    expect(replace.path, "/api/v1/namespaces/d/pods/a");
    assert_int_equal(replace.method, HTTP_PUT);
    assert_int_equal(replace.body_kind, BODY_JSON);
    expect(replace.body, "{}");
    expect(patch.path, "/apis/execution.agenttask.io/v1alpha1/namespaces/d/agenttasks/a/status");
    assert_int_equal(patch.method, HTTP_PATCH);
    assert_int_equal(patch.body_kind, BODY_MERGE_PATCH);
    expect(patch.body, "{}");
    expect(bare.path, "/apis/execution.agenttask.io/v1alpha1/namespaces/d/agenttasks/a");
}

static void a_delete_names_what_it_means(void **state)
{
    static const struct {
        const char *uid, *version;
        int64_t grace_s;
        const char *body;
    } cases[] = {
        {"u",   "",  -1,
         "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":{\"uid\":\"u\"},"
         "\"propagationPolicy\":\"Background\"}"},
        {"u\"", "9", 0,
         "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"gracePeriodSeconds\":0,"
         "\"preconditions\":{\"uid\":\"u\\\"\",\"resourceVersion\":\"9\"},\"propagationPolicy\":"
         "\"Background\"}"                      },
        {"",    "",  30,
         "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"gracePeriodSeconds\":30,"
         "\"propagationPolicy\":\"Background\"}"},
    };
    auto_end(arena_fini) struct arena arena = {0};

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        struct kube_request request =
            request_delete(&arena, &pods, STR_LIT("d"), STR_LIT("a"), str_of(cases[i].uid),
                           str_of(cases[i].version), cases[i].grace_s);
        assert_int_equal(request.method, HTTP_DELETE);
        assert_int_equal(request.body_kind, BODY_JSON);
        expect(request.path, "/api/v1/namespaces/d/pods/a");
        expect(request.body, cases[i].body);
    }
}

static void a_dry_run_says_so_beside_what_else_is_asked(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct list_query query = {.limit = 1};

    (void)state;
    expect(request_dry(&arena, request_create(&arena, &pods, STR_LIT("d"), STR_LIT("{}"))).path,
           "/api/v1/namespaces/d/pods?dryRun=All");
    expect(request_dry(&arena, request_list(&arena, &nodes, (struct str){0}, &query)).path,
           "/api/v1/nodes?limit=1&dryRun=All");
    expect(request_page("/version").path, "/version");
}

static void a_log_is_asked_for_in_part(void **state)
{
    static const struct {
        struct log_query query;
        const char *path;
    } cases[] = {
        {{.container = "task", .tail_lines = -1},               "?container=task"               },
        {{.follow = true, .timestamps = true, .tail_lines = 0},
         "?follow=true&timestamps=true&tailLines=0"                                             },
        {{.tail_lines = -1, .since_s = 5, .limit_bytes = 100},  "?sinceSeconds=5&limitBytes=100"},
        {{.tail_lines = -1},                                    ""                              },
    };
    auto_end(arena_fini) struct arena arena = {0};

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        struct kube_request request =
            request_log(&arena, STR_LIT("d"), STR_LIT("a-pod"), &cases[i].query);
        char wanted[256];

        snprintf(wanted, sizeof(wanted), "/api/v1/namespaces/d/pods/a-pod/log%s", cases[i].path);
        expect(request.path, wanted);
        assert_int_equal(request.is_stream, cases[i].query.follow);
        assert_int_equal(request.timeout_ms, cases[i].query.follow ? 0 : REQUEST_TIMEOUT_MS);
    }
}

static void a_path_beyond_all_bounds_asks_for_nothing(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    size_t size = 65 * 1024;
    char *name = arena_alloc(&arena, size);

    (void)state;
    memset(name, 'n', size);
    expect(request_get(&arena, &pods, STR_LIT("d"), (struct str){name, size}).path, "/too-long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_has_one_path),
        cmocka_unit_test(the_longest_names_fit),
        cmocka_unit_test(a_list_says_what_it_wants),
        cmocka_unit_test(a_watch_is_a_stream_with_bookmarks),
        cmocka_unit_test(writes_carry_their_body),
        cmocka_unit_test(a_delete_names_what_it_means),
        cmocka_unit_test(a_dry_run_says_so_beside_what_else_is_asked),
        cmocka_unit_test(a_log_is_asked_for_in_part),
        cmocka_unit_test(a_path_beyond_all_bounds_asks_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
