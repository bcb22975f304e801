// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Bytes that grow, up to a bound fixed at the start. A write that would pass the bound is not
 * made, and is remembered: check buf.is_full once, at the end. Out of memory aborts. */
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct buf {
    char *at; /* not terminated */
    size_t size, room, size_max;
    bool is_full; /* something did not fit: the contents are not whole */
};

void buf_init(struct buf *buf, size_t size_max);
void buf_fini(struct buf *buf); /* safe on the zero value, twice */
void buf_add(struct buf *buf, struct str s);
void buf_add_char(struct buf *buf, char c);
void buf_print(struct buf *buf, const char *format, ...) printf_like(2, 3);
void buf_drop(struct buf *buf, size_t count); /* the first `count` bytes go; at most all */

/* Makes room for `size` more bytes and returns where they go; add them with buf_added().
 * NULL if they would pass the bound (is_full is not set: nothing was lost). */
char *buf_reserve(struct buf *buf, size_t size);
void buf_added(struct buf *buf, size_t size);

static inline struct str buf_str(const struct buf *buf) /* valid until the next change */
{
    return (struct str){buf->at, buf->size};
}
