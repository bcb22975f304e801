// SPDX-License-Identifier: Apache-2.0
#include <assert.h>

#include "json/json.h"

enum {
    BARE = 0 /* this character needs no escape */
};

/* The size of the next character, no ASCII, and as which it must be escaped. */
static size_t next_character(const unsigned char *at, size_t size, unsigned *ret_escaped)
{
    size_t length = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;

    *ret_escaped = BARE;
    if (length > size || !str_is_utf8((struct str){(const char *)at, length})) {
        *ret_escaped = 0xfffd; /* JSON is UTF-8; this was not */
        return 1;
    }
    if (length == 2 && at[0] == 0xc2 && at[1] < 0xa0) /* C1: terminals obey them */
        *ret_escaped = at[1];
    if (length == 3 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9))
        *ret_escaped = 0x2000 + at[2] - 0x80u;
    return length;
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void print_escape(unsigned character, struct buf *ret)
{
    static const char shorts[] = "\"\"\\\\\nn\tt\rr\bb\ff";

    for (size_t i = 0; i + 1 < sizeof(shorts); i += 2)
        if ((unsigned char)shorts[i] == character) {
            buf_add_char(ret, '\\');
            buf_add_char(ret, shorts[i + 1]);
            return;
        }
    buf_print(ret, "\\u%04x", character);
}

void json_print_text(struct str text, struct buf *ret)
{
    const unsigned char *at = (const unsigned char *)text.at;
    size_t from = 0; /* of the bytes not yet printed */
    size_t i = 0;

    buf_add_char(ret, '"');
    while (i < text.size) {
        unsigned escaped = at[i];
        size_t size = 1;
        if (is_plain(at[i])) {
            i++;
            continue;
        }
        if (at[i] >= 0x80)
            size = next_character(at + i, text.size - i, &escaped);
        if (at[i] < 0x80 || escaped != BARE) {
            buf_add(ret, (struct str){text.at + from, i - from});
            print_escape(escaped, ret);
            from = i + size;
        }
        i += size;
    }
    if (text.size > from)
        buf_add(ret, (struct str){text.at + from, text.size - from});
    buf_add_char(ret, '"');
}

static void print_break(enum json_style style, unsigned level, struct buf *ret)
{
    if (style != JSON_PRETTY)
        return;
    buf_add_char(ret, '\n');
    for (unsigned i = 0; i < level; i++)
        buf_add(ret, STR_LIT("    "));
}

static void print_value(const struct json_value *value, enum json_style style, unsigned level,
                        struct buf *ret);

static void print_items(const struct json_value *value, enum json_style style, unsigned level,
                        struct buf *ret)
{
    bool is_object = value->kind == JSON_OBJECT;

    buf_add_char(ret, is_object ? '{' : '[');
    for (uint32_t i = 0; i < value->count; i++) {
        if (i > 0)
            buf_add_char(ret, ',');
        print_break(style, level + 1, ret);
        if (is_object) {
            json_print_text(value->keys[i], ret);
            buf_add(ret, style == JSON_PRETTY ? STR_LIT(": ") : STR_LIT(":"));
        }
        print_value(&value->items[i], style, level + 1, ret);
    }
    if (value->count > 0)
        print_break(style, level, ret);
    buf_add_char(ret, is_object ? '}' : ']');
}

static void print_value(const struct json_value *value, enum json_style style, unsigned level,
                        struct buf *ret)
{
    assert(level <= 2 * JSON_DEPTH_MAX); /* what was read, and the little that we put around it */
    switch (value->kind) {
    case JSON_NULL:
        buf_add(ret, STR_LIT("null"));
        break;
    case JSON_BOOL:
        buf_add(ret, value->flag ? STR_LIT("true") : STR_LIT("false"));
        break;
    case JSON_NUMBER:
        buf_add(ret, value->text);
        break;
    case JSON_TEXT:
        json_print_text(value->text, ret);
        break;
    case JSON_LIST:
    case JSON_OBJECT:
        print_items(value, style, level, ret);
        break;
    }
}

void json_print(const struct json_value *value, enum json_style style, struct buf *ret)
{
    print_value(value, style, 0, ret);
    if (style == JSON_PRETTY)
        buf_add_char(ret, '\n');
}

struct str json_compact(struct arena *arena, const struct json_value *value)
{
    auto_end(buf_fini) struct buf text = {0};

    buf_init(&text, SIZE_MAX);
    json_print(value, JSON_COMPACT, &text);
    return arena_copy(arena, buf_str(&text));
}
