// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Base64, RFC 4648 section 4: standard alphabet, padded, no line breaks; strict on reading (no
 * blanks, no missing padding, no non-zero trailing bits). No allocation: the runner uses it. */
#include "base/str.h"

#define BASE64_SIZE(bytes) (((bytes) + 2) / 3 * 4)

/* Writes exactly BASE64_SIZE(s.size) bytes to `ret`, no NUL. */
void base64_encode(struct str s, char *ret);

/* Writes at most s.size / 4 * 3 bytes to `ret` and their number to ret_size. */
must_use bool base64_decode(struct str s, char *ret, size_t *ret_size);
