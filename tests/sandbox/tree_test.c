// SPDX-License-Identifier: Apache-2.0
#include "sandbox/tree.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_prefix_is_the_parent_of_the_bin_directory(void **state)
{
    static const char *const rows[][2] = {
        {"/opt/python/bin/python3",                   "/opt/python"},
        {"/usr/local/bin/node",                       "/usr/local" },
        {"/nix/store/abc-python-3.11/bin/python3.11", "/nix/store" },
        {"/bin/sh",                                   ""           },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_true(str_is(tree_prefix(str_of(rows[i][0])), rows[i][1]));
}

static void a_prefix_that_holds_a_home_is_recognised(void **state)
{
    static const char passwd[] = "root:x:0:0:root:/root:/bin/bash\n"
                                 "nobody:x:65534:65534::/:/usr/sbin/nologin\n"
                                 "ann:x:1000:1000:Ann:/srv/people/ann:/bin/bash";

    (void)state;
    assert_true(tree_has_home(str_of(passwd), str_of("/root")));
    assert_true(tree_has_home(str_of(passwd), str_of("/srv/people")));
    assert_true(tree_has_home(str_of(passwd), str_of("/srv/people/ann")));
    assert_false(tree_has_home(str_of(passwd), str_of("/srv/peop")));
    assert_false(tree_has_home(str_of(passwd), str_of("/opt/python")));
    assert_false(tree_has_home(str_of("short:line\n"), str_of("/root")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prefix_is_the_parent_of_the_bin_directory),
        cmocka_unit_test(a_prefix_that_holds_a_home_is_recognised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
