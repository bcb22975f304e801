// SPDX-License-Identifier: Apache-2.0
#include "runner/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void notation_is_read(void **state)
{
    static const struct {
        const char *path;
        bool is_good;
    } rows[] = {
        {"/dev/null",       true },
        {"fd:1",            true },
        {"fd:",             false},
        {"fd:x",            false},
        {"fd:-1",           false},
        {"fd:999",          false},
        {"fd:99999999999",  false},
        {"/nowhere/at/all", false},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct err err = {0};
        int fd = -1;
        assert_int_equal(descriptor_open(rows[i].path, O_WRONLY, &fd, &err), rows[i].is_good);
        assert_int_equal(err.kind == ERR_NONE, rows[i].is_good);
        if (!rows[i].is_good)
            continue;
        assert_true(fd > 2 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
        close(fd);
    }
}

static int fill_in_child(void)
{
    struct err err = {0};

    close(0);
    close(2);
    if (!descriptors_fill(&err) || !is_open(0) || !is_open(1) || !is_open(2))
        return 1;
    return is_open(3) ? 2 : 0;
}

static int close_in_child(void)
{
    for (int fd = 3; fd < 20; fd++)
        dup2(1, fd);
    descriptors_close_others(9, 5);
    for (int fd = 0; fd < 30; fd++)
        if (is_open(fd) != (fd < 3 || fd == 5 || fd == 9))
            return 10 + fd;
    descriptors_close_others(5, 5); /* one for both */
    return is_open(5) && !is_open(9) ? 0 : 1;
}

static int status_of(int (*run)(void))
{
    int status = -1, pid = fork();

    if (pid == 0) {
        for (int fd = 3; fd < 64; fd++)
            close(fd);
        _exit(run());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void missing_standard_descriptors_are_filled(void **state)
{
    (void)state;
    assert_int_equal(status_of(fill_in_child), 0);
}

static void all_others_are_closed(void **state)
{
    (void)state;
    assert_int_equal(status_of(close_in_child), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notation_is_read),
        cmocka_unit_test(missing_standard_descriptors_are_filled),
        cmocka_unit_test(all_others_are_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
