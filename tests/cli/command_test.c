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

static void names_are_in_order_and_unique(void **state)
{
    (void)state;
    for (uint32_t i = 1; i < command_count(); i++)
        assert_true(strcmp(command_at(i - 1)->name, command_at(i)->name) < 0);
}

/* Options begin with the global ones; flags of a command never hide one of those. */
static void no_flag_stands_for_two_things(void **state)
{
    struct flag_table global = command_global_flags();

    (void)state;
    for (uint32_t i = 0; i < command_count(); i++) {
        const struct command *command = command_at(i);
        bool letters[128] = {0};

        assert_true(command->options_size >= sizeof(struct global_options));
        assert_true(command->flag_count + global.count <= FLAGS_MAX);
        for (uint32_t k = 0; k < global.count; k++)
            letters[(unsigned char)global.at[k].letter] = true;
        for (uint32_t k = 0; k < command->flag_count; k++) {
            const struct flag *flag = &command->flags[k];

            assert_true(!flag->letter || !letters[(unsigned char)flag->letter]);
            letters[(unsigned char)flag->letter] = true;
            assert_true(flag->at < command->options_size);
            for (uint32_t other = 0; other < global.count; other++)
                assert_string_not_equal(flag->name, global.at[other].name);
            for (uint32_t other = 0; other < k; other++)
                assert_string_not_equal(flag->name, command->flags[other].name);
        }
    }
}

static void aliases_find_their_command(void **state)
{
    (void)state;
    assert_ptr_equal(command_find("get"), command_find("list"));
    assert_null(command_find("ge"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_are_in_order_and_unique, setup, teardown),
        cmocka_unit_test_setup_teardown(no_flag_stands_for_two_things, setup, teardown),
        cmocka_unit_test_setup_teardown(aliases_find_their_command, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
