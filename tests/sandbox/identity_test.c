// SPDX-License-Identifier: Apache-2.0
#include "sandbox/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static void an_id_is_found_where_it_is_named(void **state)
{
    static const char passwd[] =
        "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/sh";
    static const char subuid[] = "ann:100000:65536\nbroken\nbob:1879048192:10\n";

    (void)state;
    assert_true(identity_is_named(str_of(passwd), 2, false, 1000));
    assert_true(identity_is_named(str_of(passwd), 2, false, 0));
    assert_false(identity_is_named(str_of(passwd), 2, false, 100));
    assert_true(identity_is_named(str_of(subuid), 1, true, 100000));
    assert_true(identity_is_named(str_of(subuid), 1, true, 165535));
    assert_false(identity_is_named(str_of(subuid), 1, true, 165536));
    assert_true(identity_is_named(str_of(subuid), 1, true, 1879048201));
    assert_false(identity_is_named(str_of(subuid), 1, true, 1879048202));
}

static void root_gets_an_id_of_nobody_and_others_their_own(void **state)
{
    struct identity one, two;
    struct err err = {0};

    (void)state;
    assert_true(identity_choose(false, &one, &err));
    assert_true(identity_choose(false, &two, &err));
    if (geteuid() != 0) {
        assert_int_equal(one.uid, geteuid());
        return;
    }
    assert_in_range(one.uid, 0x70000000, 0x7ffeffff);
    assert_int_not_equal(one.uid, two.uid);
    assert_true(identity_choose(true, &one, &err));
    assert_int_equal(one.uid, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_found_where_it_is_named),
        cmocka_unit_test(root_gets_an_id_of_nobody_and_others_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
