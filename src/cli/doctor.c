// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor.h"

#include <assert.h>
#include <stdarg.h>

#include "cli/escape.h"
#include "cli/present.h"
#include "json/json.h"

static const char *const verdict_words[] = {
    [DOCTOR_OK] = "ok",
    [DOCTOR_WEAK] = "weak",
    [DOCTOR_FAILED] = "failed",
    [DOCTOR_UNKNOWN] = "unknown",
};

static const char *const titles[] = {"CHECK", "VERDICT", "SEEN", "REMEDY"};

/* -- rows ------------------------------------------------------------------------ */

void doctor_add(struct doctor *doctor, const char *check, enum doctor_verdict verdict,
                const char *remedy, const char *seen, ...)
{
    char text[512];
    va_list args;

    assert(doctor->count < DOCTOR_ROWS_MAX);
    va_start(args, seen);
    vsnprintf(text, sizeof(text), seen, args);
    va_end(args);
    doctor->rows[doctor->count++] = (struct doctor_row){
        .check = check,
        .verdict = verdict,
        .seen = escape_text(doctor->arena, ESCAPE_LINE, arena_copy(doctor->arena, str_of(text))),
        .remedy = verdict == DOCTOR_OK ? "" : remedy,
    };
}

bool doctor_has_failed(const struct doctor *doctor)
{
    for (uint32_t i = 0; i < doctor->count; i++)
        if (doctor->rows[i].verdict == DOCTOR_FAILED)
            return true;
    return false;
}

static void print_table(const struct doctor *doctor, FILE *out)
{
    auto_end(buf_fini) struct buf page = {0};
    struct table table;

    buf_init(&page, PAGE_SIZE_MAX);
    table_init(&table, doctor->arena, titles, countof(titles));
    for (uint32_t i = 0; i < doctor->count; i++) {
        const struct doctor_row *row = &doctor->rows[i];
        struct str cells[] = {str_of(row->check), str_of(verdict_words[row->verdict]), row->seen,
                              str_of(row->remedy)};
        table_add(&table, cells);
    }
    table_print(&table, true, NULL, &page);
    fwrite(page.at, 1, page.size, out);
}

bool doctor_print(const struct doctor *doctor, const char *place, const struct output *output,
                  FILE *out, struct err *err)
{
    struct arena *arena = doctor->arena;
    struct json_value object = json_object(), checks = json_list();

    if (!output_is_document(output)) {
        print_table(doctor, out);
        return true;
    }
    for (uint32_t i = 0; i < doctor->count; i++) {
        const struct doctor_row *row = &doctor->rows[i];
        struct json_value check = json_object();
        json_put(arena, &check, "check", json_text(str_of(row->check)));
        json_put(arena, &check, "remedy", json_text(str_of(row->remedy)));
        json_put(arena, &check, "seen", json_text(row->seen));
        json_put(arena, &check, "verdict", json_text(str_of(verdict_words[row->verdict])));
        json_add(arena, &checks, check);
    }
    json_put(arena, &object, "checks", checks);
    json_put(arena, &object, "healthy", json_bool(!doctor_has_failed(doctor)));
    json_put(arena, &object, "place", json_text(str_of(place)));
    return output_print(output, &object, out, err);
}

/* -- findings -------------------------------------------------------------------- */

static int64_t number_of(const struct json_value *object, const char *key)
{
    const struct json_value *value = json_get(object, key);
    int64_t ret;

    return value && value->kind == JSON_NUMBER && str_to_int(value->text, &ret) ? ret : 0;
}

static struct str text_of(const struct json_value *object, const char *key)
{
    const struct json_value *value = json_get(object, key);

    return value && value->kind == JSON_TEXT ? value->text : (struct str){0};
}

static bool line_read(struct arena *arena, struct str line, struct finding *ret)
{
    struct json_value object;
    struct err ignored = {0};

    if (!json_read(arena, line, &object, &ignored) || object.kind != JSON_OBJECT)
        return false;
    *ret = (struct finding){
        .check = text_of(&object, "check"),
        .text = text_of(&object, "text"),
        .value = number_of(&object, "value"),
        .tries = number_of(&object, "tries"),
        .first_ms = number_of(&object, "firstMs"),
        .last_ms = number_of(&object, "lastMs"),
    };
    return ret->check.size > 0;
}

void findings_read(struct arena *arena, struct str output, struct findings *ret)
{
    struct str line, rest = output;

    *ret = (struct findings){0};
    if (rest.size > FINDINGS_SIZE_MAX)
        rest.size = FINDINGS_SIZE_MAX;
    while (ret->count < FINDINGS_MAX && str_cut(rest, '\n', &line, &rest))
        ret->count += line_read(arena, line, &ret->at[ret->count]);
}

const struct finding *findings_nth(const struct findings *findings, const char *check, uint32_t n)
{
    for (uint32_t i = 0; i < findings->count; i++)
        if (str_is(findings->at[i].check, check) && n-- == 0)
            return &findings->at[i];
    return NULL;
}

const struct finding *findings_get(const struct findings *findings, const char *check)
{
    for (uint32_t i = findings->count; i > 0; i--)
        if (str_is(findings->at[i - 1].check, check))
            return &findings->at[i - 1];
    return NULL;
}

/* -- what every sandbox of ours is to deny ------------------------------------------- */

static const struct fact {
    const char *finding, *check;
    int64_t wanted;
    enum doctor_verdict otherwise;
    const char *good, *remedy;
} facts[] = {
    {"no-new-privileges", "privileges",       1, DOCTOR_FAILED,
     "set-user-ID and file capabilities do nothing",                                         "a mutating webhook may have changed the Pod"},
    {"capabilities",      "capabilities",     0, DOCTOR_FAILED, "none in any set",
     "a mutating webhook may have changed the Pod"                                                                                        },
    {"seccomp",           "seccomp",          2, DOCTOR_FAILED, "a call filter is in force",
     "the container runtime must support seccomp profiles (RuntimeDefault)"                                                               },
    {"root",              "root file system", 0, DOCTOR_FAILED, "cannot be written",
     "the runtime must honour readOnlyRootFilesystem"                                                                                     },
    {"token",             "token",            0, DOCTOR_FAILED, "no service account token",
     "something mounts tokens into Pods that ask for none"                                                                                },
};

static void judge_fact(struct doctor *doctor, const struct fact *fact,
                       const struct finding *finding)
{
    if (!finding)
        doctor_add(doctor, fact->check, DOCTOR_UNKNOWN, "", "the probe said nothing of it");
    else if (finding->value == fact->wanted)
        doctor_add(doctor, fact->check, DOCTOR_OK, "", "%s", fact->good);
    else
        doctor_add(doctor, fact->check, fact->otherwise, fact->remedy, "%lld: %.*s",
                   (long long)finding->value, STR_ARG(finding->text));
}

/* Without our filter a container runtime's own still lets a few of them through. */
static void judge_calls(struct doctor *doctor, const struct finding *calls, bool has_filter)
{
    if (!calls)
        return;
    doctor_add(doctor, "system calls",
               calls->value == 0 ? DOCTOR_OK
               : has_filter      ? DOCTOR_FAILED
                                 : DOCTOR_WEAK,
               has_filter ? "the runner's call filter is not in force: report this"
                          : "the runner's own filter denies them to tasks",
               calls->value == 0 ? "none of those that an escape wants works" : "these work: %.*s",
               STR_ARG(calls->text));
}

void doctor_judge_facts(struct doctor *doctor, const struct findings *findings, bool has_filter)
{
    for (size_t i = 0; i < countof(facts); i++)
        judge_fact(doctor, &facts[i], findings_get(findings, facts[i].finding));
    judge_calls(doctor, findings_get(findings, "calls"), has_filter);
}
