// SPDX-License-Identifier: Apache-2.0
#include "api/look.h"

#include "given.h"

static void what_is_of_another_kind_is_empty(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value value = given_json(
        &arena, STR_LIT("{\"text\":\"a\",\"int\":7,\"big\":1e99,\"flag\":true,\"list\":[],"
                        "\"object\":{},\"null\":null,\"time\":\"2026-11-24T08:00:00Z\"}"));
    static const char *const keys[] = {"int", "object", "list", "null", "none"};

    (void)state;
    assert_true(str_is(look_text(&value, "text"), "a"));
    assert_int_equal(look_int(&value, "int"), 7);
    assert_int_equal(look_int_or(&value, "big", -1), -1);
    assert_int_equal(look_int_or(&value, "text", -1), -1);
    assert_true(look_flag(&value, "flag"));
    assert_int_equal(look_time(&value, "time"), INT64_C(1795507200000));
    assert_non_null(look_list(&value, "list"));
    for (size_t i = 0; i < countof(keys); i++) {
        assert_int_equal(look_text(&value, keys[i]).size, 0);
        assert_int_equal(look_time(&value, keys[i]), 0);
        assert_false(look_flag(&value, keys[i]));
        assert_int_equal(look_int(NULL, keys[i]), 0);
    }
    assert_null(look_list(&value, "object"));
}

static void an_item_is_found_by_a_text_of_it(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value value =
        given_json(&arena, STR_LIT("[null,7,{\"name\":\"a\"},{\"name\":\"b\",\"is\":1},{\"name\":"
                                   "\"b\"}]"));

    (void)state;
    assert_ptr_equal(look_item(&value, "name", STR_LIT("b")), &value.items[3]);
    assert_null(look_item(&value, "name", STR_LIT("c")));
    assert_null(look_item(NULL, "name", STR_LIT("a")));
}

static void only_some_members_are_kept(void **state)
{
    static const struct kept inner[] = {KEPT("x"), KEPT_TEXT("text", 3), KEPT(NULL)};
    static const struct kept all_but_named[] = {KEPT_OF("object", inner), KEPT("*"), KEPT(NULL)};
    static const struct kept outer[] = {KEPT_OF("list", inner), KEPT_OF("object", inner),
                                        KEPT("whole"), KEPT(NULL)};
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value value = given_json(
        &arena, STR_LIT("{\"gone\":1,\"list\":[{\"x\":1,\"y\":2},{\"y\":3},4],\"object\":{\"text\":"
                        "\"abcdef\",\"y\":[]},\"whole\":{\"y\":{\"z\":1}}}"));
    struct json_value kept = look_kept(&arena, &value, outer);

    (void)state;
    assert_json(&kept, "{\"list\":[{\"x\":1},{},4],\"object\":{\"text\":\"abc\"},\"whole\":{\"y\":"
                       "{\"z\":1}}}");
    kept = look_kept(&arena, &value, all_but_named);
    assert_json(&kept, "{\"gone\":1,\"list\":[{\"x\":1,\"y\":2},{\"y\":3},4],\"object\":{\"text\":"
                       "\"abc\"},\"whole\":{\"y\":{\"z\":1}}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_of_another_kind_is_empty),
        cmocka_unit_test(an_item_is_found_by_a_text_of_it),
        cmocka_unit_test(only_some_members_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
