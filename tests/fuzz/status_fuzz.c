// SPDX-License-Identifier: Apache-2.0
/* Whatever a server answers, it is judged, and told without control characters. The first byte
 * chooses the code. */
#include <stdlib.h>

#include "kube/response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_met)
{
    if (!is_met)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int32_t codes[] = {200, 301, 400, 401, 403, 404, 409,
                                    410, 413, 422, 429, 500, 503};
    struct kube_response response = {.retry_after_ms = -1};
    struct err err = {0};

    if (size == 0)
        return 0;
    response.status = codes[data[0] % countof(codes)];
    response.body = (struct str){(const char *)data + 1, size - 1};
    demand(response_check(&response, "get pod a/b", &err) == (response.status == 200));
    demand((err.kind == ERR_NONE) == (response.status == 200));
    demand(memchr(err.text, 0, sizeof(err.text)));
    for (const char *at = err.text; *at; at++)
        demand((unsigned char)*at >= 0x20 && *at != 0x7f);
    return 0;
}
