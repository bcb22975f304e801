// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Where to listen, as flags say it: "127.0.0.1:8080", ":8081", "[::1]:0". Pure. */
#include <netinet/in.h>

#include "base/err.h"

struct address {
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    bool has_v4, has_v6; /* both: every address of this machine, of either kind */
};

must_use bool address_parse(const char *text, struct address *ret, struct err *err);
