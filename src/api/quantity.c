// SPDX-License-Identifier: Apache-2.0
#include "api/quantity.h"

#include <inttypes.h>

__extension__ typedef unsigned __int128 wide; /* holds any int64_t times any suffix */

enum {
    EXPONENT_MAX = 99, /* far outside of what an int64_t holds, either way */
};

/* digits * 10^exponent */
struct decimal {
    wide digits;
    int exponent;
    bool is_negative;
};

/* Takes a number without exponent from the start of *s. False: there is none, or it has more
 * digits than can be held. */
static bool take_decimal(struct str *s, struct decimal *ret)
{
    bool has_digit = false, has_point = false;

    *ret = (struct decimal){.is_negative = str_starts(*s, "-")};
    if (str_starts(*s, "-") || str_starts(*s, "+"))
        *s = str_skip(*s, 1);
    for (; s->size > 0; *s = str_skip(*s, 1)) {
        char c = s->at[0];
        if (c == '.' && !has_point) {
            has_point = true;
            continue;
        }
        if (c < '0' || c > '9')
            break;
        has_digit = true;
        if (__builtin_mul_overflow(ret->digits, 10, &ret->digits) ||
            __builtin_add_overflow(ret->digits, (unsigned)(c - '0'), &ret->digits))
            return false;
        ret->exponent -= has_point;
    }
    return has_digit;
}

/* Takes an exponent or a suffix, the whole rest. */
static bool take_exponent(struct str s, int *ret)
{
    int64_t exponent;

    if (s.size < 2 || (s.at[0] != 'e' && s.at[0] != 'E'))
        return false;
    s = str_skip(s, s.at[1] == '+' ? 2 : 1);
    if (!str_to_int(s, &exponent) || exponent < -EXPONENT_MAX || exponent > EXPONENT_MAX)
        return false;
    *ret = (int)exponent;
    return true;
}

static bool take_suffix(struct str s, int *ret_tens, int *ret_twos)
{
    static const struct {
        const char *text;
        int tens, twos;
    } rows[] = {
        {"",   0,  0 },
        {"n",  -9, 0 },
        {"u",  -6, 0 },
        {"m",  -3, 0 },
        {"k",  3,  0 },
        {"M",  6,  0 },
        {"G",  9,  0 },
        {"T",  12, 0 },
        {"P",  15, 0 },
        {"E",  18, 0 },
        {"Ki", 0,  10},
        {"Mi", 0,  20},
        {"Gi", 0,  30},
        {"Ti", 0,  40},
        {"Pi", 0,  50},
        {"Ei", 0,  60},
    };

    *ret_tens = *ret_twos = 0;
    for (size_t i = 0; i < countof(rows); i++)
        if (str_is(s, rows[i].text)) {
            *ret_tens = rows[i].tens;
            *ret_twos = rows[i].twos;
            return true;
        }
    return take_exponent(s, ret_tens);
}

/* digits * 10^tens * 2^twos as an integer, rounded up. False: too large for an int64_t. */
static bool scale(wide digits, int tens, int twos, bool *ret_is_exact, int64_t *ret)
{
    bool is_exact = true;

    if (__builtin_mul_overflow(digits, (wide)1 << twos, &digits))
        return false;
    for (; tens > 0 && digits > 0; tens--)
        if (__builtin_mul_overflow(digits, 10, &digits))
            return false;
    for (; tens < 0 && digits > 0; tens++) {
        is_exact = is_exact && digits % 10 == 0;
        digits /= 10;
    }
    digits += !is_exact; /* what was cut off is less than one */
    if (digits > INT64_MAX)
        return false;
    *ret_is_exact = is_exact;
    *ret = (int64_t)digits;
    return true;
}

static bool quantity_read(struct str s, int extra_tens, int64_t *ret)
{
    struct decimal number;
    int tens, twos;
    bool is_exact;

    if (!take_decimal(&s, &number) || !take_suffix(s, &tens, &twos))
        return false;
    if (number.is_negative && number.digits > 0)
        return false;
    return scale(number.digits, number.exponent + tens + extra_tens, twos, &is_exact, ret);
}

bool quantity_read_milli(struct str s, int64_t *ret)
{
    return quantity_read(s, 3, ret);
}

bool quantity_read_bytes(struct str s, int64_t *ret)
{
    return quantity_read(s, 0, ret);
}

bool quantity_read_whole(struct str s, int64_t *ret)
{
    struct decimal number;
    int tens = 0;
    bool is_exact;
    int64_t value;

    if (!take_decimal(&s, &number) || (s.size > 0 && !take_exponent(s, &tens)))
        return false;
    if (!scale(number.digits, number.exponent + tens, 0, &is_exact, &value) || !is_exact)
        return false;
    *ret = number.is_negative ? -value : value;
    return true;
}

struct str quantity_print_milli(struct arena *arena, int64_t milli)
{
    if (milli % 1000 == 0)
        return arena_print(arena, "%" PRId64, milli / 1000);
    return arena_print(arena, "%" PRId64 "m", milli);
}

struct str quantity_print_bytes(struct arena *arena, int64_t bytes)
{
    static const char *const suffixes[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    size_t i = 0;

    for (; bytes != 0 && bytes % 1024 == 0 && i + 1 < countof(suffixes); i++)
        bytes /= 1024;
    return arena_print(arena, "%" PRId64 "%s", bytes, suffixes[i]);
}
