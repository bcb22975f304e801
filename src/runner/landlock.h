// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What the code may do with files, as far as this kernel's Landlock can tell: read everything,
 * execute what is not in a writable place, write below /workspace/artifacts, /tmp, /dev/shm and a
 * few devices; signals and abstract sockets end at its own processes. Best effort: an older kernel
 * enforces less, one without Landlock nothing, and the report says which. */
#include "base/err.h"

/* Makes the rule set; *ret_fd is -1 and *ret_abi 0 if the kernel has no Landlock. `program` may be
 * executed wherever it lies. */
must_use bool landlock_make(const char *program, int *ret_fd, int *ret_abi, struct err *err);

/* In force for this process and all that it starts; 0 or an errno. Safe after fork. */
int landlock_enter(int ruleset_fd);
