// SPDX-License-Identifier: Apache-2.0
#include "base/date.h"
#include "cli/command.h"
#include "cli/escape.h"
#include "cli/place.h"
#include "cli/present.h"
#include "cli/target.h"

struct logs_options {
    struct global_options global;
    bool follow, timestamps, raw;
    int64_t tail_lines, since_ms;
};

#define AT(member) offsetof(struct logs_options, member)
static const struct flag flags[] = {
    {"follow",     'f', FLAG_SWITCH,   AT(follow),     NULL,    "go on until the task is over"   },
    {"tail",       0,   FLAG_INT,      AT(tail_lines), "LINES", "only the last lines (-1: all)"  },
    {"since",      0,   FLAG_DURATION, AT(since_ms),   "TIME",  "only what is newer: 30s, 5m, 1h"},
    {"timestamps", 0,   FLAG_SWITCH,   AT(timestamps), NULL,    "the time before each line"      },
    {"raw",        0,   FLAG_SWITCH,   AT(raw),        NULL,    "unescaped; not on a terminal"   },
};

struct logs {
    struct session *session;
    const struct logs_options *options;
    struct escape escapes[2]; /* of each stream: a character may be cut between two pieces */
    struct buf line;
    bool is_inside_line;
};

static void show_piece(void *ctx, int64_t time_ms, enum log_stream stream, struct str bytes,
                       bool ends_line)
{
    struct logs *logs = ctx;
    char time[DATE_TEXT];

    buf_drop(&logs->line, logs->line.size);
    if (logs->options->timestamps && !logs->is_inside_line) {
        date_print_nano(time_ms, time);
        buf_print(&logs->line, "%s ", time);
    }
    if (logs->options->raw)
        buf_add(&logs->line, bytes);
    else
        escape_feed(&logs->escapes[stream], ESCAPE_TEXT, bytes, &logs->line);
    if (ends_line) {
        escape_end(&logs->escapes[stream], ESCAPE_TEXT, &logs->line);
        buf_add_char(&logs->line, '\n');
    }
    fwrite(logs->line.at, 1, logs->line.size, logs->session->out);
    logs->is_inside_line = !ends_line;
}

static bool show_page(void *ctx)
{
    struct logs *logs = ctx;

    return fflush(logs->session->out) == 0;
}

static bool show(struct logs *logs, const struct task *task, struct err *err)
{
    const struct logs_options *options = logs->options;
    const struct place *place = logs->session->place;
    struct place_log log = {
        .tail_lines = options->tail_lines,
        .since_ms = options->since_ms < 0 ? 0 : logs->session->now_ms() - options->since_ms,
        .follow = options->follow,
        .timestamps = options->timestamps,
        .visit = show_piece,
        .shown = show_page,
        .ctx = logs,
    };

    if (!place->log(place->self, task, &log, err))
        return false;
    if (task->status.logs.is_known && !task->status.logs.is_complete)
        session_warn(logs->session, "the output of %.*s was not kept completely",
                     STR_ARG(task->name));
    return true;
}

static bool run(struct session *session, const void *options, struct err *err)
{
    const struct logs_options *asked = options;
    struct logs logs = {.session = session, .options = asked};
    struct task task;
    bool is_shown;

    if (asked->raw && session->out_is_terminal)
        return err_set(err, ERR_INVALID, "--raw is not for terminals");
    if (asked->tail_lines < -1)
        return err_set(err, ERR_INVALID, "--tail: %lld is no number of lines",
                       (long long)asked->tail_lines);
    if (!target_find(session, SESSION_READ, asked->global.operands.words.at[0], &session->arena,
                     &task, err))
        return false;
    buf_init(&logs.line, PAGE_SIZE_MAX);
    is_shown = show(&logs, &task, err);
    buf_fini(&logs.line);
    return is_shown;
}

static const struct logs_options defaults = {.tail_lines = -1, .since_ms = -1};

const struct command command_logs = {
    .name = "logs",
    .summary = "print the output of a task",
    .usage = "NAME [flags]",
    .details =
        "What the code wrote to stdout and stderr, also after it is over. Control characters\n"
        "are printed as escapes, except newlines and tabs.\n",
    .flags = flags,
    .flag_count = countof(flags),
    .options_size = sizeof(struct logs_options),
    .defaults = &defaults,
    .operands_min = 1,
    .operands_max = 1,
    .operand = OPERAND_TASK,
    .run = run,
};
