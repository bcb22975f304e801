// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A watch as a stream of lines, cut anywhere by the network: bytes in, events out. Pure but for
 * memory. A line longer than WATCH_LINE_MAX ends the watch with ERR_LIMIT. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "json/json.h"

enum {
    WATCH_LINE_MAX = 8 * 1024 * 1024
};

enum watch_event {
    WATCH_ADDED,
    WATCH_MODIFIED,
    WATCH_DELETED,
    WATCH_BOOKMARK,
    WATCH_ERROR, /* the object is a Status */
};

struct watch {
    struct buf line;
};

/* False ends the watch; *err must have been set. */
typedef bool watch_sink(void *ctx, enum watch_event event, const struct json_value *object,
                        struct err *err);

void watch_init(struct watch *watch);
void watch_fini(struct watch *watch);
/* An event of unknown type is skipped; what is no event is ERR_INVALID. Objects live until the
 * sink returns. */
must_use bool watch_read(struct watch *watch, struct str bytes, watch_sink *sink, void *ctx,
                         struct err *err);
