// SPDX-License-Identifier: Apache-2.0
#include "api/crd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sys/file.h"
#include "yaml/yaml.h"

static void assert_committed(const struct crd_kind *kind)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf yaml = {0};
    struct json_value value;
    struct err err = {0};
    struct str path = arena_print(&arena, "%s/config/crd/bases/execution.agenttask.io_%s.yaml",
                                  getenv("SOURCE_ROOT"), kind->plural);
    struct str committed, head;

    if (!file_read(&arena, arena_text(&arena, path), 1 << 20, &committed, &err) ||
        !crd_value(&arena, kind, &value, &err))
        fail_msg("%s", err.text);
    buf_init(&yaml, 1 << 20);
    yaml_print(&value, &yaml);
    assert_true(str_cut(committed, '\n', &head, &committed)); /* the line that says what it is */
    if (!str_equal(committed, buf_str(&yaml)))
        fail_msg("%.*s is not what crdgen makes: make crd", STR_ARG(path));
}

static void h37_the_committed_schema_is_that_of_the_field_tables(void **state)
{
    (void)state;
    assert_committed(&crd_agenttask);
    assert_committed(&crd_runtimeprofile);
}

static void assert_unfit(const struct crd_kind *kind, const char *text)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value value;
    struct err err = {0};

    assert_false(crd_value(&arena, kind, &value, &err));
    assert_string_equal(err.text, text);
}

static const struct field text_rows[] = {FIELD_ROW(.name = "note", .kind = FIELD_TEXT)};
static const struct fields text_fields = FIELDS_OF(text_rows);

static void h37_a_field_that_is_not_described_is_an_error(void **state)
{
    static const struct crd_row unbound[] = {CRD_FIELD("note", "A text.")};
    static const struct crd_row surplus[] = {CRD_BOUND("note", "A text.", .size_max = 9),
                                             CRD_FIELD("other", "Not there.")};
    static const struct crd_rule rules[] = {CRD_RULE("spec", "true", "never")};
    struct crd_kind kind = {.kind = "K", .fields = &text_fields};

    (void)state;
    assert_unfit(&kind, "K: nothing says how note is spelt");
    kind.rows = unbound;
    kind.row_count = countof(unbound);
    assert_unfit(&kind, "K: note has no bound");
    kind.rows = surplus;
    kind.row_count = countof(surplus);
    assert_unfit(&kind, "K: no field for the row other");
    kind.row_count = 1;
    kind.rules = rules;
    kind.rule_count = countof(rules);
    assert_unfit(&kind, "K: no field for the rule at spec");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(h37_the_committed_schema_is_that_of_the_field_tables),
        cmocka_unit_test(h37_a_field_that_is_not_described_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
