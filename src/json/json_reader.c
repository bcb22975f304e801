// SPDX-License-Identifier: Apache-2.0
#include "json/excerpt.h"
#include "json/json.h"
#include "json/json_document.h"
#include "json/keys.h"

/* The containers around the value that is being read; those of `stack` are not full yet. */
struct reader {
    struct arena *arena;
    struct json_value *stack[JSON_DEPTH_MAX];
    uint32_t filled[JSON_DEPTH_MAX];
    uint32_t depth;
};

static struct json_value container(struct arena *arena, enum json_kind kind, size_t count)
{
    struct json_value ret = {.kind = kind, .count = (uint32_t)count, .room = (uint32_t)count};

    ret.items = arena_array(arena, count, sizeof(struct json_value));
    if (kind == JSON_OBJECT)
        ret.keys = arena_array(arena, count, sizeof(struct str));
    return ret;
}

static struct json_value converted(struct arena *arena, yyjson_val *from)
{
    switch (yyjson_get_type(from)) {
    case YYJSON_TYPE_BOOL:
        return json_bool(yyjson_get_bool(from));
    case YYJSON_TYPE_RAW:
        return (struct json_value){.kind = JSON_NUMBER,
                                   .text = arena_copy(arena, document_text(from))};
    case YYJSON_TYPE_STR:
        return json_text(arena_copy(arena, document_text(from)));
    case YYJSON_TYPE_ARR:
        return container(arena, JSON_LIST, yyjson_arr_size(from));
    case YYJSON_TYPE_OBJ:
        return container(arena, JSON_OBJECT, yyjson_obj_size(from));
    default:
        return (struct json_value){.kind = JSON_NULL};
    }
}

/* Where the next value goes; leaves the containers that are full. NULL: nowhere, all is read. */
static struct json_value *next_place(struct reader *reader)
{
    while (reader->depth > 0) {
        struct json_value *in = reader->stack[reader->depth - 1];
        uint32_t *filled = &reader->filled[reader->depth - 1];
        if (*filled < in->count)
            return &in->items[(*filled)++];
        reader->depth--;
    }
    return NULL;
}

static bool check_keys(struct arena *arena, const struct json_value *object, struct err *err)
{
    uint32_t at;

    if (!keys_repeat(arena, object->keys, object->count, &at))
        return true;
    return err_set(err, ERR_INVALID, "the key \"%s\" stands twice in one object",
                   excerpt_of(arena, object->keys[at], EXCERPT_SIZE));
}

/* Keys come before their items in the document, so an object's keys are taken when it begins. */
static bool read_container(struct reader *reader, yyjson_val *from, struct json_value *value,
                           struct err *err)
{
    if (value->kind == JSON_OBJECT) {
        yyjson_obj_iter members = yyjson_obj_iter_with(from);
        for (uint32_t i = 0; i < value->count; i++)
            value->keys[i] =
                arena_copy(reader->arena, document_text(yyjson_obj_iter_next(&members)));
        if (!check_keys(reader->arena, value, err))
            return false;
    }
    assert(reader->depth < JSON_DEPTH_MAX);
    reader->stack[reader->depth] = value;
    reader->filled[reader->depth++] = 0;
    return true;
}

bool json_read(struct arena *arena, struct str text, struct json_value *ret, struct err *err)
{
    auto_end(document_end) yyjson_doc *document = NULL;
    struct reader reader = {.arena = arena};
    struct json_value root, *place = &root;

    if (text.size > JSON_SIZE_MAX)
        return err_set(err, ERR_INVALID, "JSON of more than %d bytes", JSON_SIZE_MAX);
    if (!document_open(text, JSON_DEPTH_MAX, &document, err))
        return false;
    for (yyjson_val *from = yyjson_doc_get_root(document); place; from++) {
        bool is_key = reader.depth > 0 && place != &root &&
                      reader.stack[reader.depth - 1]->kind == JSON_OBJECT;
        from += is_key; /* the key is known already */
        *place = converted(arena, from);
        if ((place->kind == JSON_LIST || place->kind == JSON_OBJECT) &&
            !read_container(&reader, from, place, err))
            return false;
        place = next_place(&reader);
    }
    *ret = root;
    return true;
}
