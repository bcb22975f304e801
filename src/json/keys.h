// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The keys of one object. A key that stands twice is read differently by different readers, so
 * every reader of ours refuses it. */
#include "base/arena.h"

/* Marks every key that repeats an earlier one. In O(n log n), with scratch memory from the arena:
 * keys are foreign. */
void keys_mark_repeats(struct arena *scratch, const struct str *keys, uint32_t count,
                       bool *ret_marks);

/* True if some key stands twice: the index of the first one that repeats an earlier one. */
bool keys_repeat(struct arena *scratch, const struct str *keys, uint32_t count,
                 uint32_t *ret_index);
