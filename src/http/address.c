// SPDX-License-Identifier: Apache-2.0
#include "http/address.h"

#include <arpa/inet.h>

#include "base/str.h"

/* The last colon: those before it belong to an IPv6 address. */
static bool split(struct str text, struct str *ret_host, struct str *ret_port)
{
    for (size_t i = text.size; i > 0; i--)
        if (text.at[i - 1] == ':') {
            *ret_host = (struct str){text.at, i - 1};
            *ret_port = str_skip(text, i);
            return true;
        }
    return false;
}

static bool parse_host(struct str host, struct address *ret)
{
    char text[INET6_ADDRSTRLEN + 1] = {0};
    bool is_v6 = str_starts(host, "[") && str_ends(host, "]");

    if (host.size == 0) {
        ret->has_v4 = ret->has_v6 = true;
        ret->v4.sin_addr.s_addr = htonl(INADDR_ANY);
        ret->v6.sin6_addr = in6addr_any;
        return true;
    }
    if (is_v6)
        host = (struct str){host.at + 1, host.size - 2};
    if (host.size >= sizeof(text))
        return false;
    memcpy(text, host.at, host.size);
    ret->has_v4 = !is_v6 && inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1;
    ret->has_v6 = is_v6 && inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1;
    return ret->has_v4 || ret->has_v6;
}

bool address_parse(const char *text, struct address *ret, struct err *err)
{
    struct address address = {.v4.sin_family = AF_INET, .v6.sin6_family = AF_INET6};
    struct str host, port;
    int64_t number;

    if (!split(str_of(text), &host, &port) || !str_to_int(port, &number) || number < 0 ||
        number > UINT16_MAX || !parse_host(host, &address))
        return err_set(err, ERR_INVALID,
                       "\"%s\" is no address to listen on, such as :8081 or 127.0.0.1:8080", text);
    address.v4.sin_port = address.v6.sin6_port = htons((uint16_t)number);
    *ret = address;
    return true;
}
