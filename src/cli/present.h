// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Tables for people: columns as wide as their content, three blanks between them, never wrapped,
 * no blanks at the end of a line. Cells are escaped: one row is one line. */
#include "base/arena.h"
#include "base/buf.h"

enum {
    TABLE_COLUMNS_MAX = 16,
    PAGE_SIZE_MAX = 1024 * 1024 * 1024, /* of anything printed: far above a full store */
};

struct table_row;
struct table {
    struct arena *arena;
    const char *const *titles;
    uint32_t column_count;
    uint32_t widths[TABLE_COLUMNS_MAX]; /* in characters; grow with rows and printed titles */
    struct table_row *first, *last;
};

void table_init(struct table *table, struct arena *arena, const char *const *titles,
                uint32_t column_count);
/* Takes column_count cells; they must outlive the table unless they need escaping. */
void table_add(struct table *table, const struct str *cells);

typedef struct str cell_paint(struct arena *arena, uint32_t column, struct str cell);
/* `paint`, if any, may put colour around a cell; it must not change what the cell says. */
void table_print(struct table *table, bool has_titles, cell_paint *paint, struct buf *ret);
void table_drop_rows(struct table *table); /* the widths stay: for rows that come later */
