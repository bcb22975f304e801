// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/validate.h"

#define TEN    "0123456789"
#define DIGITS TEN TEN TEN TEN TEN TEN "abcd"
#define LONG   DIGITS DIGITS

static void a_name_is_as_container_runtimes_read_it(void **state)
{
    static const struct {
        const char *name;
        bool is_one;
    } rows[] = {
        {"python",                              true },
        {"python:3.11-slim",                    true },
        {"i:1",                                 true },
        {"library/python",                      true },
        {"docker.io/library/python:3.11",       true },
        {"localhost/a",                         true },
        {"localhost:5000/a:b",                  true },
        {"registry.example.com:5000/a/b_c:D-e", true },
        {"Registry.example.com/a",              true },
        {"[::1]:5000/a",                        true },
        {"a.b/c.d/e__f/g--h",                   true },
        {"a:" LONG,                             true },
        {"",                                    false},
        {":1",                                  false},
        {"a:",                                  false},
        {"a:" LONG "x",                         false},
        {"a:.x",                                false},
        {"a:-x",                                false},
        {"a:b:c",                               false},
        {"Python",                              false},
        {"example.com/Upper//case",             false},
        {"example.com//a",                      false},
        {"example.com/",                        false},
        {"/a",                                  false},
        {"a/",                                  false},
        {"a//b",                                false},
        {"-a",                                  false},
        {"a-",                                  false},
        {"a..b",                                false},
        {"a___b",                               false},
        {"a._b",                                false},
        {"a b",                                 false},
        {"a\n",                                 false},
        {"a@b",                                 false},
        {"../a",                                false},
        {"-x.com/a",                            false},
        {"ex ample.com/a",                      false},
        {"\xc3\xa9",                            false},
        {"https://example.com/a",               false},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        if (image_name_is_valid(str_of(rows[i].name)) != rows[i].is_one)
            fail_msg("%s: %s", rows[i].name, rows[i].is_one ? "is one" : "is none");
    assert_false(image_name_is_valid((struct str){"a\0b", 3}));
}

static void a_digest_is_one_kind_of_sum(void **state)
{
    (void)state;
    assert_true(digest_is_valid(STR_LIT("sha256:" DIGITS)));
    assert_false(digest_is_valid(STR_LIT("sha256:" DIGITS "0")));
    assert_false(digest_is_valid(STR_LIT("sha256:")));
    assert_false(digest_is_valid(STR_LIT("sha512:" DIGITS)));
    assert_false(digest_is_valid(STR_LIT("sha256:" TEN TEN TEN TEN TEN TEN "ABCD")));
    assert_false(digest_is_valid(STR_LIT("sha256:" TEN TEN TEN TEN TEN TEN "abcg")));
    assert_false(digest_is_valid((struct str){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_as_container_runtimes_read_it),
        cmocka_unit_test(a_digest_is_one_kind_of_sum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
