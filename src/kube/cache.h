// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What an informer knows: per object its names, uid and version, and what its keeper kept of it
 * (text, decoded on demand; no document is held). Entries are found by namespace and name. About
 * 50 bytes per entry besides its texts. */
#include "base/arena.h"

enum {
    CACHE_TEXT_MAX = 253,         /* of space, name, uid and version each (asserted) */
    CACHE_KEPT_MAX = 1024 * 1024, /* of kept (asserted) */
};

struct cached { /* valid until the next change of the cache */
    struct str space, name, uid, version;
    struct str kept;
};

struct cached cached_copy(struct arena *arena, struct cached entry); /* lasts as the arena does */

struct cache;

struct cache *cache_new(void);
struct cache *cache_free(struct cache *cache); /* NULL is fine; returns NULL */

/* Puts it in, or in the place of the one of that name; texts are copied into one allocation.
 * Returns false if it is the same version of the same uid: nothing changed. */
bool cache_put(struct cache *cache, const struct cached *entry);
bool cache_drop(struct cache *cache, struct str space, struct str name); /* false: was not there */
must_use bool cache_find(const struct cache *cache, struct str space, struct str name,
                         struct cached *ret);
uint32_t cache_count(const struct cache *cache);

/* All of them, by namespace and name; the cache must not be changed meanwhile. */
void cache_each(const struct cache *cache, void (*visit)(void *ctx, const struct cached *entry),
                void *ctx);

/* A list from the source replaces everything: mark, put what it holds, then sweep: what was not
 * put since the mark is gone, and `gone` is told of each once it is out of the cache. */
void cache_mark(struct cache *cache);
void cache_sweep(struct cache *cache, void (*gone)(void *ctx, const struct cached *entry),
                 void *ctx);
