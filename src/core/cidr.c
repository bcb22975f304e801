// SPDX-License-Identifier: Apache-2.0
#include "core/cidr.h"

#include <stdio.h>

enum {
    V4_BYTES = 4,
    V6_GROUPS = 8,
    BYTES_MAX = 16,
};

struct cidr {
    unsigned char bytes[BYTES_MAX];
    uint32_t size; /* of the address: 4 or 16 */
    uint32_t bits;
};

/* Digits alone, and no zero before others. */
static bool number_read(struct str text, int64_t max, int64_t *ret)
{
    bool is_plain = text.size > 0 && text.at[0] != '-' && (text.size == 1 || text.at[0] != '0');

    return is_plain && str_to_int(text, ret) && *ret <= max;
}

static bool v4_read(struct str text, struct cidr *ret)
{
    struct str octet, rest = text;
    int64_t value;

    for (uint32_t i = 0; i < V4_BYTES; i++) {
        bool has_more = str_cut(rest, '.', &octet, &rest);
        if (has_more != (i < V4_BYTES - 1) || !number_read(has_more ? octet : rest, 255, &value))
            return false;
        ret->bytes[i] = (unsigned char)value;
    }
    ret->size = V4_BYTES;
    return true;
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool group_read(struct str text, unsigned char ret[2])
{
    unsigned value = 0;

    if (text.size == 0 || text.size > 4)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        int digit = hex_of(text.at[i]);
        if (digit < 0)
            return false;
        value = value << 4 | (unsigned)digit;
    }
    ret[0] = (unsigned char)(value >> 8);
    ret[1] = (unsigned char)value;
    return true;
}

/* Groups with colons between; none at all in an empty text. */
static bool groups_read(struct str text, unsigned char ret[BYTES_MAX], uint32_t *ret_count)
{
    struct str group, rest = text;
    bool has_more = text.size > 0;

    for (*ret_count = 0; has_more; (*ret_count)++) {
        has_more = str_cut(rest, ':', &group, &rest);
        if (*ret_count == V6_GROUPS || !group_read(has_more ? group : rest, ret + 2 * *ret_count))
            return false;
    }
    return true;
}

static size_t gap_find(struct str text)
{
    for (size_t i = 0; i + 1 < text.size; i++)
        if (text.at[i] == ':' && text.at[i + 1] == ':')
            return i;
    return text.size;
}

static bool v6_read(struct str text, struct cidr *ret)
{
    size_t gap = gap_find(text);
    bool has_gap = gap < text.size;
    unsigned char tail[BYTES_MAX] = {0};
    uint32_t before = 0, after = 0;

    if (!groups_read((struct str){text.at, gap}, ret->bytes, &before) ||
        (has_gap && !groups_read(str_skip(text, gap + 2), tail, &after)))
        return false;
    if (has_gap ? before + after >= V6_GROUPS : before != V6_GROUPS)
        return false;
    memcpy(ret->bytes + BYTES_MAX - 2 * after, tail, 2 * (size_t)after);
    ret->size = BYTES_MAX;
    return true;
}

static void host_clear(struct cidr *cidr)
{
    for (uint32_t bit = cidr->bits; bit < cidr->size * 8; bit++)
        cidr->bytes[bit / 8] &= (unsigned char)~(0x80u >> bit % 8);
}

static unsigned group_at(const struct cidr *cidr, uint32_t i)
{
    return (unsigned)cidr->bytes[2 * i] << 8 | cidr->bytes[2 * i + 1];
}

/* The longest run of zero groups, the first of such; of one group none is made. */
static void zeros_find(const struct cidr *cidr, uint32_t *ret_at, uint32_t *ret_count)
{
    *ret_at = V6_GROUPS;
    *ret_count = 1;
    for (uint32_t at = 0; at < V6_GROUPS; at++) {
        uint32_t count = 0;
        while (at + count < V6_GROUPS && group_at(cidr, at + count) == 0)
            count++;
        if (count <= *ret_count)
            continue;
        *ret_at = at;
        *ret_count = count;
    }
}

static void v6_print(const struct cidr *cidr, char ret[CIDR_TEXT_MAX])
{
    uint32_t gap, zeros;
    size_t size = 0;

    zeros_find(cidr, &gap, &zeros);
    ret[0] = '\0';
    for (uint32_t i = 0; i < V6_GROUPS; i++) {
        const char *before = i > 0 && i != gap + zeros ? ":" : "";
        if (i == gap) {
            size += (size_t)snprintf(ret + size, CIDR_TEXT_MAX - size, "::");
            i += zeros - 1;
            continue;
        }
        size +=
            (size_t)snprintf(ret + size, CIDR_TEXT_MAX - size, "%s%x", before, group_at(cidr, i));
    }
    snprintf(ret + size, CIDR_TEXT_MAX - size, "/%u", cidr->bits);
}

bool cidr_spell(struct str text, char ret[CIDR_TEXT_MAX])
{
    struct str address, bits;
    struct cidr cidr = {0};
    int64_t count;

    if (!str_cut(text, '/', &address, &bits) ||
        (!v4_read(address, &cidr) && !v6_read(address, &cidr)) ||
        !number_read(bits, cidr.size * 8, &count))
        return false;
    cidr.bits = (uint32_t)count;
    host_clear(&cidr);
    if (cidr.size == BYTES_MAX)
        v6_print(&cidr, ret);
    else
        snprintf(ret, CIDR_TEXT_MAX, "%u.%u.%u.%u/%u", cidr.bytes[0], cidr.bytes[1], cidr.bytes[2],
                 cidr.bytes[3], cidr.bits);
    return true;
}
