// SPDX-License-Identifier: Apache-2.0
#pragma once

/* SHA-256, FIPS 180-4, for digests of results and artifacts. Streaming, no allocation: the runner
 * uses it and may link nothing but libc. */
#include "base/str.h"

enum {
    SHA256_HEX = 64
};

struct sha256 {
    uint32_t state[8];
    uint64_t size; /* bytes so far */
    unsigned char block[64];
};

void sha256_init(struct sha256 *sha);
void sha256_add(struct sha256 *sha, struct str s);
void sha256_hex(struct sha256 *sha, char ret[SHA256_HEX + 1]); /* lower case; ends the stream */
void sha256_of(struct str s, char ret[SHA256_HEX + 1]);
