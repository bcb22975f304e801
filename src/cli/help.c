// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include "base/buf.h"
#include "cli/command.h"

enum {
    HELP_SIZE_MAX = 64 * 1024,
    HELP_COLUMNS = 80
};

static void print_all(struct buf *ret)
{
    buf_add(ret, STR_LIT("agentctl runs untrusted code once, in isolation, and says how it ended.\n"
                         "\nUsage:\n  agentctl COMMAND [flags]\n\nCommands:\n"));
    for (uint32_t i = 0; i < command_count(); i++)
        buf_print(ret, "  %-12s%s\n", command_at(i)->name, command_at(i)->summary);
    buf_add(ret, STR_LIT("\nTasks run on the cluster that kubectl would use; without a kubeconfig, "
                         "or with --local,\n"
                         "on this machine.\n"
                         "A task is named by its name, or by @latest: the newest.\n"
                         "\"agentctl help COMMAND\" says more about a command.\n"));
}

/* Prose, wrapped; a newline in it is kept. */
static void print_prose(const char *prose, struct buf *ret)
{
    struct str rest = str_of(prose);
    size_t column = 0;

    while (rest.size > 0) {
        size_t size = strcspn(rest.at, " \n"); /* a literal: terminated */

        if (column > 0 && column + 1 + size > HELP_COLUMNS) {
            buf_add_char(ret, '\n');
            column = 0;
        } else if (column > 0) {
            buf_add_char(ret, ' ');
            column++;
        }
        buf_add(ret, (struct str){rest.at, size});
        column += size;
        if (rest.at[size] == '\n') {
            buf_add_char(ret, '\n');
            column = 0;
        }
        rest = str_skip(rest, size + 1);
    }
    if (column > 0)
        buf_add_char(ret, '\n');
}

static int name_size(const struct flag *flag)
{
    size_t value = flag->value ? strlen(flag->value) + 1 : 0;

    return (int)(strlen(flag->name) + value);
}

static void print_flags(const char *title, struct flag_table table, struct buf *ret)
{
    int widest = 0;

    if (table.count == 0)
        return;
    for (uint32_t i = 0; i < table.count; i++)
        widest = name_size(&table.at[i]) > widest ? name_size(&table.at[i]) : widest;
    buf_print(ret, "\n%s:\n", title);
    for (uint32_t i = 0; i < table.count; i++) {
        const struct flag *flag = &table.at[i];

        if (flag->letter)
            buf_print(ret, "  -%c, ", flag->letter);
        else
            buf_add(ret, STR_LIT("      "));
        buf_print(ret, "--%s%s%s%*s   %s\n", flag->name, flag->value ? "=" : "",
                  flag->value ? flag->value : "", widest - name_size(flag), "", flag->help);
    }
}

static void print_command(const struct command *command, struct buf *ret)
{
    buf_print(ret, "agentctl %s: %s\n\nUsage:\n  agentctl %s %s\n", command->name, command->summary,
              command->name, command->usage);
    if (command->alias)
        buf_print(ret, "\nAlias:\n  %s\n", command->alias);
    if (command->details) {
        buf_add_char(ret, '\n');
        print_prose(command->details, ret);
    }
    print_flags("Flags", (struct flag_table){command->flags, command->flag_count}, ret);
    print_flags("Flags of every command", command_global_flags(), ret);
}

void help_write(const struct command *command, FILE *out)
{
    auto_end(buf_fini) struct buf text = {0};

    buf_init(&text, HELP_SIZE_MAX);
    if (command)
        print_command(command, &text);
    else
        print_all(&text);
    fwrite(text.at, 1, text.size, out);
}
