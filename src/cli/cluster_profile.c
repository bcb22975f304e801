// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "api/runtimeprofile.h"
#include "base/date.h"
#include "cli/cluster.h"
#include "cli/output.h"
#include "cli/present.h"
#include "cli/run_options.h"
#include "driver/catalog.h"
#include "kube/resource.h"
#include "sys/file.h"

#define PROFILE_KIND "runtimeprofile.execution.agenttask.io"

/* -- agentctl profiles ------------------------------------------------------ */

static const char *const titles[] = {"NAME", "TIMEOUT", "MAXTIMEOUT", "EGRESS", "IMAGE"};

static struct str span_text(struct arena *arena, int64_t ms)
{
    char text[DURATION_TEXT];

    duration_print(ms, text);
    return arena_copy(arena, str_of(text));
}

static void add_row(struct table *table, const struct profile *profile)
{
    struct arena *arena = table->arena;
    struct str cells[] = {
        profile->name,
        span_text(arena,
                  profile->timeout_default_ms ? profile->timeout_default_ms : TIMEOUT_DEFAULT_MS),
        span_text(arena, profile->timeout_max_ms ? profile->timeout_max_ms : TIMEOUT_MAX_MS),
        str_of(profile->egress_count > 0 ? "yes" : "none"),
        profile->image,
    };

    table_add(table, cells);
}

static bool print_rows(struct cluster *cluster, const struct json_value *list, bool is_name,
                       struct err *err)
{
    struct arena *arena = &cluster->session->arena;
    const struct json_value *items = json_get(list, "items");
    auto_end(buf_fini) struct buf page = {0};
    struct table table;

    buf_init(&page, PAGE_SIZE_MAX);
    table_init(&table, arena, titles, countof(titles));
    for (uint32_t i = 0; items && i < items->count; i++) {
        struct profile profile;
        if (!runtimeprofile_read(arena, &items->items[i], NULL, API_LENIENT, &profile, err))
            return false;
        if (is_name)
            fprintf(cluster->session->out, PROFILE_KIND "/%.*s\n", STR_ARG(profile.name));
        else
            add_row(&table, &profile);
    }
    if (!is_name)
        table_print(&table, true, NULL, &page);
    fwrite(page.at, 1, page.size, cluster->session->out);
    return true;
}

static bool profile_read(struct cluster *cluster, struct str name, struct json_value *ret,
                         struct err *err)
{
    struct arena *arena = &cluster->session->arena;
    struct kube_request request =
        request_get(arena, &resource_runtimeprofiles, (struct str){0}, name);

    if (cluster_call(cluster, arena, &request, "get runtimeprofile", ret, err))
        return true;
    if (err->kind != ERR_ABSENT)
        return false;
    *err = (struct err){0}; /* said again in the user's terms */
    cluster->session->hint = "agentctl profiles lists those there are";
    return err_set(err, ERR_ABSENT, "the cluster has no runtime profile \"%.*s\"", STR_ARG(name));
}

/* As kubectl shows it: who set which field is not for people. */
static void managed_drop(const struct json_value *profile)
{
    const struct json_value *at = json_get(profile, "metadata");
    struct json_value *metadata = NULL;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < profile->count; i++)
        if (at == &profile->items[i])
            metadata = &profile->items[i];
    if (!metadata || metadata->kind != JSON_OBJECT)
        return;
    for (uint32_t i = 0; i < metadata->count; i++)
        if (!str_is(metadata->keys[i], "managedFields")) {
            metadata->keys[kept] = metadata->keys[i];
            metadata->items[kept++] = metadata->items[i];
        }
    metadata->count = kept;
}

static bool read_named(struct cluster *cluster, const struct words *names, struct json_value *ret,
                       struct err *err)
{
    struct arena *arena = &cluster->session->arena;
    struct json_value items = json_list();

    for (uint32_t i = 0; i < names->count; i++) {
        struct json_value value;
        if (!profile_read(cluster, str_of(names->at[i]), &value, err))
            return false;
        json_add(arena, &items, value);
    }
    *ret = json_object();
    json_put(arena, ret, "apiVersion", json_text(STR_LIT("v1")));
    json_put(arena, ret, "items", items);
    json_put(arena, ret, "kind", json_text(STR_LIT("List")));
    return true;
}

bool cluster_profiles(void *self, const struct words *names, const char *output_word,
                      struct err *err)
{
    struct cluster *cluster = self;
    struct arena *arena = &cluster->session->arena;
    struct list_query all = {0};
    struct kube_request request =
        request_list(arena, &resource_runtimeprofiles, (struct str){0}, &all);
    struct json_value list;
    struct output output;

    if (!output_parse(output_word, &output, err))
        return false;
    if (names->count > 0) {
        if (!read_named(cluster, names, &list, err))
            return false;
    } else if (!cluster_call(cluster, arena, &request, "list runtimeprofiles", &list, err)) {
        return false;
    }
    for (uint32_t i = 0; json_get(&list, "items") && i < json_get(&list, "items")->count; i++)
        managed_drop(&json_get(&list, "items")->items[i]);
    if (!output_is_document(&output))
        return print_rows(cluster, &list, output.kind == OUTPUT_NAME, err);
    return output_print(&output, names->count == 1 ? &json_get(&list, "items")->items[0] : &list,
                        cluster->session->out, err);
}

/* -- what `run` needs of a profile ------------------------------------------ */

static bool profile_get(struct cluster *cluster, struct str name, struct profile *ret,
                        struct err *err)
{
    struct json_value value;

    return profile_read(cluster, name, &value, err) &&
           runtimeprofile_read(&cluster->session->arena, &value, NULL, API_LENIENT, ret, err);
}

/* The same for those who may use profiles but not look at them: the operator then checks. */
static bool profile_look(struct cluster *cluster, struct str name, struct profile *ret,
                         struct err *err)
{
    if (profile_get(cluster, name, ret, err))
        return true;
    if (err->kind != ERR_REFUSED)
        return false;
    *err = (struct err){0};
    cluster->session->hint = NULL;
    *ret = (struct profile){.name = name};
    return true;
}

/* The first one for this kind of file that the cluster has. */
static bool profile_guess(struct cluster *cluster, struct str file, struct profile *ret,
                          struct err *err)
{
    const char *const *names = catalog_profiles_for(file);

    if (!names)
        return err_set(err, ERR_INVALID, CATALOG_UNKNOWN_KIND);
    for (; *names; names++) {
        if (profile_look(cluster, str_of(*names), ret, err))
            return true;
        if (err->kind != ERR_ABSENT)
            return false;
        *err = (struct err){0};
    }
    cluster->session->hint = "agentctl profiles lists those there are";
    return err_set(err, ERR_ABSENT, "the cluster has no profile for this kind of file");
}

static bool input_read(struct cluster *cluster, const struct run_options *options,
                       struct task_spec *spec, struct err *err)
{
    if (!options->input)
        return true;
    if (!fd_read_all(&cluster->session->arena, STDIN_FILENO, "stdin", INPUT_SIZE_MAX, &spec->input,
                     err))
        return false;
    if (!str_is_utf8(spec->input))
        return err_set(err, ERR_INVALID,
                       "stdin is not UTF-8 text, which is all a cluster can hold");
    return true;
}

bool cluster_prepare(void *self, const struct run_options *options, struct run_request *request,
                     struct err *err)
{
    struct cluster *cluster = self;
    struct task_spec *spec = &request->task.spec;
    struct task_effective effective = {0};

    if (options->without.count > 0)
        return err_set(err, ERR_INVALID, "--insecure-without is for this machine: pass --local");
    if (spec->profile.size == 0) {
        if (options->manifest)
            return err_set(err, ERR_INVALID, "spec.runtimeProfile: is required");
        request->is_guessed = true;
        if (!profile_guess(cluster, str_of(options->global.operands.words.at[0]), &request->profile,
                           err))
            return false;
        spec->profile = request->profile.name;
    } else if (!profile_look(cluster, spec->profile, &request->profile, err)) {
        return false;
    }
    request->task.uid = (struct str){0}; /* the server gives one */
    request->task.created_ms = 0;
    request->task.generation = 0;
    return input_read(cluster, options, spec, err) &&
           profile_apply(&request->profile, spec, &effective, err);
}
