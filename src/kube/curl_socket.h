// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The sockets that libcurl uses for short requests, so that dead ones can be told from the
 * outside: libcurl does not say on which connection a request waits. */
#include <curl/curl.h>

#include "base/buf.h"

struct curl_sockets {
    struct buf open; /* of int */
};

void curl_sockets_init(struct curl_sockets *sockets);
void curl_sockets_fini(struct curl_sockets *sockets); /* after libcurl has closed them all */

/* Has the sockets of this request's connection opened by us: not inherited by other programs, dead
 * once what was sent is not acknowledged for long. `sockets` must outlive the connection. */
void curl_sockets_join(struct curl_sockets *sockets, CURL *easy, bool is_stream);
/* Ends every connection: what waits on one hears of it. */
void curl_sockets_break(const struct curl_sockets *sockets);
