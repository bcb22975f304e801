// SPDX-License-Identifier: Apache-2.0
#include "runner/proof.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runner/descriptor.h"
#include "runner/timer.h"

enum {
    BEAT_MS = 1000,  /* from round to round: three of them lie over two seconds */
    ROUND_MS = 800,  /* as long as the closed port gets to answer ... */
    PROMPT_MS = 400, /* ... and half of that for the open one, so that the other had its time */
    AGAIN_MS = 250,  /* after a round that proved nothing */
    POLL_OPEN = 0,
    POLL_CLOSED,
    POLL_SIGNALS,
    POLLS,
};

struct target {
    struct sockaddr_storage address;
    socklen_t size;
};

struct probe { /* one connection that is tried */
    int fd;    /* -1: it is decided */
    bool is_up;
};

struct proof {
    int signal_fd;
    struct target open, closed;
    bool is_stopped;
    bool was_open_up, was_closed_up; /* in the last round */
};

static bool target_make(struct str address, int64_t port, struct target *ret)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    char text[INET6_ADDRSTRLEN];

    if (address.size == 0 || address.size >= sizeof(text))
        return false;
    memcpy(text, address.at, address.size);
    text[address.size] = '\0';
    *ret = (struct target){.size = sizeof(v4)};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(&ret->address, &v4, sizeof(v4));
        return true;
    }
    ret->size = sizeof(v6);
    memcpy(&ret->address, &v6, sizeof(v6));
    return inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&ret->address)->sin6_addr) == 1;
}

/* -- one round ------------------------------------------------------------------- */

static void probe_end(struct probe *probe)
{
    descriptor_end(&probe->fd);
}

static void probe_start(struct probe *probe, const struct target *target)
{
    int family = target->address.ss_family;

    probe->is_up = false;
    probe->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe->fd < 0)
        return;
    probe->is_up = connect(probe->fd, (const struct sockaddr *)&target->address, target->size) == 0;
    if (probe->is_up || errno != EINPROGRESS)
        probe_end(probe);
}

static void probe_look(struct probe *probe, const struct pollfd *poll_fd)
{
    int errnum = -1;
    socklen_t size = sizeof(errnum);

    if (probe->fd < 0 || !poll_fd->revents)
        return;
    /* Who was let in and then reset did reach it; who was not is told ECONNREFUSED. */
    probe->is_up = getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &errnum, &size) == 0 &&
                   (errnum == 0 || errnum == ECONNRESET || errnum == EPIPE);
    probe_end(probe);
}

/* Nothing of the code's lives yet, so whoever sends TERM may. */
static void signals_take(struct proof *proof)
{
    struct signalfd_siginfo info;

    while (read(proof->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        proof->is_stopped |= info.ssi_signo == SIGTERM;
}

static void rest(struct proof *proof, int64_t until_ms)
{
    struct pollfd poll_fd = {.fd = proof->signal_fd, .events = POLLIN};

    while (!proof->is_stopped && timer_now() < until_ms)
        if (poll(&poll_fd, 1, timer_left(until_ms)) > 0)
            signals_take(proof);
}

/* Did the one answer in time, and the other not at all? */
static bool round_try(struct proof *proof)
{
    auto_end(probe_end) struct probe open = {.fd = -1}, closed = {.fd = -1};
    int64_t began_ms = timer_now();

    probe_start(&open, &proof->open);
    probe_start(&closed, &proof->closed);
    while (!proof->is_stopped && !closed.is_up && (open.fd >= 0 || closed.fd >= 0)) {
        struct pollfd polls[POLLS] = {
            [POLL_OPEN] = {.fd = open.fd,          .events = POLLOUT},
            [POLL_CLOSED] = {.fd = closed.fd,        .events = POLLOUT},
            [POLL_SIGNALS] = {.fd = proof->signal_fd, .events = POLLIN },
        };
        int64_t until_ms = began_ms + (open.fd >= 0 ? PROMPT_MS : ROUND_MS);

        if (timer_now() >= until_ms)
            break;
        if (poll(polls, POLLS, timer_left(until_ms)) <= 0)
            continue;
        probe_look(&open, &polls[POLL_OPEN]);
        probe_look(&closed, &polls[POLL_CLOSED]);
        signals_take(proof);
    }
    proof->was_open_up = open.is_up;
    proof->was_closed_up = closed.is_up;
    return open.is_up && !closed.is_up;
}

/* -- all of them --------------------------------------------------------------------- */

static void say_why(const struct job *job, const struct proof *proof, struct err *err)
{
    int seconds = (int)(job->proof_ms / 1000);

    if (proof->was_closed_up)
        (void)err_set(err, ERR_REFUSED,
                      "No network policy is in force: after %d s port %d of %.*s, which it closes, "
                      "still answers",
                      seconds, (int)job->canary_closed_port, STR_ARG(job->canary));
    else
        (void)err_set(
            err, ERR_REFUSED,
            "The network policy could not be proven: after %d s port %d of %.*s, which it "
            "opens, does not answer",
            seconds, (int)job->canary_open_port, STR_ARG(job->canary));
}

enum run_cause proof_find(const struct job *job, int signal_fd, struct err *err)
{
    struct proof proof = {.signal_fd = signal_fd};
    int64_t deadline_ms = timer_now() + job->proof_ms;
    int rounds = 0;

    if (!target_make(job->canary, job->canary_open_port, &proof.open) ||
        !target_make(job->canary, job->canary_closed_port, &proof.closed)) {
        (void)err_set(err, ERR_REFUSED, "No canary to prove the network policy with");
        return CAUSE_UNPROVEN;
    }
    while (rounds < PROOF_ROUNDS && !proof.is_stopped && timer_now() < deadline_ms) {
        int64_t began_ms = timer_now();
        bool is_good = round_try(&proof);
        rounds = is_good ? rounds + 1 : 0;
        if (rounds < PROOF_ROUNDS)
            rest(&proof, is_good ? began_ms + BEAT_MS : timer_now() + AGAIN_MS);
    }
    if (proof.is_stopped)
        return CAUSE_STOPPED;
    if (rounds == PROOF_ROUNDS)
        return CAUSE_NONE;
    say_why(job, &proof, err);
    return CAUSE_UNPROVEN;
}
