// SPDX-License-Identifier: Apache-2.0
#include "cli/dispatch.h"

#include <errno.h>

#include "cli/command.h"
#include "cli/escape.h"
#include "cli/help.h"
#include "json/json.h"

enum {
    ERROR_SIZE_MAX = 8 * 1024
};

static int exit_code_of(const struct session *session, const struct err *err)
{
    if (session->exit_code != STATUS_OK)
        return session->exit_code;
    switch (err->kind) {
    case ERR_NONE:
        return STATUS_OK;
    case ERR_ABSENT:
        return STATUS_ABSENT;
    case ERR_INVALID:
        return STATUS_USAGE;
    case ERR_RETRY:
    case ERR_STALE:
    case ERR_PRESENT:
    case ERR_REFUSED:
    case ERR_LIMIT:
        break;
    }
    return STATUS_ERROR;
}

static const char *reason_of(enum err_kind kind)
{
    switch (kind) {
    case ERR_ABSENT:
        return "NotFound";
    case ERR_INVALID:
        return "Invalid";
    case ERR_RETRY:
        return "Unavailable";
    case ERR_STALE:
        return "Conflict";
    case ERR_PRESENT:
        return "AlreadyExists";
    case ERR_REFUSED:
        return "Refused";
    case ERR_LIMIT:
        return "LimitExceeded";
    case ERR_NONE:
        break;
    }
    return "";
}

static void print_error_json(struct session *session, int code, const struct err *err)
{
    struct arena *arena = &session->arena;
    struct json_value object = json_object();
    auto_end(buf_fini) struct buf text = {0};

    buf_init(&text, ERROR_SIZE_MAX);
    json_put(arena, &object, "code", json_number(arena, code));
    json_put(arena, &object, "reason", json_text(str_of(reason_of(err->kind))));
    json_put(arena, &object, "message",
             json_text(escape_text(arena, ESCAPE_LINE, str_of(err->text))));
    if (session->hint)
        json_put(arena, &object, "hint", json_text(str_of(session->hint)));
    json_print(&object, JSON_COMPACT, &text);
    fprintf(session->err, "%.*s\n", STR_ARG(buf_str(&text)));
}

static int report(struct session *session, const char *output, const struct err *err)
{
    int code = exit_code_of(session, err);
    struct str shown;

    if (err->kind == ERR_NONE)
        return code;
    if (output && strcmp(output, "json") == 0) {
        print_error_json(session, code, err);
        return code;
    }
    shown = escape_text(&session->arena, ESCAPE_LINE, str_of(err->text));
    fprintf(session->err, "error: %.*s%s%s%s\n", STR_ARG(shown), session->hint ? " (" : "",
            session->hint ? session->hint : "", session->hint ? ")" : "");
    return code;
}

static bool set_color(struct session *session, const char *word, struct err *err)
{
    if (!word || strcmp(word, "auto") == 0)
        session->color = COLOR_AUTO;
    else if (strcmp(word, "always") == 0)
        session->color = COLOR_ALWAYS;
    else if (strcmp(word, "never") == 0)
        session->color = COLOR_NEVER;
    else
        return err_set(err, ERR_INVALID, "--color: \"%s\" is not auto, always or never", word);
    return true;
}

static bool check_operands(const struct command *command, const struct operands *operands,
                           struct err *err)
{
    if (operands->words.count < command->operands_min)
        return err_set(err, ERR_INVALID, "too few arguments; usage: agentctl %s %s", command->name,
                       command->usage);
    if (operands->words.count > command->operands_max)
        return err_set(err, ERR_INVALID, "too many arguments: \"%s\"; usage: agentctl %s %s",
                       operands->words.at[command->operands_max], command->name, command->usage);
    return true;
}

static bool run_command(struct session *session, const struct command *command,
                        const struct global_options *global, const void *options, struct err *err)
{
    if (!set_color(session, global->color, err))
        return false;
    if (global->help) {
        help_write(command, session->out);
        return true;
    }
    if (!check_operands(command, &global->operands, err))
        return false;
    if (!command->is_anywhere && !session_place(session, global, err))
        return false;
    return command->run(session, options, err);
}

/* What is still in the buffer of stdout may not fit on the disk; a reader that went away is no
 * error of ours. */
static int finish(struct session *session, int code)
{
    errno = 0;
    if (fflush(session->out) == 0 && !ferror(session->out))
        return code;
    if (errno != EPIPE)
        fprintf(session->err, "error: write standard output: %s\n", strerror(errno));
    return code ? code : STATUS_ERROR;
}

/* `global` holds the flags that stood before the command's name. */
static int parse_and_run(struct session *session, const struct command *command,
                         const struct global_options *before, int argc, char **argv)
{
    struct flag_table tables[] = {
        {command->flags, command->flag_count},
        command_global_flags()
    };
    void *options = arena_alloc(&session->arena, command->options_size);
    struct global_options *global = options;
    struct err err = {0};

    if (command->defaults)
        memcpy(options, command->defaults, command->options_size);
    *global = *before;
    if (flags_parse(&session->arena, tables, countof(tables), FLAGS_ANYWHERE, argc, argv, options,
                    &global->operands, &err) &&
        run_command(session, command, global, options, &err))
        return finish(session, session->exit_code);
    return finish(session, report(session, global->output, &err));
}

int dispatch(struct session *session, int argc, char **argv)
{
    struct flag_table table = command_global_flags();
    struct global_options global = {0};
    const struct command *command = argc > 1 ? command_find(argv[1]) : NULL;
    struct err err = {0};
    uint32_t count;

    if (command)
        return parse_and_run(session, command, &global, argc - 1, argv + 1);
    if (!flags_parse(&session->arena, &table, 1, FLAGS_FIRST, argc, argv, &global, &global.operands,
                     &err))
        return report(session, NULL, &err);
    count = global.operands.words.count;
    if (count == 0) {
        help_write(NULL, session->out);
        return finish(session, STATUS_OK);
    }
    command = command_find(global.operands.words.at[0]);
    if (!command) {
        command_refuse(global.operands.words.at[0], &err);
        return report(session, NULL, &err);
    }
    return parse_and_run(session, command, &global, (int)count, argv + argc - count);
}
