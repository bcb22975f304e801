// SPDX-License-Identifier: Apache-2.0
#pragma once

/* libcurl's sockets and timer on our loop. `acted` is called from the loop whenever libcurl has
 * done something, outside of it: there, anything may be asked of it again. */
#include <curl/curl.h>

#include "sys/loop.h"

struct curl_loop;

struct curl_loop *curl_loop_open(struct loop *loop, CURLM *multi, void (*acted)(void *ctx),
                                 void *ctx);
/* After curl_multi_cleanup(). Its memory goes once the loop has closed the last socket's handle. */
void curl_loop_close(struct curl_loop *curl_loop);
