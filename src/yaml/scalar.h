// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What a plain scalar means: YAML 1.1 as the Kubernetes reader resolves it, which is not always
 * as YAML's own page does: no base 60, times stay texts. */
#include "base/arena.h"
#include "json/json.h"

enum scalar_kind {
    SCALAR_TEXT,
    SCALAR_NULL,
    SCALAR_BOOL,
    SCALAR_NUMBER,
    SCALAR_ENDLESS, /* .inf, .nan: nothing that JSON can hold */
    SCALAR_MERGE,   /* << */
};

/* Fills `ret` unless the kind is SCALAR_ENDLESS or SCALAR_MERGE. A number that is valid JSON keeps
 * its text; others (0644, 0x1f, 1_000, +1, .5) are respelt, exactly. */
enum scalar_kind scalar_resolve(struct arena *arena, struct str plain, struct json_value *ret);

/* A text that must be quoted to stay one, for our reader or for another of YAML 1.1. */
bool scalar_needs_quotes(struct arena *scratch, struct str text);
