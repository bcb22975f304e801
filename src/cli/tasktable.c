// SPDX-License-Identifier: Apache-2.0
#include "cli/tasktable.h"

#include <assert.h>

#include "base/date.h"

static const char *const titles[] = {"NAMESPACE", "NAME",    "PHASE", "REASON", "AGE",
                                     "POD",       "PROFILE", "NODE",  "EXIT",   "DURATION"};

enum {
    WITHOUT_SPACE = 1, /* the first column is left out */
    COLUMN_PHASE = 2,
    NARROW_COUNT = 6,
};

static bool has_spaces(const struct table *table)
{
    return table->titles == titles;
}

void tasktable_init(struct table *table, struct arena *arena, bool with_spaces, bool is_wide)
{
    uint32_t from = with_spaces ? 0 : WITHOUT_SPACE;
    uint32_t count = is_wide ? (uint32_t)countof(titles) : NARROW_COUNT;

    table_init(table, arena, titles + from, count - from);
}

static struct str span_text(struct arena *arena, int64_t from_ms, int64_t to_ms)
{
    char text[DURATION_TEXT];

    if (from_ms == 0)
        return (struct str){0};
    duration_print(to_ms > from_ms ? to_ms - from_ms : 0, text); /* a clock may be set back */
    return arena_copy(arena, str_of(text));
}

void tasktable_add(struct table *table, const struct store_row *row, int64_t now_ms)
{
    struct arena *arena = table->arena;
    bool has_exit = row->exit_code != EXIT_UNKNOWN;
    struct str cells[] = {
        row->space,
        row->name,
        str_of(phase_word(row->phase)),
        str_of(reason_word(row->reason)),
        span_text(arena, row->created_ms, now_ms),
        row->run_name,
        row->profile,
        row->node,
        has_exit ? arena_print(arena, "%d", row->exit_code) : (struct str){0},
        span_text(arena, row->started_ms, row->finished_ms ? row->finished_ms : now_ms),
    };

    static_assert(countof(cells) == countof(titles), "a cell for every title");
    table_add(table, cells + (has_spaces(table) ? 0 : WITHOUT_SPACE));
}

static const char *color_of(struct str phase)
{
    if (str_is(phase, phase_word(PHASE_SUCCEEDED)))
        return "32"; /* green */
    if (str_is(phase, phase_word(PHASE_FAILED)))
        return "31"; /* red */
    if (str_is(phase, phase_word(PHASE_CANCELED)))
        return "33"; /* yellow */
    return "36";     /* cyan: under way */
}

static struct str paint_phase(struct arena *arena, struct str cell)
{
    return arena_print(arena, "\x1b[%sm%.*s\x1b[0m", color_of(cell), STR_ARG(cell));
}

static struct str paint(struct arena *arena, uint32_t column, struct str cell)
{
    return column == COLUMN_PHASE ? paint_phase(arena, cell) : cell;
}

static struct str paint_without_space(struct arena *arena, uint32_t column, struct str cell)
{
    return column + WITHOUT_SPACE == COLUMN_PHASE ? paint_phase(arena, cell) : cell;
}

cell_paint *tasktable_paint(const struct table *table)
{
    return has_spaces(table) ? paint : paint_without_space;
}
