// SPDX-License-Identifier: Apache-2.0
#include "kube/watch_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct heard {
    char text[1024];
    int stop_at; /* events until the sink has enough; 0: never */
};

static bool hear(void *ctx, enum watch_event event, const struct json_value *object,
                 struct err *err)
{
    static const char letters[] = "AMDBE";
    struct heard *heard = ctx;
    size_t used = strlen(heard->text);
    const struct json_value *name = json_get(object, "name");

    snprintf(heard->text + used, sizeof(heard->text) - used, "%c:%.*s ", letters[event],
             STR_ARG(name ? name->text : (struct str){0}));
    if (heard->stop_at > 0 && --heard->stop_at == 0)
        return err_set(err, ERR_STALE, "enough");
    return true;
}

#define EVENT(type, name)                                                                          \
    "{\"type\":\"" type "\",\"object\":{\"name\":\"" name "\",\"text\":\"a\\nb\"}}\n"

static const char recorded[] = EVENT("ADDED", "a")
    EVENT("MODIFIED", "b") "\n" EVENT("FUTURE", "x") "\r\n" EVENT("DELETED", "c")
        EVENT("BOOKMARK", "") EVENT("ERROR", "e");
static const char recorded_heard[] = "A:a M:b D:c B: E:e ";

static bool read_text(struct watch *watch, struct heard *heard, struct str text, struct err *err)
{
    return watch_read(watch, text, hear, heard, err);
}

static void every_event_is_told(void **state)
{
    auto_end(watch_fini) struct watch watch;
    struct heard heard = {0};
    struct err err = {0};

    (void)state;
    watch_init(&watch);
    assert_true(read_text(&watch, &heard, str_of(recorded), &err));
    assert_string_equal(heard.text, recorded_heard);
}

/* In pieces of every size, and in two and three pieces at every place. */
static void it_may_be_cut_anywhere(void **state)
{
    size_t size = sizeof(recorded) - 1;

    (void)state;
    for (size_t first = 0; first <= size; first++)
        for (size_t second = first; second <= size; second++) {
            auto_end(watch_fini) struct watch watch;
            struct heard heard = {0};
            struct err err = {0};
            watch_init(&watch);
            assert_true(read_text(&watch, &heard, (struct str){recorded, first}, &err));
            assert_true(
                read_text(&watch, &heard, (struct str){recorded + first, second - first}, &err));
            assert_true(
                read_text(&watch, &heard, (struct str){recorded + second, size - second}, &err));
            assert_string_equal(heard.text, recorded_heard);
        }
    for (size_t piece = 1; piece <= size; piece++) {
        auto_end(watch_fini) struct watch watch;
        struct heard heard = {0};
        struct err err = {0};
        watch_init(&watch);
        for (size_t at = 0; at < size; at += piece)
            assert_true(read_text(
                &watch, &heard, (struct str){recorded + at, piece < size - at ? piece : size - at},
                &err));
        assert_string_equal(heard.text, recorded_heard);
    }
}

static void an_unfinished_line_is_no_event(void **state)
{
    auto_end(watch_fini) struct watch watch;
    struct heard heard = {0};
    struct err err = {0};

    (void)state;
    watch_init(&watch);
    size_t first = strlen(EVENT("ADDED", "a"));
    assert_true(read_text(&watch, &heard, (struct str){recorded, first - 1}, &err));
    assert_string_equal(heard.text, "");
    assert_true(read_text(&watch, &heard, STR_LIT("\n"), &err));
    assert_string_equal(heard.text, "A:a ");
}

static void what_is_no_event_is_an_error(void **state)
{
    static const char *const lines[] = {
        "hello\n",
        "[]\n",
        "{}\n",
        "{\"type\":\"ADDED\"}\n",
        "{\"type\":1,\"object\":{}}\n",
        "{\"type\":\"ADDED\",\"object\":[]}\n",
        "{\"type\":\"ADDED\",\"object\":null}\n",
        "{\"type\":\"ADDED\",\"object\":{}} {}\n",
        "{\"type\":\"ADDED\",\"type\":\"DELETED\",\"object\":{}}\n",
        " \n",
    };

    (void)state;
    for (size_t i = 0; i < countof(lines); i++) {
        auto_end(watch_fini) struct watch watch;
        struct heard heard = {0};
        struct err err = {0};
        watch_init(&watch);
        assert_false(read_text(&watch, &heard, str_of(lines[i]), &err));
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(heard.text, "");
    }
}

static void the_sink_can_end_it(void **state)
{
    auto_end(watch_fini) struct watch watch;
    struct heard heard = {.stop_at = 2};
    struct err err = {0};

    (void)state;
    watch_init(&watch);
    assert_false(read_text(&watch, &heard, str_of(recorded), &err));
    assert_int_equal(err.kind, ERR_STALE);
    assert_string_equal(heard.text, "A:a M:b ");
}

/* Megabytes in small pieces: reading them again with every piece would take hours. */
static void a_long_line_is_read_in_linear_time(void **state)
{
    enum {
        SIZE = WATCH_LINE_MAX - 100,
        PIECE = 16
    };
    auto_end(watch_fini) struct watch watch;
    struct heard heard = {0};
    struct err err = {0};
    char *text = malloc(SIZE);
    int head = snprintf(text, SIZE, "{\"type\":\"ADDED\",\"object\":{\"name\":\"long\",\"x\":\"");

    (void)state;
    memset(text + head, 'x', (size_t)(SIZE - head));
    memcpy(text + SIZE - 4, "\"}}\n", 4);
    watch_init(&watch);
    for (int at = 0; at < SIZE; at += PIECE)
        assert_true(read_text(
            &watch, &heard, (struct str){text + at, SIZE - at < PIECE ? SIZE - at : PIECE}, &err));
    assert_string_equal(heard.text, "A:long ");
    assert_true(watch.line.room < SIZE / 2); /* its memory is not held for ever */
    assert_true(read_text(&watch, &heard, str_of(recorded), &err));
    free(text);
}

static void a_line_without_end_is_a_limit(void **state)
{
    auto_end(watch_fini) struct watch watch;
    struct heard heard = {0};
    struct err err = {0};
    char piece[4096];
    bool goes_on = true;
    int pieces = 0;

    (void)state;
    memset(piece, ' ', sizeof(piece));
    watch_init(&watch);
    while (goes_on && pieces++ < 10000)
        goes_on = read_text(&watch, &heard, (struct str){piece, sizeof(piece)}, &err);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(pieces, WATCH_LINE_MAX / (int)sizeof(piece) + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_is_told),
        cmocka_unit_test(it_may_be_cut_anywhere),
        cmocka_unit_test(an_unfinished_line_is_no_event),
        cmocka_unit_test(what_is_no_event_is_an_error),
        cmocka_unit_test(the_sink_can_end_it),
        cmocka_unit_test(a_long_line_is_read_in_linear_time),
        cmocka_unit_test(a_line_without_end_is_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
