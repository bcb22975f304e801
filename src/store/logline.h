// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The lines of a log file (store/runlog.h), as text and back, and a reader that walks over a file
 * that may be growing, hold holes or be damaged. */
#include "base/buf.h"
#include "base/err.h"
#include "store/runlog.h"

enum {
    LOGLINE_PREFIX = 40, /* "2026-11-24T07:39:00.000000000Z stdout F " */
    LOGLINE_MAX = LOGLINE_PREFIX + LOG_LINE_MAX,
};

struct logline {
    int64_t time_ms;
    enum log_stream stream;
    bool ends_line;
    struct str bytes; /* of the code, without its newline */
};

void logline_prefix(int64_t time_ms, enum log_stream stream, bool ends_line,
                    char ret[LOGLINE_PREFIX]);
must_use bool logline_parse(struct str text, struct logline *ret); /* text: without newline */
int64_t logline_output(const struct logline *line); /* how many bytes of output it stands for */

struct logline_reader {
    int fd;         /* lent */
    int64_t end;    /* where to stop */
    int64_t offset; /* of the line that comes next */
    int64_t start;  /* of the line that was read last */
    int64_t hole;   /* where the hole before that line began; -1: there was none */
    struct buf bytes;
    size_t taken;
};

/* From `offset` to what is the end of the file now. */
must_use bool logline_reader_init(struct logline_reader *reader, int fd, int64_t offset,
                                  struct err *err);
void logline_reader_fini(struct logline_reader *reader);
/* The next whole line of the format, valid until the next call. False: there is none yet, or, if
 * *err is set, the file cannot be read. */
bool logline_read(struct logline_reader *reader, struct logline *ret, struct err *err);
