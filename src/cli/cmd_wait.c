// SPDX-License-Identifier: Apache-2.0
#include <strings.h>

#include "api/condition.h"
#include "cli/command.h"
#include "cli/exitcode.h"
#include "cli/place.h"
#include "cli/target.h"

struct wait_options {
    struct global_options global;
    const char *demand;
    int64_t timeout_ms;
    bool exit_code;
};

#define AT(member) offsetof(struct wait_options, member)
static const struct flag flags[] = {
    {"for",       0,   FLAG_TEXT,     AT(demand),     "condition=X", "default: condition=Succeeded"},
    {"timeout",   't', FLAG_DURATION, AT(timeout_ms), "TIME",        "when to give up"             },
    {"exit-code", 0,   FLAG_SWITCH,   AT(exit_code),  NULL,          "exit as the code did"        },
};

struct demand { /* --for */
    struct str condition, status;
};

struct wait {
    struct session *session;
    const struct wait_options *options;
    struct demand demand;
    int64_t deadline_ms; /* monotonic */
};

enum outcome {
    OUTCOME_NOT_YET,
    OUTCOME_MET,
    OUTCOME_OVER, /* the task is over, and it will never be met */
};

static bool read_demand(const char *word, struct demand *ret, struct err *err)
{
    struct str kind, rest, condition, status;

    *ret = (struct demand){STR_LIT("Succeeded"), STR_LIT("True")};
    if (!word)
        return true;
    if (!str_cut(str_of(word), '=', &kind, &rest) || !str_is(kind, "condition") || rest.size == 0)
        return err_set(err, ERR_INVALID, "--for: \"%s\" is not condition=NAME", word);
    ret->condition = rest;
    if (str_cut(rest, '=', &condition, &status))
        *ret = (struct demand){condition, status};
    return true;
}

/* Upper and lower case do not matter, as for kubectl. */
static bool is_word(struct str given, const char *word)
{
    return given.size == strlen(word) && strncasecmp(given.at, word, given.size) == 0;
}

static bool is_met(const struct demand *demand, const struct task_status *status)
{
    struct condition conditions[CONDITIONS_MAX];
    uint32_t count = conditions_of(status, conditions);

    for (uint32_t i = 0; i < count; i++)
        if (is_word(demand->condition, conditions[i].type))
            return is_word(demand->status, conditions[i].is_true ? "True" : "False");
    return false;
}

static enum outcome judge(const struct wait *wait, const struct task *task)
{
    if (wait->options->exit_code)
        return phase_is_terminal(task->status.phase) ? OUTCOME_MET : OUTCOME_NOT_YET;
    if (is_met(&wait->demand, &task->status))
        return OUTCOME_MET;
    return phase_is_terminal(task->status.phase) ? OUTCOME_OVER : OUTCOME_NOT_YET;
}

static bool tell(const struct wait *wait, enum outcome outcome, const struct task *task,
                 struct err *err)
{
    struct session *session = wait->session;
    const char *reason = reason_word(task->status.reason);

    if (wait->options->exit_code) {
        if (session->exit_code == STATUS_OK)
            session->exit_code = exitcode_of(&task->status);
        return true;
    }
    if (outcome == OUTCOME_MET) {
        fprintf(session->out, TARGET_KIND "/%.*s condition met\n", STR_ARG(task->name));
        return true;
    }
    return err_set(err, ERR_REFUSED, "agenttask \"%.*s\" is over without %.*s: %s%s%s%s",
                   STR_ARG(task->name), STR_ARG(wait->demand.condition),
                   phase_word(task->status.phase), *reason ? " (" : "", reason, *reason ? ")" : "");
}

static bool give_up(struct wait *wait, const char *name, struct err *err)
{
    wait->session->exit_code = STATUS_TIME_OUT;
    return err_set(err, ERR_RETRY, "agenttask \"%s\": still waiting when --timeout ran out", name);
}

/* One look; `ret` says whether the wait for this task is over. */
static bool look(struct wait *wait, const char *name, bool *ret, struct err *err)
{
    struct arena arena = {0};
    enum outcome outcome;
    struct task task;
    bool is_good = target_find(wait->session, SESSION_READ, name, &arena, &task, err);

    if (is_good) {
        outcome = judge(wait, &task);
        *ret = outcome != OUTCOME_NOT_YET;
        is_good = outcome == OUTCOME_NOT_YET || tell(wait, outcome, &task, err);
    }
    arena_fini(&arena);
    return is_good;
}

/* Not beyond the deadline; false: it has passed. */
static bool pause_look(const struct wait *wait)
{
    const struct place *place = wait->session->place;
    int64_t left_ms = wait->deadline_ms - wait->session->monotonic_ms();

    return left_ms > 0 && place->pause(place->self, left_ms);
}

static bool wait_for(struct wait *wait, const char *name, struct err *err)
{
    bool is_over = false;

    for (;;) {
        if (!look(wait, name, &is_over, err))
            return false;
        if (is_over)
            return true;
        if (!pause_look(wait))
            return give_up(wait, name, err);
    }
}

static bool run(struct session *session, const void *options, struct err *err)
{
    const struct wait_options *asked = options;
    const struct words *names = &asked->global.operands.words;
    int64_t now_ms = session->monotonic_ms();
    struct wait wait = {
        .session = session,
        .options = asked,
        .deadline_ms = asked->timeout_ms < 0 ? INT64_MAX : now_ms + asked->timeout_ms,
    };

    if (!read_demand(asked->demand, &wait.demand, err))
        return false;
    for (uint32_t i = 0; i < names->count; i++)
        if (!wait_for(&wait, names->at[i], err))
            return false;
    return true;
}

static const struct wait_options defaults = {.timeout_ms = -1};

const struct command command_wait = {
    .name = "wait",
    .summary = "wait until tasks are over",
    .usage = "NAME... [flags]",
    .details =
        "Returns at every ending. Exit codes: 0 the condition is met; 1 the task is over\n"
        "without it; 3 no such task; 5 --timeout ran out. With --exit-code: the code's own,\n"
        "124 its time was up, 125 it could not run, 130 canceled, 137 killed at a limit.\n",
    .flags = flags,
    .flag_count = countof(flags),
    .options_size = sizeof(struct wait_options),
    .defaults = &defaults,
    .operands_min = 1,
    .operands_max = WORDS_MAX,
    .operand = OPERAND_TASK,
    .run = run,
};
