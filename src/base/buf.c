// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *buf, size_t size_max)
{
    *buf = (struct buf){.size_max = size_max};
}

void buf_fini(struct buf *buf)
{
    free(buf->at);
    *buf = (struct buf){0};
}

static bool is_within(const struct buf *buf, size_t size)
{
    return size <= buf->size_max - buf->size;
}

/* Memory for `size` more bytes; the bound is the caller's to check. */
static char *grow(struct buf *buf, size_t size)
{
    size_t need = buf->size + size;
    size_t room = buf->room ? buf->room : 256;

    if (need > buf->room || !buf->at) {
        while (room < need)
            room *= 2;
        buf->at = realloc(buf->at, room);
        if (!buf->at)
            abort();
        buf->room = room;
    }
    return buf->at + buf->size;
}

char *buf_reserve(struct buf *buf, size_t size)
{
    return is_within(buf, size) ? grow(buf, size) : NULL;
}

void buf_added(struct buf *buf, size_t size)
{
    assert(buf->size + size <= buf->room);
    buf->size += size;
}

void buf_add(struct buf *buf, struct str s)
{
    char *end;

    if (s.size == 0)
        return;
    end = buf_reserve(buf, s.size);
    if (!end) {
        buf->is_full = true;
        return;
    }
    memcpy(end, s.at, s.size);
    buf->size += s.size;
}

void buf_add_char(struct buf *buf, char c)
{
    buf_add(buf, (struct str){&c, 1});
}

void buf_print(struct buf *buf, const char *format, ...)
{
    va_list args;
    int size;
    char *end;

    va_start(args, format);
    size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0)
        abort();
    if (!is_within(buf, (size_t)size)) {
        buf->is_full = true;
        return;
    }
    end = grow(buf, (size_t)size + 1); /* vsnprintf ends with a NUL that is not kept */
    va_start(args, format);
    vsnprintf(end, (size_t)size + 1, format, args);
    va_end(args);
    buf->size += (size_t)size;
}

void buf_drop(struct buf *buf, size_t count)
{
    if (count > buf->size)
        count = buf->size;
    if (count > 0 && count < buf->size)
        memmove(buf->at, buf->at + count, buf->size - count);
    buf->size -= count;
}
