// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include "cli/command.h"

/* Names of tasks come from the program itself, at the moment of completion. */
#define TASK_NAMES "agentctl list -o name 2>/dev/null | sed s,.*/,,"

static void add_flags_bash(struct flag_table table, struct buf *ret)
{
    for (uint32_t i = 0; i < table.count; i++)
        buf_print(ret, " --%s", table.at[i].name);
}

static const char *operands_bash(enum operand_kind kind)
{
    switch (kind) {
    case OPERAND_TASK:
        return "$(" TASK_NAMES ") @latest";
    case OPERAND_FILE:
        return "$(compgen -f -- \"$word\")";
    case OPERAND_NONE:
    case OPERAND_WORD:
        break;
    }
    return "";
}

static void print_bash(struct buf *ret)
{
    buf_add(ret, STR_LIT("_agentctl()\n{\n"
                         "    local word=\"${COMP_WORDS[COMP_CWORD]}\" flags=\"\" words=\"\"\n"
                         "    if ((COMP_CWORD == 1)); then\n        words=\""));
    for (uint32_t i = 0; i < command_count(); i++)
        buf_print(ret, "%s%s", i ? " " : "", command_at(i)->name);
    buf_add(ret, STR_LIT("\"\n    fi\n    case \"${COMP_WORDS[1]}\" in\n"));
    for (uint32_t i = 0; i < command_count(); i++) {
        const struct command *command = command_at(i);

        buf_print(ret, "    %s%s%s)\n        flags=\"", command->name, command->alias ? "|" : "",
                  command->alias ? command->alias : "");
        add_flags_bash((struct flag_table){command->flags, command->flag_count}, ret);
        add_flags_bash(command_global_flags(), ret);
        buf_print(ret,
                  "\"\n        ((COMP_CWORD > 1)) && [[ $word != -* ]] && words=\"%s\"\n"
                  "        ;;\n",
                  operands_bash(command->operand));
    }
    buf_add(ret, STR_LIT("    esac\n    [[ $word == -* ]] && words=\"$flags\"\n"
                         "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n}\n"
                         "complete -o default -F _agentctl agentctl\n"));
}

/* In zsh and fish a help text stands between single quotes. */
static void add_quoted(struct buf *ret, const char *text)
{
    for (; *text; text++)
        buf_add(ret, *text == '\'' ? STR_LIT("'\\''") : (struct str){text, 1});
}

static void add_flags_zsh(struct flag_table table, struct buf *ret)
{
    for (uint32_t i = 0; i < table.count; i++) {
        const struct flag *flag = &table.at[i];

        buf_print(ret, " \\\n            '%s--%s%s[", flag->kind == FLAG_LIST ? "*" : "",
                  flag->name, flag->kind == FLAG_SWITCH ? "" : "=");
        for (const char *at = flag->help; *at; at++) { /* brackets and colons have a meaning */
            if (strchr("[]:\\", *at))
                buf_add_char(ret, '\\');
            if (*at != '\'')
                buf_add_char(ret, *at);
        }
        buf_print(ret, "]%s%s%s'", flag->value ? ":" : "", flag->value ? flag->value : "",
                  flag->value && strcmp(flag->value, "FILE") == 0 ? ":_files" : "");
    }
}

static const char *operands_zsh(enum operand_kind kind)
{
    switch (kind) {
    case OPERAND_TASK:
        return " \\\n            '*:task:($(" TASK_NAMES ") @latest)'";
    case OPERAND_FILE:
        return " \\\n            '*:file:_files'";
    case OPERAND_NONE:
    case OPERAND_WORD:
        break;
    }
    return "";
}

static void print_zsh(struct buf *ret)
{
    buf_add(ret, STR_LIT("#compdef agentctl\n_agentctl()\n{\n    local -a commands=(\n"));
    for (uint32_t i = 0; i < command_count(); i++) {
        buf_print(ret, "        '%s:", command_at(i)->name);
        add_quoted(ret, command_at(i)->summary);
        buf_add(ret, STR_LIT("'\n"));
    }
    buf_add(ret, STR_LIT("    )\n    if ((CURRENT == 2)); then\n"
                         "        _describe command commands\n        return\n    fi\n"
                         "    shift words\n    ((CURRENT--))\n    case \"$words[1]\" in\n"));
    for (uint32_t i = 0; i < command_count(); i++) {
        const struct command *command = command_at(i);

        buf_print(ret, "    %s%s%s)\n        _arguments", command->name, command->alias ? "|" : "",
                  command->alias ? command->alias : "");
        add_flags_zsh((struct flag_table){command->flags, command->flag_count}, ret);
        add_flags_zsh(command_global_flags(), ret);
        buf_print(ret, "%s\n        ;;\n", operands_zsh(command->operand));
    }
    buf_add(ret, STR_LIT("    esac\n}\ncompdef _agentctl agentctl\n"));
}

static void add_flags_fish(const char *command, struct flag_table table, struct buf *ret)
{
    for (uint32_t i = 0; i < table.count; i++) {
        const struct flag *flag = &table.at[i];

        buf_add(ret, STR_LIT("complete -c agentctl"));
        if (command)
            buf_print(ret, " -n '__fish_seen_subcommand_from %s'", command);
        buf_print(ret, " -l %s", flag->name);
        if (flag->letter)
            buf_print(ret, " -s %c", flag->letter);
        buf_print(ret, "%s -d '", flag->kind == FLAG_SWITCH ? "" : " -r");
        add_quoted(ret, flag->help);
        buf_add(ret, STR_LIT("'\n"));
    }
}

static void print_fish(struct buf *ret)
{
    buf_add(ret, STR_LIT("complete -c agentctl -f\n"));
    for (uint32_t i = 0; i < command_count(); i++) {
        const struct command *command = command_at(i);

        buf_print(ret, "complete -c agentctl -n __fish_use_subcommand -a %s -d '", command->name);
        add_quoted(ret, command->summary);
        buf_add(ret, STR_LIT("'\n"));
        add_flags_fish(command->name, (struct flag_table){command->flags, command->flag_count},
                       ret);
        if (command->operand == OPERAND_TASK)
            buf_print(ret,
                      "complete -c agentctl -n '__fish_seen_subcommand_from %s' "
                      "-a '(" TASK_NAMES "; echo @latest)'\n",
                      command->name);
        if (command->operand == OPERAND_FILE)
            buf_print(ret, "complete -c agentctl -n '__fish_seen_subcommand_from %s' -F\n",
                      command->name);
    }
    add_flags_fish(NULL, command_global_flags(), ret);
}

bool completion_print(const char *shell, struct buf *ret, struct err *err)
{
    if (strcmp(shell, "bash") == 0)
        print_bash(ret);
    else if (strcmp(shell, "zsh") == 0)
        print_zsh(ret);
    else if (strcmp(shell, "fish") == 0)
        print_fish(ret);
    else
        return err_set(err, ERR_INVALID, "\"%s\" is not bash, zsh or fish", shell);
    return true;
}
