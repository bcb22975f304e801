// SPDX-License-Identifier: Apache-2.0
#include "base/date.h"
#include "cli/command.h"
#include "cli/escape.h"
#include "cli/present.h"
#include "cli/target.h"
#include "store/runlog.h"

enum {
    LOOK_MS = 100,
    SWEEP_LOOKS = 10, /* a lost supervisor is noticed after so many looks */
};

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

/* A run that has not begun has no directory and no log yet. */
static bool read_log(struct logs *logs, struct str uid, const struct runlog_filter *filter,
                     int64_t *offset, struct err *err)
{
    struct rundir dir;
    bool is_read;

    if (!rundir_open(logs->session->state, uid, &dir, err)) {
        is_read = false;
    } else {
        is_read = runlog_read(&dir, filter, offset, show_piece, logs, err);
        rundir_close(&dir);
    }
    if (!is_read && err->kind == ERR_ABSENT) {
        *err = (struct err){0};
        return true;
    }
    return is_read;
}

static bool look(struct logs *logs, const char *name, bool *ret_over, struct err *err)
{
    struct arena arena = {0};
    struct task task;
    bool is_found = target_find(logs->session, SESSION_READ, name, &arena, &task, err);

    if (is_found)
        *ret_over = phase_is_terminal(task.status.phase);
    arena_fini(&arena);
    return is_found;
}

/* The task is looked at before its log: what was written before it ended is then read for sure. An
 * offset stays good when the log is cut down to head and tail (store/runlog.h). */
static bool follow(struct logs *logs, struct str uid, const char *name, int64_t offset,
                   struct err *err)
{
    const struct runlog_filter all = {.tail_lines = -1};
    bool is_over = false;

    for (uint32_t looks = 1; !is_over; looks++) {
        if (fflush(logs->session->out) != 0 || !logs->session->pause(LOOK_MS))
            return true;
        if (looks % SWEEP_LOOKS == 0)
            session_sweep(logs->session);
        if (!look(logs, name, &is_over, err))
            return false;
        if (!read_log(logs, uid, &all, &offset, err))
            return false;
    }
    return true;
}

static bool show(struct logs *logs, const struct task *task, struct err *err)
{
    const struct logs_options *options = logs->options;
    struct runlog_filter filter = {
        .tail_lines = options->tail_lines,
        .since_ms = options->since_ms < 0 ? 0 : logs->session->now_ms() - options->since_ms,
    };
    bool is_over = phase_is_terminal(task->status.phase);
    int64_t offset = 0;

    if (!read_log(logs, task->uid, &filter, &offset, err))
        return false;
    if (options->follow && !is_over &&
        !follow(logs, task->uid, arena_text(&logs->session->arena, task->name), offset, err))
        return false;
    if (is_over && task->status.logs.is_known && !task->status.logs.is_complete)
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
