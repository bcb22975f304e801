// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What of the host's files a run gets to see: the system's programs and libraries, and the
 * interpreter's installation where that is elsewhere. All of it read-only. */
#include "sandbox/steplist.h"

/* /usr, and /bin, /lib … as the host has them: links into /usr, or directories; the dynamic
 * linker's cache, the alternatives and the time zone. */
void tree_add_system(struct steplist *list);

/* The interpreter with what it needs: its installation prefix (the parent of its bin directory), of
 * each file on the way if it is a link. Never a prefix that is or holds somebody's home: then only
 * the file. ERR_INVALID: not an absolute path of an existing file. */
must_use bool tree_add_interpreter(struct steplist *list, const char *path, struct err *err);

/* Everything else below "/", for a run without a root of its own (--insecure-without). */
must_use bool tree_add_host(struct steplist *list, struct err *err);

/* The prefix of "/opt/python/bin/python3" is "/opt/python"; of a package in a store, the store.
 * Empty: none that could be bound. Pure. */
struct str tree_prefix(struct str path);
/* True if a line of the text of /etc/passwd has a home that is, or is below, the prefix. Pure. */
bool tree_has_home(struct str passwd, struct str prefix);
