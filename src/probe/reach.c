// SPDX-License-Identifier: Apache-2.0
#include "probe/reach.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/finding.h"
#include "sys/clock.h"

enum {
    PAUSE_MS = 10,
    PATIENCE_MS = 300, /* for one connection: what is dropped silently never answers */
};

struct place {
    struct sockaddr_storage address;
    socklen_t size;
};

static bool place_read(const char *address, long port, struct place *ret)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&ret->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&ret->address;
    unsigned short number = htons((unsigned short)port);

    memset(ret, 0, sizeof(*ret));
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = number;
        ret->size = sizeof(*v4);
        return true;
    }
    if (inet_pton(AF_INET6, address, &v6->sin6_addr) != 1)
        return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = number;
    ret->size = sizeof(*v6);
    return true;
}

/* 0, or why not. */
static int finish(int fd)
{
    struct pollfd answer = {.fd = fd, .events = POLLOUT};
    socklen_t size = sizeof(int);
    int error = 0;

    if (poll(&answer, 1, PATIENCE_MS) <= 0)
        return ETIMEDOUT;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

static int knock(const struct place *place)
{
    int fd = socket(place->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error;

    if (fd < 0)
        return errno;
    error = connect(fd, (const struct sockaddr *)&place->address, place->size) == 0 ? 0 : errno;
    if (error == EINPROGRESS)
        error = finish(fd);
    close(fd);
    return error;
}

/* An enforcer may refuse in the place of who was called, but only a reset comes from the place
 * itself: so what counts is a connection. */
void reach_connect(const char *address, long port, long seconds)
{
    struct finding_tries tries = {.first_ms = -1, .last_ms = -1};
    int64_t start_ms = clock_monotonic_ms();
    struct place place;

    if (!place_read(address, port, &place)) {
        finding_print("connect", -1, "no address");
        return;
    }
    while (clock_monotonic_ms() < start_ms + seconds * 1000) {
        int error = knock(&place);
        tries.tries++;
        if (error == 0) {
            tries.successes++;
            tries.last_ms = clock_monotonic_ms() - start_ms;
            if (tries.first_ms < 0)
                tries.first_ms = tries.last_ms;
        } else {
            tries.error = error;
        }
        usleep(PAUSE_MS * 1000);
    }
    finding_tries_print("connect", &tries);
}

void reach_listen(long port, long seconds)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port)};
    struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = any.sin6_port};
    int64_t until_ms = clock_monotonic_ms() + seconds * 1000, count = 0;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    bool is_bound = fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0;

    if (!is_bound) { /* not every kernel has IPv6 */
        if (fd >= 0)
            close(fd);
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        is_bound = bind(fd, (struct sockaddr *)&any4, sizeof(any4)) == 0;
    }
    if (!is_bound || listen(fd, 64) != 0) {
        finding_print("listening", 0, strerror(errno));
        return;
    }
    finding_print("listening", 1, "");
    while (clock_monotonic_ms() < until_ms) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, 200) <= 0)
            continue;
        int peer = accept(fd, NULL, NULL);
        count += peer >= 0;
        if (peer >= 0)
            close(peer);
    }
    finding_print("listened", count, "connections");
    close(fd);
}
