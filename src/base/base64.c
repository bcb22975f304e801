// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct str s, char *ret)
{
    const unsigned char *in = (const unsigned char *)s.at;

    for (size_t i = 0; i < s.size; i += 3, ret += 4) {
        size_t left = s.size - i;
        uint32_t word = (uint32_t)in[i] << 16;
        word |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        word |= left > 2 ? in[i + 2] : 0;
        ret[0] = alphabet[word >> 18];
        ret[1] = alphabet[word >> 12 & 63];
        ret[2] = left > 1 ? alphabet[word >> 6 & 63] : '=';
        ret[3] = left > 2 ? alphabet[word & 63] : '=';
    }
}

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters of which the last `pad` are '=': 3 - pad bytes. */
static bool quad_decode(const char *in, unsigned pad, char *ret)
{
    uint32_t word = 0;

    for (unsigned i = 0; i < 4 - pad; i++) {
        int digit = digit_of(in[i]);
        if (digit < 0)
            return false;
        word |= (uint32_t)digit << (18 - 6 * i);
    }
    if ((word & ((1u << 8 * pad) - 1)) != 0)
        return false; /* bits that no encoder sets */
    for (unsigned i = 0; i < 3 - pad; i++)
        ret[i] = (char)(word >> (16 - 8 * i) & 255);
    return true;
}

bool base64_decode(struct str s, char *ret, size_t *ret_size)
{
    size_t size = 0;

    if (s.size % 4 != 0)
        return false;
    for (size_t i = 0; i < s.size; i += 4) {
        bool is_last = i + 4 == s.size;
        unsigned pad = !is_last || s.at[i + 3] != '=' ? 0 : s.at[i + 2] != '=' ? 1 : 2;
        if (!quad_decode(s.at + i, pad, ret + size))
            return false;
        size += 3 - pad;
    }
    *ret_size = size;
    return true;
}
