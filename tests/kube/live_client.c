// SPDX-License-Identifier: Apache-2.0
/* The client against a real API server: `tests/cluster/apiserver 1.37 PROGRAM`, or with $KUBECONFIG
 * of a whole cluster, whose node then runs a Pod whose log is read. No part of `meson test`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "kube/resource.h"
#include "loopback.h"

static const struct kube_resource unknown = {"nobody.example", "v1", "nothings", "Nothing", true};

static bool call(struct visit *visit, struct kube_request request, struct json_value *ret,
                 struct err *err)
{
    return kube_call(&visit->client, &visit->arena, &request, "call", ret, err);
}

static struct object_meta done(struct visit *visit, struct kube_request request)
{
    struct json_value object;
    struct err err = {0};

    if (!call(visit, request, &object, &err))
        fail_msg("%s", err.text);
    return object_meta(&object);
}

static void refused(struct visit *visit, struct kube_request request, enum err_kind kind)
{
    struct json_value object;
    struct err err = {0};

    assert_false(call(visit, request, &object, &err));
    if (err.kind != kind)
        fail_msg("kind %d, not %d: %s", (int)err.kind, (int)kind, err.text);
    print_message("%s\n", err.text);
}

static struct str map_text(struct visit *visit, const char *name, const char *version)
{
    return arena_print(
        &visit->arena,
        "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"%s\","
        "\"labels\":{\"live\":\"client\"}%s%s%s},\"data\":{\"a\":\"1\"}}",
        name, version ? ",\"resourceVersion\":\"" : "", version ? version : "",
        version ? "\"" : "");
}

static const struct str space = {"default", 7};

static void writes(struct visit *visit)
{
    struct arena *arena = &visit->arena;
    struct str name = STR_LIT("live-a");
    struct object_meta first, second, third;
    struct str old_patch;

    first = done(
        visit, request_create(arena, &resource_configmaps, space, map_text(visit, "live-a", NULL)));
    refused(visit,
            request_create(arena, &resource_configmaps, space, map_text(visit, "live-a", NULL)),
            ERR_PRESENT);
    refused(visit,
            request_create(arena, &resource_configmaps, space, map_text(visit, "LIVE", NULL)),
            ERR_INVALID);
    old_patch =
        arena_print(arena, "{\"metadata\":{\"resourceVersion\":\"%.*s\"},\"data\":{\"b\":\"2\"}}",
                    STR_ARG(first.version));
    second = done(visit, request_patch(arena, &resource_configmaps, space, name, "", old_patch));
    assert_false(str_equal(first.version, second.version));
    refused(visit, request_patch(arena, &resource_configmaps, space, name, "", old_patch),
            ERR_STALE);
    third =
        done(visit, request_replace(arena, &resource_configmaps, space, name,
                                    map_text(visit, "live-a", arena_text(arena, second.version))));
    assert_true(str_equal(first.uid, third.uid));
    refused(visit,
            request_delete(arena, &resource_configmaps, space, name, STR_LIT("another"),
                           (struct str){0}, -1),
            ERR_STALE);
    refused(visit,
            request_delete(arena, &resource_configmaps, space, name, third.uid, second.version, -1),
            ERR_STALE);
    done(visit,
         request_delete(arena, &resource_configmaps, space, name, third.uid, third.version, 0));
    refused(visit, request_get(arena, &resource_configmaps, space, name), ERR_ABSENT);
    refused(visit, request_get(arena, &unknown, space, name), ERR_REFUSED);
}

static void lists(struct visit *visit)
{
    struct list_query query = {.label_selector = STR_LIT("live=client"), .limit = 2};
    struct object_meta meta;
    uint32_t pages = 0;

    for (int i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof(name), "live-%d", i);
        done(visit, request_create(&visit->arena, &resource_configmaps, space,
                                   map_text(visit, name, NULL)));
    }
    do {
        meta = done(visit, request_list(&visit->arena, &resource_configmaps, space, &query));
        query.resume = meta.resume;
        query.version = meta.version; /* not to be sent along with `continue` */
        pages++;
    } while (meta.resume.size > 0);
    assert_int_equal(pages, 3);
    query.resume = (struct str){0};
    done(visit, request_list(&visit->arena, &resource_configmaps, space, &query));
}

static void patches_meanwhile(struct fiber *fiber, void *ctx)
{
    struct visit *visit = ctx;
    struct kube_client client = visit->client;
    struct json_value object;
    struct err err = {0};
    struct kube_request request =
        request_patch(&visit->arena, &resource_configmaps, space, STR_LIT("live-0"), "",
                      STR_LIT("{\"data\":{\"seen\":\"yes\"}}"));

    client.fiber = fiber;
    fiber_sleep(fiber, &visit->reactor, 300);
    if (!kube_call(&client, &visit->arena, &request, "patch", &object, &err))
        fail_msg("%s", err.text);
}

static bool take_all(void *ctx, struct str bytes)
{
    buf_add(ctx, bytes);
    return true;
}

static void watches(struct visit *visit)
{
    struct list_query query = {.label_selector = STR_LIT("live=client"), .limit = 1};
    auto_end(buf_fini) struct buf bytes;
    struct kube_request request;
    struct err err = {0};

    query.version =
        done(visit, request_list(&visit->arena, &resource_configmaps, space, &query)).version;
    request = request_watch(&visit->arena, &resource_configmaps, space, &query, 2);
    buf_init(&bytes, 1 << 20);
    assert_true(fiber_start(visit->fibers, patches_meanwhile, visit));
    if (!kube_stream(&visit->client, &request, "watch", 0, take_all, &bytes, &err))
        fail_msg("%s", err.text);
    assert_true(str_starts(buf_str(&bytes), "{\"type\":\"MODIFIED\""));
    assert_non_null(memmem(bytes.at, bytes.size, "\"seen\":\"yes\"", 12));
}

struct crowd {
    struct visit *visit;
    uint32_t *left;
};

static void reads_often(struct fiber *fiber, void *ctx)
{
    struct crowd crowd = *(struct crowd *)ctx;
    struct kube_client client = crowd.visit->client;

    client.fiber = fiber;
    for (int i = 0; i < 40; i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct json_value object;
        struct err err = {0};
        struct kube_request request =
            request_get(&arena, &resource_configmaps, space, STR_LIT("live-0"));
        if (!kube_call(&client, &arena, &request, "get", &object, &err))
            fail_msg("%s", err.text);
    }
    --*crowd.left;
}

static int socket_count(void)
{
    int ret = 0;

    for (int fd = 0; fd < 1024; fd++) {
        struct stat facts;
        ret += fstat(fd, &facts) == 0 && S_ISSOCK(facts.st_mode);
    }
    return ret;
}

static void reads_side_by_side(struct visit *visit)
{
    uint32_t left = 100;
    struct crowd crowd = {visit, &left};
    int64_t start_ms = visit->reactor.monotonic_ms(visit->reactor.self), took_ms;

    for (int i = 0; i < 100; i++)
        assert_true(fiber_start(visit->fibers, reads_often, &crowd));
    while (left > 0)
        fiber_sleep(visit->client.fiber, &visit->reactor, 5);
    took_ms = visit->reactor.monotonic_ms(visit->reactor.self) - start_ms;
    print_message("4000 reads in %lld ms\n", (long long)took_ms);
    assert_true(socket_count() < 4); /* HTTP/2: all on one */
}

static void clears_up(struct visit *visit)
{
    for (int i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof(name), "live-%d", i);
        struct object_meta meta =
            done(visit, request_get(&visit->arena, &resource_configmaps, space, str_of(name)));
        done(visit, request_delete(&visit->arena, &resource_configmaps, space, meta.name, meta.uid,
                                   meta.version, -1));
    }
}

static struct str pod_text(void)
{
    return STR_LIT(
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"live-pod\"},\"spec\":{"
        "\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"task\",\"image\":\"bash:5.2\","
        "\"command\":[\"bash\",\"-c\",\"for i in 1 2 3 4 5; do echo line $i; sleep 0.3; "
        "done\"]}]}}");
}

/* The log can be had once the container has started. */
static void reads_log(struct visit *visit)
{
    const struct log_query query = {.container = "task", .follow = true, .tail_lines = -1};
    struct kube_request request = request_log(&visit->arena, space, STR_LIT("live-pod"), &query);
    auto_end(buf_fini) struct buf bytes;

    buf_init(&bytes, 1 << 20);
    for (int i = 0; i < 200; i++) {
        struct err err = {0};
        if (kube_stream(&visit->client, &request, "log", 0, take_all, &bytes, &err))
            break;
        assert_int_equal(err.kind, ERR_INVALID); /* it is waiting to start */
        fiber_sleep(visit->client.fiber, &visit->reactor, 100);
    }
    assert_true(str_is(buf_str(&bytes), "line 1\nline 2\nline 3\nline 4\nline 5\n"));
}

static void runs_a_pod(struct visit *visit)
{
    struct json_value nodes;
    struct err err = {0};
    struct object_meta meta;

    assert_true(call(visit,
                     request_list(&visit->arena, &resource_nodes, (struct str){0},
                                  &(struct list_query){.limit = 1}),
                     &nodes, &err));
    if (json_get(&nodes, "items")->count == 0) {
        print_message("no node: no log is read\n");
        return;
    }
    meta = done(visit, request_create(&visit->arena, &resource_pods, space, pod_text()));
    reads_log(visit);
    done(visit, request_delete(&visit->arena, &resource_pods, space, meta.name, meta.uid,
                               (struct str){0}, 0));
}

static void (*const parts[])(struct visit *visit) = {
    writes, lists, watches, reads_side_by_side, clears_up, runs_a_pod};

static void do_all(struct visit *visit)
{
    for (size_t i = 0; i < countof(parts); i++)
        parts[i](visit);
}

static void the_client_and_a_real_server_agree(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kubeconfig_sources sources = {.env_paths = getenv("KUBECONFIG")};
    struct kube_access access;
    struct err err = {0};

    (void)state;
    if (!kubeconfig_load(&arena, &sources, &access, &err))
        fail_msg("%s", err.text);
    visit_make(&(struct visit){.access = &access, .main = do_all});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_client_and_a_real_server_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
