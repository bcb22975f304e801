// SPDX-License-Identifier: Apache-2.0
#pragma once

/* YAML in and out, by libyaml, with the scalars of YAML 1.1 as Kubernetes reads them
 * (kubernetes#34146: yes/no/on/off/y/n are booleans, 0644 is 420; a quoted scalar is a text).
 * JSON is a subset: one reader for both. Bounds: YAML_SIZE_MAX, JSON_DEPTH_MAX, YAML_NODES_MAX
 * (aliases are copied and count). */
#include "json/json.h"

enum {
    YAML_SIZE_MAX = 4 * 1024 * 1024,
    YAML_NODES_MAX = 100 * 1000,
    YAML_DOCUMENTS_MAX = 1000,
};

/* All documents of a text, empty ones left out. Errors: "<file>:<line>:<column>: what". Duplicate
 * keys are errors; "<<" merges. `file` is for messages only. */
must_use bool yaml_read(struct arena *arena, struct str text, const char *file,
                        struct json_value **ret, uint32_t *ret_count, struct err *err);

/* As kubectl prints it: two blanks, list items not indented below their key, every text quoted
 * that would be read as something else, block scalars for texts of several lines. */
void yaml_print(const struct json_value *value, struct buf *ret);
