// SPDX-License-Identifier: Apache-2.0
#include "yaml/mapping.h"

#include <assert.h>

#include "json/keys.h"

static struct json_value object_with_room(struct arena *arena, uint32_t room)
{
    return (struct json_value){
        .kind = JSON_OBJECT,
        .room = room,
        .items = arena_array(arena, room, sizeof(struct json_value)),
        .keys = arena_array(arena, room, sizeof(struct str)),
        .key_lines = arena_array(arena, room, sizeof(uint32_t)),
        .key_columns = arena_array(arena, room, sizeof(uint32_t)),
    };
}

static void put_member(struct json_value *object, struct str key, uint32_t line, uint32_t column,
                       struct json_value item)
{
    uint32_t at = object->count++;

    assert(at < object->room);
    object->keys[at] = key;
    object->key_lines[at] = line;
    object->key_columns[at] = column;
    object->items[at] = item;
}

static void put_members(struct json_value *object, const struct json_value *source)
{
    for (uint32_t i = 0; i < source->count; i++)
        put_member(object, source->keys[i], source->key_lines[i], source->key_columns[i],
                   source->items[i]);
}

static void put_merged(struct json_value *object, const struct json_value *source)
{
    if (source->kind == JSON_OBJECT)
        put_members(object, source);
    for (uint32_t i = 0; source->kind == JSON_LIST && i < source->count; i++)
        put_members(object, &source->items[i]);
}

/* How many members a << brings; false if it is neither an object nor a list of objects. */
static bool count_merged(const struct json_value *source, uint32_t *count)
{
    if (source->kind == JSON_OBJECT)
        *count += source->count;
    for (uint32_t i = 0; source->kind == JSON_LIST && i < source->count; i++) {
        if (source->items[i].kind != JSON_OBJECT)
            return false;
        *count += source->items[i].count;
    }
    return source->kind == JSON_OBJECT || source->kind == JSON_LIST;
}

static void drop_repeated(struct arena *scratch, struct json_value *object)
{
    bool *marks = arena_array(scratch, object->count, sizeof(bool));
    struct json_value kept = *object;

    keys_mark_repeats(scratch, object->keys, object->count, marks);
    kept.count = 0;
    for (uint32_t i = 0; i < object->count; i++)
        if (!marks[i])
            put_member(&kept, object->keys[i], object->key_lines[i], object->key_columns[i],
                       object->items[i]);
    *object = kept;
}

static bool has_repeated(struct arena *scratch, const struct json_value *object,
                         struct mapping_fault *ret)
{
    uint32_t at;

    if (!keys_repeat(scratch, object->keys, object->count, &at))
        return false;
    *ret = (struct mapping_fault){
        .line = object->key_lines[at],
        .column = object->key_columns[at],
        .key = object->keys[at],
    };
    return true;
}

bool mapping_make(struct arena *arena, struct arena *scratch, const struct node *nodes,
                  uint32_t count, struct json_value *ret, struct mapping_fault *ret_fault)
{
    uint32_t room = 0, merges = 0;
    struct json_value object;

    for (uint32_t i = 0; i < count; i += 2) {
        const struct json_value *key = &nodes[i].value;
        room += !nodes[i].is_merge;
        merges += nodes[i].is_merge;
        *ret_fault = (struct mapping_fault){key->line, key->column, merges < 2, key->text};
        if (nodes[i].is_merge && (merges > 1 || !count_merged(&nodes[i + 1].value, &room)))
            return false;
    }
    object = object_with_room(arena, room);
    for (uint32_t i = 0; i < count; i += 2)
        if (!nodes[i].is_merge)
            put_member(&object, nodes[i].value.text, nodes[i].value.line, nodes[i].value.column,
                       nodes[i + 1].value);
    if (has_repeated(scratch, &object, ret_fault))
        return false;
    for (uint32_t i = 0; i < count; i += 2)
        if (nodes[i].is_merge)
            put_merged(&object, &nodes[i + 1].value);
    if (merges > 0)
        drop_repeated(scratch, &object);
    *ret = object;
    return true;
}
