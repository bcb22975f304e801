// SPDX-License-Identifier: Apache-2.0
#pragma once

/* -o: how objects are printed, as kubectl does. Whatever the format, bytes of tasks cannot reach
 * the terminal as control bytes (cli/escape.h). */
#include <stdio.h>

#include "base/err.h"
#include "json/json.h"

enum output_kind {
    OUTPUT_TABLE, /* no -o: whatever the command shows to people */
    OUTPUT_WIDE,
    OUTPUT_NAME,
    OUTPUT_JSON,
    OUTPUT_YAML,
    OUTPUT_PATH, /* jsonpath=TEMPLATE */
};

struct output {
    enum output_kind kind;
    struct str template; /* OUTPUT_PATH */
};

#define OUTPUT_WORDS "json, yaml, name, wide or jsonpath=TEMPLATE"

/* `word` may be NULL. ERR_INVALID: no such format. */
must_use bool output_parse(const char *word, struct output *ret, struct err *err);
bool output_is_document(const struct output *output); /* json, yaml, jsonpath */

/* Prints a value as a document. */
must_use bool output_print(const struct output *output, const struct json_value *value, FILE *out,
                           struct err *err);
