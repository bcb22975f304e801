// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A parsed document of yyjson's, inside json/ only. Its values stand in one array, in the order of
 * the text: each container before what it holds, each key before its item. So it is walked by one
 * loop, whatever its depth. */
#include <assert.h>
#include <yyjson.h>

#include "base/err.h"
#include "base/str.h"

/* Strict RFC 8259, numbers as raw text, at most depth_max levels; no check of repeated keys.
 * ERR_INVALID: "line:column: what". */
must_use bool document_open(struct str text, uint32_t depth_max, yyjson_doc **ret, struct err *err);
void document_end(yyjson_doc **document); /* for auto_end */

static inline struct str document_text(yyjson_val *value) /* of a text or a number */
{
    assert(value);
    return (struct str){unsafe_yyjson_get_str(value), unsafe_yyjson_get_len(value)};
}
