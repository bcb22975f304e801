// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What the operator did, a line each: JSON as controller-runtime's tools expect it, or words for
 * people. Texts are escaped, a line is at most LOG_LINE_MAX bytes, and no more than LOG_BURST lines
 * below `error` are written in a second (how many were left out is said when there is room again).
 * Nothing that comes from a task's code or a credential is ever handed to it. */
#include "base/err.h"
#include "base/str.h"
#include "sys/reactor.h"

enum log_level {
    LEVEL_DEBUG,
    LEVEL_INFO,
    LEVEL_WARN,
    LEVEL_ERROR,
};

enum log_format {
    FORMAT_JSON,
    FORMAT_CONSOLE,
};

enum {
    LOG_LINE_MAX = 32 * 1024,
    LOG_BURST = 500,
};

struct log {
    int fd;
    enum log_level level;
    enum log_format format;
    const struct reactor *reactor;
    int64_t second; /* the one that `count` lines were written in */
    uint32_t count;
    uint64_t dropped;
};

struct log_line { /* what is NULL, 0 or empty is left out */
    enum log_level level;
    const char *logger, *message; /* our own words */
    const char *controller;
    struct str space, name;
    uint64_t reconcile_id;
    const char *because, *phase, *reason; /* of closed lists */
    struct str detail;
    const struct err *err;
};

void log_write(struct log *log, const struct log_line *line);

must_use bool log_level_parse(struct str word, enum log_level *ret);
must_use bool log_format_parse(struct str word, enum log_format *ret);
