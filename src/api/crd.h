// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The CustomResourceDefinitions of our kinds, made from the field tables that read and write them
 * (api/field.h): a field that the program knows cannot be missing in the schema. What a field table
 * does not say (bounds, descriptions, rules between fields) stands in rows beside it; a field
 * without a row, a row without a field and a text without a bound are errors. The schema is
 * structural and uses nothing that an API server of 1.25 does not know.
 *
 * Not part of any product: the program crdgen writes config/crd/bases with it, and a test compares.
 * Its rules are those of core/validate.h; tests/api/refused.yaml runs through both. */
#include "api/field.h"

/* A path is the names down from the root, "[]" for the items of a list: "spec.env[].name". In a
 * row it may begin with "*": then it stands for every path that ends like this. */
struct crd_row {
    const char *path;
    const char *description;
    int64_t size_min, size_max; /* characters of a text, entries of a list */
    int64_t min, max;           /* of a number; both 0: as the field table says */
    const char *pattern;
    const char *standard;   /* the default, as JSON */
    const char *list_key;   /* the list is a map by this member of its items */
    const struct field *as; /* FIELD_CUSTOM: the field that would be spelt like it */
    bool is_required;       /* although the field table does not say so */
};

struct crd_rule { /* in CEL, about the value at `path` */
    const char *path, *rule, *message;
};

struct crd_column {
    const char *name, *path, *type;
    bool is_wide; /* shown with -o wide only */
};

struct crd_kind {
    const char *kind, *singular, *plural, *short_name;
    const char *description;
    bool is_namespaced, has_status;
    const struct fields *fields;
    const struct crd_row *rows;
    size_t row_count;
    const struct crd_rule *rules;
    size_t rule_count;
    const struct crd_column *columns;
    size_t column_count;
};

extern const struct crd_kind crd_agenttask;
extern const struct crd_kind crd_runtimeprofile;

/* Rows are ragged: what is only described, and what has bounds, too. */
#define CRD_FIELD(field, text)                                                                     \
    {                                                                                              \
        .path = field, .description = text                                                         \
    }
#define CRD_BOUND(field, text, ...)                                                                \
    {                                                                                              \
        .path = field, .description = text, __VA_ARGS__                                            \
    }

#define CRD_RULE(at, must, or_else)                                                                \
    {                                                                                              \
        .path = at, .rule = must, .message = or_else                                               \
    }

/* ERR_INVALID: field table and rows do not fit together. */
must_use bool crd_value(struct arena *arena, const struct crd_kind *kind, struct json_value *ret,
                        struct err *err);
