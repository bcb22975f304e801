// SPDX-License-Identifier: Apache-2.0
#include "cluster_stage.h"

#include <string.h>

#define LOG  "GET /api/v1/namespaces/team/pods/a-pod/log?"
#define KEPT "GET /api/v1/namespaces/team/configmaps/a-logs "
#define ENDED(bytes)                                                                               \
    SUCCEEDED ",\"logs\":{\"configMapRef\":\"a-logs\",\"bytes\":" bytes ",\"complete\":true}"
#define WATCH "GET " TASKS "?fieldSelector=metadata.name%3Da&watch=true"

static struct cluster_stage stage;

static void a_pod_that_runs_is_asked(void **state)
{
    static const struct answer script[] = {
        REPLY("GET " TASKS "/a ", 200, TASK("a", "5", RUNNING)),
        REPLY(LOG "container=task&tailLines=2 ", 200, "x\n\x1b[31my"),
    };

    (void)state;
    PLAY(&stage, "logs a --tail 2", script);
    assert_string_equal(stage.out, "x\n\\x1b[31my");
}

static void times_are_the_kubelets(void **state)
{
    static const struct answer script[] = {
        REPLY("GET " TASKS "/a ", 200, TASK("a", "5", RUNNING)),
        REPLY(LOG "container=task&timestamps=true ", 200,
              "2026-11-24T07:39:01.5Z one two\n2026-11-24T07:39:02Z \n"),
    };

    (void)state;
    PLAY(&stage, "logs a --timestamps", script);
    assert_string_equal(stage.out, "2026-11-24T07:39:01.500000000Z one two\n"
                                   "2026-11-24T07:39:02.000000000Z \n");
}

static void afterwards_it_is_what_was_kept(void **state)
{
    static const struct {
        const char *line, *out;
    } rows[] = {
        {"logs a",          "one\ntwo\n[5 bytes are not kept]\nlast\nend\n"},
        {"logs a --tail 2", "last\nend\n"                                  },
        {"logs a --tail 0", ""                                             },
        {"logs -f a",       "one\ntwo\n[5 bytes are not kept]\nlast\nend\n"},
    };
    static const struct answer script[] = {
        REPLY("GET " TASKS "/a ", 200, TASK("a", "5", ENDED("22"))),
        REPLY(KEPT, 200,
              "{\"metadata\":{\"name\":\"a-logs\"},\"data\":{\"head\":\"one\\ntwo\\n\","
              "\"tail\":\"last\\nend\\n\"}}"),
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        PLAY(&stage, rows[i].line, script);
        assert_string_equal(stage.out, rows[i].out);
    }
}

static void a_stream_that_breaks_is_completed_from_what_was_kept(void **state)
{
    static const struct answer script[] = {
        REPLY("GET " TASKS "/a ", 200, TASK("a", "5", "")),
        REPLY(WATCH, 200, EVENT("MODIFIED", TASK("a", "6", RUNNING))),
        CUT_REPLY(LOG "container=task&follow=true ", 200, "one\nt"),
        REPLY(WATCH, 200, EVENT("MODIFIED", TASK("a", "7", ENDED("8")))),
        REPLY(KEPT, 200,
              "{\"metadata\":{\"name\":\"a-logs\"},\"data\":{\"head\":\"one\\ntwo\\n\"}}"),
    };

    (void)state;
    PLAY(&stage, "logs -f a", script);
    assert_string_equal(stage.out, "one\ntwo\n");
    assert_int_equal(stage.code, 0);
}

static void a_short_output_stands_in_the_status(void **state)
{
    static const struct answer script[] = {
        REPLY("GET " TASKS "/a ", 200,
              TASK("a", "5",
                   SUCCEEDED
                   ",\"logs\":{\"text\":\"one\\ntwo\\n\",\"bytes\":8,\"complete\":true}")),
    };

    (void)state;
    PLAY(&stage, "logs a", script);
    assert_string_equal(stage.out, "one\ntwo\n");
    PLAY(&stage, "logs a --tail 1", script);
    assert_string_equal(stage.out, "two\n");
}

static void nothing_written_is_nothing_shown(void **state)
{
    static const struct answer script[] = {
        REPLY("GET " TASKS "/a ", 200, TASK("a", "5", SUCCEEDED)),
    };

    (void)state;
    PLAY(&stage, "logs a", script);
    assert_string_equal(stage.out, "");
    PLAY(&stage, "logs a --since 1m", script);
    assert_has(stage.err, "has no times");
    assert_int_equal(stage.code, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pod_that_runs_is_asked),
        cmocka_unit_test(times_are_the_kubelets),
        cmocka_unit_test(afterwards_it_is_what_was_kept),
        cmocka_unit_test(a_stream_that_breaks_is_completed_from_what_was_kept),
        cmocka_unit_test(a_short_output_stands_in_the_status),
        cmocka_unit_test(nothing_written_is_nothing_shown),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    cluster_stage_fini(&stage);
    return failed;
}
