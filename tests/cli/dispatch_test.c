// SPDX-License-Identifier: Apache-2.0
#include "stage.h"

#include <stdlib.h>
#include <string.h>

#include "cli/dispatch.h"

static int setup(void **state)
{
    static struct stage stage;

    stage_init(&stage);
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    stage_fini(*state);
    return 0;
}

static void a_wrong_line_is_one_line_and_exit_2(void **state)
{
    static const struct {
        const char *line, *err;
    } rows[] = {
        {"lst",                 "error: unknown command \"lst\" (did you mean list?)\n"                },
        {"xyzzy",               "error: unknown command \"xyzzy\"; agentctl help lists them\n"         },
        {"help lst",            "error: unknown command \"lst\" (did you mean list?)\n"                },
        {"--loca list",         "error: unknown flag --loca (did you mean --local?)\n"                 },
        {"list --watc",         "error: unknown flag --watc (did you mean --watch?)\n"                 },
        {"list -o xml",         "error: --output: \"xml\" is not json, yaml, name, wide or "
                        "jsonpath=TEMPLATE\n"                                   },
        {"list --color blue",   "error: --color: \"blue\" is not auto, always or never\n"              },
        {"logs",                "error: too few arguments; usage: agentctl logs NAME [flags]\n"        },
        {"logs a b",            "error: too many arguments: \"b\"; usage: agentctl logs NAME [flags]\n"},
        {"list a -l x=y",       "error: --selector and names contradict each other\n"                  },
        {"delete",              "error: give either names, --selector or --all\n"                      },
        {"delete a --all",      "error: give either names, --selector or --all\n"                      },
        {"logs a --tail -2",    "error: --tail: -2 is no number of lines\n"                            },
        {"wait a --for=delete", "error: --for: \"delete\" is not condition=NAME\n"                     },
        {"completion csh",      "error: \"csh\" is not bash, zsh or fish\n"                            },
    };
    struct stage *stage = *state;

    for (size_t i = 0; i < countof(rows); i++) {
        stage_run(stage, rows[i].line);
        assert_err(stage, rows[i].err);
        assert_out(stage, "");
        assert_int_equal(stage->code, STATUS_USAGE);
    }
}

static void what_is_not_there_is_exit_3(void **state)
{
    static const char *const lines[] = {
        "list x", "describe x", "logs x",   "result x",
        "wait x", "cancel x",   "delete x", "artifacts x",
    };
    struct stage *stage = *state;
    struct task task;

    for (int has_store = 0; has_store < 2; has_store++) {
        for (size_t i = 0; i < countof(lines); i++) {
            stage_run(stage, lines[i]);
            assert_err(stage, "error: agenttask \"x\" not found (agentctl list shows those there "
                              "are)\n");
            assert_out(stage, "");
            assert_int_equal(stage->code, STATUS_ABSENT);
        }
        task = stage_task(stage, "another", PHASE_SUCCEEDED, REASON_NONE);
        if (!has_store)
            stage_put(stage, &task);
    }
}

static void the_newest_of_none_is_exit_3(void **state)
{
    struct stage *stage = *state;

    stage_run(stage, "logs @latest");
    assert_err(stage, "error: @latest: there is no agenttask yet\n");
    assert_int_equal(stage->code, STATUS_ABSENT);
}

static void errors_are_json_when_output_is(void **state)
{
    struct stage *stage = *state;

    stage_run(stage, "list x -o json");
    assert_err(stage, "{\"code\":3,\"reason\":\"NotFound\",\"message\":\"agenttask \\\"x\\\" not "
                      "found\",\"hint\":\"agentctl list shows those there are\"}\n");
    stage_run(stage, "list -o json --bogus");
    assert_err(stage, "{\"code\":2,\"reason\":\"Invalid\",\"message\":\"unknown flag --bogus\"}\n");
    assert_int_equal(stage->code, STATUS_USAGE);
}

static void flags_may_stand_before_the_command(void **state)
{
    struct stage *stage = *state;

    stage->environment[2] = "KUBECONFIG=/etc/passwd";
    stage_run(stage, "list");
    assert_int_equal(stage->code, STATUS_ERROR);
    assert_contains(stage->err, "error: the cluster client cannot be loaded: ");
    assert_contains(stage->err, " (pass --local to work on this machine)\n");
    stage_run(stage, "--local list");
    assert_int_equal(stage->code, STATUS_OK);
    stage_run(stage, "list --local");
    assert_int_equal(stage->code, STATUS_OK);
    stage_run(stage, "version"); /* needs no tasks: does not ask where they are */
    assert_int_equal(stage->code, STATUS_OK);
}

static void help_is_data_and_does_nothing_else(void **state)
{
    static const char *const lines[] = {"",          "help",        "--help",    "-h",
                                        "help list", "list --help", "delete -h", "delete --all -h"};
    struct stage *stage = *state;

    for (size_t i = 0; i < countof(lines); i++) {
        stage_run(stage, lines[i]);
        assert_int_equal(stage->code, STATUS_OK);
        assert_contains(stage->out, "Usage:\n  agentctl ");
        assert_err(stage, "");
    }
}

static void bytes_of_the_user_are_escaped_in_errors(void **state)
{
    struct stage *stage = *state;

    stage_run(stage, "list \x1b[31mx");
    assert_err(stage, "error: agenttask \"\\x1b[31mx\" not found (agentctl list shows those there "
                      "are)\n");
}

static void a_full_disk_is_an_error(void **state)
{
    struct stage *stage = *state;
    char *environment[] = {"HOME=/", NULL}, *argv[] = {"agentctl", "version", NULL}, *text = NULL;
    size_t size;
    struct session session = {.environment = environment, .out = fopen("/dev/full", "w")};

    (void)stage;
    session.err = open_memstream(&text, &size);
    assert_int_equal(dispatch(&session, 2, argv), STATUS_ERROR);
    fclose(session.err);
    assert_string_equal(text, "error: write standard output: No space left on device\n");
    free(text);
    session_fini(&session);
    fclose(session.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_wrong_line_is_one_line_and_exit_2, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_exit_3, setup, teardown),
        cmocka_unit_test_setup_teardown(the_newest_of_none_is_exit_3, setup, teardown),
        cmocka_unit_test_setup_teardown(errors_are_json_when_output_is, setup, teardown),
        cmocka_unit_test_setup_teardown(flags_may_stand_before_the_command, setup, teardown),
        cmocka_unit_test_setup_teardown(help_is_data_and_does_nothing_else, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_of_the_user_are_escaped_in_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_is_an_error, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
