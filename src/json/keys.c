// SPDX-License-Identifier: Apache-2.0
#include "json/keys.h"

#include <stdlib.h>

static bool keys_repeat_few(const struct str *keys, uint32_t count, uint32_t *ret_index)
{
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (str_equal(keys[i], keys[j])) {
                *ret_index = i;
                return true;
            }
    return false;
}

/* By text, then by place, so that the first of equal keys comes first. */
static int order(const void *a, const void *b)
{
    const struct str *const *left = a, *const *right = b;
    int by_text = str_order(**left, **right);
    return by_text ? by_text : (*left > *right) - (*left < *right);
}

void keys_mark_repeats(struct arena *scratch, const struct str *keys, uint32_t count,
                       bool *ret_marks)
{
    const struct str **sorted = arena_array(scratch, count, sizeof(struct str *));

    memset(ret_marks, 0, count * sizeof(bool));
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = &keys[i];
    qsort(sorted, count, sizeof(struct str *), order);
    for (uint32_t i = 1; i < count; i++)
        ret_marks[sorted[i] - keys] = str_equal(*sorted[i - 1], *sorted[i]);
}

bool keys_repeat(struct arena *scratch, const struct str *keys, uint32_t count, uint32_t *ret_index)
{
    enum {
        FEW = 16
    };
    bool *marks;

    if (count <= FEW)
        return keys_repeat_few(keys, count, ret_index);
    marks = arena_array(scratch, count, sizeof(bool));
    keys_mark_repeats(scratch, keys, count, marks);
    for (uint32_t i = 0; i < count; i++)
        if (marks[i]) {
            *ret_index = i;
            return true;
        }
    return false;
}
