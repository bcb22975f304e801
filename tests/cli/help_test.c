// SPDX-License-Identifier: Apache-2.0
#include "stage.h"

#include <string.h>

#include "cli/command.h"

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

static void every_command_and_every_flag_is_in_it(void **state)
{
    struct stage *stage = *state;

    for (uint32_t i = 0; i < command_count(); i++) {
        const struct command *command = command_at(i);

        stage_run(stage, "help");
        assert_contains(stage->out, command->name);
        assert_contains(stage->out, command->summary);
        stage_run(stage, arena_print(&stage->arena, "help %s", command->name).at);
        assert_contains(stage->out, command->usage);
        for (uint32_t k = 0; k < command->flag_count; k++) {
            assert_contains(stage->out, command->flags[k].name);
            assert_contains(stage->out, command->flags[k].help);
        }
        assert_contains(stage->out, "--local ");
    }
}

static void no_line_is_wider_than_a_screen_or_ends_with_a_blank(void **state)
{
    struct stage *stage = *state;

    for (uint32_t i = 0; i < command_count(); i++) {
        char *rest, *line;

        stage_run(stage, arena_print(&stage->arena, "help %s", command_at(i)->name).at);
        rest = stage->out;
        while ((line = strsep(&rest, "\n"))) {
            size_t size = strlen(line);

            if (size > 100 || (size > 0 && line[size - 1] == ' '))
                fail_msg("help %s: \"%s\"", command_at(i)->name, line);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_command_and_every_flag_is_in_it, setup, teardown),
        cmocka_unit_test_setup_teardown(no_line_is_wider_than_a_screen_or_ends_with_a_blank, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
