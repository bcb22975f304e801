// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The part of kubectl's JSONPath that people use: {.a.b}, ['key'], [0], [-1], [*], .*, [0:2],
 * [?(@.a=="b")] (also !=), {range ...}{end}, literal text, "\n" and "\t". Unknown fields print
 * nothing, as kubectl; several values are separated by blanks. */
#include "json/json.h"

/* ERR_INVALID says what in the template is wrong. Texts are printed bare, objects as JSON. */
must_use bool path_print(const struct json_value *value, struct str template, struct buf *ret,
                         struct err *err);
