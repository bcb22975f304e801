// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Foreign text in a message of ours: short, on one line, without control characters. */
#include "base/arena.h"

enum {
    EXCERPT_SIZE = 64,
    EXCERPT_PATH_SIZE = 160, /* of a file name: cut later than the rest */
};

/* At most `size_max` bytes of the text as a C string, the rest as "..."; control characters and
 * bytes that are no UTF-8 as \xNN. */
const char *excerpt_of(struct arena *arena, struct str text, size_t size_max);
