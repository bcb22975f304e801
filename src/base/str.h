// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A view of bytes: not owned, not terminated, may hold NUL. A struct str never transfers
 * ownership: it points into an arena, a buf or a literal that outlives it. The zero value is the
 * empty string. All functions are pure. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/lang.h"

struct str {
    const char *at;
    size_t size;
};

/* printf("%.*s", STR_ARG(s)): only for bytes known to be text. */
#define STR_ARG(s)       (int)(s).size, ((s).at ? (s).at : "")
#define STR_LIT(literal) ((struct str){"" literal, sizeof(literal) - 1})

static inline struct str str_of(const char *text) /* NULL in, empty out */
{
    return (struct str){text, text ? strlen(text) : 0};
}

static inline bool str_equal(struct str a, struct str b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

static inline bool str_is(struct str s, const char *text)
{
    return str_equal(s, str_of(text));
}

int str_order(struct str a, struct str b); /* like memcmp: <0, 0, >0; a prefix comes first */
bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);
struct str str_skip(struct str s, size_t count); /* without its first `count` bytes, at most all */

struct str str_trim(struct str s); /* without the blanks, tabs, CRs and LFs at both ends */

/* Splits at the first `separator`: true and both halves if it occurs, else false. */
bool str_cut(struct str s, char separator, struct str *ret_head, struct str *ret_tail);

/* Decimal, digits only with an optional leading '-', no blanks, within int64_t. */
must_use bool str_to_int(struct str s, int64_t *ret);

/* True if the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool str_is_utf8(struct str s);

/* Damerau-Levenshtein distance over bytes, at most `limit` (then: `limit`); for "did you mean".
 * Strings longer than 64 bytes are simply far: `limit`. */
unsigned str_distance(struct str a, struct str b, unsigned limit);
