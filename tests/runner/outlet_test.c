// SPDX-License-Identifier: Apache-2.0
#include "runner/outlet.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "runner/timer.h"

enum {
    PIPE_SIZE = 64 * 1024
};

static char bytes[3 * PIPE_SIZE];

static struct outlet pipe_outlet(int ends[2])
{
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
    return (struct outlet){.fd = ends[1]};
}

static void full_pipe_takes_no_more_and_holds_nobody(void **state)
{
    int ends[2];
    struct outlet outlet = pipe_outlet(ends);
    struct str all = {bytes, sizeof(bytes)};

    (void)state;
    assert_int_equal(outlet_try(&outlet, all), PIPE_SIZE);
    assert_int_equal(outlet_try(&outlet, all), 0);
    assert_false(outlet.is_broken);
    assert_int_equal(read(ends[0], bytes, PIPE_SIZE), PIPE_SIZE);
    assert_int_equal(outlet_try(&outlet, all), PIPE_SIZE);
    close(ends[0]);
    close(ends[1]);
}

static void line_is_open_or_not(void **state)
{
    static const struct {
        const char *text;
        bool is_mid_line;
    } rows[] = {
        {"",     false},
        {"a\n",  false},
        {"a\nb", true },
        {"",     true },
        {"\n",   false},
    };
    int ends[2];
    struct outlet outlet = pipe_outlet(ends);

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        outlet_try(&outlet, str_of(rows[i].text));
        assert_int_equal(outlet.is_mid_line, rows[i].is_mid_line);
    }
    close(ends[0]);
    close(ends[1]);
}

static void write_gives_up_at_its_deadline(void **state)
{
    int ends[2];
    struct outlet outlet = pipe_outlet(ends);
    int64_t start_ms = timer_now();

    (void)state;
    assert_false(outlet_write(&outlet, (struct str){bytes, sizeof(bytes)}, start_ms + 100));
    assert_in_range(timer_now() - start_ms, 100, 1000);
    assert_true(outlet.is_broken);
    assert_false(outlet_write(&outlet, STR_LIT("more"), TIMER_NEVER)); /* at once */
    close(ends[0]);
    close(ends[1]);
}

static void reader_that_left_breaks_it(void **state)
{
    int ends[2];
    struct outlet outlet = pipe_outlet(ends);

    (void)state;
    close(ends[0]);
    assert_int_equal(outlet_try(&outlet, STR_LIT("abc")), 3); /* they vanish */
    assert_true(outlet.is_broken);
    close(ends[1]);
}

static void file_takes_all(void **state)
{
    FILE *file = tmpfile();
    struct outlet outlet = {.fd = fileno(file)};

    (void)state;
    assert_true(outlet_write(&outlet, (struct str){bytes, sizeof(bytes)}, timer_now() + 5000));
    assert_int_equal(lseek(outlet.fd, 0, SEEK_END), sizeof(bytes));
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_pipe_takes_no_more_and_holds_nobody),
        cmocka_unit_test(line_is_open_or_not),
        cmocka_unit_test(write_gives_up_at_its_deadline),
        cmocka_unit_test(reader_that_left_breaks_it),
        cmocka_unit_test(file_takes_all),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
