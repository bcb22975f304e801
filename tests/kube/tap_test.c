// SPDX-License-Identifier: Apache-2.0
#include "kube/tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_api.h"

/* A client that counts what it is told. */
struct client {
    int heads, ends;
    size_t bytes;
    bool failed;
};

static void head(void *ctx, int32_t status, int64_t retry_after_ms)
{
    (void)status;
    (void)retry_after_ms;
    ((struct client *)ctx)->heads++;
}

static void bytes(void *ctx, struct str bytes)
{
    ((struct client *)ctx)->bytes += bytes.size;
}

static void end(void *ctx, const struct err *failure)
{
    ((struct client *)ctx)->ends++;
    ((struct client *)ctx)->failed = failure;
}

static const struct exchange_events events = {head, bytes, end};

struct scene {
    struct fake_api api;
    struct transport transport;
    struct reactor reactor;
    struct tap tap;
    struct client client;
};

static int prepare(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    fake_init(&scene->api, calloc(FAKE_CHANGES_MAX, sizeof(struct fake_change)));
    scene->transport = fake_transport(&scene->api);
    scene->reactor = fake_reactor(&scene->api);
    tap_init(&scene->tap, &scene->transport, &scene->reactor);
    fake_put(&scene->api, "a", "{}");
    *state = scene;
    return 0;
}

static int finish(void **state)
{
    struct scene *scene = *state;

    fake_fini(&scene->api);
    free(scene->api.changes);
    free(scene);
    return 0;
}

static struct exchange *ask(struct scene *scene, const char *path)
{
    const struct transport *door = &scene->tap.door;
    struct kube_request request = {.path = str_of(path), .size_max = 4096};

    return door->start(door->self, &request, &events, &scene->client);
}

static void what_comes_is_passed_on_and_noted(void **state)
{
    struct scene *scene = *state;
    int64_t made_ms = scene->api.now_ms;

    assert_int_equal(scene->tap.heard_ms, made_ms);
    fake_run(&scene->api, 5000);
    ask(scene, "/things/a");
    fake_run(&scene->api, 100);
    assert_int_equal(scene->tap.status, 200);
    assert_int_equal(scene->tap.heard_ms, made_ms + 5000);
    assert_int_equal(scene->client.heads, 1);
    assert_true(scene->client.bytes > 10);
    assert_int_equal(scene->client.ends, 1);
    assert_false(scene->client.failed);
}

static void of_no_answer_the_status_is_0(void **state)
{
    struct scene *scene = *state;

    ask(scene, "/things/b");
    fake_run(&scene->api, 100);
    assert_int_equal(scene->tap.status, 404);
    fake_plant(&scene->api, (struct fake_fault){FAULT_REFUSED, FAKE_READ, 0, 0, 1});
    ask(scene, "/things/b");
    fake_run(&scene->api, 100);
    assert_int_equal(scene->tap.status, 0);
    assert_true(scene->client.failed);
    assert_int_equal(scene->client.ends, 2);
}

static void what_is_stopped_says_no_more(void **state)
{
    struct scene *scene = *state;
    struct exchange *exchange = ask(scene, "/things/a");

    scene->tap.door.stop(scene->tap.door.self, exchange);
    fake_run(&scene->api, 100);
    assert_int_equal(scene->client.heads + scene->client.ends, 0);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, prepare, finish)
    const struct CMUnitTest tests[] = {
        SCENE(what_comes_is_passed_on_and_noted),
        SCENE(of_no_answer_the_status_is_0),
        SCENE(what_is_stopped_says_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
