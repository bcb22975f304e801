// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What C17 with GNU attributes cannot say in one word. Nothing here hides control flow. */
#include <stddef.h>

#define must_use                 __attribute__((warn_unused_result))
#define printf_like(text, first) __attribute__((format(printf, text, first)))

/* Calls end(&variable) when the variable's scope is left, on every path. */
#define auto_end(end) __attribute__((cleanup(end)))

#define countof(array) (sizeof(array) / sizeof((array)[0]))
