// SPDX-License-Identifier: Apache-2.0
#include "informer_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "json/json.h"

static const struct kube_resource things = {"example.io", "v1", "things", "Thing", true};

/* The value of {"v":…}; what has none is none of ours. */
static bool keep(struct arena *arena, const struct json_value *object, struct buf *ret)
{
    const struct json_value *value = json_get(json_get(object, "spec"), "v");

    (void)arena;
    if (!value)
        return false;
    buf_add(ret, value->text);
    return true;
}

static void note(struct scene *scene, const char *what, const struct cached *about)
{
    size_t used = strlen(scene->told);

    snprintf(scene->told + used, sizeof(scene->told) - used, "%s%.*s=%.*s ", what,
             STR_ARG(about->name), STR_ARG(about->kept));
}

static void changed(void *ctx, const struct cached *was, const struct cached *now)
{
    struct scene *scene = ctx;
    const struct cached *about = now ? now : was;
    struct cached held;
    bool has_held = cache_find(scene->shadow, about->space, about->name, &held);

    assert_int_equal(has_held, was != NULL);
    if (was) {
        assert_true(str_equal(held.uid, was->uid));
        assert_true(str_equal(held.version, was->version));
        assert_true(str_equal(held.kept, was->kept));
    }
    note(scene, !was ? "+" : now ? "~" : "-", about);
    if (now)
        assert_true(cache_put(scene->shadow, now));
    else
        assert_true(cache_drop(scene->shadow, about->space, about->name));
}

static void troubled(void *ctx, const struct kube_resource *resource, const struct err *err)
{
    struct scene *scene = ctx;

    assert_ptr_equal(resource, &things);
    assert_int_not_equal(err->kind, ERR_NONE);
    scene->troubles++;
}

int scene_prepare(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->changes = calloc(FAKE_CHANGES_MAX, sizeof(*scene->changes));
    fake_init(&scene->api, scene->changes);
    scene->transport = fake_transport(&scene->api);
    scene->reactor = fake_reactor(&scene->api);
    scene->fibers = fiber_pool_new(4);
    scene->shadow = cache_new();
    scene->informer = informer_new(
        &(struct informer_spec){
            .resource = &things,
            .keep = keep,
            .changed = changed,
            .ctx = scene,
            .troubled = troubled,
        },
        &scene->transport, &scene->reactor);
    *state = scene;
    return 0;
}

int scene_end(void **state)
{
    struct scene *scene = *state;

    informer_stop(scene->informer);
    informer_free(scene->informer);
    fiber_pool_free(scene->fibers);
    fake_fini(&scene->api);
    cache_free(scene->shadow);
    free(scene->changes);
    free(scene);
    return 0;
}

void scene_start(struct scene *scene, int64_t for_ms)
{
    assert_true(informer_start(scene->informer, scene->fibers));
    fake_run(&scene->api, for_ms);
}

void scene_put(struct scene *scene, const char *name, int value)
{
    char spec[32];

    snprintf(spec, sizeof(spec), "{\"v\":%d}", value);
    fake_put(&scene->api, name, spec);
}

void scene_plant(struct scene *scene, enum fake_kind on, enum fake_fault_kind kind, int arg,
                 int times)
{
    fake_plant(&scene->api, (struct fake_fault){kind, on, arg, 0, times});
}

void scene_restart(struct scene *scene)
{
    informer_stop(scene->informer);
    assert_true(informer_start(scene->informer, scene->fibers));
}

static void assert_is_stored(void *ctx, const struct cached *entry)
{
    struct scene *scene = ctx;
    char name[32], expected[64];

    snprintf(name, sizeof(name), "%.*s", STR_ARG(entry->name));
    const struct fake_change *stored = fake_find(&scene->api, name);
    assert_non_null(stored);
    assert_true(str_is(entry->uid, stored->uid));
    snprintf(expected, sizeof(expected), "{\"v\":%.*s}", STR_ARG(entry->kept));
    assert_string_equal(expected, stored->spec);
}

void scene_assert_equal(struct scene *scene)
{
    const struct cache *cache = informer_cache(scene->informer);

    assert_true(informer_is_synced(scene->informer));
    assert_int_equal(cache_count(cache), fake_count(&scene->api));
    cache_each(cache, assert_is_stored, scene);
    assert_int_equal(cache_count(scene->shadow), cache_count(cache));
    cache_each(scene->shadow, assert_is_stored, scene);
}

void scene_assert_told(struct scene *scene, const char *expected)
{
    assert_string_equal(scene->told, expected);
    scene->told[0] = '\0';
}
