// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"
#include "cli/completion.h"

enum {
    SCRIPT_SIZE_MAX = 256 * 1024
};

static bool run(struct session *session, const void *options, struct err *err)
{
    const struct global_options *global = options;
    auto_end(buf_fini) struct buf script = {0};

    buf_init(&script, SCRIPT_SIZE_MAX);
    if (!completion_print(global->operands.words.at[0], &script, err))
        return false;
    fwrite(script.at, 1, script.size, session->out);
    return true;
}

const struct command command_completion = {
    .name = "completion",
    .summary = "print a script that completes command lines",
    .usage = "(bash | zsh | fish)",
    .details = "bash:  source <(agentctl completion bash)\n"
               "zsh:   source <(agentctl completion zsh)\n"
               "fish:  agentctl completion fish | source\n",
    .options_size = sizeof(struct global_options),
    .operands_min = 1,
    .operands_max = 1,
    .operand = OPERAND_WORD,
    .is_anywhere = true,
    .run = run,
};
