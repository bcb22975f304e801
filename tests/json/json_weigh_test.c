// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "json/json.h"

static uint32_t counted(const struct json_value *value)
{
    uint32_t ret = 1;

    for (uint32_t i = 0; i < value->count; i++)
        ret += counted(&value->items[i]) + (value->kind == JSON_OBJECT);
    return ret;
}

static void json_weighs_what_it_holds(void **state)
{
    static const char *const texts[] = {
        "1",
        "\"\"",
        " [ ] ",
        "{}",
        "[1,2,3]",
        "[[],[[]],{}]",
        "[\"a,b\",\"[\",\"{\\\"\",\"\\\\\"]",
        "{\"a\":1,\"b\":[true,false,null],\"c\":{\"d\":\"e:f\"}}",
        "{\r\n\t\"a\" : [ -1.5e+3 , 2 ] }\n",
    };

    (void)state;
    for (size_t i = 0; i < countof(texts); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct json_value value;
        struct err err = {0};
        assert_true(json_read(&arena, str_of(texts[i]), &value, &err));
        assert_int_equal(json_weigh(str_of(texts[i])), counted(&value));
    }
}

static void what_is_no_json_is_weighed_too(void **state)
{
    (void)state;
    assert_int_equal(json_weigh((struct str){0}), 0);
    assert_int_equal(json_weigh(STR_LIT("\"abc")), 1);
    assert_int_equal(json_weigh(STR_LIT("\"\\")), 1);
    assert_int_equal(json_weigh(STR_LIT("[[[[1")), 5);
    assert_int_equal(json_weigh(STR_LIT("1\"a\"[")), 3);
    assert_int_equal(json_weigh((struct str){"\0\xff,", 3}), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_weighs_what_it_holds),
        cmocka_unit_test(what_is_no_json_is_weighed_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
