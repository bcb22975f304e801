// SPDX-License-Identifier: Apache-2.0
#include "http/address.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void addresses_are_read(void **state)
{
    static const struct {
        const char *text;
        bool has_v4, has_v6;
        uint16_t port;
    } rows[] = {
        {":8081",          true,  true,  8081 },
        {"127.0.0.1:8080", true,  false, 8080 },
        {"0.0.0.0:0",      true,  false, 0    },
        {"[::1]:65535",    false, true,  65535},
        {"[::]:1",         false, true,  1    },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct address address;
        struct err err = {0};
        assert_true(address_parse(rows[i].text, &address, &err));
        assert_int_equal(address.has_v4, rows[i].has_v4);
        assert_int_equal(address.has_v6, rows[i].has_v6);
        assert_int_equal(ntohs(address.v4.sin_port), rows[i].port);
        assert_int_equal(ntohs(address.v6.sin6_port), rows[i].port);
    }
}

static void what_is_none_is_refused(void **state)
{
    static const char *const rows[] = {
        "",           "8080",        "localhost:8080",
        "127.0.0.1:", ":65536",      ":-1",
        "::1:8",      "[1.2.3.4]:1", "[::1:8",
        ":http",      "1.2.3:1",     "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:1",
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct address address;
        struct err err = {0};
        if (address_parse(rows[i], &address, &err))
            fail_msg("%s was accepted", rows[i]);
        assert_int_equal(err.kind, ERR_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(what_is_none_is_refused),
    };

    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
