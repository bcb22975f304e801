// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"
#include "cli/place.h"
#include "cli/target.h"

static bool cancel(struct session *session, const char *name, struct err *err)
{
    const struct place *place = session->place;
    struct task task;

    if (!target_find(session, SESSION_CHANGE, name, &session->arena, &task, err))
        return false;
    if (!place->cancel(place->self, &task, err))
        return false;
    fprintf(session->out, TARGET_KIND "/%.*s canceled\n", STR_ARG(task.name));
    return true;
}

static bool run(struct session *session, const void *options, struct err *err)
{
    const struct global_options *global = options;

    for (uint32_t i = 0; i < global->operands.words.count; i++)
        if (!cancel(session, global->operands.words.at[i], err))
            return false;
    return true;
}

const struct command command_cancel = {
    .name = "cancel",
    .summary = "stop tasks, and keep their output",
    .usage = "NAME...",
    .details = "The code is asked to end (TERM) and, after 5 seconds, killed. A task that is over "
               "stays as it is.",
    .options_size = sizeof(struct global_options),
    .operands_min = 1,
    .operands_max = WORDS_MAX,
    .operand = OPERAND_TASK,
    .run = run,
};
