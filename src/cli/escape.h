// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Foreign bytes made safe to show: a terminal obeys control bytes, and text that re-orders itself
 * lies. Control bytes, C1 controls, line and paragraph separators, bidirectional controls and bytes
 * that are no UTF-8 become visible ("\x1b", "\u202e"); all other UTF-8 passes as it is. What comes
 * out never holds a control byte but those that the mode lets through. */
#include "base/buf.h"

enum escape_mode {
    ESCAPE_TEXT, /* newline and tab pass */
    ESCAPE_LINE, /* nothing passes: for cells, messages, names */
    ESCAPE_JSON, /* for JSON text: as ESCAPE_TEXT, and what is escaped is still the same JSON */
};

void escape_add(enum escape_mode mode, struct str bytes, struct buf *ret);

/* The same for bytes that arrive in pieces: a character cut in two is put together again. The
 * zero value is the beginning. */
struct escape {
    char held[4]; /* the beginning of a character */
    uint32_t held_size;
};

void escape_feed(struct escape *escape, enum escape_mode mode, struct str bytes, struct buf *ret);
void escape_end(struct escape *escape, enum escape_mode mode, struct buf *ret);

/* In the arena. */
struct arena;
struct str escape_text(struct arena *arena, enum escape_mode mode, struct str bytes);
