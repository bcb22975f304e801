// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What an operand names: a task, as "name", "agenttask/name" (what -o name prints) or "@latest". */
#include "base/arena.h"
#include "base/err.h"
#include "cli/session.h"
#include "core/task.h"

#define TARGET_KIND "agenttask.execution.agenttask.io" /* as kubectl prints it before a name */

/* The whole task, in the arena. ERR_ABSENT, also when there is no store yet. */
must_use bool target_find(struct session *session, enum session_access access, const char *operand,
                          struct arena *arena, struct task *ret, struct err *err);
