// SPDX-License-Identifier: Apache-2.0
#include "cli/escape.h"

#include "base/arena.h"

enum {
    ESCAPED_MAX = 6 /* bytes that one byte becomes at most, "\u009b" */
};

/* How many bytes the character that begins with this byte has; 0: none begins with it. */
static uint32_t character_size(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    if (first >= 0xf0 && first <= 0xf4)
        return 4;
    return 0;
}

static uint32_t code_point(const char *at, uint32_t size)
{
    static const unsigned char first_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = (unsigned char)at[0] & first_mask[size];

    for (uint32_t i = 1; i < size; i++)
        code = code << 6 | ((unsigned char)at[i] & 0x3f);
    return code;
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/* Marks that re-order what is shown, and separators that break lines. */
static bool is_deceptive(uint32_t code)
{
    return code == 0x061c || code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0xfeff;
}

static void show_character(enum escape_mode mode, struct str bytes, struct buf *ret)
{
    uint32_t code = code_point(bytes.at, (uint32_t)bytes.size);

    if ((code == '\n' || code == '\t') && mode != ESCAPE_LINE)
        buf_add(ret, bytes);
    else if (code == '\n' || code == '\t' || code == '\r')
        buf_print(ret, "\\%c", code == '\n' ? 'n' : code == '\t' ? 't' : 'r');
    else if (is_deceptive(code) || (is_control(code) && (code >= 0x80 || mode == ESCAPE_JSON)))
        buf_print(ret, "\\u%04x", code);
    else if (is_control(code))
        buf_print(ret, "\\x%02x", code);
    else
        buf_add(ret, bytes);
}

static void show_byte(enum escape_mode mode, char byte, struct buf *ret)
{
    /* JSON text is UTF-8 by its own rules; should it not be, the replacement character keeps it
     * readable as JSON. */
    if (mode == ESCAPE_JSON)
        buf_add(ret, STR_LIT("\\ufffd"));
    else
        buf_print(ret, "\\x%02x", (unsigned char)byte);
}

/* True if more bytes could make `bytes` one character. */
static bool is_beginning(struct str bytes)
{
    static const char *const fillers[] = {"\x80\x80\x80", "\x90\x80\x80", "\xa0\x80\x80"};
    uint32_t size = character_size((unsigned char)bytes.at[0]);
    char whole[4];

    if (size <= bytes.size)
        return false;
    for (size_t i = 0; i < countof(fillers); i++) {
        memcpy(whole, bytes.at, bytes.size);
        memcpy(whole + bytes.size, fillers[i], size - bytes.size);
        if (str_is_utf8((struct str){whole, size}))
            return true;
    }
    return false;
}

/* The longest run of plain ASCII: the common case, copied at once. */
static size_t plain_size(struct str bytes)
{
    size_t size = 0;

    while (size < bytes.size && bytes.at[size] >= 0x20 && bytes.at[size] < 0x7f)
        size++;
    return size;
}

/* Shows what is complete; returns what may be the beginning of a character, at most 3 bytes. */
static struct str show(enum escape_mode mode, struct str bytes, struct buf *ret)
{
    while (bytes.size > 0) {
        size_t plain = plain_size(bytes);
        uint32_t size;

        buf_add(ret, (struct str){bytes.at, plain});
        bytes = str_skip(bytes, plain);
        if (bytes.size == 0)
            break;
        size = character_size((unsigned char)bytes.at[0]);
        if (size > 0 && size <= bytes.size && str_is_utf8((struct str){bytes.at, size})) {
            show_character(mode, (struct str){bytes.at, size}, ret);
            bytes = str_skip(bytes, size);
        } else if (is_beginning(bytes)) {
            return bytes;
        } else {
            show_byte(mode, bytes.at[0], ret);
            bytes = str_skip(bytes, 1);
        }
    }
    return bytes;
}

void escape_feed(struct escape *escape, enum escape_mode mode, struct str bytes, struct buf *ret)
{
    struct str rest;

    /* What is held is completed byte by byte: three bytes at most. */
    while (escape->held_size > 0 && bytes.size > 0) {
        char joined[4];
        uint32_t size = escape->held_size + 1;

        memcpy(joined, escape->held, escape->held_size);
        joined[size - 1] = bytes.at[0];
        bytes = str_skip(bytes, 1);
        rest = show(mode, (struct str){joined, size}, ret);
        memcpy(escape->held, rest.at, rest.size);
        escape->held_size = (uint32_t)rest.size;
    }
    if (bytes.size == 0)
        return;
    rest = show(mode, bytes, ret);
    memcpy(escape->held, rest.at, rest.size);
    escape->held_size = (uint32_t)rest.size;
}

void escape_end(struct escape *escape, enum escape_mode mode, struct buf *ret)
{
    for (uint32_t i = 0; i < escape->held_size; i++)
        show_byte(mode, escape->held[i], ret);
    escape->held_size = 0;
}

void escape_add(enum escape_mode mode, struct str bytes, struct buf *ret)
{
    struct escape escape = {0};

    escape_feed(&escape, mode, bytes, ret);
    escape_end(&escape, mode, ret);
}

struct str escape_text(struct arena *arena, enum escape_mode mode, struct str bytes)
{
    auto_end(buf_fini) struct buf buf = {0};

    buf_init(&buf, bytes.size * ESCAPED_MAX + 1); /* more than it can become */
    escape_add(mode, bytes, &buf);
    return arena_copy(arena, buf_str(&buf));
}
