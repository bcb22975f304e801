// SPDX-License-Identifier: Apache-2.0
/* What was read prints as JSON that reads as the same; and the strict check of results agrees that
 * whatever it accepts is JSON. */
#include <stdlib.h>

#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct json_value value, again;
    struct buf once = {0}, twice = {0};
    struct err err = {0};

    buf_init(&once, 1 << 24);
    buf_init(&twice, 1 << 24);
    if (json_read(&arena, (struct str){(const char *)data, size}, &value, &err)) {
        json_print(&value, JSON_COMPACT, &once);
        if (!json_read(&arena, buf_str(&once), &again, &err))
            abort();
        json_print(&again, JSON_COMPACT, &twice);
        if (!str_equal(buf_str(&once), buf_str(&twice)))
            abort();
    } else if (err.kind == ERR_NONE) {
        abort();
    }
    buf_fini(&once);
    buf_fini(&twice);
    arena_fini(&arena);
    return 0;
}
