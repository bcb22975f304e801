// SPDX-License-Identifier: Apache-2.0
#include "api/task_child.h"

#include "given.h"

static const struct task task = {
    .name = {"t",   1},
    .space = {"s",   1},
    .uid = {"u-1", 3},
};

static void a_child_is_known_by_its_controller_alone(void **state)
{
    static const struct {
        const char *owners;
        bool is_ours;
    } rows[] = {
        {"[{\"controller\":true,\"uid\":\"u-1\"}]",                                     true },
        {"[{\"uid\":\"x\"},{\"controller\":true,\"uid\":\"u-1\"}]",                     true },
        {"[{\"controller\":true,\"uid\":\"x\"},{\"controller\":true,\"uid\":\"u-1\"}]", false},
        {"[{\"controller\":false,\"uid\":\"u-1\"}]",                                    false},
        {"[{\"controller\":\"true\",\"uid\":\"u-1\"}]",                                 false},
        {"[{\"uid\":\"u-1\"}]",                                                         false},
        {"[{\"controller\":true,\"uid\":\"u-2\"}]",                                     false},
        {"{}",                                                                          false},
        {"[null]",                                                                      false},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct str text =
            arena_print(&arena, "{\"metadata\":{\"ownerReferences\":%s}}", rows[i].owners);
        struct json_value value = given_json(&arena, text);
        struct child child;
        child_read(&value, &child);
        assert_int_equal(child_is_of(&child, &task), rows[i].is_ours);
    }
}

static void what_is_written_is_read_as_ours(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value object = json_object();
    const struct task nameless = {.uid = {0}};
    struct child child;

    (void)state;
    json_put(&arena, &object, "metadata", child_metadata(&arena, &task, STR_LIT("t-pod")));
    assert_json(&object,
                "{\"metadata\":{\"labels\":{\"agenttask.io/task\":\"t\",\"agenttask.io/tenant\":"
                "\"s\"},\"name\":\"t-pod\",\"namespace\":\"s\",\"ownerReferences\":["
                "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"blockOwnerDeletion\":false,"
                "\"controller\":true,\"kind\":\"AgentTask\",\"name\":\"t\",\"uid\":\"u-1\"}]}}");
    child_read(&object, &child);
    assert_true(child_is_of(&child, &task));
    assert_true(str_is(child.name, "t-pod"));
    assert_true(str_is(child.task_label, "t"));
    child = (struct child){0}; /* no owner is nobody's, even of a task without a uid */
    assert_false(child_is_of(&child, &nameless));
}

static void a_name_that_no_label_holds_stands_in_an_annotation(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct task with_long_name = task;
    struct json_value metadata;

    (void)state;
    with_long_name.name =
        STR_LIT("a123456789.b123456789.c123456789.d123456789.e123456789.f123456789");
    metadata = child_metadata(&arena, &with_long_name, STR_LIT("x"));
    assert_true(str_is(json_get(json_get(&metadata, "annotations"), ANNOTATION_TASK)->text,
                       with_long_name.name.at));
    assert_true(str_is(json_get(json_get(&metadata, "labels"), LABEL_TASK)->text,
                       "a123456789.b123456789.c123456789.d123456-a24a7f55f2"));
}

static void finalizers_of_others_stay(void **state)
{
    static const struct {
        const char *before;
        bool is_on, was_on;
        const char *after;
    } rows[] = {
        {"[\"a/b\",\"f/x\"]", false, true,  "[\"a/b\"]"        },
        {"[\"f/x\",\"a/b\"]", true,  true,  "[\"a/b\",\"f/x\"]"},
        {"[\"f/x\"]",         false, true,  "null"             },
        {"[\"a/b\"]",         true,  false, "[\"a/b\",\"f/x\"]"},
        {"null",              true,  false, "[\"f/x\"]"        },
        {"null",              false, false, "null"             },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct str text = arena_print(
            &arena, "{\"metadata\":{\"finalizers\":%s,\"resourceVersion\":\"7\"}}", rows[i].before);
        struct json_value object = given_json(&arena, text);
        struct json_value patch = finalizer_patch(&arena, &object, "f/x", rows[i].is_on);
        assert_int_equal(finalizer_is_on(&object, "f/x"), rows[i].was_on);
        assert_json(&patch, arena_print(&arena,
                                        "{\"metadata\":{\"finalizers\":%s,"
                                        "\"resourceVersion\":\"7\"}}",
                                        rows[i].after)
                                .at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_is_known_by_its_controller_alone),
        cmocka_unit_test(what_is_written_is_read_as_ours),
        cmocka_unit_test(a_name_that_no_label_holds_stands_in_an_annotation),
        cmocka_unit_test(finalizers_of_others_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
