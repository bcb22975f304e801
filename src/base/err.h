// SPDX-License-Identifier: Apache-2.0
#pragma once

/* One error, told once, by whoever knows most. A function that can fail returns bool and takes
 * `struct err *err` last. true: it happened, *err is untouched. false: it did not, *err says what
 * to do about it (kind) and why (text). The origin calls err_set(); each caller may put its own
 * words in front with err_wrap(); only the outermost caller logs. No allocation: out of memory is
 * not an error here, it is an abort (base/arena.h). All three return false, so that a failing line
 * can be `return err_set(...);`. */
#include <stdbool.h>

#include "base/lang.h"

enum err_kind { /* named by what the caller should do next */
    ERR_NONE,
    ERR_RETRY,   /* the world is flaky: back off and try again */
    ERR_STALE,   /* we acted on old news: look again */
    ERR_ABSENT,  /* it is not there */
    ERR_PRESENT, /* it is already there */
    ERR_REFUSED, /* not allowed, or not possible here: retrying will not help */
    ERR_INVALID, /* the input is wrong: tell its author */
    ERR_LIMIT,   /* a bound of ours was hit */
};

struct err {
    enum err_kind kind;
    char text[480]; /* cut at a whole byte, always terminated; foreign bytes in it are the
                     * printer's to escape (cli/escape.h) */
};

/* Asserts that nobody has spoken before: an error is made once and returned at once. */
bool err_set(struct err *err, enum err_kind kind, const char *format, ...) printf_like(3, 4);

/* As err_set, with ": " and the system's words for errnum; the kind follows from errnum:
 * ENOENT, ESRCH absent; EEXIST present; EAGAIN, EINTR, EBUSY, ENOSPC, EDQUOT, EIO retry;
 * else refused. */
bool err_sys(struct err *err, int errnum, const char *format, ...) printf_like(3, 4);

/* Puts "words: " in front of what is there. */
bool err_wrap(struct err *err, const char *format, ...) printf_like(2, 3);
