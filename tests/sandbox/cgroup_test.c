// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sandbox/cgroup.h"

static const char hybrid[] =
    "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "36 31 0:33 / /mnt/with\\040blank rw - cgroup cgroup rw,pids\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:3 master:1 - cgroup2 cgroup2 rw\n";

static void a_hierarchy_is_found_where_it_is_mounted(void **state)
{
    static const struct {
        const char *controller, *path;
    } rows[] = {
        {"cpu",     "/sys/fs/cgroup/cpu,cpuacct"},
        {"cpuacct", "/sys/fs/cgroup/cpu,cpuacct"},
        {"memory",  "/sys/fs/cgroup/memory"     },
        {NULL,      "/sys/fs/cgroup/unified"    },
        {"pids",    NULL                        }, /* its path needs unescaping: not used */
        {"cpus",    NULL                        },
    };
    char path[CGROUP_PATH_MAX];
    (void)state;

    for (size_t i = 0; i < countof(rows); i++) {
        assert_int_equal(cgroup_mount_find(hybrid, rows[i].controller, path), rows[i].path != NULL);
        if (rows[i].path)
            assert_string_equal(path, rows[i].path);
    }
    assert_false(cgroup_mount_find("", "memory", path));
    assert_false(cgroup_mount_find("35 31 0:32 / /x\n - \n", "memory", path));
}

static void our_own_cgroup_is_the_line_of_version_2(void **state)
{
    char path[CGROUP_PATH_MAX];
    (void)state;

    assert_true(cgroup2_own_find("4:memory:/a\n0::/user.slice/x.scope\n", path));
    assert_string_equal(path, "/user.slice/x.scope");
    assert_true(cgroup2_own_find("0::/\n", path));
    assert_string_equal(path, "/");
    assert_false(cgroup2_own_find("4:memory:/a\n", path));
}

static void a_number_is_read_by_its_word(void **state)
{
    static const char events[] = "low 0\noom 3\noom_kill 2\nbad x\nlast 9";
    (void)state;

    assert_int_equal(cgroup_number(events, "oom"), 3);
    assert_int_equal(cgroup_number(events, "oom_kill"), 2);
    assert_int_equal(cgroup_number(events, "last"), 9);
    assert_int_equal(cgroup_number(events, "bad"), -1);
    assert_int_equal(cgroup_number(events, "kill"), -1);
}

static void names_that_leave_our_directory_are_not_safe(void **state)
{
    char long_name[CGROUP_NAME_MAX + 2];
    (void)state;

    memset(long_name, 'a', sizeof(long_name));
    long_name[CGROUP_NAME_MAX + 1] = '\0';
    assert_true(cgroup_name_is_safe("agenttask-0f3e"));
    assert_false(cgroup_name_is_safe(""));
    assert_false(cgroup_name_is_safe(".."));
    assert_false(cgroup_name_is_safe("a/b"));
    assert_false(cgroup_name_is_safe(long_name));
    long_name[CGROUP_NAME_MAX] = '\0';
    assert_true(cgroup_name_is_safe(long_name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hierarchy_is_found_where_it_is_mounted),
        cmocka_unit_test(our_own_cgroup_is_the_line_of_version_2),
        cmocka_unit_test(a_number_is_read_by_its_word),
        cmocka_unit_test(names_that_leave_our_directory_are_not_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
