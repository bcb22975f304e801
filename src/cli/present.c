// SPDX-License-Identifier: Apache-2.0
#include "cli/present.h"

#include <assert.h>

#include "cli/escape.h"

enum {
    COLUMN_GAP = 3
};

struct table_row {
    struct table_row *next;
    struct str cells[];
};

/* Characters, not bytes; what is printed is valid UTF-8. */
static uint32_t width_of(struct str cell)
{
    uint32_t width = 0;

    for (size_t i = 0; i < cell.size; i++)
        if (((unsigned char)cell.at[i] & 0xc0) != 0x80)
            width++;
    return width;
}

static struct str cell_of(struct arena *arena, struct str cell)
{
    for (size_t i = 0; i < cell.size; i++) {
        unsigned char byte = (unsigned char)cell.at[i];

        if (byte < 0x20 || byte >= 0x7f)
            return escape_text(arena, ESCAPE_LINE, cell);
    }
    return cell;
}

void table_init(struct table *table, struct arena *arena, const char *const *titles,
                uint32_t column_count)
{
    assert(column_count <= TABLE_COLUMNS_MAX);
    *table = (struct table){.arena = arena, .titles = titles, .column_count = column_count};
}

void table_add(struct table *table, const struct str *cells)
{
    struct table_row *row =
        arena_alloc(table->arena, sizeof(*row) + table->column_count * sizeof(struct str));

    for (uint32_t i = 0; i < table->column_count; i++) {
        uint32_t width;

        row->cells[i] = cell_of(table->arena, cells[i]);
        width = width_of(row->cells[i]);
        if (width > table->widths[i])
            table->widths[i] = width;
    }
    if (table->last)
        table->last->next = row;
    else
        table->first = row;
    table->last = row;
}

static void print_row(const struct table *table, const struct str *cells, cell_paint *paint,
                      struct buf *ret)
{
    uint32_t blanks = 0; /* owed: printed only if something follows */

    for (uint32_t i = 0; i < table->column_count; i++) {
        uint32_t width = width_of(cells[i]);

        if (width > 0) {
            buf_print(ret, "%*s", (int)blanks, "");
            buf_add(ret, paint ? paint(table->arena, i, cells[i]) : cells[i]);
            blanks = 0;
        }
        blanks += table->widths[i] - width + COLUMN_GAP;
    }
    buf_add_char(ret, '\n');
}

void table_print(struct table *table, bool has_titles, cell_paint *paint, struct buf *ret)
{
    struct str titles[TABLE_COLUMNS_MAX];

    for (uint32_t i = 0; i < table->column_count; i++) {
        titles[i] = str_of(table->titles[i]);
        if (has_titles && width_of(titles[i]) > table->widths[i])
            table->widths[i] = width_of(titles[i]);
    }
    if (has_titles)
        print_row(table, titles, NULL, ret);
    for (const struct table_row *row = table->first; row; row = row->next)
        print_row(table, row->cells, paint, ret);
}

void table_drop_rows(struct table *table)
{
    table->first = table->last = NULL;
}
