// SPDX-License-Identifier: Apache-2.0
#pragma once

/* One JSONPath expression, parsed and followed; json/path.h prints with it. */
#include "json/json.h"

enum {
    PATH_STEPS_MAX = 32
};

enum path_step_kind {
    PATH_KEY,   /* .key ['key'] */
    PATH_ALL,   /* .* [*] */
    PATH_SLICE, /* [from:to] [from] */
    PATH_MATCH, /* [?(@.path == "text")] */
};

struct path_step {
    enum path_step_kind kind;
    struct str key;   /* PATH_KEY; PATH_MATCH: the text to match */
    int64_t from, to; /* PATH_SLICE: negative counts from the end */
    bool is_one;      /* PATH_SLICE: the item at `from` alone */
    struct str path;  /* PATH_MATCH: what stands left of the operator */
    bool is_unequal;  /* PATH_MATCH: != */
};

struct path {
    struct path_step steps[PATH_STEPS_MAX];
    uint32_t count;
    bool is_from_root; /* begins with $ */
};

struct path_nodes {
    const struct json_value **at;
    uint32_t count;
};

/* ERR_INVALID: what in the expression is wrong. */
must_use bool path_parse(struct arena *arena, struct str text, struct path *ret, struct err *err);

/* What a parsed path leads to, from `root` or `current`. */
must_use bool path_follow(struct arena *arena, const struct path *path,
                          const struct json_value *root, const struct json_value *current,
                          struct path_nodes *ret, struct err *err);

/* As it is printed: a text bare, anything else as JSON. */
void path_print_node(const struct json_value *node, struct buf *ret);
