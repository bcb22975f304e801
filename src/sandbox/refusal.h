// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Why this machine cannot make a sandbox, in one line that says what to do: what failed is known
 * from the kernel's error and a few of its switches. All return false with ERR_REFUSED (or, where
 * trying again may help, ERR_RETRY). */
#include "base/err.h"

struct child_word;

/* The user (or pid) namespace could not be made. */
bool refusal_of_clone(int errnum, struct err *err);
/* The ids could not be mapped: `own` says what was tried. */
bool refusal_of_map(struct err *err, const struct err *own);
/* A step of the set-up failed. */
bool refusal_of_step(const struct child_word *word, struct err *err);
