// SPDX-License-Identifier: Apache-2.0
#pragma once

/* An informer on a fake server. What it tells is carried out on a cache of its own, the shadow,
 * which must be equal to the informer's. Objects are {"v":NUMBER}; what has no "v" is not kept. */
#include "fake_api.h"
#include "kube/informer.h"

#define SECOND INT64_C(1000)
#define MINUTE INT64_C(60000)

struct scene {
    struct fake_api api;
    struct fake_change *changes;
    struct transport transport;
    struct reactor reactor;
    struct fiber_pool *fibers;
    struct informer *informer;
    struct cache *shadow;
    char told[512]; /* +new=1 ~changed=2 -gone=1 */
    uint32_t troubles;
};

int scene_prepare(void **state); /* for cmocka: *state is a new scene */
int scene_end(void **state);

void scene_start(struct scene *scene, int64_t for_ms);
void scene_restart(struct scene *scene); /* the watch under way ends, the next one begins */
void scene_put(struct scene *scene, const char *name, int value);
void scene_plant(struct scene *scene, enum fake_kind on, enum fake_fault_kind kind, int arg,
                 int times);
void scene_assert_equal(struct scene *scene);                      /* server, cache and shadow */
void scene_assert_told(struct scene *scene, const char *expected); /* since the last time */
