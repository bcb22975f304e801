// SPDX-License-Identifier: Apache-2.0
#include "stage.h"

#include <string.h>

#include "cli/command.h"
#include <stdlib.h>
#include <unistd.h>

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

/* Writes the script and lets the shell judge it. */
static int try_script(struct stage *stage, const char *shell, const char *test)
{
    struct str path = arena_print(&stage->arena, "%s/script", stage->directory);
    FILE *file = fopen(path.at, "w");

    assert_non_null(file);
    fputs(stage->out, file);
    fclose(file);
    return system(arena_print(&stage->arena, "%s -c '%s' - %s", shell, test, path.at).at);
}

static void every_command_and_flag_is_in_every_script(void **state)
{
    static const char *const lines[] = {"completion bash", "completion zsh", "completion fish"};
    struct stage *stage = *state;

    for (size_t i = 0; i < countof(lines); i++) {
        stage_run(stage, lines[i]);
        assert_int_equal(stage->code, 0);
        for (uint32_t k = 0; k < command_count(); k++) {
            assert_contains(stage->out, command_at(k)->name);
            for (uint32_t f = 0; f < command_at(k)->flag_count; f++)
                assert_contains(stage->out, command_at(k)->flags[f].name);
        }
    }
}

static void bash_completes_commands_and_flags(void **state)
{
    struct stage *stage = *state;

    stage_run(stage, "completion bash");
    assert_int_equal(try_script(stage, "bash",
                                ". \"$1\" && COMP_WORDS=(agentctl de) COMP_CWORD=1 && _agentctl && "
                                "[ \"${COMPREPLY[*]}\" = \"delete describe\" ]"),
                     0);
    assert_int_equal(try_script(stage, "bash",
                                ". \"$1\" && COMP_WORDS=(agentctl logs --ta) COMP_CWORD=2 && "
                                "_agentctl && [ \"${COMPREPLY[*]}\" = \"--tail\" ]"),
                     0);
    assert_int_not_equal(try_script(stage, "bash",
                                    ". \"$1\" && COMP_WORDS=(agentctl logs --xx) COMP_CWORD=2 && "
                                    "_agentctl && [ \"${COMPREPLY[*]}\" = \"--tail\" ]"),
                         0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_command_and_flag_is_in_every_script, setup, teardown),
        cmocka_unit_test_setup_teardown(bash_completes_commands_and_flags, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
