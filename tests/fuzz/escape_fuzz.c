// SPDX-License-Identifier: Apache-2.0
/* Promise X12: whatever a task wrote, what is shown is UTF-8 without control bytes, the same
 * however the bytes were cut, and nothing in it needs escaping again. */
#include <stdlib.h>

#include "cli/escape.h"

enum {
    SHOWN_MAX = 1024 * 1024
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_met)
{
    if (!is_met)
        abort();
}

static void check_shown(enum escape_mode mode, struct str shown)
{
    auto_end(buf_fini) struct buf again = {0};

    demand(str_is_utf8(shown));
    for (size_t i = 0; i < shown.size; i++) {
        unsigned char byte = (unsigned char)shown.at[i];
        bool passes = mode != ESCAPE_LINE && (byte == '\n' || byte == '\t');

        demand(passes || (byte >= 0x20 && byte != 0x7f));
        demand(byte != 0xc2 || (unsigned char)shown.at[i + 1] >= 0xa0); /* C1 */
    }
    buf_init(&again, SHOWN_MAX);
    escape_add(mode, shown, &again);
    demand(str_equal(buf_str(&again), shown));
}

static void check_pieces(enum escape_mode mode, struct str bytes, size_t step, struct str shown)
{
    struct escape escape = {0};
    auto_end(buf_fini) struct buf pieces = {0};

    buf_init(&pieces, SHOWN_MAX);
    while (bytes.size > 0) {
        size_t size = step < bytes.size ? step : bytes.size;

        escape_feed(&escape, mode, (struct str){bytes.at, size}, &pieces);
        bytes = str_skip(bytes, size);
    }
    escape_end(&escape, mode, &pieces);
    demand(str_equal(buf_str(&pieces), shown));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum escape_mode modes[] = {ESCAPE_TEXT, ESCAPE_LINE, ESCAPE_JSON};
    struct str bytes = {(const char *)data + 1, size - 1};

    if (size < 2 || size > SHOWN_MAX / 8)
        return 0;
    for (size_t i = 0; i < countof(modes); i++) {
        auto_end(buf_fini) struct buf shown = {0};

        buf_init(&shown, SHOWN_MAX);
        escape_add(modes[i], bytes, &shown);
        check_shown(modes[i], buf_str(&shown));
        check_pieces(modes[i], bytes, 1 + data[0] % 7, buf_str(&shown));
    }
    return 0;
}
