// SPDX-License-Identifier: Apache-2.0
#include "runner/program.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"

static void a_name_is_found_along_path(void **state)
{
    static const struct {
        const char *name, *path, *expected; /* NULL: not found */
    } rows[] = {
        {"/any/path",  "PATH=/bin",                   "/any/path"},
        {"sh",         "PATH=/nowhere:/bin:/usr/bin", "/bin/sh"  },
        {"sh",         "PATH=/bin",                   "/bin/sh"  },
        {"no-such-sh", "PATH=/bin:/usr/bin",          NULL       },
        {"sh",         "PATH=",                       NULL       },
        {"sh",         "PATH=:bin:.",                 NULL       },
        {"sh",         "OTHER=/bin",                  NULL       },
        {"passwd",     "PATH=/etc",                   NULL       }, /* not executable */
        {"share",      "PATH=/usr",                   NULL       }, /* a directory */
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        char *const env[] = {(char *)"A=b", (char *)rows[i].path, NULL};
        char found[PATH_MAX];
        struct err err = {0};
        bool is_found = program_find(rows[i].name, env, found, &err);
        assert_int_equal(is_found, rows[i].expected != NULL);
        if (is_found)
            assert_string_equal(found, rows[i].expected);
        else
            assert_non_null(strstr(err.text, "there is no such program in PATH"));
    }
}

static void a_path_that_is_too_long_is_passed_over(void **state)
{
    static char path[PATH_MAX + 64];
    char *const env[] = {path, NULL};
    char found[PATH_MAX];
    struct err err = {0};

    (void)state;
    memset(path, 'x', sizeof(path));
    memcpy(path, "PATH=/", 6);
    memcpy(path + PATH_MAX, ":/bin", sizeof(":/bin"));
    assert_true(program_find("sh", env, found, &err));
    assert_string_equal(found, "/bin/sh");
}

static void an_installed_copy_is_the_same_program(void **state)
{
    char directory[] = "/tmp/program-test-XXXXXX", path[64], command[256];
    struct stat stat_of;
    struct err err = {0};

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/runner", directory);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0400)); /* left by an earlier try */
    assert_true(program_install(path, &err));
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 07777, 0555);
    snprintf(command, sizeof(command), "cmp -s %s /proc/%d/exe", path, getpid());
    assert_int_equal(system(command), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
    assert_false(program_install(path, &err));
    assert_non_null(strstr(err.text, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_found_along_path),
        cmocka_unit_test(a_path_that_is_too_long_is_passed_over),
        cmocka_unit_test(an_installed_copy_is_the_same_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
