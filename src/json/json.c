// SPDX-License-Identifier: Apache-2.0
#include "json/json.h"

#include <assert.h>
#include <inttypes.h>

const struct json_value *json_get(const struct json_value *value, const char *key)
{
    if (!value || value->kind != JSON_OBJECT)
        return NULL;
    for (uint32_t i = 0; i < value->count; i++)
        if (str_is(value->keys[i], key))
            return &value->items[i];
    return NULL;
}

struct json_value json_text(struct str text)
{
    return (struct json_value){.kind = JSON_TEXT, .text = text};
}

struct json_value json_number(struct arena *arena, int64_t number)
{
    return (struct json_value){.kind = JSON_NUMBER, .text = arena_print(arena, "%" PRId64, number)};
}

struct json_value json_bool(bool flag)
{
    return (struct json_value){.kind = JSON_BOOL, .flag = flag};
}

struct json_value json_object(void)
{
    return (struct json_value){.kind = JSON_OBJECT};
}

struct json_value json_list(void)
{
    return (struct json_value){.kind = JSON_LIST};
}

static void *grown(struct arena *arena, const void *from, uint32_t count, uint32_t room,
                   size_t item_size)
{
    void *ret = arena_array(arena, room, item_size);

    if (count > 0)
        memcpy(ret, from, count * item_size);
    return ret;
}

static void make_room(struct arena *arena, struct json_value *value)
{
    if (value->count < value->room)
        return;
    assert(value->room <= UINT32_MAX / 2);
    value->room = value->room ? value->room * 2 : 4;
    value->items = grown(arena, value->items, value->count, value->room, sizeof(struct json_value));
    if (value->kind == JSON_OBJECT)
        value->keys = grown(arena, value->keys, value->count, value->room, sizeof(struct str));
}

void json_put_key(struct arena *arena, struct json_value *object, struct str key,
                  struct json_value item)
{
    assert(object->kind == JSON_OBJECT);
    make_room(arena, object);
    object->key_lines = object->key_columns = NULL; /* the new key stands nowhere */
    object->keys[object->count] = key;
    object->items[object->count++] = item;
}

void json_put(struct arena *arena, struct json_value *object, const char *key,
              struct json_value item)
{
    json_put_key(arena, object, str_of(key), item);
}

void json_add(struct arena *arena, struct json_value *list, struct json_value item)
{
    assert(list->kind == JSON_LIST);
    make_room(arena, list);
    list->items[list->count++] = item;
}

const char *json_kind_name(enum json_kind kind)
{
    switch (kind) {
    case JSON_NULL:
        return "nothing";
    case JSON_BOOL:
        return "a boolean";
    case JSON_NUMBER:
        return "a number";
    case JSON_TEXT:
        return "a text";
    case JSON_LIST:
        return "a list";
    case JSON_OBJECT:
        return "an object";
    }
    assert(false);
    return "";
}
