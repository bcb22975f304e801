// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Scripts that teach a shell to complete our command lines, made from the command records. */
#include "base/buf.h"
#include "base/err.h"

/* ERR_INVALID: not bash, zsh or fish. */
must_use bool completion_print(const char *shell, struct buf *ret, struct err *err);
