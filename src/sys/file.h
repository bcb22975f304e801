// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Files, bounded and without surprises. */
#include "base/arena.h"
#include "base/err.h"

void fd_end(int *fd); /* for auto_end: closes it if >= 0, sets -1 */

/* A regular file of at most size_max bytes. ERR_LIMIT: larger; ERR_INVALID: not a regular file. */
must_use bool file_read(struct arena *arena, const char *path, size_t size_max, struct str *ret,
                        struct err *err);
/* Everything from a descriptor until its end, at most size_max bytes. `name` is for messages. */
must_use bool fd_read_all(struct arena *arena, int fd, const char *name, size_t size_max,
                          struct str *ret, struct err *err);
/* All of it, whatever it takes (EINTR, partial writes). */
must_use bool fd_write_all(int fd, struct str bytes, struct err *err);
must_use bool directory_make(const char *path, struct err *err); /* and its parents; 0700 */
