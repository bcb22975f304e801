// SPDX-License-Identifier: Apache-2.0
#include "kube/watch_stream.h"

#include "json/excerpt.h"

enum {
    ROOM_KEPT = 64 * 1024 /* one long line shall not hold its memory for ever */
};

static const char *const event_names[] = {
    [WATCH_ADDED] = "ADDED",       [WATCH_MODIFIED] = "MODIFIED", [WATCH_DELETED] = "DELETED",
    [WATCH_BOOKMARK] = "BOOKMARK", [WATCH_ERROR] = "ERROR",
};

void watch_init(struct watch *watch)
{
    buf_init(&watch->line, WATCH_LINE_MAX);
}

void watch_fini(struct watch *watch)
{
    buf_fini(&watch->line);
}

static bool find_event(struct str name, enum watch_event *ret)
{
    for (size_t i = 0; i < countof(event_names); i++)
        if (str_is(name, event_names[i])) {
            *ret = (enum watch_event)i;
            return true;
        }
    return false;
}

static bool read_line(struct str line, watch_sink *sink, void *ctx, struct err *err)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value value;
    enum watch_event event;

    if (line.size > 0 && line.at[line.size - 1] == '\r')
        line.size--;
    if (line.size == 0)
        return true;
    if (!json_read(&arena, line, &value, err))
        return err_wrap(err, "watch event");
    const struct json_value *type = json_get(&value, "type");
    const struct json_value *object = json_get(&value, "object");
    if (!type || type->kind != JSON_TEXT || !object || object->kind != JSON_OBJECT)
        return err_set(err, ERR_INVALID, "no watch event: %s",
                       excerpt_of(&arena, line, EXCERPT_SIZE));
    return find_event(type->text, &event) ? sink(ctx, event, object, err) : true;
}

/* The line that stands in the buf, with its last bytes. */
static bool read_kept(struct watch *watch, struct str rest, watch_sink *sink, void *ctx,
                      struct err *err)
{
    buf_add(&watch->line, rest);
    if (watch->line.is_full)
        return err_set(err, ERR_LIMIT, "watch event of more than %d bytes", WATCH_LINE_MAX);
    if (!read_line(buf_str(&watch->line), sink, ctx, err))
        return false;
    if (watch->line.room > ROOM_KEPT) {
        watch_fini(watch);
        watch_init(watch);
    }
    buf_drop(&watch->line, watch->line.size);
    return true;
}

bool watch_read(struct watch *watch, struct str bytes, watch_sink *sink, void *ctx, struct err *err)
{
    struct str line, rest;

    while (str_cut(bytes, '\n', &line, &rest)) { /* every byte is looked at once */
        bytes = rest;
        if (!(watch->line.size > 0 ? read_kept(watch, line, sink, ctx, err)
                                   : read_line(line, sink, ctx, err)))
            return false;
    }
    buf_add(&watch->line, bytes);
    if (watch->line.is_full)
        return err_set(err, ERR_LIMIT, "watch event of more than %d bytes", WATCH_LINE_MAX);
    return true;
}
