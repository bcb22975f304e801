// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Keeps a cache equal to what the API server has: list in pages, then watch with bookmarks, again
 * and again. Runs in a fiber of its own for as long as the process lives. Events only say which
 * object to look at again.
 *
 * Lists are read at the source (no resourceVersion), in pages of at most PAGE_SIZE_MAX bytes: the
 * page shrinks until it fits. A list replaces the cache. One that is older than what was seen is
 * not believed at first: a lagging server must not take us back in time. A watch goes on from the
 * last version after a clean end, a broken connection, silence and 429; after 410 and all other
 * answers comes a new list, after 500 and garbage only if they persist. Every failure is followed
 * by a pause: 0.8 s, doubled, at most 30 s, as new after two minutes. An event that is older than
 * what the cache holds is skipped. */
#include "kube/cache.h"
#include "kube/client.h"

struct informer_spec { /* its texts are copied */
    const struct kube_resource *resource;
    struct str space;          /* empty: all namespaces */
    struct str label_selector; /* empty: all objects */
    struct str field_selector; /* the same */
    /* What to keep of an object, appended to `ret`; scratch memory from the arena. False: this
     * object is none of ours, as if it were not there. */
    bool (*keep)(struct arena *arena, const struct json_value *object, struct buf *ret);
    /* After the cache has changed. was NULL: it is new; now NULL: it is gone; another object of
     * the same name is first gone, then new. `was` holds what the cache held before. Called from
     * the informer's fiber; must not wait. */
    void (*changed)(void *ctx, const struct cached *was, const struct cached *now);
    void *ctx;
    /* For a log line: not an error of ours, it goes on by itself. May be NULL. */
    void (*troubled)(void *ctx, const struct kube_resource *resource, const struct err *err);
};

struct informer;

struct informer *informer_new(const struct informer_spec *spec, const struct transport *transport,
                              const struct reactor *reactor);
struct informer *informer_free(struct informer *informer); /* stopped before; NULL is fine */
must_use bool informer_start(struct informer *informer, struct fiber_pool *fibers);
void informer_stop(struct informer *informer); /* ends its fiber; not called from within it */
bool informer_is_synced(const struct informer *informer); /* listed once, whole */
const struct cache *informer_cache(const struct informer *informer);
/* Monotonic time of the last byte of a watch or list; for health. */
int64_t informer_heard_ms(const struct informer *informer);
