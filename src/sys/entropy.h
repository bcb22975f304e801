// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The only place that asks the kernel for chance (getrandom). Aborts if it has none. */
#include <stddef.h>
#include <stdint.h>

enum {
    UUID_TEXT = 37
};

uint32_t entropy_u32(void);
void uuid_new(char ret[UUID_TEXT]); /* RFC 9562 version 4, lower case, NUL-terminated */
