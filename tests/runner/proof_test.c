// SPDX-License-Identifier: Apache-2.0
/* The proof against listeners of this test's own, on loopback. */
#include "runner/proof.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runner/timer.h"
#include "runner/watch.h"

struct port { /* taken; whether or not somebody listens there */
    int fd;
    int64_t number;
};

static struct port port_take(bool is_v6, bool is_listening)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr *address = is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    socklen_t size = is_v6 ? sizeof(v6) : sizeof(v4);
    struct port ret = {.fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};

    assert_true(ret.fd >= 0);
    assert_int_equal(bind(ret.fd, address, size), 0);
    if (is_listening)
        assert_int_equal(listen(ret.fd, 64), 0);
    assert_int_equal(getsockname(ret.fd, address, &size), 0);
    ret.number = ntohs(is_v6 ? v6.sin6_port : v4.sin_port);
    return ret;
}

static int signals_open(void)
{
    struct err err = {0};
    int fd;

    assert_true(watch_signals(&fd, &err));
    return fd;
}

static struct job job_for(const char *canary, const struct port *open, const struct port *closed,
                          int64_t proof_ms)
{
    return (struct job){
        .network_allowed = true,
        .canary = str_of(canary),
        .canary_open_port = open->number,
        .canary_closed_port = closed->number,
        .proof_ms = proof_ms,
    };
}

static void only_one_port_of_two_is_a_proof(void **state)
{
    static const struct {
        const char *canary;
        bool is_v6, is_open, is_closed_open;
        enum run_cause cause;
        const char *why;
    } rows[] = {
        {"127.0.0.1",  false, true,  false, CAUSE_NONE,     ""                               },
        {"127.0.0.1",  false, true,  true,  CAUSE_UNPROVEN, "which it closes, still answers" },
        {"127.0.0.1",  false, false, false, CAUSE_UNPROVEN, "which it opens, does not answer"},
        {"127.0.0.1",  false, false, true,  CAUSE_UNPROVEN, "which it closes, still answers" },
        {"::1",        true,  true,  false, CAUSE_NONE,     ""                               },
        {"::1",        true,  true,  true,  CAUSE_UNPROVEN, "which it closes, still answers" },
        {"",           false, true,  false, CAUSE_UNPROVEN, "No canary"                      },
        {"canary",     false, true,  false, CAUSE_UNPROVEN, "No canary"                      },
        {"127.0.0.1 ", false, true,  false, CAUSE_UNPROVEN, "No canary"                      },
    };
    int signal_fd = signals_open();

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct port open = port_take(rows[i].is_v6, rows[i].is_open);
        struct port closed = port_take(rows[i].is_v6, rows[i].is_closed_open);
        struct job job = job_for(rows[i].canary, &open, &closed, 3000);
        int64_t began_ms = timer_now();
        struct err err = {0};
        assert_int_equal(proof_find(&job, signal_fd, &err), rows[i].cause);
        if (!strstr(err.text, rows[i].why))
            fail_msg("row %zu: %s", i, err.text);
        assert_true(strlen(err.text) <= 200);
        if (rows[i].cause == CAUSE_NONE)
            assert_in_range(timer_now() - began_ms, 2000, 2900);
        close(open.fd);
        close(closed.fd);
    }
    close(signal_fd);
}

/* Whoever comes late: at first the closed port answers, then the policy is in force. */
static void three_rounds_in_a_row_are_asked_for(void **state)
{
    int signal_fd = signals_open(), status;
    struct port open = port_take(false, true), closed = port_take(false, true);
    struct job job = job_for("127.0.0.1", &open, &closed, 10000);
    int64_t began_ms = timer_now();
    struct err err = {0};
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        usleep(700 * 1000);
        shutdown(closed.fd, SHUT_RDWR); /* for its other holder, too */
        _exit(0);
    }
    assert_int_equal(proof_find(&job, signal_fd, &err), CAUSE_NONE);
    assert_in_range(timer_now() - began_ms, 2600, 6000);
    waitpid(pid, &status, 0);
    close(open.fd);
    close(closed.fd);
    close(signal_fd);
}

/* What closes only for a moment was not closed. */
static void a_port_that_answers_again_begins_anew(void **state)
{
    int signal_fd = signals_open(), status;
    struct port open = port_take(false, true), closed = port_take(false, false);
    struct job job = job_for("127.0.0.1", &open, &closed, 3000);
    struct err err = {0};
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        usleep(1500 * 1000);
        listen(closed.fd, 64);
        usleep(5000 * 1000);
        _exit(0);
    }
    assert_int_equal(proof_find(&job, signal_fd, &err), CAUSE_UNPROVEN);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    close(open.fd);
    close(closed.fd);
    close(signal_fd);
}

/* Let in and thrown out again is reached, however fast that goes. */
static void a_port_that_resets_was_reached(void **state)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    int signal_fd = signals_open(), status;
    struct port open = port_take(false, true), closed = port_take(false, true);
    struct job job = job_for("127.0.0.1", &open, &closed, 3500);
    struct err err = {0};
    pid_t pid = fork();

    (void)state;
    while (pid == 0) {
        int fd = accept(closed.fd, NULL, NULL);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        close(fd);
    }
    assert_int_equal(proof_find(&job, signal_fd, &err), CAUSE_UNPROVEN);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    close(open.fd);
    close(closed.fd);
    close(signal_fd);
}

static void term_ends_it_at_once(void **state)
{
    int signal_fd = signals_open(), status;
    struct port open = port_take(false, true), closed = port_take(false, true);
    struct job job = job_for("127.0.0.1", &open, &closed, 20000);
    int64_t began_ms = timer_now();
    struct err err = {0};
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        usleep(600 * 1000);
        kill(getppid(), SIGTERM);
        _exit(0);
    }
    assert_int_equal(proof_find(&job, signal_fd, &err), CAUSE_STOPPED);
    assert_in_range(timer_now() - began_ms, 500, 2000);
    assert_int_equal(err.kind, ERR_NONE);
    waitpid(pid, &status, 0);
    close(open.fd);
    close(closed.fd);
    close(signal_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_one_port_of_two_is_a_proof),
        cmocka_unit_test(three_rounds_in_a_row_are_asked_for),
        cmocka_unit_test(a_port_that_answers_again_begins_anew),
        cmocka_unit_test(a_port_that_resets_was_reached),
        cmocka_unit_test(term_ends_it_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
