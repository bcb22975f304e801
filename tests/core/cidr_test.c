// SPDX-License-Identifier: Apache-2.0
#include "core/cidr.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_range_has_one_spelling(void **state)
{
    static const struct {
        const char *text, *spelling;
    } rows[] = {
        {"10.0.0.0/8",                               "10.0.0.0/8"                              },
        {"10.1.2.3/8",                               "10.0.0.0/8"                              },
        {"10.1.2.3/32",                              "10.1.2.3/32"                             },
        {"255.255.255.255/25",                       "255.255.255.128/25"                      },
        {"1.2.3.4/0",                                "0.0.0.0/0"                               },
        {"::/0",                                     "::/0"                                    },
        {"::1/128",                                  "::1/128"                                 },
        {"2001:DB8::/32",                            "2001:db8::/32"                           },
        {"2001:db8:0:0:0:0:0:1/32",                  "2001:db8::/32"                           },
        {"2001:0db8:0:0:1:0:0:1/128",                "2001:db8::1:0:0:1/128"                   },
        {"1:0:2:0:0:3:0:0/128",                      "1:0:2::3:0:0/128"                        },
        {"1:2:3:4:5:6:7:8/127",                      "1:2:3:4:5:6:7:8/127"                     },
        {"1:2:3:4:5:6:7:9/127",                      "1:2:3:4:5:6:7:8/127"                     },
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff::/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:0/128"},
        {"1::/16",                                   "1::/16"                                  },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        char spelling[CIDR_TEXT_MAX] = "";
        assert_true(cidr_spell(str_of(rows[i].text), spelling));
        assert_string_equal(spelling, rows[i].spelling);
    }
}

static void what_is_no_range_is_none(void **state)
{
    static const char *const rows[] = {
        "",
        "/",
        "10.0.0.0",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0/8",
        "10.0.0.0.0/8",
        "10.0.0.256/8",
        "010.0.0.0/8",
        "10.0.0.0/08",
        "10..0.0/8",
        "a/8",
        ":/8",
        ":::/8",
        "1::2::3/8",
        "::/129",
        "12345::/8",
        "::g/8",
        "1:2:3:4:5:6:7/8",
        "1:2:3:4:5:6:7:8:9/8",
        "1::2:3:4:5:6:7:8/8",
        ":1::/8",
        "1:/8",
        "::1.2.3.4/96",
        "fe80::1%eth0/64",
        " 10.0.0.0/8",
        "10.0.0.0/8 ",
        "everywhere",
        "10.0.0.0/8/8",
        "-1.0.0.0/8",
        "10.0.0.0/+8",
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        char spelling[CIDR_TEXT_MAX];
        if (cidr_spell(str_of(rows[i]), spelling))
            fail_msg("%s is spelt %s", rows[i], spelling);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_has_one_spelling),
        cmocka_unit_test(what_is_no_range_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
