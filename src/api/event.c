// SPDX-License-Identifier: Apache-2.0
#include "api/event.h"

#include "api/agenttask.h"
#include "api/field.h"
#include "base/sha256.h"

enum {
    NAME_HEAD_MAX = 200,
    DIGEST_SIZE = 16,
};

static void digest_add(struct sha256 *sha, struct str s) /* and where it ends */
{
    sha256_add(sha, s);
    sha256_add(sha, (struct str){"", 1});
}

struct str event_name(struct arena *arena, const struct event *event)
{
    struct str name = event->task->name;
    char digest[SHA256_HEX + 1];
    struct sha256 sha;

    sha256_init(&sha);
    digest_add(&sha, event->task->uid);
    digest_add(&sha, str_of(event->reason));
    digest_add(&sha, str_of(event->action));
    digest_add(&sha, event->note);
    sha256_hex(&sha, digest);
    name.size = name.size < NAME_HEAD_MAX ? name.size : NAME_HEAD_MAX;
    while (str_ends(name, ".") || str_ends(name, "-"))
        name.size--;
    return arena_print(arena, "%.*s.%.*s", STR_ARG(name), DIGEST_SIZE, digest);
}

static struct json_value regarding_value(struct arena *arena, const struct task *task)
{
    struct json_value ret = json_object();

    json_put(arena, &ret, "apiVersion", json_text(STR_LIT(API_VERSION)));
    json_put(arena, &ret, "kind", json_text(STR_LIT("AgentTask")));
    json_put(arena, &ret, "name", json_text(task->name));
    json_put(arena, &ret, "namespace", json_text(task->space));
    json_put(arena, &ret, "resourceVersion", json_text(task->version));
    json_put(arena, &ret, "uid", json_text(task->uid));
    return ret;
}

static struct str note_cut(struct str note)
{
    if (note.size <= EVENT_NOTE_MAX)
        return note;
    note.size = EVENT_NOTE_MAX;
    while (note.size > 0 && ((unsigned char)note.at[note.size] & 0xc0) == 0x80)
        note.size--; /* not within a character */
    return note;
}

struct json_value event_value(struct arena *arena, const struct event *event)
{
    struct json_value ret = json_object(), metadata = json_object();

    json_put(arena, &metadata, "name", json_text(event_name(arena, event)));
    json_put(arena, &metadata, "namespace", json_text(event->task->space));
    json_put(arena, &ret, "action", json_text(str_of(event->action)));
    json_put(arena, &ret, "apiVersion", json_text(STR_LIT("events.k8s.io/v1")));
    json_put(arena, &ret, "eventTime", field_micro_time(arena, event->at_ms));
    json_put(arena, &ret, "kind", json_text(STR_LIT("Event")));
    json_put(arena, &ret, "metadata", metadata);
    json_put(arena, &ret, "note", json_text(note_cut(event->note)));
    json_put(arena, &ret, "reason", json_text(str_of(event->reason)));
    json_put(arena, &ret, "regarding", regarding_value(arena, event->task));
    json_put(arena, &ret, "reportingController", json_text(str_of(event->controller)));
    json_put(arena, &ret, "reportingInstance", json_text(event->instance));
    json_put(arena, &ret, "type", json_text(str_of(event->is_warning ? "Warning" : "Normal")));
    return ret;
}

struct json_value event_series_patch(struct arena *arena, int64_t count, int64_t at_ms)
{
    struct json_value ret = json_object(), series = json_object();

    json_put(arena, &series, "count", json_number(arena, count));
    json_put(arena, &series, "lastObservedTime", field_micro_time(arena, at_ms));
    json_put(arena, &ret, "series", series);
    return ret;
}
