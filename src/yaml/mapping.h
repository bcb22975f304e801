// SPDX-License-Identifier: Apache-2.0
#pragma once

/* An object from the keys and values of a YAML mapping, inside yaml/ only: merges (<<) done,
 * repeated keys refused. */
#include "base/arena.h"
#include "json/json.h"

/* What a value costs when it is used again by an alias: aliases are copied. */
struct cost {
    uint32_t nodes, height;
    size_t bytes;
};

struct node {
    struct json_value value; /* of a key: a text */
    struct cost cost;
    bool is_merge; /* the key << */
};

struct mapping_fault {
    uint32_t line, column;
    bool is_merge;  /* << has something else than objects */
    struct str key; /* or: this key stands twice */
};

/* `count` nodes: keys and values in turn. An object's own members come first, then the merged
 * ones, those of the source named first before the others; of equal keys the first stays. */
must_use bool mapping_make(struct arena *arena, struct arena *scratch, const struct node *nodes,
                           uint32_t count, struct json_value *ret, struct mapping_fault *ret_fault);
