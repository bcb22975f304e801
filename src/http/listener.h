// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A socket that listens, as flags say where (http/address.h): without blocking, closed on exec. Of
 * both kinds of addresses if neither is named and the kernel has both. */
#include "base/err.h"

must_use bool listener_open(const char *address, int *ret_fd, struct err *err);
