// SPDX-License-Identifier: Apache-2.0
#include "kube/curl_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    UNANSWERED_MAX_MS = 30000 /* sent, and not acknowledged for so long */
};

void curl_sockets_init(struct curl_sockets *sockets)
{
    buf_init(&sockets->open, SIZE_MAX / 2);
}

void curl_sockets_fini(struct curl_sockets *sockets)
{
    buf_fini(&sockets->open);
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct curl_sockets *sockets = ctx; /* NULL: of a stream */
    unsigned unanswered_ms = UNANSWERED_MAX_MS;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

    (void)purpose;
    if (fd < 0)
        return CURL_SOCKET_BAD;
    /* Where it does not work, keepalive and the request's own timeout remain. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms, sizeof(unanswered_ms));
    if (sockets)
        buf_add(&sockets->open, (struct str){(const char *)&fd, sizeof(fd)});
    return fd;
}

static int close_socket(void *ctx, curl_socket_t fd)
{
    struct curl_sockets *sockets = ctx;
    int *at = sockets ? (int *)(void *)sockets->open.at : NULL;
    size_t count = sockets ? sockets->open.size / sizeof(*at) : 0;

    for (size_t i = 0; i < count; i++)
        if (at[i] == fd) {
            at[i] = at[count - 1];
            sockets->open.size -= sizeof(*at);
            break;
        }
    return close(fd);
}

void curl_sockets_join(struct curl_sockets *sockets, CURL *easy, bool is_stream)
{
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, is_stream ? NULL : sockets);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, is_stream ? NULL : sockets);
}

void curl_sockets_break(const struct curl_sockets *sockets)
{
    const int *at = (const int *)(const void *)sockets->open.at;

    for (size_t i = 0; i < sockets->open.size / sizeof(*at); i++)
        shutdown(at[i], SHUT_RDWR);
}
