// SPDX-License-Identifier: Apache-2.0
#include "api/manifest.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/builtin.h"
#include "core/validate.h"
#include "sys/file.h"
#include "yaml/yaml.h"

#define HEAD                                                                                       \
    "apiVersion: execution.agenttask.io/v1alpha1\nkind: AgentTask\nmetadata: {name: t}\nspec:\n"   \
    "  runtimeProfile: bash\n  code: {source: 'true'}\n"

static bool read_text(struct arena *arena, const char *text, struct manifest_item **items,
                      uint32_t *count, struct err *err)
{
    return manifest_read(arena, str_of(text), "f.yaml", items, count, err);
}

/* What is wrong, where, and what to do: one line each. */
static void bad_objects_are_refused_with_their_place(void **state)
{
    static const char *const rows[][2] = {
        {HEAD "  timeoutSecond: 5\n",
         "f.yaml:7:3: spec.timeoutSecond: no such field; did you mean timeoutSeconds?"        },
        {HEAD "  timeoutSeconds: 0\n",
         "f.yaml:7:3: spec.timeoutSeconds: 0 is too small: 1 to 86400"                        },
        {HEAD "  timeoutSeconds: 86401\n",                  "86401 is too large: 1 to 86400"  },
        {HEAD "  timeoutSeconds: '5'\n",                    "without quotes"                  },
        {HEAD "  canceled: 'yes'\n",                        "spec.canceled"                   },
        {HEAD "  args: [1]\n",                              "spec.args[0]"                    },
        {HEAD "  env: [{nam: A}]\n",                        "did you mean name?"              },
        {HEAD "  resources: {limits: {memory: '-1'}}\n",    "above 0"                         },
        {HEAD "  resources: {limits: {memory: lots}}\n",    "is not a quantity"               },
        {HEAD "  backend: docker\n",                        "is not one of auto, pod, sandbox"},
        {HEAD "  timeoutSeconds: 5\n  timeoutSeconds: 6\n", "f.yaml:8:3"                      },
        {HEAD "status: {phase: Succeeded}\n",               "set by the system"               },
        {"kind: Pod\n",                                     "\"Pod\" is not accepted here"    },
        {"a: [\n",                                          "f.yaml:"                         },
        {"- 1\n",                                           "an object is expected"           },
        {"apiVersion: v1\nkind: AgentTask\n",               "execution.agenttask.io/v1alpha1" },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct arena arena = {0};
        struct manifest_item *items;
        struct err err = {0};
        uint32_t count;
        if (read_text(&arena, rows[i][0], &items, &count, &err) || err.kind != ERR_INVALID ||
            !strstr(err.text, rows[i][1]) || strchr(err.text, '\n'))
            fail_msg("%zu: expected \"%s\", got \"%s\"", i, rows[i][1], err.text);
        arena_fini(&arena);
    }
}

static void documents_and_lists_are_read_in_order(void **state)
{
    static const char text[] = HEAD "---\n"
                                    "apiVersion: v1\nkind: List\nitems:\n"
                                    "- apiVersion: execution.agenttask.io/v1alpha1\n"
                                    "  kind: AgentTask\n  metadata: {name: u}\n"
                                    "  spec: {runtimeProfile: bash, code: {source: x}}\n---\n";
    struct arena arena = {0};
    struct manifest_item *items;
    struct err err = {0};
    uint32_t count;

    (void)state;
    assert_true(read_text(&arena, text, &items, &count, &err));
    assert_int_equal(count, 2);
    assert_true(str_is(items[0].task.name, "t"));
    assert_true(str_is(items[1].task.name, "u"));
    arena_fini(&arena);
}

static void json_is_read_as_well(void **state)
{
    static const char text[] =
        "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":\"AgentTask\",\"metadata\":"
        "{\"name\":\"t\"},\"spec\":{\"runtimeProfile\":\"bash\",\"code\":{\"source\":"
        "\"\\ud83d\\ude00\"},"
        "\"resources\":{\"limits\":{\"cpu\":\"500m\",\"memory\":\"512Mi\"}}}}";
    struct arena arena = {0};
    struct manifest_item *items;
    struct err err = {0};
    uint32_t count;

    (void)state;
    assert_true(read_text(&arena, text, &items, &count, &err));
    assert_true(str_is(items[0].task.spec.source, "\xf0\x9f\x98\x80"));
    assert_int_equal(items[0].task.spec.limits.cpu_milli, 500);
    assert_int_equal(items[0].task.spec.limits.memory_bytes, 512 << 20);
    arena_fini(&arena);
}

static void every_shipped_profile_is_valid_and_bears_its_files_name(void **state)
{
    struct arena arena = {0};
    struct manifest_item *items;
    struct err err = {0};
    struct str yaml;
    uint32_t count;

    (void)state;
    assert_int_equal(builtin_count(), 7);
    for (uint32_t i = 0; i < builtin_count(); i++) {
        assert_true(read_text(&arena, builtin_at(i).at, &items, &count, &err));
        assert_int_equal(count, 1);
        assert_int_equal(items[0].kind, MANIFEST_PROFILE);
        if (!profile_validate(&items[0].profile, &err))
            fail_msg("%s", err.text);
        assert_true(builtin_profile(items[0].profile.name, &yaml));
        assert_true(str_equal(yaml, builtin_at(i)));
    }
    assert_false(builtin_profile(STR_LIT("r4.3"), &yaml));
    arena_fini(&arena);
}

static int is_yaml(const struct dirent *entry)
{
    return str_ends(str_of(entry->d_name), ".yaml");
}

/* The sample has the name of its file, and a shipped profile. */
static void check_sample(const char *directory, struct str name)
{
    struct arena arena = {0};
    const char *path = arena_print(&arena, "%s/%.*s", directory, STR_ARG(name)).at;
    struct manifest_item *items = NULL;
    struct err err = {0};
    struct str text, stem, ending, yaml;
    uint32_t count = 0;

    if (!file_read(&arena, path, 65536, &text, &err) ||
        !manifest_read(&arena, text, path, &items, &count, &err) ||
        !task_validate(&items[0].task, &err))
        fail_msg("%s", err.text);
    assert_int_equal(count, 1);
    assert_true(str_cut(name, '.', &stem, &ending));
    assert_true(str_equal(items[0].task.name, stem));
    assert_true(builtin_profile(items[0].task.spec.profile, &yaml));
    arena_fini(&arena);
}

/* h66: samples are run by nobody unless they are right. */
static void h66_samples_and_docs_wrong(void **state)
{
    struct arena arena = {0};
    const char *directory = arena_print(&arena, "%s/config/samples", getenv("SOURCE_ROOT")).at;
    struct dirent **entries;
    int count = scandir(directory, &entries, is_yaml, alphasort);

    (void)state;
    assert_true(count >= 3);
    for (int i = 0; i < count; i++) {
        check_sample(directory, str_of(entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_objects_are_refused_with_their_place),
        cmocka_unit_test(documents_and_lists_are_read_in_order),
        cmocka_unit_test(json_is_read_as_well),
        cmocka_unit_test(every_shipped_profile_is_valid_and_bears_its_files_name),
        cmocka_unit_test(h66_samples_and_docs_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
