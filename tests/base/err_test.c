// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"

static void an_error_is_told_and_is_false(void **state)
{
    struct err err = {0};

    (void)state;
    assert_false(err_set(&err, ERR_LIMIT, "%s is larger than %d", "x", 7));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_string_equal(err.text, "x is larger than 7");
}

static void callers_put_their_words_in_front(void **state)
{
    struct err err = {0};

    (void)state;
    err_set(&err, ERR_ABSENT, "no such task");
    assert_false(err_wrap(&err, "task %d", 1));
    assert_false(err_wrap(&err, "list"));
    assert_int_equal(err.kind, ERR_ABSENT);
    assert_string_equal(err.text, "list: task 1: no such task");
}

static void the_kind_follows_from_errno(void **state)
{
    const struct {
        int errnum;
        enum err_kind kind;
    } rows[] = {
        {ENOENT,       ERR_ABSENT },
        {ESRCH,        ERR_ABSENT },
        {EEXIST,       ERR_PRESENT},
        {EAGAIN,       ERR_RETRY  },
        {EINTR,        ERR_RETRY  },
        {EBUSY,        ERR_RETRY  },
        {ENOSPC,       ERR_RETRY  },
        {EDQUOT,       ERR_RETRY  },
        {EIO,          ERR_RETRY  },
        {EACCES,       ERR_REFUSED},
        {ENAMETOOLONG, ERR_REFUSED},
        {EROFS,        ERR_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct err err = {0};
        assert_false(err_sys(&err, rows[i].errnum, "open %s", "f"));
        assert_int_equal(err.kind, rows[i].kind);
        assert_memory_equal(err.text, "open f: ", 8);
        assert_string_equal(err.text + 8, strerror(rows[i].errnum));
    }
}

static void a_long_text_is_cut_and_terminated(void **state)
{
    char text[2 * sizeof(((struct err *)0)->text)];
    struct err errs[3] = {{0}};

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    err_set(&errs[0], ERR_INVALID, "%s", text);
    err_sys(&errs[1], ENOENT, "%s", text);
    err_set(&errs[2], ERR_INVALID, "y");
    err_wrap(&errs[2], "%s", text);
    for (size_t i = 0; i < countof(errs); i++) {
        assert_int_equal(strlen(errs[i].text), sizeof(errs[i].text) - 1);
        assert_memory_equal(errs[i].text, text, sizeof(errs[i].text) - 1);
    }
}

static void speak_twice(struct err *err)
{
    err_set(err, ERR_ABSENT, "first");
    err_set(err, ERR_ABSENT, "second");
}

static void speak_of_nothing(struct err *err)
{
    err_wrap(err, "words");
}

static void succeed_with_words(struct err *err)
{
    err_set(err, ERR_NONE, "fine");
}

static int ending_of(void (*misuse)(struct err *err))
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        struct err err = {0};
        signal(SIGABRT, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr))
            _exit(2);
        misuse(&err);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void an_error_is_made_once(void **state)
{
    (void)state;
    assert_int_equal(ending_of(speak_twice), SIGABRT);
    assert_int_equal(ending_of(speak_of_nothing), SIGABRT);
    assert_int_equal(ending_of(succeed_with_words), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_is_told_and_is_false),
        cmocka_unit_test(callers_put_their_words_in_front),
        cmocka_unit_test(the_kind_follows_from_errno),
        cmocka_unit_test(a_long_text_is_cut_and_terminated),
        cmocka_unit_test(an_error_is_made_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
