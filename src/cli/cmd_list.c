// SPDX-License-Identifier: Apache-2.0
#include "api/agenttask.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/target.h"
#include "cli/tasktable.h"

struct list_options {
    struct global_options global;
    const char *selector;
    bool watch, no_headers;
};

#define AT(member) offsetof(struct list_options, member)
static const struct flag flags[] = {
    FLAG_OUTPUT(OUTPUT_WORDS),
    {"selector",   'l', FLAG_TEXT,   AT(selector),   "LABELS", "only with these labels: a=b,c!=d"},
    {"watch",      'w', FLAG_SWITCH, AT(watch),      NULL,     "go on and print every change"    },
    {"no-headers", 0,   FLAG_SWITCH, AT(no_headers), NULL,     "only the rows"                   },
};

struct list { /* one `agentctl list` under way */
    struct session *session;
    const struct list_options *options;
    struct output output;
    struct selector selector;
    struct table table;
    bool has_titles; /* still to be printed */
};

static bool has_names(const struct list *list)
{
    return list->options->global.operands.words.count > 0;
}

static bool read_named(struct list *list, struct arena *arena, struct listing *ret, struct err *err)
{
    const struct words *names = &list->options->global.operands.words;
    struct listing listing = {0};

    for (uint32_t i = 0; i < names->count; i++) {
        struct task task;
        struct store_row row;

        if (!target_find(list->session, SESSION_READ, names->at[i], arena, &task, err))
            return false;
        row = listing_row_of(&task);
        listing_add(&listing, arena, &row);
    }
    *ret = listing;
    return true;
}

static struct place_query query_of(const struct list *list)
{
    return (struct place_query){
        .all_spaces = list->options->global.all_spaces,
        .labels = list->selector.text,
    };
}

static bool read_rows(struct list *list, struct arena *arena, struct listing *ret, struct err *err)
{
    enum session_access access = list->options->watch ? SESSION_WRITE : SESSION_READ;
    struct place_query query = query_of(list);

    if (has_names(list))
        return read_named(list, arena, ret, err);
    return listing_read(list->session->place, access, &query, &list->selector, arena, ret, err);
}

static void print_names(struct list *list, const struct listing *listing)
{
    for (uint32_t i = 0; i < listing->count; i++)
        fprintf(list->session->out, TARGET_KIND "/%.*s\n", STR_ARG(listing->rows[i].name));
}

static bool print_document(struct list *list, struct arena *arena, const struct task *task,
                           struct err *err)
{
    struct json_value value = agenttask_value(arena, task);

    return output_print(&list->output, &value, list->session->out, err);
}

static bool print_documents(struct list *list, struct arena *arena, const struct listing *listing,
                            struct err *err)
{
    struct task *tasks = arena_array(arena, listing->count + 1, sizeof(*tasks));
    bool is_one = list->options->global.operands.words.count == 1 || list->options->watch;
    const struct place *place = list->session->place;
    struct json_value value;
    uint32_t count = 0;

    for (uint32_t i = 0; i < listing->count; i++) {
        if (place->read(place->self, &listing->rows[i], arena, &tasks[count], err))
            count++;
        else if (err->kind != ERR_ABSENT) /* deleted meanwhile: not there, not an error */
            return false;
        *err = (struct err){0};
    }
    for (uint32_t i = 0; is_one && i < count; i++)
        if (!print_document(list, arena, &tasks[i], err))
            return false;
    if (is_one)
        return true;
    value = agenttask_list_value(arena, tasks, count);
    return output_print(&list->output, &value, list->session->out, err);
}

static bool print_table(struct list *list, const struct listing *listing, struct err *err)
{
    struct session *session = list->session;
    auto_end(buf_fini) struct buf page = {0};

    buf_init(&page, PAGE_SIZE_MAX);
    table_drop_rows(&list->table);
    for (uint32_t i = 0; i < listing->count; i++)
        tasktable_add(&list->table, &listing->rows[i], session->now_ms());
    table_print(&list->table, list->has_titles,
                session_has_color(session) ? tasktable_paint(&list->table) : NULL, &page);
    list->has_titles = false;
    if (page.is_full)
        return err_set(err, ERR_LIMIT, "more than %d bytes to print", PAGE_SIZE_MAX);
    fwrite(page.at, 1, page.size, session->out);
    return true;
}

static bool print_rows(struct list *list, struct arena *arena, const struct listing *listing,
                       struct err *err)
{
    if (output_is_document(&list->output))
        return print_documents(list, arena, listing, err);
    if (listing->count == 0)
        return true;
    if (list->output.kind == OUTPUT_NAME) {
        print_names(list, listing);
        return true;
    }
    list->table.arena = arena;
    return print_table(list, listing, err);
}

struct watch {
    struct list *list;
    const struct listing *shown;
    struct err *err;
    bool has_failed;
};

static bool is_listed(const struct watch *watch, const struct task *task)
{
    if (!has_names(watch->list))
        return selector_selects(&watch->list->selector, &task->labels);
    for (uint32_t i = 0; i < watch->shown->count; i++)
        if (str_equal(task->name, watch->shown->rows[i].name))
            return true;
    return false;
}

static bool print_change(void *ctx, const struct task *task)
{
    struct watch *watch = ctx;
    struct list *list = watch->list;
    auto_end(arena_fini) struct arena arena = {0};
    struct store_row row = listing_row_of(task);
    struct listing one = {.rows = &row, .count = 1};

    if (!is_listed(watch, task))
        return true;
    watch->has_failed = output_is_document(&list->output)
                            ? !print_document(list, &arena, task, watch->err)
                            : !print_rows(list, &arena, &one, watch->err);
    return !watch->has_failed && fflush(list->session->out) == 0;
}

/* Ends only by a signal, a reader that went away, or an error. */
static bool watch(struct list *list, const struct listing *shown, struct err *err)
{
    const struct place *place = list->session->place;
    struct place_query query = query_of(list);
    struct err failure = {0};
    struct watch watch = {.list = list, .shown = shown, .err = &failure};

    if (has_names(list) && shown->count == 1)
        query.name = shown->rows[0].name;
    if (!place->follow(place->self, &query, shown, print_change, &watch, err))
        return false;
    return !watch.has_failed || err_set(err, failure.kind, "%s", failure.text);
}

static bool list_once(struct list *list, struct listing *ret, struct err *err)
{
    struct arena *arena = &list->session->arena;

    if (!read_rows(list, arena, ret, err) || !print_rows(list, arena, ret, err))
        return false;
    if (ret->count == 0 && !output_is_document(&list->output))
        fputs("No resources found.\n", list->session->err);
    fflush(list->session->out); /* a failure is remembered, dispatch reports it */
    return true;
}

static bool run(struct session *session, const void *options, struct err *err)
{
    const struct list_options *asked = options;
    struct list list = {.session = session, .options = asked, .has_titles = !asked->no_headers};
    struct listing listing;

    if (!output_parse(asked->global.output, &list.output, err) ||
        !selector_parse(&session->arena, str_of(asked->selector), &list.selector, err))
        return false;
    if (has_names(&list) && asked->selector)
        return err_set(err, ERR_INVALID, "--selector and names contradict each other");
    tasktable_init(&list.table, &session->arena,
                   asked->global.all_spaces && session->place->has_spaces,
                   list.output.kind == OUTPUT_WIDE);
    if (!list_once(&list, &listing, err))
        return false;
    return !asked->watch || watch(&list, &listing, err);
}

const struct command command_list = {
    .name = "list",
    .alias = "get",
    .summary = "list tasks, or show some of them",
    .usage = "[NAME...] [flags]",
    .flags = flags,
    .flag_count = countof(flags),
    .options_size = sizeof(struct list_options),
    .operands_max = WORDS_MAX,
    .operand = OPERAND_TASK,
    .run = run,
};
