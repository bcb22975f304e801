// SPDX-License-Identifier: Apache-2.0
#pragma once

/* status.conditions. They say nothing of their own: all are derived from the rest of the status,
 * except that the verdict on the result, ArtifactsTooLarge and what others weakened are spelt
 * nowhere else, so these are read back. */
#include "api/field.h"

enum {
    CONDITIONS_MAX = 5
};

struct condition {
    const char *type, *reason;
    bool is_true;
};

/* In order; returns how many there are now. */
uint32_t conditions_of(const struct task_status *status, struct condition ret[CONDITIONS_MAX]);

/* For FIELD_CUSTOM, on a struct task_status. */
bool conditions_read(struct field_reader *reader, const struct json_value *value,
                     const struct field_trail *trail, void *ret);
bool conditions_write(struct arena *arena, const void *from, struct json_value *ret);
