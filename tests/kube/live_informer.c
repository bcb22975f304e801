// SPDX-License-Identifier: Apache-2.0
/* An informer against a real API server: `tests/cluster/apiserver 1.37 PROGRAM [COUNT]`. It makes
 * COUNT ConfigMaps, says how long listing them took and what it cost, and follows their changes.
 * No part of `meson test`. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kube/informer.h"
#include "kube/resource.h"
#include "loopback.h"

enum {
    MAKERS = 32,
    FILLING = 2000 /* bytes of each */
};

static const struct str space = {"default", 7};

struct crowd {
    struct visit *visit;
    long count, made;
    int makers;
};

struct heard {
    uint32_t added, changed, gone, troubles;
};

static bool keep(struct arena *arena, const struct json_value *object, struct buf *ret)
{
    (void)arena;
    const struct json_value *version = json_get(json_get(object, "data"), "v");
    if (version)
        buf_add(ret, version->text);
    return version;
}

static void changed(void *ctx, const struct cached *was, const struct cached *now)
{
    struct heard *heard = ctx;

    if (!was)
        heard->added++;
    else if (!now)
        heard->gone++;
    else
        heard->changed++;
}

static void troubled(void *ctx, const struct kube_resource *resource, const struct err *err)
{
    struct heard *heard = ctx;

    print_message("%s: %s\n", resource->plural, err->text);
    heard->troubles++;
}

static struct json_value done(const struct kube_client *client, struct arena *arena,
                              struct kube_request request)
{
    struct json_value ret;
    struct err err = {0};

    if (!kube_call(client, arena, &request, "call", &ret, &err))
        fail_msg("%s", err.text);
    return ret;
}

static void make_some(struct fiber *fiber, void *ctx)
{
    struct crowd *crowd = ctx;
    struct kube_client client = crowd->visit->client;
    char filling[FILLING + 1] = {0};

    memset(filling, 'x', FILLING);
    client.fiber = fiber;
    while (crowd->made < crowd->count) {
        auto_end(arena_fini) struct arena arena = {0};
        struct str body = arena_print(
            &arena,
            "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"live-%ld\","
            "\"labels\":{\"live\":\"informer\"}},\"data\":{\"v\":\"1\",\"filling\":\"%s\"}}",
            crowd->made++, filling);
        done(&client, &arena, request_create(&arena, &resource_configmaps, space, body));
    }
    crowd->makers--;
}

static void make_all(struct visit *visit, long count)
{
    struct crowd crowd = {.visit = visit, .count = count, .makers = MAKERS};

    for (int i = 0; i < MAKERS; i++)
        assert_true(fiber_start(visit->fibers, make_some, &crowd));
    while (crowd.makers > 0)
        fiber_sleep(visit->client.fiber, &visit->reactor, 10);
}

static void pause_until(struct visit *visit, const uint32_t *counter, uint32_t wanted)
{
    for (int i = 0; *counter < wanted && i < 1000; i++)
        fiber_sleep(visit->client.fiber, &visit->reactor, 5);
    assert_int_equal(*counter, wanted);
}

static void follow(struct visit *visit, const struct informer *informer, const struct heard *heard)
{
    struct arena *arena = &visit->arena;
    struct str name = STR_LIT("live-7");
    struct cached held;

    done(&visit->client, arena,
         request_patch(arena, &resource_configmaps, space, name, "",
                       STR_LIT("{\"data\":{\"v\":\"2\"}}")));
    pause_until(visit, &heard->changed, 1);
    assert_true(cache_find(informer_cache(informer), space, name, &held));
    assert_true(str_is(held.kept, "2"));
    struct kube_request request =
        request_delete(arena, &resource_configmaps, space, name, held.uid, held.version, -1);
    done(&visit->client, arena, request);
    pause_until(visit, &heard->gone, 1);
    assert_false(cache_find(informer_cache(informer), space, name, &held));
}

static void lists_and_follows(struct visit *visit)
{
    long count = *(const long *)visit->ctx;
    struct heard heard = {0};
    struct informer_spec spec = {
        .resource = &resource_configmaps,
        .label_selector = STR_LIT("live=informer"),
        .keep = keep,
        .changed = changed,
        .ctx = &heard,
        .troubled = troubled,
    };
    struct informer *informer = informer_new(&spec, &visit->transport, &visit->reactor);

    make_all(visit, count);
    malloc_trim(0);
    int64_t began_ms = visit->reactor.monotonic_ms(visit->reactor.self);
    assert_true(informer_start(informer, visit->fibers));
    while (!informer_is_synced(informer))
        fiber_sleep(visit->client.fiber, &visit->reactor, 1);
    print_message("%ld objects listed in %lld ms\n", count,
                  (long long)(visit->reactor.monotonic_ms(visit->reactor.self) - began_ms));
    assert_int_equal(heard.added, count);
    follow(visit, informer, &heard);
    assert_int_equal(heard.troubles, 0);
    informer_stop(informer);
    informer_free(informer);
}

static void the_cache_becomes_what_the_server_has(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kubeconfig_sources sources = {.env_paths = getenv("KUBECONFIG")};
    struct kube_access access;
    struct err err = {0};

    if (!kubeconfig_load(&arena, &sources, &access, &err))
        fail_msg("%s", err.text);
    visit_make(&(struct visit){.access = &access, .main = lists_and_follows, .ctx = *state});
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? strtol(argv[1], NULL, 10) : 1050;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(the_cache_becomes_what_the_server_has, &count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
