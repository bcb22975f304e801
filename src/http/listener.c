// SPDX-License-Identifier: Apache-2.0
#include "http/listener.h"

#include <errno.h>
#include <sys/socket.h>

#include "http/address.h"
#include "sys/file.h"

/* What the kernel keeps of a connection that is not read, or does not read, is memory, too. */
#define KEPT_SIZE (64 * 1024)

static bool listen_on(const struct sockaddr *address, socklen_t size, bool is_v6_too, int *ret,
                      struct err *err)
{
    auto_end(fd_end) int fd =
        socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1, v6_only = !is_v6_too, size_max = KEPT_SIZE;

    if (fd < 0)
        return err_sys(err, errno, "socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size_max, sizeof(size_max));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size_max, sizeof(size_max));
    if (address->sa_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only));
    if (bind(fd, address, size) != 0)
        return err_sys(err, errno, "bind");
    if (listen(fd, SOMAXCONN) != 0)
        return err_sys(err, errno, "listen");
    *ret = fd;
    fd = -1;
    return true;
}

bool listener_open(const char *text, int *ret, struct err *err)
{
    struct address address;
    struct err ignored = {0};

    if (!address_parse(text, &address, err))
        return false;
    if (address.has_v6) {
        bool is_optional = address.has_v4;
        if (listen_on((const struct sockaddr *)&address.v6, sizeof(address.v6), is_optional, ret,
                      is_optional ? &ignored : err))
            return true;
        if (!is_optional)
            return err_wrap(err, "listen on %s", text);
    }
    return listen_on((const struct sockaddr *)&address.v4, sizeof(address.v4), false, ret, err) ||
           err_wrap(err, "listen on %s", text);
}
