// SPDX-License-Identifier: Apache-2.0
#include "json/json_document.h"

#include <stdlib.h>

/* The depth is bounded before the parser sees the text. Whether the brackets match is its
 * business. */
static bool is_too_deep(struct str text, uint32_t depth_max, size_t *ret_at)
{
    uint32_t depth = 0;
    bool in_text = false;

    for (size_t i = 0; i < text.size; i++) {
        char c = text.at[i];
        if (in_text) {
            if (c == '\\')
                i++;
            in_text = c != '"';
            continue;
        }
        in_text = c == '"';
        if ((c == '[' || c == '{') && ++depth > depth_max) {
            *ret_at = i;
            return true;
        }
        if ((c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return false;
}

static bool refuse(struct str text, size_t at, const char *what, struct err *err)
{
    size_t line = 1, column = 1;

    for (size_t i = 0; i < at && i < text.size; i++) {
        bool is_break = text.at[i] == '\n';
        line += is_break;
        column = is_break ? 1 : column + 1;
    }
    return err_set(err, ERR_INVALID, "%zu:%zu: %s", line, column, what);
}

bool document_open(struct str text, uint32_t depth_max, yyjson_doc **ret, struct err *err)
{
    yyjson_read_err fault = {0};
    yyjson_doc *document;
    size_t deep_at;

    if (is_too_deep(text, depth_max, &deep_at))
        return refuse(text, deep_at, "nested too deeply", err);
    document = yyjson_read_opts((char *)(uintptr_t)text.at, text.size, YYJSON_READ_NUMBER_AS_RAW,
                                NULL, &fault); /* without INSITU the text is not written to */
    if (!document && fault.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        abort();
    if (!document && text.size == 0)
        return refuse(text, 0, "no JSON: it is empty", err);
    if (!document)
        return refuse(text, fault.pos, fault.msg, err);
    *ret = document;
    return true;
}

void document_end(yyjson_doc **document)
{
    yyjson_doc_free(*document);
}
