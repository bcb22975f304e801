// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"
#include "cli/listing.h"
#include "cli/target.h"

struct delete_options {
    struct global_options global;
    const char *selector;
    bool all, may_lack;
};

#define AT(member) offsetof(struct delete_options, member)
static const struct flag flags[] = {
    {"selector",         'l', FLAG_TEXT,   AT(selector), "LABELS", "those with these labels: a=b"},
    {"all",              0,   FLAG_SWITCH, AT(all),      NULL,     "all tasks"                   },
    {"ignore-not-found", 0,   FLAG_SWITCH, AT(may_lack), NULL,     "absent tasks are no error"   },
};

static bool delete_task(struct session *session, const struct task *task, struct err *err)
{
    if (!session->place->remove(session->place->self, task, err))
        return false;
    fprintf(session->out, TARGET_KIND " \"%.*s\" deleted\n", STR_ARG(task->name));
    fflush(session->out); /* stopping the next one may take a while */
    return true;
}

static bool delete_named(struct session *session, const struct delete_options *asked,
                         const char *name, struct err *err)
{
    struct task task;

    if (target_find(session, SESSION_CHANGE, name, &session->arena, &task, err))
        return delete_task(session, &task, err);
    if (err->kind != ERR_ABSENT || !asked->may_lack)
        return false;
    *err = (struct err){0};
    session->hint = NULL;
    return true;
}

/* What was deleted by somebody else meanwhile is as good as deleted by us. */
static bool delete_row(struct session *session, const struct store_row *row, struct err *err)
{
    struct task task;

    if (session->place->read(session->place->self, row, &session->arena, &task, err))
        return delete_task(session, &task, err);
    if (err->kind != ERR_ABSENT)
        return false;
    *err = (struct err){0};
    return true;
}

static bool delete_selected(struct session *session, const struct delete_options *asked,
                            const struct selector *selector, struct err *err)
{
    struct place_query query = {.all_spaces = asked->global.all_spaces, .labels = selector->text};
    struct listing listing;

    if (!listing_read(session->place, SESSION_CHANGE, &query, selector, &session->arena, &listing,
                      err))
        return false;
    for (uint32_t i = 0; i < listing.count; i++)
        if (!delete_row(session, &listing.rows[i], err))
            return false;
    if (listing.count == 0)
        fputs("No resources found.\n", session->err);
    return true;
}

static bool run(struct session *session, const void *options, struct err *err)
{
    const struct delete_options *asked = options;
    const struct words *names = &asked->global.operands.words;
    struct selector selector;

    if ((names->count > 0) + (asked->selector != NULL) + asked->all != 1)
        return err_set(err, ERR_INVALID, "give either names, --selector or --all");
    if (!selector_parse(&session->arena, str_of(asked->selector), &selector, err))
        return false;
    if (names->count == 0)
        return delete_selected(session, asked, &selector, err);
    for (uint32_t i = 0; i < names->count; i++)
        if (!delete_named(session, asked, names->at[i], err))
            return false;
    return true;
}

const struct command command_delete = {
    .name = "delete",
    .summary = "remove tasks, their output and their results",
    .usage = "(NAME... | --selector LABELS | --all)",
    .details = "A task that runs is stopped first.",
    .flags = flags,
    .flag_count = countof(flags),
    .options_size = sizeof(struct delete_options),
    .operands_max = WORDS_MAX,
    .operand = OPERAND_TASK,
    .run = run,
};
