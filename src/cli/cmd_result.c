// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"
#include "cli/escape.h"
#include "cli/place.h"
#include "cli/present.h"
#include "cli/target.h"

struct result_options {
    struct global_options global;
    bool raw;
};

static const struct flag flags[] = {
    {"raw", 0, FLAG_SWITCH, offsetof(struct result_options, raw), NULL,
     "the stored text as it is; not on a terminal"},
};

static bool refuse(const struct task *task, struct err *err)
{
    const struct task_status *status = &task->status;

    if (!phase_is_terminal(status->phase))
        return err_set(err, ERR_REFUSED, "agenttask \"%.*s\" has no result yet: it is %s",
                       STR_ARG(task->name), phase_word(status->phase));
    return err_set(err, ERR_REFUSED, "agenttask \"%.*s\" has no result: %s", STR_ARG(task->name),
                   result_verdict_word(status->result.verdict == RESULT_NONE_YET
                                           ? RESULT_MISSING
                                           : status->result.verdict));
}

/* A blank behind every colon and comma, as people and most printers write JSON on one line. */
static void space_out(struct str json, struct buf *ret)
{
    bool in_text = false;

    for (size_t i = 0; i < json.size; i++) {
        char c = json.at[i];
        buf_add_char(ret, c);
        if (in_text && c == '\\' && i + 1 < json.size)
            buf_add_char(ret, json.at[++i]);
        else if (c == '"')
            in_text = !in_text;
        else if (!in_text && (c == ':' || c == ','))
            buf_add_char(ret, ' ');
    }
}

static void show(struct str json, struct buf *ret)
{
    auto_end(buf_fini) struct buf spaced = {0};

    buf_init(&spaced, PAGE_SIZE_MAX);
    space_out(json, &spaced);
    escape_add(ESCAPE_JSON, buf_str(&spaced), ret);
}

static bool run(struct session *session, const void *options, struct err *err)
{
    const struct result_options *asked = options;
    auto_end(buf_fini) struct buf shown = {0};
    struct task task;
    struct str json;

    if (asked->raw && session->out_is_terminal)
        return err_set(err, ERR_INVALID, "--raw is not for terminals");
    if (!target_find(session, SESSION_READ, asked->global.operands.words.at[0], &session->arena,
                     &task, err))
        return false;
    if (task.status.result.verdict != RESULT_VALID)
        return refuse(&task, err);
    if (!session->place->result(session->place->self, &task, &session->arena, &json, err))
        return err_wrap(err, "result of %.*s", STR_ARG(task.name));
    buf_init(&shown, PAGE_SIZE_MAX);
    if (asked->raw)
        buf_add(&shown, json);
    else
        show(json, &shown);
    fwrite(shown.at, 1, shown.size, session->out);
    fputc('\n', session->out);
    return true;
}

const struct command command_result = {
    .name = "result",
    .summary = "print the result of a task, its result.json",
    .usage = "NAME [flags]",
    .details = "Exits with 1, and the reason on stderr, if there is none. Control characters in "
               "texts are printed as JSON escapes, which changes nothing for a reader of JSON.",
    .flags = flags,
    .flag_count = countof(flags),
    .options_size = sizeof(struct result_options),
    .operands_min = 1,
    .operands_max = 1,
    .operand = OPERAND_TASK,
    .run = run,
};
