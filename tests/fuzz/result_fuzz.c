// SPDX-License-Identifier: Apache-2.0
/* Promise X10: a result that is accepted is JSON without anything that a second reader could see
 * otherwise, and minifying it again changes nothing. */
#include <stdlib.h>

#include "core/task.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str raw = {(const char *)data, size}, once, twice;
    struct arena arena = {0};
    struct json_value value;
    struct err err = {0};

    if (json_minify(&arena, raw, RESULT_DEPTH_MAX, &once, &err)) {
        if (!json_read(&arena, once, &value, &err) || !str_is_utf8(once) ||
            !json_minify(&arena, once, RESULT_DEPTH_MAX, &twice, &err) || !str_equal(once, twice))
            abort();
    } else if (err.kind == ERR_NONE) {
        abort();
    }
    arena_fini(&arena);
    return 0;
}
