// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Objects from their text, and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "json/json.h"

static inline struct json_value given_json(struct arena *arena, struct str text)
{
    struct json_value ret = {0};
    struct err err = {0};

    if (!json_read(arena, text, &ret, &err))
        fail_msg("%s", err.text);
    return ret;
}

static inline void assert_json(const struct json_value *value, const char *expected)
{
    auto_end(buf_fini) struct buf text = {0};

    buf_init(&text, 1 << 24);
    json_print(value, JSON_COMPACT, &text);
    buf_add_char(&text, '\0');
    assert_string_equal(text.at, expected);
}
