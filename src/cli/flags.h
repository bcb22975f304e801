// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Command lines, by tables. getopt_long does the reading; this layer adds what it lacks: flags and
 * operands in any order, abbreviations refused, typed values, errors in our words with a "did you
 * mean". Pure but for getopt's own statics: parse on one thread. Values stay views into argv. */
#include "base/arena.h"
#include "base/err.h"

enum flag_kind {
    FLAG_SWITCH,   /* bool; takes no value */
    FLAG_TEXT,     /* const char * */
    FLAG_DURATION, /* int64_t, milliseconds: "60" (seconds), "2m" */
    FLAG_INT,      /* int64_t */
    FLAG_CPU,      /* int64_t, thousandths: "500m", "2" */
    FLAG_BYTES,    /* int64_t: "512Mi" */
    FLAG_LIST,     /* struct words; may be repeated */
};

struct words {
    const char **at;
    uint32_t count;
};

struct flag {
    const char *name;
    char letter; /* 0: none */
    enum flag_kind kind;
    size_t at;         /* offset in the options */
    const char *value; /* what help calls the value; NULL for a switch */
    const char *help;
};

struct flag_table {
    const struct flag *at;
    uint32_t count;
};

struct operands {
    struct words words;
    uint32_t dashes; /* so many stood before "--"; words.count if there was none */
};

enum {
    FLAGS_MAX = 64,   /* of all tables of one command */
    WORDS_MAX = 4096, /* operands, and values of one list */
};

enum flag_order {
    FLAGS_ANYWHERE,
    FLAGS_FIRST, /* the first operand ends the flags: the rest is left as it is */
};

/* Reads argv[1 ..] by the tables (the first wins) into `options`. ERR_INVALID: a wrong command
 * line; values read before the error stay in `options`. */
must_use bool flags_parse(struct arena *arena, const struct flag_table *tables,
                          uint32_t table_count, enum flag_order order, int argc, char **argv,
                          void *options, struct operands *ret, struct err *err);

/* Keeps the candidate that looks most like `word` in `best` (start it with NULL); those that are
 * too different are never taken. */
void nearest_word(const char *word, const char *candidate, const char **best);
