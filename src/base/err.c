// SPDX-License-Identifier: Apache-2.0
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
    va_list args;

    assert(err->kind == ERR_NONE && kind != ERR_NONE);
    err->kind = kind;
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    return false;
}

static enum err_kind kind_of(int errnum)
{
    switch (errnum) {
    case ENOENT:
    case ESRCH:
        return ERR_ABSENT;
    case EEXIST:
        return ERR_PRESENT;
    case EAGAIN:
    case EINTR:
    case EBUSY:
    case ENOSPC:
    case EDQUOT:
    case EIO:
        return ERR_RETRY;
    default:
        return ERR_REFUSED;
    }
}

bool err_sys(struct err *err, int errnum, const char *format, ...)
{
    va_list args;
    size_t size;

    assert(err->kind == ERR_NONE);
    err->kind = kind_of(errnum);
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    size = strlen(err->text);
    snprintf(err->text + size, sizeof(err->text) - size, ": %s", strerror(errnum));
    return false;
}

bool err_wrap(struct err *err, const char *format, ...)
{
    char inner[sizeof(err->text)];
    va_list args;
    size_t size;

    assert(err->kind != ERR_NONE);
    memcpy(inner, err->text, sizeof(inner));
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    size = strlen(err->text);
    snprintf(err->text + size, sizeof(err->text) - size, ": %s", inner);
    return false;
}
