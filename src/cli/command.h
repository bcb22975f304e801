// SPDX-License-Identifier: Apache-2.0
#pragma once

/* One command, one record. Parsing, help and completion are made from it; `run` is an ordinary
 * function with the session passed in. A new command is one file cmd_x.c, one declaration here
 * and one line in command.c. */
#include "cli/flags.h"
#include "cli/session.h"

/* Accepted by every command. */
struct global_options {
    bool local, all_spaces, help;
    const char *context, *kubeconfig, *space;
    const char *color;
    const char *output; /* -o, of the commands that have it */
    struct operands operands;
};

enum operand_kind { /* what completion offers */
    OPERAND_NONE,
    OPERAND_TASK,
    OPERAND_FILE,
    OPERAND_WORD,
};

struct command {
    const char *name;
    const char *alias;   /* NULL: none */
    const char *summary; /* one line, lower case, no full stop */
    const char *usage;   /* "NAME... [flags]", what follows "agentctl name" */
    const char *details; /* NULL, or paragraphs for help */
    const struct flag *flags;
    uint32_t flag_count;
    size_t options_size;  /* of a struct that begins with a struct global_options */
    const void *defaults; /* NULL: all zero */
    uint32_t operands_min, operands_max;
    enum operand_kind operand;
    bool is_anywhere; /* needs no tasks: does not ask where they are */
    /* False: *err says why not. session->exit_code, if set, is the exit code either way. */
    bool (*run)(struct session *session, const void *options, struct err *err);
};

/* The flag of the commands that print objects or lists. */
#define FLAG_OUTPUT(values)                                                                        \
    {                                                                                              \
        "output", 'o', FLAG_TEXT, offsetof(struct global_options, output), "FORMAT", values        \
    }

uint32_t command_count(void);
const struct command *command_at(uint32_t index);     /* in order of name */
const struct command *command_find(const char *word); /* by name or alias; NULL: none */
/* ERR_INVALID: there is no such command, and which was meant perhaps. Returns false. */
bool command_refuse(const char *word, struct err *err);
struct flag_table command_global_flags(void);

extern const struct command command_artifacts, command_cancel, command_completion, command_delete,
    command_describe, command_doctor, command_help, command_list, command_logs, command_profiles,
    command_result, command_run, command_version, command_wait;
