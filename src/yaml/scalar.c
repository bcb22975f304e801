// SPDX-License-Identifier: Apache-2.0
#include "yaml/scalar.h"

#include <inttypes.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits_size(struct str s)
{
    size_t size = 0;

    while (size < s.size && is_digit(s.at[size]))
        size++;
    return size;
}

static bool find_word(struct str plain, struct json_value *ret, enum scalar_kind *ret_kind)
{
    static const struct {
        const char *words; /* each followed by a blank */
        enum scalar_kind kind;
        bool flag;
    } rows[] = {
        {"~ null Null NULL ",                                                  SCALAR_NULL,    false},
        {"y Y yes Yes YES true True TRUE on On ON ",                           SCALAR_BOOL,    true },
        {"n N no No NO false False FALSE off Off OFF ",                        SCALAR_BOOL,    false},
        {".nan .NaN .NAN .inf .Inf .INF +.inf +.Inf +.INF -.inf -.Inf -.INF ", SCALAR_ENDLESS,
         false                                                                                      },
        {"<< ",                                                                SCALAR_MERGE,   false},
    };

    for (size_t i = 0; plain.size <= strlen("false") && i < countof(rows); i++) {
        struct str word, rest = str_of(rows[i].words);
        while (str_cut(rest, ' ', &word, &rest))
            if (str_equal(word, plain)) {
                *ret_kind = rows[i].kind;
                *ret = rows[i].kind == SCALAR_BOOL ? json_bool(rows[i].flag)
                                                   : (struct json_value){.kind = JSON_NULL};
                return true;
            }
    }
    return false;
}

static int digit_of(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* 0x1f, 0o17, 017, 0b11 after the sign, as Go's ParseInt with base 0: up to 64 bits. */
static bool read_based(struct str s, uint64_t *ret)
{
    unsigned base = 8;
    uint64_t value = 0;

    if (s.size < 2 || s.at[0] != '0')
        return false;
    s = str_skip(s, 1);
    if (memchr("xXoObB", s.at[0], 6)) {
        base = memchr("xX", s.at[0], 2) ? 16 : memchr("bB", s.at[0], 2) ? 2 : 8;
        s = str_skip(s, 1);
    }
    for (size_t i = 0; i < s.size; i++) {
        unsigned digit = (unsigned)digit_of(s.at[i]);
        if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *ret = value;
    return s.size > 0;
}

/* The parts of [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
struct decimal {
    bool is_negative, has_exponent, is_exponent_negative;
    struct str whole, fraction, exponent;
};

static bool split_decimal(struct str s, struct decimal *ret)
{
    *ret = (struct decimal){.is_negative = str_starts(s, "-")};
    if (str_starts(s, "-") || str_starts(s, "+"))
        s = str_skip(s, 1);
    ret->whole = (struct str){s.at, digits_size(s)};
    s = str_skip(s, ret->whole.size);
    if (str_starts(s, ".")) {
        s = str_skip(s, 1);
        ret->fraction = (struct str){s.at, digits_size(s)};
        s = str_skip(s, ret->fraction.size);
    }
    if (ret->whole.size == 0 && ret->fraction.size == 0)
        return false;
    ret->has_exponent = str_starts(s, "e") || str_starts(s, "E");
    if (ret->has_exponent) {
        s = str_skip(s, 1);
        ret->is_exponent_negative = str_starts(s, "-");
        if (str_starts(s, "-") || str_starts(s, "+"))
            s = str_skip(s, 1);
        ret->exponent = (struct str){s.at, digits_size(s)};
        s = str_skip(s, ret->exponent.size);
    }
    return s.size == 0 && (!ret->has_exponent || ret->exponent.size > 0);
}

static bool is_json_number(const struct decimal *number, struct str plain)
{
    bool has_plus = str_starts(plain, "+");
    bool has_bare_point = memchr(plain.at, '.', plain.size) && number->fraction.size == 0;
    bool has_zeros = number->whole.size > 1 && number->whole.at[0] == '0';

    return number->whole.size > 0 && !has_plus && !has_bare_point && !has_zeros;
}

static struct str respelt(struct arena *arena, const struct decimal *number)
{
    struct str whole = number->whole;

    while (whole.size > 1 && whole.at[0] == '0')
        whole = str_skip(whole, 1);
    return arena_print(arena, "%s%.*s%s%.*s%s%s%.*s", number->is_negative ? "-" : "",
                       STR_ARG(whole.size ? whole : STR_LIT("0")), number->fraction.size ? "." : "",
                       STR_ARG(number->fraction), number->has_exponent ? "e" : "",
                       number->is_exponent_negative ? "-" : "", STR_ARG(number->exponent));
}

static struct str without_underscores(struct arena *arena, struct str plain)
{
    char *copy;
    size_t size = 0;

    if (plain.size == 0 || !memchr(plain.at, '_', plain.size))
        return plain;
    copy = arena_alloc(arena, plain.size);
    for (size_t i = 0; i < plain.size; i++)
        if (plain.at[i] != '_')
            copy[size++] = plain.at[i];
    return (struct str){copy, size};
}

static bool read_number(struct arena *arena, struct str plain, struct str *ret)
{
    struct decimal number;
    struct str bare;
    uint64_t based;
    bool is_negative = str_starts(plain, "-");

    if (plain.size == 0 || (!is_digit(plain.at[0]) && !memchr("+-.", plain.at[0], 3)))
        return false;
    plain = without_underscores(arena, plain);
    bare = str_skip(plain, is_negative || str_starts(plain, "+"));
    if (read_based(bare, &based)) {
        *ret = arena_print(arena, "%s%" PRIu64, is_negative && based > 0 ? "-" : "", based);
        return true;
    }
    if (!split_decimal(plain, &number))
        return false;
    *ret = is_json_number(&number, plain) ? plain : respelt(arena, &number);
    return true;
}

enum scalar_kind scalar_resolve(struct arena *arena, struct str plain, struct json_value *ret)
{
    enum scalar_kind kind;
    struct str number;

    if (plain.size == 0) {
        *ret = (struct json_value){.kind = JSON_NULL};
        return SCALAR_NULL;
    }
    if (find_word(plain, ret, &kind))
        return kind;
    if (read_number(arena, plain, &number)) {
        *ret = (struct json_value){.kind = JSON_NUMBER, .text = number};
        return SCALAR_NUMBER;
    }
    *ret = json_text(plain);
    return SCALAR_TEXT;
}

/* Others read 2026-11-24 as a time and 1:30 as ninety. */
static bool is_time_elsewhere(struct str text)
{
    size_t digits = digits_size(text);

    return digits > 0 && digits < text.size && (text.at[digits] == '-' || text.at[digits] == ':');
}

bool scalar_needs_quotes(struct arena *scratch, struct str text)
{
    struct json_value value;
    bool is_signed = str_starts(text, "-") || str_starts(text, "+");

    return scalar_resolve(scratch, text, &value) != SCALAR_TEXT ||
           is_time_elsewhere(str_skip(text, is_signed)) || str_is(text, "=");
}
