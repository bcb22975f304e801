// SPDX-License-Identifier: Apache-2.0
#include "sandbox/tree.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

static bool is_bound(const struct steps *steps, const char *path)
{
    for (uint32_t i = 0; i < steps->count; i++)
        if (steps->at[i].kind == STEP_BIND && strcmp(steps->at[i].target, path) == 0)
            return true;
    return false;
}

static void file_make(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

    assert_true(fd >= 0);
    close(fd);
}

/* A virtual environment's python is a link to the one that was installed: both trees are needed. */
static void both_ends_of_a_link_are_bound(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    static struct steps steps;
    struct steplist list = {.steps = &steps, .arena = &arena};
    struct err err = {0};
    char top[] = "/tmp/tree-test-XXXXXX";
    (void)state;

    assert_non_null(mkdtemp(top));
    const char *installed = arena_print(&arena, "%s/installed", top).at;
    const char *venv = arena_print(&arena, "%s/venv", top).at;
    const char *file = arena_print(&arena, "%s/bin/python3", installed).at;
    const char *link = arena_print(&arena, "%s/bin/python", venv).at;
    const char *bins[] = {arena_print(&arena, "%s/bin", installed).at,
                          arena_print(&arena, "%s/bin", venv).at};
    assert_int_equal(mkdir(installed, 0755) | mkdir(venv, 0755) | mkdir(bins[0], 0755) |
                         mkdir(bins[1], 0755),
                     0);
    file_make(file);
    assert_int_equal(symlink("../../installed/bin/python3", link), 0);

    assert_true(tree_add_interpreter(&list, link, &err));
    assert_true(is_bound(&steps, venv));
    assert_true(is_bound(&steps, installed));
    assert_false(is_bound(&steps, "/tmp"));

    unlink(link);
    unlink(file);
    for (size_t i = 0; i < countof(bins); i++)
        rmdir(bins[i]);
    rmdir(venv);
    rmdir(installed);
    rmdir(top);
}

static void what_the_system_has_is_not_bound_twice(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    static struct steps steps;
    struct steplist list = {.steps = &steps, .arena = &arena};
    struct err err = {0};
    (void)state;

    tree_add_system(&list);
    uint32_t before = steps.count;
    assert_true(is_bound(&steps, "/usr"));
    assert_true(tree_add_interpreter(&list, "/bin/sh", &err));
    assert_int_equal(steps.count, before);
    assert_false(tree_add_interpreter(&list, "bin/sh", &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prefix_is_the_parent_of_the_bin_directory),
        cmocka_unit_test(a_prefix_that_holds_a_home_is_recognised),
        cmocka_unit_test(both_ends_of_a_link_are_bound),
        cmocka_unit_test(what_the_system_has_is_not_bound_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
