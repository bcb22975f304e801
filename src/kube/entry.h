// SPDX-License-Identifier: Apache-2.0
#pragma once

/* One named entry of a kubeconfig (a cluster, a user, a context), read by a table of its fields.
 * What the table does not name is ignored; what it names must be of its kind, or be null. Errors
 * say file:line:column. */
#include "base/arena.h"
#include "base/err.h"
#include "json/json.h"

struct entry {
    const char *file;
    struct str directory;           /* of that file; relative paths begin there */
    const struct json_value *value; /* NULL: there is no such entry, all its fields are absent */
};

enum entry_kind {
    ENTRY_TEXT,    /* struct str */
    ENTRY_PATH,    /* struct str; a relative one is made to begin at the file's directory */
    ENTRY_COMMAND, /* the same, but only if it has a slash */
    ENTRY_BASE64,  /* struct str: the bytes; line breaks are allowed */
    ENTRY_FLAG,    /* bool */
    ENTRY_TEXTS,   /* struct strs */
    ENTRY_LISTS,   /* struct pairs, from an object of lists of texts */
    ENTRY_PAIRS,   /* struct pairs, from a list of {name, value} */
    ENTRY_VALUE,   /* const struct json_value *, NULL if null */
};

struct entry_field {
    const char *key;
    enum entry_kind kind;
    size_t offset;
};

/* `ret` is zero before; fields that are absent stay as they are. */
must_use bool entry_read(struct arena *arena, const struct entry *entry,
                         const struct entry_field *fields, size_t count, void *ret,
                         struct err *err);

/* "file:line:column: " and the words; ERR_INVALID. */
bool entry_refuse(const struct entry *entry, const struct json_value *value, struct err *err,
                  const char *format, ...) printf_like(4, 5);
