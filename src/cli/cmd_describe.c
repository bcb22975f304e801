// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"
#include "cli/describe.h"
#include "cli/present.h"
#include "cli/target.h"

static bool describe(struct session *session, const char *name, struct err *err)
{
    auto_end(buf_fini) struct buf page = {0};
    struct task task;

    if (!target_find(session, SESSION_READ, name, &session->arena, &task, err))
        return false;
    buf_init(&page, PAGE_SIZE_MAX);
    describe_task(&task, session->now_ms(), &session->arena, &page);
    fwrite(page.at, 1, page.size, session->out);
    return true;
}

static bool run(struct session *session, const void *options, struct err *err)
{
    const struct global_options *global = options;

    for (uint32_t i = 0; i < global->operands.words.count; i++) {
        if (i > 0)
            fputs("\n\n", session->out); /* as kubectl separates them */
        if (!describe(session, global->operands.words.at[i], err))
            return false;
    }
    return true;
}

const struct command command_describe = {
    .name = "describe",
    .summary = "show all that is known of tasks",
    .usage = "NAME...",
    .options_size = sizeof(struct global_options),
    .operands_min = 1,
    .operands_max = WORDS_MAX,
    .operand = OPERAND_TASK,
    .run = run,
};
