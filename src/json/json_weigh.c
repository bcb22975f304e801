// SPDX-License-Identifier: Apache-2.0
#include "json/json.h"

static bool is_between(char c) /* it stands between values, and is part of none */
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == ':' || c == ']' ||
           c == '}';
}

static size_t text_end(struct str text, size_t at) /* after its quote */
{
    while (at < text.size && text.at[at] != '"')
        at += text.at[at] == '\\' ? 2 : 1;
    return at < text.size ? at + 1 : text.size;
}

static size_t scalar_end(struct str text, size_t at)
{
    while (at < text.size && !is_between(text.at[at]) && text.at[at] != '"' && text.at[at] != '[' &&
           text.at[at] != '{')
        at++;
    return at;
}

size_t json_weigh(struct str text)
{
    size_t ret = 0, at = 0;

    while (at < text.size) {
        char c = text.at[at];
        if (is_between(c)) {
            at++;
            continue;
        }
        ret++;
        if (c == '"')
            at = text_end(text, at + 1);
        else if (c == '[' || c == '{')
            at++;
        else
            at = scalar_end(text, at);
    }
    return ret;
}
