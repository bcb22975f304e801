// SPDX-License-Identifier: Apache-2.0
#include "json/excerpt.h"

/* The size of the character at the start of a non-empty text, 0 if its first byte is to be
 * escaped. */
static size_t character_size(struct str text)
{
    unsigned char first = (unsigned char)text.at[0];
    size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (first < 0x20 || first == 0x7f || size > text.size)
        return 0;
    if (first == 0xc2 && (unsigned char)text.at[1] < 0xa0) /* C1 controls */
        return 0;
    return str_is_utf8((struct str){text.at, size}) ? size : 0;
}

const char *excerpt_of(struct arena *arena, struct str text, size_t size_max)
{
    static const char digits[] = "0123456789abcdef";
    char *ret = arena_alloc(arena, size_max * 4 + sizeof("..."));
    size_t used = 0, done = 0;

    while (done < text.size) {
        struct str rest = str_skip(text, done);
        size_t size = character_size(rest);
        if (done + (size ? size : 1) > size_max)
            break;
        if (size > 0) {
            memcpy(ret + used, rest.at, size);
            used += size;
            done += size;
            continue;
        }
        unsigned char byte = (unsigned char)rest.at[0];
        memcpy(ret + used, (char[]){'\\', 'x', digits[byte >> 4], digits[byte & 15]}, 4);
        used += 4;
        done++;
    }
    if (done < text.size)
        memcpy(ret + used, "...", sizeof("..."));
    return ret; /* the arena's memory is zeroed: terminated */
}
