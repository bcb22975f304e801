// SPDX-License-Identifier: Apache-2.0
#include "cli/ending.h"

#include "api/agenttask.h"
#include "cli/escape.h"
#include "cli/target.h"

bool ending_has_progress(const struct session *session, const struct run_options *options)
{
    const char *term = session_env(session, "TERM");

    return session->err_is_terminal && !options->quiet && !options->detach &&
           !session_env(session, "CI") && term && strcmp(term, "dumb") != 0;
}

void ending_say(struct session *session, const struct run_options *options, const struct task *task)
{
    const struct task_status *status = &task->status;
    bool is_own = status->reason == REASON_NONE || status->reason == REASON_POD_FAILED;
    struct str message = escape_text(&session->arena, ESCAPE_LINE, status->message);

    if (options->quiet || (is_own && !session->err_is_terminal))
        return;
    fprintf(session->err, "%.*s: %s%s%s%s%.*s\n", STR_ARG(task->name), phase_word(status->phase),
            status->reason ? ": " : "", reason_word(status->reason), message.size ? ": " : "",
            STR_ARG(message));
    if (status->result.verdict == RESULT_VALID && !options->remove)
        fprintf(session->err, "result: agentctl result %.*s\n", STR_ARG(task->name));
}

bool ending_show(struct session *session, const struct output *output, const struct task *task,
                 const char *what, struct err *err)
{
    struct json_value value;

    if (output_is_document(output)) {
        value = agenttask_value(&session->arena, task);
        return output_print(output, &value, session->out, err);
    }
    fprintf(session->out, TARGET_KIND "/%.*s%s%s\n", STR_ARG(task->name),
            output->kind == OUTPUT_NAME ? "" : " ", output->kind == OUTPUT_NAME ? "" : what);
    return true;
}
