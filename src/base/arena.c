// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct arena_block {
    struct arena_block *older;
    size_t used, size;
    max_align_t bytes[];
};

enum {
    BLOCK_SIZE = 16 * 1024 - sizeof(struct arena_block),
    LARGE_SIZE = BLOCK_SIZE / 4,
};

void arena_fini(struct arena *arena)
{
    while (arena->block) {
        struct arena_block *older = arena->block->older;
        free(arena->block);
        arena->block = older;
    }
}

static struct arena_block *block_new(struct arena_block *older, size_t size)
{
    struct arena_block *block = calloc(1, sizeof(*block) + size);

    if (!block)
        abort();
    block->older = older;
    block->size = size;
    return block;
}

/* A block of its own, so that the rest of the current one is not lost: full from the start, it
 * stands behind that one. */
static void *large_new(struct arena *arena, size_t size)
{
    struct arena_block *block = block_new(arena->block ? arena->block->older : NULL, size);

    block->used = size;
    if (arena->block)
        arena->block->older = block;
    else
        arena->block = block;
    return block->bytes;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t align = _Alignof(max_align_t);
    struct arena_block *block = arena->block;
    void *start;

    if (size > SIZE_MAX / 2)
        abort();
    size = (size + align - 1) / align * align;
    if (size > LARGE_SIZE)
        return large_new(arena, size);
    if (!block || block->size - block->used < size) {
        block = block_new(arena->block, BLOCK_SIZE);
        arena->block = block;
    }
    start = (char *)block->bytes + block->used;
    block->used += size;
    return start;
}

void *arena_array(struct arena *arena, size_t count, size_t item_size)
{
    size_t size;

    if (__builtin_mul_overflow(count, item_size, &size))
        abort();
    return arena_alloc(arena, size);
}

struct str arena_copy(struct arena *arena, struct str s)
{
    char *copy = arena_alloc(arena, s.size + 1);

    if (s.size)
        memcpy(copy, s.at, s.size);
    return (struct str){copy, s.size};
}

const char *arena_text(struct arena *arena, struct str s)
{
    return arena_copy(arena, s).at;
}

struct str arena_print(struct arena *arena, const char *format, ...)
{
    va_list args;
    int size;
    char *text;

    va_start(args, format);
    size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0)
        abort();
    text = arena_alloc(arena, (size_t)size + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)size + 1, format, args);
    va_end(args);
    return (struct str){text, (size_t)size};
}
