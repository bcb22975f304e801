// SPDX-License-Identifier: Apache-2.0
#include "kube/cache.h"

#include <assert.h>

#include "base/map.h"

/* An entry's value; its key is "space/name". */
struct held {
    uint32_t kept_size;
    uint32_t mark; /* that of the cache when it was put */
    uint8_t space_size, uid_size, version_size;
    char texts[]; /* uid, version, kept */
};

struct cache {
    struct arena arena; /* of this struct alone */
    struct map map;
    uint32_t mark;
};

/* One byte that no name holds stands between the two. */
struct key {
    char at[2 * CACHE_TEXT_MAX + 1];
    size_t size;
};

struct cache *cache_new(void)
{
    struct arena arena = {0};
    struct cache *cache = arena_alloc(&arena, sizeof(*cache));

    cache->arena = arena;
    return cache;
}

struct cache *cache_free(struct cache *cache)
{
    if (!cache)
        return NULL;
    struct arena arena = cache->arena;
    map_fini(&cache->map);
    arena_fini(&arena);
    return NULL;
}

static void append(char **end, struct str text)
{
    if (text.size > 0)
        memcpy(*end, text.at, text.size);
    *end += text.size;
}

/* False: too long to be in any cache. */
static bool key_of(struct str space, struct str name, struct key *ret)
{
    char *end = ret->at;

    if (space.size > CACHE_TEXT_MAX || name.size > CACHE_TEXT_MAX)
        return false;
    append(&end, space);
    append(&end, STR_LIT("/"));
    append(&end, name);
    ret->size = (size_t)(end - ret->at);
    return true;
}

static struct str key_text(const struct key *key)
{
    return (struct str){key->at, key->size};
}

static struct cached view(const struct held *held)
{
    struct str key = map_key(held);
    const char *version = held->texts + held->uid_size;

    return (struct cached){
        .space = {key.at,                       held->space_size  },
        .name = str_skip(key, held->space_size + 1u),
        .uid = {held->texts,                  held->uid_size    },
        .version = {version,                      held->version_size},
        .kept = {version + held->version_size, held->kept_size   },
    };
}

static bool is_same(const struct held *held, const struct cached *entry)
{
    struct cached old = view(held);

    return str_equal(old.uid, entry->uid) && str_equal(old.version, entry->version);
}

bool cache_put(struct cache *cache, const struct cached *entry)
{
    struct key key;
    bool fits = key_of(entry->space, entry->name, &key);
    assert(fits && entry->uid.size <= CACHE_TEXT_MAX && entry->version.size <= CACHE_TEXT_MAX &&
           entry->kept.size <= CACHE_KEPT_MAX);
    struct held *held = map_find(&cache->map, key_text(&key));

    if (held && is_same(held, entry)) {
        held->mark = cache->mark;
        return false;
    }
    held = map_put(&cache->map, key_text(&key),
                   sizeof(*held) + entry->uid.size + entry->version.size + entry->kept.size);
    held->space_size = (uint8_t)entry->space.size;
    held->uid_size = (uint8_t)entry->uid.size;
    held->version_size = (uint8_t)entry->version.size;
    held->kept_size = (uint32_t)entry->kept.size;
    held->mark = cache->mark;
    char *end = held->texts;
    append(&end, entry->uid);
    append(&end, entry->version);
    append(&end, entry->kept);
    return true;
}

bool cache_drop(struct cache *cache, struct str space, struct str name)
{
    struct key key;

    return key_of(space, name, &key) && map_drop(&cache->map, key_text(&key));
}

bool cache_find(const struct cache *cache, struct str space, struct str name, struct cached *ret)
{
    struct key key;
    const struct held *held =
        key_of(space, name, &key) ? map_find(&cache->map, key_text(&key)) : NULL;

    if (held)
        *ret = view(held);
    return held;
}

uint32_t cache_count(const struct cache *cache)
{
    return cache->map.count;
}

void cache_each(const struct cache *cache, void (*visit)(void *ctx, const struct cached *entry),
                void *ctx)
{
    for (const struct held *held = map_first(&cache->map); held;
         held = map_after(&cache->map, map_key(held))) {
        struct cached entry = view(held);
        visit(ctx, &entry);
    }
}

void cache_mark(struct cache *cache)
{
    cache->mark++;
}

struct cached cached_copy(struct arena *arena, struct cached entry)
{
    return (struct cached){
        .space = arena_copy(arena, entry.space),
        .name = arena_copy(arena, entry.name),
        .uid = arena_copy(arena, entry.uid),
        .version = arena_copy(arena, entry.version),
        .kept = arena_copy(arena, entry.kept),
    };
}

void cache_sweep(struct cache *cache, void (*gone)(void *ctx, const struct cached *entry),
                 void *ctx)
{
    const struct held *next;

    for (const struct held *held = map_first(&cache->map); held; held = next) {
        next = map_after(&cache->map, map_key(held));
        if (held->mark == cache->mark)
            continue;
        auto_end(arena_fini) struct arena arena = {0};
        struct cached entry = cached_copy(&arena, view(held));
        map_drop(&cache->map, map_key(held));
        gone(ctx, &entry);
    }
}
