// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Looking at members of objects that a server sent. Nothing fails: what is not there, or is of
 * another kind, is empty, 0, false. And keeping only some of their members. */
#include "json/json.h"

struct str look_text(const struct json_value *object, const char *key);
int64_t look_int(const struct json_value *object, const char *key);
int64_t look_int_or(const struct json_value *object, const char *key, int64_t none);
bool look_flag(const struct json_value *object, const char *key);
int64_t look_time(const struct json_value *object, const char *key);                  /* RFC 3339 */
const struct json_value *look_list(const struct json_value *object, const char *key); /* or NULL */

/* The item of a list of objects whose member `key` is that text; NULL: there is none. */
const struct json_value *look_item(const struct json_value *list, const char *key, struct str text);

struct kept {                   /* a member that is kept; the last has no name */
    const char *name;           /* "*": any other */
    const struct kept *members; /* of it, or of each item if it is a list; NULL: it is kept whole */
    size_t text_max;            /* a longer text is cut; 0: none is */
};

/* Rows of such a table: kept whole; kept in part; a text, up to a size. */
#define KEPT(word)                                                                                 \
    {                                                                                              \
        .name = word                                                                               \
    }
#define KEPT_OF(word, table)                                                                       \
    {                                                                                              \
        .name = word, .members = table                                                             \
    }
#define KEPT_TEXT(word, max)                                                                       \
    {                                                                                              \
        .name = word, .text_max = max                                                              \
    }

/* Only these members, in the order of the object. Views into it. */
struct json_value look_kept(struct arena *arena, const struct json_value *value,
                            const struct kept *members);
