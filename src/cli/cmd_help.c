// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"
#include "cli/help.h"

static bool run(struct session *session, const void *options, struct err *err)
{
    const struct global_options *global = options;
    const char *word = global->operands.words.count ? global->operands.words.at[0] : NULL;
    const struct command *command = word ? command_find(word) : NULL;

    if (word && !command)
        return command_refuse(word, err);
    help_write(command, session->out);
    return true;
}

const struct command command_help = {
    .name = "help",
    .summary = "say what a command does",
    .usage = "[COMMAND]",
    .options_size = sizeof(struct global_options),
    .operands_max = 1,
    .operand = OPERAND_WORD,
    .is_anywhere = true,
    .run = run,
};
