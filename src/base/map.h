// SPDX-License-Identifier: Apache-2.0
#pragma once

/* From texts to pieces of memory, in the order of the texts (str_order). A balanced tree: keys are
 * foreign, and nobody can choose them so that it becomes slow; walks are the same in every run.
 * An entry is one allocation, which holds its value and a copy of its key and stays where it is
 * until it is dropped. 32 bytes of overhead per entry. */
#include "base/str.h"

struct map_entry;
struct map {
    struct map_entry *root; /* zero value: an empty map */
    uint32_t count;
};

void map_fini(struct map *map); /* frees all; safe on the zero value, twice */

/* A new entry in the place of the one of that key, if there is one. Returns its value: `size` zero
 * bytes, aligned for pointers and int64_t. The key may be that of the entry that goes. */
void *map_put(struct map *map, struct str key, size_t size);
void *map_find(const struct map *map, struct str key); /* NULL: none */
bool map_drop(struct map *map, struct str key);        /* false: none */

struct str map_key(const void *value); /* of a value that map_put returned */
/* For walks: the first one at all, the first one beyond a key. NULL: none. */
void *map_first(const struct map *map);
void *map_after(const struct map *map, struct str key);
