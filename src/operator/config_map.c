// SPDX-License-Identifier: Apache-2.0
#include "operator/config_map.h"

#include "api/configmap.h"
#include "kube/informer.h"
#include "kube/resource.h"
#include "operator/config.h"

#define FIRST_LOOK_MS INT64_C(100) /* until it is known whether there is one */

struct config_map {
    struct arena arena; /* of this struct alone */
    struct config_map_spec spec;
    struct informer *informer;
    struct alarm first_look;
};

static bool keep(struct arena *arena, const struct json_value *object, struct buf *ret)
{
    struct str text;

    if (!configmap_bytes(arena, object, CONFIG_MAP_KEY, &text))
        return false;
    if (text.size > CONFIG_SIZE_MAX + 1)
        text.size = CONFIG_SIZE_MAX + 1;
    buf_add(ret, text);
    return true;
}

/* Of another object no news is asked for; a server that sends it is not believed. */
static void changed(void *ctx, const struct cached *was, const struct cached *now)
{
    struct config_map *map = ctx;
    const struct cached *entry = now ? now : was;

    if (!str_equal(entry->name, map->spec.name) || !str_equal(entry->space, map->spec.space))
        return;
    map->spec.changed(map->spec.ctx, now ? &now->kept : NULL);
}

static void troubled(void *ctx, const struct kube_resource *resource, const struct err *err)
{
    const struct config_map *map = ctx;

    (void)resource;
    map->spec.troubled(map->spec.ctx, err);
}

/* What is not there makes no event. */
static void look_first(void *ctx)
{
    struct config_map *map = ctx;
    const struct reactor *reactor = map->spec.reactor;
    struct cached ignored;

    if (!informer_is_synced(map->informer))
        reactor->arm(reactor->self, &map->first_look,
                     reactor->monotonic_ms(reactor->self) + FIRST_LOOK_MS);
    else if (!cache_find(informer_cache(map->informer), map->spec.space, map->spec.name, &ignored))
        map->spec.changed(map->spec.ctx, NULL);
}

struct config_map *config_map_new(const struct config_map_spec *spec)
{
    struct arena arena = {0};
    struct config_map *map = arena_alloc(&arena, sizeof(*map));
    struct informer_spec informer = {
        .resource = &resource_configmaps,
        .space = spec->space,
        .field_selector = arena_print(&arena, "metadata.name=%.*s", STR_ARG(spec->name)),
        .keep = keep,
        .changed = changed,
        .ctx = map,
        .troubled = troubled,
    };

    map->arena = arena;
    map->spec = *spec;
    map->first_look = (struct alarm){.ring = look_first, .ctx = map};
    map->informer = informer_new(&informer, spec->transport, spec->reactor);
    return map;
}

struct config_map *config_map_free(struct config_map *map)
{
    struct arena arena;

    if (!map)
        return NULL;
    informer_free(map->informer);
    arena = map->arena;
    arena_fini(&arena);
    return NULL;
}

bool config_map_start(struct config_map *map, struct err *err)
{
    if (!informer_start(map->informer, map->spec.fibers))
        return err_set(err, ERR_LIMIT, "no fiber left to watch the config");
    look_first(map);
    return true;
}

void config_map_stop(struct config_map *map)
{
    map->spec.reactor->disarm(map->spec.reactor->self, &map->first_look);
    informer_stop(map->informer);
}
