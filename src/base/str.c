// SPDX-License-Identifier: Apache-2.0
#include "base/str.h"

int str_order(struct str a, struct str b)
{
    size_t shared = a.size < b.size ? a.size : b.size;
    int order = shared ? memcmp(a.at, b.at, shared) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

bool str_starts(struct str s, const char *prefix)
{
    size_t size = strlen(prefix);
    return s.size >= size && (size == 0 || memcmp(s.at, prefix, size) == 0);
}

bool str_ends(struct str s, const char *suffix)
{
    size_t size = strlen(suffix);
    return s.size >= size && (size == 0 || memcmp(s.at + s.size - size, suffix, size) == 0);
}

struct str str_skip(struct str s, size_t count)
{
    if (count >= s.size)
        return (struct str){s.at ? s.at + s.size : NULL, 0};
    return (struct str){s.at + count, s.size - count};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.size > 0 && is_blank(s.at[0]))
        s = str_skip(s, 1);
    while (s.size > 0 && is_blank(s.at[s.size - 1]))
        s.size--;
    return s;
}

bool str_cut(struct str s, char separator, struct str *ret_head, struct str *ret_tail)
{
    const char *found = s.size ? memchr(s.at, separator, s.size) : NULL;
    if (!found)
        return false;
    size_t head = (size_t)(found - s.at);
    *ret_head = (struct str){s.at, head};
    *ret_tail = (struct str){found + 1, s.size - head - 1};
    return true;
}

bool str_to_int(struct str s, int64_t *ret)
{
    bool is_negative = s.size > 0 && s.at[0] == '-';
    int64_t value = 0;

    if (is_negative)
        s = str_skip(s, 1);
    if (s.size == 0)
        return false;
    for (size_t i = 0; i < s.size; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, s.at[i] - '0', &value))
            return false; /* counted downwards: INT64_MIN has no positive twin */
    }
    if (!is_negative && value == INT64_MIN)
        return false;
    *ret = is_negative ? value : -value;
    return true;
}

/* The size of the well-formed UTF-8 sequence at the start of s, 0 if there is none. */
static size_t utf8_size(struct str s)
{
    const unsigned char *at = (const unsigned char *)s.at;
    size_t size = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;

    if (size == 0 || at[0] > 0xf4 || size > s.size)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return size;
}

bool str_is_utf8(struct str s)
{
    while (s.size > 0) {
        size_t size = utf8_size(s);
        if (size == 0)
            return false;
        s = str_skip(s, size);
    }
    return true;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned str_distance(struct str a, struct str b, unsigned limit)
{
    enum {
        LONGEST = 64
    };
    unsigned rows[3][LONGEST + 1];

    if (a.size > LONGEST || b.size > LONGEST)
        return limit;
    for (unsigned j = 0; j <= b.size; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a.size; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *twice_above = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= b.size; j++) {
            bool same = a.at[i - 1] == b.at[j - 1];
            row[j] = least(above[j - 1] + !same, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1])
                row[j] = least(row[j], twice_above[j - 2] + 1);
        }
    }
    return least(rows[a.size % 3][b.size], limit);
}
