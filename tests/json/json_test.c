// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/json.h"

static void members_are_found_by_key(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value object = json_object(), list = json_list();

    (void)state;
    for (int i = 0; i < 100; i++) {
        json_put_key(&arena, &object, arena_print(&arena, "k%d", i), json_number(&arena, i));
        json_add(&arena, &list, json_bool(i % 2 == 1));
    }
    json_put(&arena, &object, "last", json_text(STR_LIT("x")));
    assert_int_equal(object.count, 101);
    assert_true(str_is(json_get(&object, "k0")->text, "0"));
    assert_true(str_is(json_get(&object, "k99")->text, "99"));
    assert_true(str_is(json_get(&object, "last")->text, "x"));
    assert_int_equal(list.count, 100);
    assert_true(list.items[99].flag);
}

static void what_is_not_there_is_null(void **state)
{
    struct json_value object = json_object(), text = json_text(STR_LIT("x"));

    (void)state;
    assert_null(json_get(NULL, "k"));
    assert_null(json_get(&object, "k"));
    assert_null(json_get(&text, "k"));
}

static void a_read_object_can_be_extended(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value value;
    struct err err = {0};

    (void)state;
    assert_true(json_read(&arena, STR_LIT("{\"a\":1,\"b\":2,\"c\":3}"), &value, &err));
    json_put(&arena, &value, "d", json_number(&arena, INT64_MIN));
    assert_true(str_is(json_get(&value, "a")->text, "1"));
    assert_true(str_is(json_get(&value, "d")->text, "-9223372036854775808"));
}

static void every_kind_has_a_name(void **state)
{
    (void)state;
    for (enum json_kind kind = JSON_NULL; kind <= JSON_OBJECT; kind++)
        assert_true(strlen(json_kind_name(kind)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found_by_key),
        cmocka_unit_test(what_is_not_there_is_null),
        cmocka_unit_test(a_read_object_can_be_extended),
        cmocka_unit_test(every_kind_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
