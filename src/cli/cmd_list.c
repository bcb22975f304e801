// SPDX-License-Identifier: Apache-2.0
#include "api/agenttask.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/target.h"
#include "cli/tasktable.h"

enum {
    LOOK_MS = 200
};

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

static bool read_rows(struct list *list, struct arena *arena, struct listing *ret, struct err *err)
{
    enum session_access access = list->options->watch ? SESSION_WRITE : SESSION_READ;

    if (has_names(list))
        return read_named(list, arena, ret, err);
    return listing_read(list->session->place, access, list->options->global.all_spaces,
                        &list->selector, arena, ret, err);
}

static void print_names(struct list *list, const struct listing *listing)
{
    for (uint32_t i = 0; i < listing->count; i++)
        fprintf(list->session->out, TARGET_KIND "/%.*s\n", STR_ARG(listing->rows[i].name));
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
    for (uint32_t i = 0; is_one && i < count; i++) {
        value = agenttask_value(arena, &tasks[i]);
        if (!output_print(&list->output, &value, list->session->out, err))
            return false;
    }
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

/* Rows that are new or have changed since `before`. */
static struct listing changed_rows(struct arena *arena, const struct listing *before,
                                   const struct listing *now)
{
    struct listing changed = {0};

    for (uint32_t i = 0; i < now->count; i++) {
        const struct store_row *old = listing_find(before, now->rows[i].uid);

        if (!old || old->version != now->rows[i].version)
            listing_add(&changed, arena, &now->rows[i]);
    }
    return changed;
}

/* Ends only by a signal, a reader that went away, or an error. */
static bool watch(struct list *list, struct listing *before, struct err *err)
{
    struct arena arenas[2] = {{0}, {0}}; /* of this look, and of the one before */
    bool is_good = true;
    const struct place *place = list->session->place;

    for (uint32_t look = 1; is_good && place->pause(place->self, LOOK_MS); look++) {
        struct arena *arena = &arenas[look % 2];
        struct listing now, changed;

        arena_fini(arena);
        is_good = read_rows(list, arena, &now, err);
        if (!is_good)
            break;
        changed = changed_rows(arena, before, &now);
        is_good = changed.count == 0 || print_rows(list, arena, &changed, err);
        if (fflush(list->session->out) != 0)
            break;
        *before = now;
    }
    arena_fini(&arenas[0]);
    arena_fini(&arenas[1]);
    return is_good;
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
