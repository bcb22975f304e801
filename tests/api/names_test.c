// SPDX-License-Identifier: Apache-2.0
#include "api/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/validate.h"

enum {
    SPACE_MAX = 63,
    UID_SIZE = 36,
    FILE_NAME_MAX = 255, /* of a directory: <namespace>_<pod>_<uid> */
    LONGEST_SUFFIX = sizeof("-result") - 1,
};

static void objects_are_called_after_their_task(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct task task = {.name = STR_LIT("my-task"), .uid = STR_LIT("u-1")};

    (void)state;
    assert_true(str_is(run_pod_name(&arena, &task), "my-task-pod"));
    assert_true(str_is(run_code_name(&arena, &task), "my-task-code"));
    assert_true(str_is(run_logs_name(&arena, &task), "my-task-logs"));
    assert_true(str_is(run_result_name(&arena, &task), "my-task-result"));
    assert_true(str_is(task_label_value(&arena, &task), "my-task"));
}

static struct task task_called(struct arena *arena, char c, size_t size)
{
    char *name = arena_alloc(arena, size);

    memset(name, c, size);
    return (struct task){
        .name = {name, size},
          .uid = STR_LIT("u-1")
    };
}

static void a_long_name_is_cut_and_told_apart_by_its_uid(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct task task = task_called(&arena, 'a', NAME_WHOLE_MAX);

    (void)state;
    assert_int_equal(run_pod_name(&arena, &task).size, NAME_WHOLE_MAX + 4);
    task = task_called(&arena, 'a', NAME_WHOLE_MAX + 1);
    assert_true(str_is(run_pod_name(&arena, &task),
                       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-a24a7f55f2-pod"));
    task.uid = STR_LIT("u-2");
    assert_false(str_is(run_pod_name(&arena, &task),
                        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-a24a7f55f2-pod"));
    task = task_called(&arena, 'a', 63);
    assert_true(str_equal(task_label_value(&arena, &task), task.name));
    task = task_called(&arena, 'a', 64);
    assert_true(str_is(task_label_value(&arena, &task),
                       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-a24a7f55f2"));
}

static void assert_names(struct arena *arena, const struct task *task)
{
    struct str (*const makers[])(struct arena *, const struct task *) = {
        run_pod_name, run_code_name, run_logs_name, run_result_name};

    for (size_t i = 0; i < countof(makers); i++) {
        struct str name = makers[i](arena, task);
        assert_true(name_is_valid(name));
        assert_true(name.size <= NAME_WHOLE_MAX + LONGEST_SUFFIX);
        assert_true(SPACE_MAX + 1 + name.size + 1 + UID_SIZE <= FILE_NAME_MAX);
    }
    assert_true(task_label_value(arena, task).size > 0);
    assert_true(label_value_is_valid(task_label_value(arena, task)));
}

static void h47_names_too_long(void **state) /* every legal name makes legal names */
{
    static const char letters[] = "ab0..--";
    uint32_t dice = 1;
    unsigned legal = 0;

    (void)state;
    for (unsigned i = 0; i < 60000; i++) {
        auto_end(arena_fini) struct arena arena = {0};
        size_t size = i % 12 == 0 ? 1 + i / 12 % NAME_SIZE_MAX : 38 + i % 6 * 21;
        char *name = arena_alloc(&arena, size);
        struct task task = {
            .name = {name, size},
              .uid = STR_LIT("u-1")
        };

        for (size_t at = 0; at < size; at++) {
            dice = dice * 1103515245 + 12345;
            /* mostly letters: else hardly any long one is legal; around the cut anything goes */
            name[at] = at >= 36 && at <= 42 ? letters[(dice >> 16) % 7] : letters[(dice >> 16) % 3];
        }
        if (!name_is_valid(task.name))
            continue;
        legal++;
        assert_names(&arena, &task);
    }
    assert_true(legal > 10000);
}

static void any_tenant_makes_a_legal_label(void **state)
{
    const struct {
        struct str tenant, expected;
    } rows[] = {
        {STR_LIT(""),       STR_LIT("space")     },
        {STR_LIT("Team_A"), STR_LIT("Team_A")    },
        {STR_LIT("-bad"),   STR_LIT("0e837303fb")},
        {STR_LIT("a b"),    STR_LIT("c8687a08aa")},
    };
    auto_end(arena_fini) struct arena arena = {0};

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct task task = {.space = STR_LIT("space"), .spec.tenant = rows[i].tenant};
        struct str value = tenant_label_value(&arena, &task);
        assert_true(label_value_is_valid(value));
        assert_string_equal(arena_text(&arena, value), arena_text(&arena, rows[i].expected));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_called_after_their_task),
        cmocka_unit_test(a_long_name_is_cut_and_told_apart_by_its_uid),
        cmocka_unit_test(h47_names_too_long),
        cmocka_unit_test(any_tenant_makes_a_legal_label),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
