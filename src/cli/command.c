// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

static const struct command *const commands[] = {
    /* Keep alphabetized. */
    &command_artifacts, &command_cancel, &command_completion, &command_delete, &command_describe,
    &command_doctor,    &command_help,   &command_list,       &command_logs,   &command_profiles,
    &command_result,    &command_run,    &command_version,    &command_wait,
};

#define AT(member) offsetof(struct global_options, member)
static const struct flag global_flags[] = {
    {"local",          0,   FLAG_SWITCH, AT(local),      NULL,   "on this machine, not a cluster"},
    {"kubeconfig",     0,   FLAG_TEXT,   AT(kubeconfig), "FILE", "the kubeconfig to use"         },
    {"context",        0,   FLAG_TEXT,   AT(context),    "NAME", "which context of it to use"    },
    {"namespace",      'n', FLAG_TEXT,   AT(space),      "NAME", "the namespace of the tasks"    },
    {"all-namespaces", 'A', FLAG_SWITCH, AT(all_spaces), NULL,   "tasks of all namespaces"       },
    {"color",          0,   FLAG_TEXT,   AT(color),      "WHEN", "auto, always or never"         },
    {"help",           'h', FLAG_SWITCH, AT(help),       NULL,   "show help and do nothing"      },
};

uint32_t command_count(void)
{
    return countof(commands);
}

const struct command *command_at(uint32_t index)
{
    return commands[index];
}

const struct command *command_find(const char *word)
{
    for (uint32_t i = 0; i < countof(commands); i++) {
        const struct command *command = commands[i];

        if (strcmp(word, command->name) == 0 ||
            (command->alias && strcmp(word, command->alias) == 0))
            return command;
    }
    return NULL;
}

bool command_refuse(const char *word, struct err *err)
{
    const char *best = NULL;

    for (uint32_t i = 0; i < countof(commands); i++) {
        nearest_word(word, commands[i]->name, &best);
        if (commands[i]->alias)
            nearest_word(word, commands[i]->alias, &best);
    }
    if (best)
        return err_set(err, ERR_INVALID, "unknown command \"%s\" (did you mean %s?)", word, best);
    return err_set(err, ERR_INVALID, "unknown command \"%s\"; agentctl help lists them", word);
}

struct flag_table command_global_flags(void)
{
    return (struct flag_table){global_flags, countof(global_flags)};
}
