// SPDX-License-Identifier: Apache-2.0
#include "api/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define YES "\"features\":{\"recursiveReadOnlyMounts\":true,\"userNamespaces\":true}"
#define NO  "\"features\":{\"recursiveReadOnlyMounts\":true,\"userNamespaces\":false}"

static void the_default_runtime_decides(void **state)
{
    static const struct {
        const char *handlers;
        bool expected;
    } rows[] = {
        {"[{\"name\":\"runc\"," YES "},{" YES "}]",        true },
        {"[{\"name\":\"\"," YES "}]",                      true },
        {"[{\"name\":\"runc\"," YES "},{" NO "}]",         false},
        {"[{\"name\":\"runc\"," YES "}]",                  false},
        {"[{\"features\":{\"userNamespaces\":\"true\"}}]", false},
        {"[{}]",                                           false},
        {"[null]",                                         false},
        {"null",                                           false},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct json_value node;
        struct err err = {0};
        assert_true(json_read(
            &arena, arena_print(&arena, "{\"status\":{\"runtimeHandlers\":%s}}", rows[i].handlers),
            &node, &err));
        assert_int_equal(node_has_user_namespaces(&node), rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_runtime_decides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
