// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Field tables: how a struct is spelt as a JSON object, as data. One table is walked for reading
 * and for writing, so the two cannot disagree. Tables stand in the order of the alphabet, as
 * kubectl prints objects. A field that the object does not give (or gives as null) becomes its
 * `none`; a field that holds its `none` is not written. */
#include "api/agenttask.h"
#include "base/err.h"
#include "json/json.h"

enum field_kind {
    FIELD_CONSTANT, /* nothing is held: it always says `text` */
    FIELD_TEXT,     /* struct str; absent: empty */
    FIELD_FLAG,     /* bool */
    FIELD_INT,      /* int64_t */
    FIELD_INT32,    /* int32_t, or uint32_t below 2^31 */
    FIELD_SECONDS,  /* int64_t milliseconds; written as whole seconds, rounded up */
    FIELD_DECIMAL,  /* int64_t milliseconds; written as seconds with a fraction */
    FIELD_TIME,     /* int64_t milliseconds since 1970 as RFC 3339 */
    FIELD_CPU,      /* int64_t thousandths of a cpu, as a quantity above 0 */
    FIELD_BYTES,    /* int64_t bytes, as a quantity above 0 */
    FIELD_WORD,     /* an enum, by `word`; absent: 0 */
    FIELD_TEXTS,    /* struct strs */
    FIELD_MAP,      /* struct pairs, as an object of texts */
    FIELD_ROWS,     /* a pointer to structs, then their uint32_t count, as a list of objects */
    FIELD_OBJECT,   /* a struct inside this one, or (at 0) members of this one, as an object */
    FIELD_CUSTOM,   /* by the functions `read` and `write` */
    FIELD_IGNORED,  /* allowed, but not held */
};

enum {                  /* flags */
    FIELD_REQUIRED = 1, /* strict: an error if absent */
    FIELD_ALWAYS = 2,   /* written also if it holds its `none` */
    FIELD_EMPTY = 4,    /* FIELD_TEXT: an empty text is one; absent: at NULL */
    FIELD_GIVEN = 8,    /* a bool at `given` says whether it is there, whatever it holds */
    FIELD_SYSTEM = 16,  /* strict: refused, people do not set it */
};

struct field_reader {
    struct arena *arena;
    const char *file; /* NULL: not known */
    enum api_mode mode;
    struct err *err;
};

/* Where a value stands: a chain up to the root of the object. */
struct field_trail {
    const struct field_trail *up; /* NULL: this is the root */
    struct str name;              /* at NULL: item `index` of a list */
    uint32_t index;
    uint32_t line, column;
};

struct fields {
    const struct field *at;
    size_t count;
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t at; /* offset in the struct */
    int flags;
    size_t given;               /* FIELD_GIVEN: offset in the struct */
    int64_t none, min, max;     /* numbers; strict: min and max bind, unless both are 0 */
    const struct fields *table; /* FIELD_ROWS, FIELD_OBJECT */
    size_t row_size;            /* FIELD_ROWS */
    const char *(*word)(int value);
    int word_count;
    const char *text; /* FIELD_CONSTANT; FIELD_SYSTEM: what to do instead, or NULL */
    /* FIELD_CUSTOM, with the struct that holds the field. read: value is NULL if it is absent; read
     * itself is NULL if the field is derived from others. write: false if there is nothing. */
    bool (*read)(struct field_reader *reader, const struct json_value *value,
                 const struct field_trail *trail, void *ret);
    bool (*write)(struct arena *arena, const void *from, struct json_value *ret);
};

/* Rows are ragged, and braces around ragged rows are more than the formatter can bear. */
#define FIELD_ROW(...)                                                                             \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define FIELDS_OF(table)                                                                           \
    {                                                                                              \
        table, countof(table)                                                                      \
    }

/* Sets every field of the struct. */
must_use bool fields_read(struct field_reader *reader, const struct fields *fields,
                          const struct json_value *value, const struct field_trail *trail,
                          void *ret);
struct json_value fields_write(struct arena *arena, const struct fields *fields, const void *from);

/* ERR_INVALID: "<file>:<line>:<column>: a.b[1]: what". */
bool field_refuse(struct field_reader *reader, const struct field_trail *trail, const char *format,
                  ...) printf_like(3, 4);
bool field_refuse_kind(struct field_reader *reader, const struct field_trail *trail,
                       const struct json_value *value, enum json_kind expected);

extern const struct fields field_pair_fields; /* of a struct pair: name, value */

/* RFC 3339 in UTC: whole seconds as Kubernetes writes them, else with three digits more, so that
 * nothing is lost between writing and reading. */
struct json_value field_time(struct arena *arena, int64_t ms);
struct json_value field_micro_time(struct arena *arena, int64_t ms); /* metav1.MicroTime */
