// SPDX-License-Identifier: Apache-2.0
/* What was read prints as YAML that reads as the same. */
#include <stdlib.h>

#include "yaml/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_document(struct arena *arena, const struct json_value *value)
{
    struct buf yaml = {0}, once = {0}, twice = {0};
    struct json_value *again;
    struct err err = {0};
    uint32_t count;

    buf_init(&yaml, 1 << 24);
    buf_init(&once, 1 << 24);
    buf_init(&twice, 1 << 24);
    yaml_print(value, &yaml);
    json_print(value, JSON_COMPACT, &once);
    if (!yaml.is_full && !once.is_full) {
        if (!yaml_read(arena, buf_str(&yaml), "again", &again, &count, &err) || count > 1)
            abort();
        if (count == 1)
            json_print(&again[0], JSON_COMPACT, &twice);
        else /* an empty document is left out */
            buf_print(&twice, "null");
        if (!str_equal(buf_str(&once), buf_str(&twice)))
            abort();
    }
    buf_fini(&yaml);
    buf_fini(&once);
    buf_fini(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct json_value *documents;
    struct err err = {0};
    uint32_t count;

    if (size > 64 * 1024)
        return 0;
    if (yaml_read(&arena, (struct str){(const char *)data, size}, "fuzz", &documents, &count, &err))
        for (uint32_t i = 0; i < count; i++)
            check_document(&arena, &documents[i]);
    else if (err.kind == ERR_NONE)
        abort();
    arena_fini(&arena);
    return 0;
}
