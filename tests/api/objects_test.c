// SPDX-License-Identifier: Apache-2.0
/* What a kube-apiserver refuses, the program that runs tasks without one refuses, too: the objects
 * of tests/apiserver/objects.yaml. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/runtimeprofile.h"
#include "core/validate.h"
#include "sys/file.h"
#include "yaml/yaml.h"

enum {
    OBJECTS_MIN = 80 /* fewer were read: the file is not what it was */
};

/* The good spec with the change; a member that is changed to null is gone. */
static struct json_value spec_of(struct arena *arena, const struct json_value *good,
                                 const struct json_value *change)
{
    struct json_value ret = json_object();

    for (uint32_t i = 0; i < good->count; i++)
        if (!json_get(change, arena_text(arena, good->keys[i])))
            json_put_key(arena, &ret, good->keys[i], good->items[i]);
    for (uint32_t i = 0; i < change->count; i++)
        if (change->items[i].kind != JSON_NULL)
            json_put_key(arena, &ret, change->keys[i], change->items[i]);
    return ret;
}

static struct json_value object_of(struct arena *arena, struct str kind, struct json_value spec)
{
    struct json_value ret = json_object(), metadata = json_object();

    json_put(arena, &metadata, "name", json_text(STR_LIT("x")));
    json_put(arena, &ret, "apiVersion", json_text(STR_LIT(API_VERSION)));
    json_put(arena, &ret, "kind", json_text(kind));
    json_put(arena, &ret, "metadata", metadata);
    json_put(arena, &ret, "spec", spec);
    return ret;
}

static bool is_accepted(struct arena *arena, const struct json_value *kind,
                        const struct json_value *change, struct err *err)
{
    struct str name = json_get(kind, "kind")->text;
    struct json_value object =
        object_of(arena, name, spec_of(arena, json_get(kind, "spec"), change));
    struct profile profile;
    struct task task;

    if (str_is(name, "AgentTask"))
        return agenttask_read(arena, &object, NULL, API_STRICT, &task, err) &&
               task_validate(&task, err);
    return runtimeprofile_read(arena, &object, NULL, API_STRICT, &profile, err) &&
           profile_validate(&profile, err);
}

static uint32_t check_accepted(struct arena *arena, const struct json_value *kind)
{
    const struct json_value *list = json_get(kind, "accepted");
    struct err err = {0};

    for (uint32_t i = 0; i < list->count; i++)
        if (!is_accepted(arena, kind, &list->items[i], &err))
            fail_msg("line %u: %s", list->items[i].line, err.text);
    return list->count;
}

static uint32_t check_refused(struct arena *arena, const struct json_value *kind)
{
    const struct json_value *list = json_get(kind, "refused");
    uint32_t count = 0;

    for (uint32_t i = 0; i < list->count; i++) {
        const struct json_value *row = &list->items[i];
        const char *names = arena_text(arena, json_get(row, "names")->text);
        struct err err = {0};

        if (json_get(row, "only"))
            continue;
        if (is_accepted(arena, kind, json_get(row, "change"), &err))
            fail_msg("line %u: is accepted", row->line);
        if (!strstr(err.text, names))
            fail_msg("line %u: \"%s\" does not name %s", row->line, err.text, names);
        count++;
    }
    return count;
}

static void h38_what_a_server_refuses_is_refused(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const char *path =
        arena_print(&arena, "%s/tests/apiserver/objects.yaml", getenv("SOURCE_ROOT")).at;
    const struct json_value *kinds;
    struct json_value *documents = NULL;
    uint32_t document_count = 0, count = 0;
    struct err err = {0};
    struct str text;

    (void)state;
    if (!file_read(&arena, path, 1 << 20, &text, &err) ||
        !yaml_read(&arena, text, path, &documents, &document_count, &err))
        fail_msg("%s", err.text);
    kinds = json_get(&documents[0], "kinds");
    for (uint32_t i = 0; i < kinds->count; i++)
        count += check_accepted(&arena, &kinds->items[i]) + check_refused(&arena, &kinds->items[i]);
    assert_true(count >= OBJECTS_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(h38_what_a_server_refuses_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
