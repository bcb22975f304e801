// SPDX-License-Identifier: Apache-2.0
#pragma once

/* JSON as a value: an immutable tree in an arena, made from JSON text (yyjson) or from YAML
 * (yaml/yaml.h), walked by api/ and printed as JSON or YAML. Objects keep the order of their
 * members; numbers keep their text, so nothing is rounded on the way through. Only json/ calls
 * yyjson. Every reader is bounded: JSON_SIZE_MAX bytes, JSON_DEPTH_MAX levels. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum {
    JSON_SIZE_MAX = 8 * 1024 * 1024,
    JSON_DEPTH_MAX = 100,
    JSON_VALUE_COST = 160, /* bytes; see json_weigh() */
};

enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER, /* text: the number as it was written, valid JSON */
    JSON_TEXT,
    JSON_LIST,
    JSON_OBJECT,
};

struct json_value {
    enum json_kind kind;
    bool flag;                         /* JSON_BOOL */
    struct str text;                   /* JSON_NUMBER, JSON_TEXT: bytes, may hold NUL */
    struct json_value *items;          /* JSON_LIST, JSON_OBJECT: `count` of them */
    struct str *keys;                  /* JSON_OBJECT: the key of each item */
    uint32_t *key_lines, *key_columns; /* JSON_OBJECT read by yaml_read: where each key stands;
                                        * else NULL */
    uint32_t count;
    uint32_t line, column; /* where it stood, from 1; 0: not known */
    uint32_t room;         /* how many `items` and `keys` can hold; for json_put and json_add */
};

/* Whole text -> value, which owns nothing in `text`. ERR_INVALID: "line:column: what"; duplicate
 * keys are refused. */
must_use bool json_read(struct arena *arena, struct str text, struct json_value *ret,
                        struct err *err);

/* How many values and keys json_read() would find in it, or more: whatever the text is, in linear
 * time and without memory. Reading needs at most twice the text's size and JSON_VALUE_COST bytes
 * for each of them, so who counts first knows what he lets in. */
size_t json_weigh(struct str text);

/* The member of an object, or NULL (also if `value` is NULL or no object). */
const struct json_value *json_get(const struct json_value *value, const char *key);

/* Building, all in the arena. Values are copied shallowly: after adding to one copy of an object
 * or list, drop the others. */
struct json_value json_text(struct str text);
struct json_value json_number(struct arena *arena, int64_t number);
struct json_value json_bool(bool flag);
struct json_value json_object(void);
struct json_value json_list(void);
void json_put(struct arena *arena, struct json_value *object, const char *key,
              struct json_value item); /* appended; keys are not checked for repetition */
void json_put_key(struct arena *arena, struct json_value *object, struct str key,
                  struct json_value item);
void json_add(struct arena *arena, struct json_value *list, struct json_value item);

enum json_style {
    JSON_COMPACT, /* no blanks, no newline at the end */
    JSON_PRETTY,  /* kubectl's: four blanks, newline at the end */
};
/* Control characters (C0, DEL, C1) and U+2028, U+2029 are always escaped; bytes that are no UTF-8
 * become U+FFFD. */
void json_print(const struct json_value *value, enum json_style style, struct buf *ret);
/* The same without blanks, whole, in the arena: for what is in memory already and so has its bound.
 */
struct str json_compact(struct arena *arena, const struct json_value *value);
void json_print_text(struct str text, struct buf *ret); /* with its quotes */

/* What a kind is called in messages: "an object", "a text" … */
const char *json_kind_name(enum json_kind kind);

/* The result of the code: checks a document by the result rules (valid UTF-8, no BOM, one value,
 * no duplicate keys, depth <= depth_max, numbers as RFC 8259) and minifies it with the text of
 * every number untouched. ERR_INVALID says why not. `ret` points into the arena. Never recurses on
 * foreign depth. */
must_use bool json_minify(struct arena *arena, struct str text, uint32_t depth_max, struct str *ret,
                          struct err *err);
