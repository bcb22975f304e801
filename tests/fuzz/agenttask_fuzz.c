// SPDX-License-Identifier: Apache-2.0
/* A manifest that is accepted, and whose objects are valid, is written and read as the same. */
#include <stdlib.h>

#include "api/manifest.h"
#include "core/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_task(struct arena *arena, const struct task *task)
{
    struct json_value once = agenttask_value(arena, task), twice;
    struct buf texts[2] = {0};
    struct task again;
    struct err err = {0};

    buf_init(&texts[0], 1 << 24);
    buf_init(&texts[1], 1 << 24);
    if (!agenttask_read(arena, &once, "again", API_LENIENT, &again, &err))
        abort();
    twice = agenttask_value(arena, &again);
    json_print(&once, JSON_COMPACT, &texts[0]);
    json_print(&twice, JSON_COMPACT, &texts[1]);
    if (!str_equal(buf_str(&texts[0]), buf_str(&texts[1])))
        abort();
    buf_fini(&texts[0]);
    buf_fini(&texts[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct manifest_item *items;
    struct err err = {0};
    uint32_t count;

    if (size > 64 * 1024)
        return 0;
    if (!manifest_read(&arena, (struct str){(const char *)data, size}, "fuzz", &items, &count,
                       &err)) {
        if (err.kind == ERR_NONE)
            abort();
        count = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct err invalid = {0};
        if (items[i].kind == MANIFEST_TASK && task_validate(&items[i].task, &invalid))
            check_task(&arena, &items[i].task);
        else if (items[i].kind == MANIFEST_PROFILE)
            (void)!profile_validate(&items[i].profile, &invalid);
    }
    arena_fini(&arena);
    return 0;
}
