// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/present.h"

static const char *const titles[] = {"NAME", "PHASE", "AGE"};

struct fixture {
    struct arena arena;
    struct table table;
};

static void fixture_end(struct fixture *fixture)
{
    arena_fini(&fixture->arena);
}

static void add(struct fixture *fixture, const char *a, const char *b, const char *c)
{
    struct str cells[] = {str_of(a), str_of(b), str_of(c)};

    table_add(&fixture->table, cells);
}

static void assert_page(struct fixture *fixture, bool has_titles, cell_paint *paint,
                        const char *expected)
{
    auto_end(buf_fini) struct buf page = {0};

    buf_init(&page, 4096);
    table_print(&fixture->table, has_titles, paint, &page);
    buf_add_char(&page, '\0');
    assert_string_equal(page.at, expected);
}

static void columns_are_as_wide_as_their_content(void **state)
{
    auto_end(fixture_end) struct fixture fixture = {0};

    (void)state;
    table_init(&fixture.table, &fixture.arena, titles, 3);
    add(&fixture, "a", "Succeeded", "3s");
    add(&fixture, "a-long-name", "", "2h");
    assert_page(&fixture, true, NULL,
                "NAME          PHASE       AGE\n"
                "a             Succeeded   3s\n"
                "a-long-name               2h\n");
}

static void no_line_ends_with_a_blank(void **state)
{
    auto_end(fixture_end) struct fixture fixture = {0};

    (void)state;
    table_init(&fixture.table, &fixture.arena, titles, 3);
    add(&fixture, "a", "", "");
    add(&fixture, "", "", "");
    assert_page(&fixture, false, NULL, "a\n\n");
}

static void a_cell_cannot_break_the_row(void **state)
{
    auto_end(fixture_end) struct fixture fixture = {0};

    (void)state;
    table_init(&fixture.table, &fixture.arena, titles, 3);
    add(&fixture, "a\nb", "\x1b[31m", "\xe2\x80\xae");
    assert_page(&fixture, false, NULL, "a\\nb   \\x1b[31m   \\u202e\n");
}

static void widths_count_characters(void **state)
{
    auto_end(fixture_end) struct fixture fixture = {0};

    (void)state;
    table_init(&fixture.table, &fixture.arena, titles, 3);
    add(&fixture, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f!", "x", "y");
    assert_page(&fixture, true, NULL,
                "NAME    PHASE   AGE\n"
                "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f!   x       y\n");
}

static struct str paint(struct arena *arena, uint32_t column, struct str cell)
{
    return column == 1 ? arena_print(arena, "<%.*s>", STR_ARG(cell)) : cell;
}

static void colour_does_not_move_columns(void **state)
{
    auto_end(fixture_end) struct fixture fixture = {0};

    (void)state;
    table_init(&fixture.table, &fixture.arena, titles, 3);
    add(&fixture, "a", "Failed", "1s");
    add(&fixture, "b", "Succeeded", "1s");
    assert_page(&fixture, true, paint,
                "NAME   PHASE       AGE\n"
                "a      <Failed>      1s\n"
                "b      <Succeeded>   1s\n");
}

static void later_rows_keep_the_widths(void **state)
{
    auto_end(fixture_end) struct fixture fixture = {0};

    (void)state;
    table_init(&fixture.table, &fixture.arena, titles, 3);
    add(&fixture, "a-long-name", "x", "y");
    table_drop_rows(&fixture.table);
    add(&fixture, "b", "x", "y");
    assert_page(&fixture, false, NULL, "b             x   y\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_content),
        cmocka_unit_test(no_line_ends_with_a_blank),
        cmocka_unit_test(a_cell_cannot_break_the_row),
        cmocka_unit_test(widths_count_characters),
        cmocka_unit_test(colour_does_not_move_columns),
        cmocka_unit_test(later_rows_keep_the_widths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
