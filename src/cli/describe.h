// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A task for people, as `kubectl describe` would show it. What is unknown is left out: an exit
 * code of 0 is printed only when it was really 0 (promise S5). */
#include "base/arena.h"
#include "base/buf.h"
#include "core/task.h"

void describe_task(const struct task *task, int64_t now_ms, struct arena *arena, struct buf *ret);
