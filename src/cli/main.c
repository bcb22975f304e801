// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "cli/dispatch.h"
#include "cli/session.h"
#include "sys/clock.h"

static bool pause_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&left, NULL); /* an interrupted pause is only a shorter one */
    return true;
}

int main(int argc, char **argv)
{
    struct session session = {
        .in = stdin,
        .out = stdout,
        .err = stderr,
        .in_is_terminal = isatty(STDIN_FILENO),
        .out_is_terminal = isatty(STDOUT_FILENO),
        .err_is_terminal = isatty(STDERR_FILENO),
        .environment = environ,
        .now_ms = clock_now_ms,
        .monotonic_ms = clock_monotonic_ms,
        .pause = pause_ms,
    };
    int code;

    signal(SIGPIPE, SIG_DFL); /* a parent may have ignored it: `agentctl list | head` is quiet */
    code = dispatch(&session, argc, argv);
    session_fini(&session);
    return code;
}
