// SPDX-License-Identifier: Apache-2.0
#pragma once

/* From the head of a request to the end of its answer. Called by libmicrohttpd alone. */
#include <microhttpd.h>

#include "http/server_parts.h"

/* With the head of a request, with each piece of its body, at its end, and, if the answer came
 * later, once more. */
enum MHD_Result exchange_take(void *ctx, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *body,
                              size_t *body_size, void **ret_exchange);
/* The answer was taken, or nobody will take it any more. */
void exchange_completed(void *ctx, struct MHD_Connection *connection, void **ret_exchange,
                        enum MHD_RequestTerminationCode code);
struct visitor *visitor_of(struct MHD_Connection *connection);
/* For the end of the server: nobody waits for what has not been answered yet. */
void exchange_drop_all(struct http_server *server);
