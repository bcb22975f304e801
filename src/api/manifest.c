// SPDX-License-Identifier: Apache-2.0
#include "api/manifest.h"

#include "api/field.h"
#include "yaml/yaml.h"
#include "json/excerpt.h"

enum {
    MANIFEST_ITEMS_MAX = 10000
};

struct items {
    struct manifest_item *at;
    uint32_t count, room;
};

static struct manifest_item *item_add(struct arena *arena, struct items *items)
{
    if (items->count == items->room) {
        struct manifest_item *more =
            arena_array(arena, items->room ? 2 * items->room : 4, sizeof(*more));
        if (items->count > 0)
            memcpy(more, items->at, items->count * sizeof(*more));
        items->room = items->room ? 2 * items->room : 4;
        items->at = more;
    }
    return &items->at[items->count++];
}

static struct str kind_of(const struct json_value *value)
{
    const struct json_value *kind = json_get(value, "kind");

    return kind && kind->kind == JSON_TEXT ? kind->text : (struct str){0};
}

static bool refuse_kind(struct field_reader *reader, const struct json_value *value)
{
    const struct field_trail root = {.line = value->line, .column = value->column};
    struct str kind = kind_of(value);

    if (value->kind != JSON_OBJECT)
        return field_refuse_kind(reader, &root, value, JSON_OBJECT);
    if (kind.size == 0)
        return field_refuse(reader, &root, "kind is required: AgentTask, RuntimeProfile or List");
    return field_refuse(reader, &root,
                        "kind: \"%s\" is not accepted here: AgentTask, RuntimeProfile or List",
                        excerpt_of(reader->arena, kind, EXCERPT_SIZE));
}

/* One object that is no List. */
static bool object_add(struct field_reader *reader, const struct json_value *value,
                       struct items *items)
{
    struct str kind = kind_of(value);
    struct manifest_item item = {.kind = MANIFEST_TASK};

    if (items->count == MANIFEST_ITEMS_MAX)
        return err_set(reader->err, ERR_LIMIT, "%s holds more than %d objects", reader->file,
                       MANIFEST_ITEMS_MAX);
    if (str_is(kind, "AgentTask")) {
        if (!agenttask_read(reader->arena, value, reader->file, API_STRICT, &item.task,
                            reader->err))
            return false;
    } else if (str_is(kind, "RuntimeProfile")) {
        item.kind = MANIFEST_PROFILE;
        if (!runtimeprofile_read(reader->arena, value, reader->file, API_STRICT, &item.profile,
                                 reader->err))
            return false;
    } else {
        return refuse_kind(reader, value);
    }
    *item_add(reader->arena, items) = item;
    return true;
}

/* A List, as `kubectl get -o yaml` prints it, holds objects and no further lists. */
static bool list_add(struct field_reader *reader, const struct json_value *value,
                     struct items *items)
{
    const struct field_trail root = {.line = value->line, .column = value->column};
    const struct json_value *list = json_get(value, "items");

    if (!list)
        return field_refuse(reader, &root, "items: is required, and not given");
    if (list->kind != JSON_LIST)
        return field_refuse_kind(reader, &root, list, JSON_LIST);
    for (uint32_t i = 0; i < list->count; i++)
        if (!object_add(reader, &list->items[i], items))
            return false;
    return true;
}

/* YAML reads JSON too, and tells where things stand; but not its escapes of two halves
 * ("\ud83d\ude00"), which many programs write. */
static bool text_read(struct arena *arena, struct str text, const char *file,
                      struct json_value **ret, uint32_t *ret_count, struct err *err)
{
    struct json_value *value = arena_alloc(arena, sizeof(*value));
    struct err not_json = {0};

    if (yaml_read(arena, text, file, ret, ret_count, err))
        return true;
    if (!json_read(arena, text, value, &not_json))
        return false;
    *err = (struct err){0};
    *ret = value;
    *ret_count = 1;
    return true;
}

bool manifest_read(struct arena *arena, struct str text, const char *file,
                   struct manifest_item **ret, uint32_t *ret_count, struct err *err)
{
    struct field_reader reader = {arena, file, API_STRICT, err};
    struct json_value *documents;
    struct items items = {0};
    uint32_t count;

    if (!text_read(arena, text, file, &documents, &count, err))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        bool is_list = str_is(kind_of(&documents[i]), "List");
        if (!(is_list ? list_add : object_add)(&reader, &documents[i], &items))
            return false;
    }
    *ret = items.at;
    *ret_count = items.count;
    return true;
}
