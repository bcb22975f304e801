// SPDX-License-Identifier: Apache-2.0
#include "cli/profile_list.h"

#include "api/runtimeprofile.h"
#include "base/date.h"
#include "cli/output.h"
#include "cli/present.h"
#include "driver/catalog.h"

#define PROFILE_KIND "runtimeprofile.execution.agenttask.io"

static const char *const titles[] = {"NAME",       "AVAILABLE", "INTERPRETER", "TIMEOUT",
                                     "MAXTIMEOUT", "ORIGIN",    "IMAGE"};

enum {
    NARROW_COUNT = 6
};

struct profiles {
    struct catalog catalog;
    struct profile *at;
    uint32_t count;
};

static struct str span_text(struct arena *arena, int64_t ms)
{
    char text[DURATION_TEXT];

    duration_print(ms, text);
    return arena_copy(arena, str_of(text));
}

static void add_row(struct table *table, const struct catalog *catalog,
                    const struct profile *profile)
{
    struct arena *arena = table->arena;
    struct err err = {0};
    const char *path;
    bool is_here = catalog_interpreter(catalog, arena, profile, &path, &err);
    struct str cells[] = {
        profile->name,
        is_here ? STR_LIT("yes") : STR_LIT("no"),
        is_here ? str_of(path) : profile->interpreter,
        span_text(arena, profile->timeout_default_ms),
        span_text(arena, profile->timeout_max_ms),
        profile->origin,
        profile->image,
    };

    table_add(table, cells);
}

static void print_table(struct session *session, const struct profiles *profiles, bool is_wide)
{
    auto_end(buf_fini) struct buf page = {0};
    struct table table;

    buf_init(&page, PAGE_SIZE_MAX);
    table_init(&table, &session->arena, titles, is_wide ? countof(titles) : NARROW_COUNT);
    for (uint32_t i = 0; i < profiles->count; i++)
        add_row(&table, &profiles->catalog, &profiles->at[i]);
    table_print(&table, true, NULL, &page);
    fwrite(page.at, 1, page.size, session->out);
}

static bool print_document(struct session *session, const struct output *output,
                           const struct profiles *profiles, bool is_one, struct err *err)
{
    struct arena *arena = &session->arena;
    struct json_value items = json_list(), list = json_object();

    if (is_one) {
        struct json_value one = runtimeprofile_value(arena, &profiles->at[0]);
        return output_print(output, &one, session->out, err);
    }
    for (uint32_t i = 0; i < profiles->count; i++)
        json_add(arena, &items, runtimeprofile_value(arena, &profiles->at[i]));
    json_put(arena, &list, "apiVersion", json_text(STR_LIT("v1")));
    json_put(arena, &list, "items", items);
    json_put(arena, &list, "kind", json_text(STR_LIT("List")));
    return output_print(output, &list, session->out, err);
}

static bool read_profiles(struct session *session, const struct words *names, struct profiles *ret,
                          struct err *err)
{
    struct arena *arena = &session->arena;

    ret->catalog = catalog_of(arena, session_env(session, "XDG_CONFIG_HOME"),
                              session_env(session, "XDG_CACHE_HOME"), session_env(session, "HOME"));
    if (names->count == 0)
        return catalog_list(&ret->catalog, arena, &ret->at, &ret->count, err);
    ret->count = names->count;
    ret->at = arena_array(arena, names->count, sizeof(*ret->at));
    for (uint32_t i = 0; i < names->count; i++)
        if (!catalog_find(&ret->catalog, arena, str_of(names->at[i]), &ret->at[i], err))
            return false;
    return true;
}

bool profile_list_show(struct session *session, const struct words *names, const char *output_word,
                       struct err *err)
{
    struct profiles profiles;
    struct output output;

    if (!output_parse(output_word, &output, err) || !read_profiles(session, names, &profiles, err))
        return false;
    if (output_is_document(&output))
        return print_document(session, &output, &profiles, names->count == 1, err);
    if (output.kind == OUTPUT_NAME) {
        for (uint32_t i = 0; i < profiles.count; i++)
            fprintf(session->out, PROFILE_KIND "/%.*s\n", STR_ARG(profiles.at[i].name));
        return true;
    }
    print_table(session, &profiles, output.kind == OUTPUT_WIDE);
    return true;
}
