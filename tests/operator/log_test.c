// SPDX-License-Identifier: Apache-2.0
#include "operator/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "sys/file.h"
#include "json/json.h"

static int64_t toy_now(void *self)
{
    return *(int64_t *)self;
}

struct fixture {
    int64_t now_ms;
    struct reactor reactor;
    struct log log;
    struct arena arena;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->now_ms = 1732434000123;
    f->reactor = (struct reactor){.self = &f->now_ms, .now_ms = toy_now};
    f->log = (struct log){.fd = memfd_create("log", MFD_CLOEXEC), .reactor = &f->reactor};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    fd_end(&f->log.fd);
    arena_fini(&f->arena);
    free(f);
    return 0;
}

static struct str written(struct fixture *f)
{
    struct err err = {0};
    struct str ret;

    lseek(f->log.fd, 0, SEEK_SET);
    assert_true(fd_read_all(&f->arena, f->log.fd, "log", 64 << 20, &ret, &err));
    return ret;
}

static void a_line_is_json_with_the_names_that_tools_expect(void **state)
{
    struct fixture *f = *state;
    struct err err = {.kind = ERR_RETRY, .text = "create pod a/b: \"quota\"\n\x1b[2J"};
    struct log_line line = {
        .level = LEVEL_ERROR,
        .logger = "operator",
        .message = "reconcile failed",
        .controller = "agenttask",
        .space = STR_LIT("a"),
        .name = STR_LIT("b"),
        .reconcile_id = 7,
        .because = "new",
        .err = &err,
    };

    log_write(&f->log, &line);
    assert_true(str_is(written(f),
                       "{\"ts\":\"2024-11-24T07:40:00.123000000Z\",\"level\":\"error\","
                       "\"logger\":\"operator\",\"msg\":\"reconcile failed\","
                       "\"controller\":\"agenttask\",\"namespace\":\"a\",\"name\":\"b\","
                       "\"because\":\"new\","
                       "\"error\":\"create pod a/b: \\\"quota\\\"\\n\\u001b[2J\","
                       "\"reconcileID\":\"7\"}\n"));
}

static void people_get_words(void **state)
{
    struct fixture *f = *state;
    struct log_line line = {
        .level = LEVEL_INFO,
        .logger = "operator",
        .message = "task went on",
        .name = STR_LIT("b"),
        .detail = STR_LIT("x\x1by"),
    };

    f->log.format = FORMAT_CONSOLE;
    log_write(&f->log, &line);
    assert_true(str_is(written(f), "2024-11-24T07:40:00.123000000Z info  operator: task went on "
                                   "name=\"b\" detail=\"x\\u001by\"\n"));
}

static void what_is_below_the_level_is_not_written(void **state)
{
    struct fixture *f = *state;

    f->log.level = LEVEL_WARN;
    log_write(&f->log, &(struct log_line){.level = LEVEL_INFO, .logger = "a", .message = "b"});
    assert_int_equal(written(f).size, 0);
    log_write(&f->log, &(struct log_line){.level = LEVEL_WARN, .logger = "a", .message = "b"});
    assert_true(written(f).size > 0);
}

static void a_flood_is_cut_but_errors_pass(void **state)
{
    struct fixture *f = *state;
    struct log_line line = {.level = LEVEL_INFO, .logger = "a", .message = "b"};
    uint32_t lines = 0;
    struct str text;

    for (int i = 0; i < LOG_BURST + 250; i++)
        log_write(&f->log, &line);
    line.level = LEVEL_ERROR;
    log_write(&f->log, &line);
    text = written(f);
    for (size_t i = 0; i < text.size; i++)
        lines += text.at[i] == '\n';
    assert_int_equal(lines, LOG_BURST + 1);
    f->now_ms += 1000;
    log_write(&f->log, &line);
    arena_text(&f->arena, text);
    assert_non_null(strstr(arena_text(&f->arena, written(f)), "\"detail\":\"250\""));
}

static void the_longest_line_is_still_whole(void **state)
{
    struct fixture *f = *state;
    char bytes[2000];
    struct str text = {bytes, sizeof(bytes)};
    struct log_line line = {.level = LEVEL_INFO,
                            .logger = "a",
                            .message = "b",
                            .space = text,
                            .name = text,
                            .detail = text};
    struct json_value value;
    struct err err = {0};

    memset(bytes, 1, sizeof(bytes));
    log_write(&f->log, &line);
    assert_true(json_read(&f->arena, written(f), &value, &err));
    assert_non_null(json_get(&value, "detail"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_is_json_with_the_names_that_tools_expect),
        TEST(people_get_words),
        TEST(what_is_below_the_level_is_not_written),
        TEST(a_flood_is_cut_but_errors_pass),
        TEST(the_longest_line_is_still_whole),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
