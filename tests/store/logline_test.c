// SPDX-License-Identifier: Apache-2.0
#include "store/logline.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_line_is_read_as_it_was_written(void **state)
{
    char prefix[LOGLINE_PREFIX + 1] = "";
    char text[LOGLINE_PREFIX + 8] = "";
    struct logline line;

    (void)state;
    logline_prefix(1795506000123, LOG_STDERR, false, prefix);
    memcpy(text, prefix, LOGLINE_PREFIX);
    memcpy(text + LOGLINE_PREFIX, "a b\x01", 4);
    assert_true(logline_parse((struct str){text, LOGLINE_PREFIX + 4}, &line));
    assert_int_equal(line.time_ms, 1795506000123);
    assert_int_equal(line.stream, LOG_STDERR);
    assert_false(line.ends_line);
    assert_true(str_is(line.bytes, "a b\x01"));
}

static void what_is_no_line_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "2026-11-24T07:39:00.000000000Z",
        "2026-11-24T07:39:00.000000000Z stdin F x",
        "2026-11-24T07:39:00.000000000Z stdout X x",
        "2026-99-24T07:39:00.000000000Z stdout F x",
        "hello world, this is text without any time in front of it",
    };
    struct logline line;

    (void)state;
    for (size_t i = 0; i < countof(texts); i++)
        assert_false(logline_parse(str_of(texts[i]), &line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_read_as_it_was_written),
        cmocka_unit_test(what_is_no_line_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
