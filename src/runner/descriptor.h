// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Descriptors by scope, and the runner's notation for one that is already open: "fd:N". */
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"

static inline void descriptor_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* "fd:N": a copy of descriptor N; else the path, opened with `flags`. Not inherited. */
must_use bool descriptor_open(const char *path, int flags, int *ret, struct err *err);

/* 0, 1 and 2 are open afterwards, if need be to /dev/null, so that nothing else lands there. */
must_use bool descriptors_fill(struct err *err);

/* Closes every descriptor above 2 but these. */
void descriptors_close_others(int kept, int kept_too);
