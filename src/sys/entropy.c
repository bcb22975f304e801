// SPDX-License-Identifier: Apache-2.0
#include "sys/entropy.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static void entropy_fill(void *ret, size_t size)
{
    unsigned char *at = ret;

    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno != EINTR)
            abort();
        if (got > 0) {
            at += got;
            size -= (size_t)got;
        }
    }
}

uint32_t entropy_u32(void)
{
    uint32_t number;

    entropy_fill(&number, sizeof(number));
    return number;
}

void uuid_new(char ret[UUID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[16];
    char *at = ret;

    entropy_fill(bytes, sizeof(bytes));
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4 */
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* variant of RFC 9562 */
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    *at = 0;
}
