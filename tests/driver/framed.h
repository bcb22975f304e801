// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What a runner sends behind the output. */
#include "base/buf.h"
#include "core/frame.h"

void framed_add(struct buf *ret, enum frame_kind kind, const char *path, struct str bytes);
