// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What the rules of core/validate.h are made of. All return false with ERR_INVALID: "field: value
 * what is wrong". What a user wrote is quoted short and without control bytes. */
#include "base/err.h"
#include "core/task.h"

enum {
    QUOTE_MAX = 64, /* bytes of a value that a message shows */
    QUOTE_TEXT = QUOTE_MAX + 8
};

const char *quote(struct str s, char ret[QUOTE_TEXT]); /* "\"text\"" or "\"begin…\"" */

must_use bool check_name(const char *field, struct str name, struct err *err);
must_use bool check_count(const char *field, uint32_t count, uint32_t count_max, struct err *err);
must_use bool check_size(const char *field, size_t size, size_t size_max, struct err *err);
must_use bool check_text(const char *field, struct str text, struct err *err); /* UTF-8, no NUL */
must_use bool check_range(const char *field, int64_t value, int64_t min, int64_t max,
                          struct err *err);

/* A duration in whole seconds; `ms` 0: not given, which is right. */
must_use bool check_seconds(const char *field, int64_t ms, int64_t max_ms, struct err *err);
must_use bool check_env(const char *field, const struct pairs *env, struct err *err);
must_use bool check_resources(const char *field, const struct resources *resources,
                              struct err *err);
must_use bool check_within(const char *field, const struct resources *resources,
                           const char *bound_field, const struct resources *bound, struct err *err);
