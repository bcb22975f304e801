// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Memory for one unit of work (a command, a reconcile, a request): many allocations, one end.
 * Out of memory aborts: bounds are errors, exhaustion is not. Alignment is that of max_align_t.
 * Not thread-safe. */
#include <stddef.h>

#include "base/str.h"

struct arena_block;
struct arena {
    struct arena_block *block; /* newest first; zero value: an empty arena */
};

void arena_fini(struct arena *arena);                /* frees all; safe on the zero value, twice */
void *arena_alloc(struct arena *arena, size_t size); /* zeroed; never NULL */
struct str arena_copy(struct arena *arena, struct str s);  /* the copy is NUL-terminated */
const char *arena_text(struct arena *arena, struct str s); /* the same, as a C string */
struct str arena_print(struct arena *arena, const char *format, ...) printf_like(2, 3);

/* An array of `count` items of a type, zeroed. Aborts if the size overflows. */
void *arena_array(struct arena *arena, size_t count, size_t item_size);
