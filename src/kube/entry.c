// SPDX-License-Identifier: Apache-2.0
#include "kube/entry.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/base64.h"
#include "core/task.h"
#include "json/excerpt.h"

/* Where a field is, and what it is called, for whoever refuses it. */
struct spot {
    struct arena *arena;
    const struct entry *entry;
    const char *key;
    struct err *err;
};

bool entry_refuse(const struct entry *entry, const struct json_value *value, struct err *err,
                  const char *format, ...)
{
    auto_end(arena_fini) struct arena scratch = {0};
    const char *file = excerpt_of(&scratch, str_of(entry->file), EXCERPT_PATH_SIZE);
    char words[sizeof(err->text)];
    va_list args;

    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    if (value->line == 0)
        return err_set(err, ERR_INVALID, "%s: %s", file, words);
    return err_set(err, ERR_INVALID, "%s:%" PRIu32 ":%" PRIu32 ": %s", file, value->line,
                   value->column, words);
}

static bool refuse_kind(const struct spot *spot, const struct json_value *value, const char *wanted)
{
    return entry_refuse(spot->entry, value, spot->err, "%s must be %s, not %s", spot->key, wanted,
                        json_kind_name(value->kind));
}

/* Everything here ends up in a header, a path or an argument: none can hold a NUL. */
static bool read_text(const struct spot *spot, const struct json_value *value, struct str *ret)
{
    if (value->kind == JSON_NULL) {
        *ret = (struct str){0};
        return true;
    }
    if (value->kind != JSON_TEXT)
        return refuse_kind(spot, value, "a text");
    if (value->text.size && memchr(value->text.at, 0, value->text.size))
        return entry_refuse(spot->entry, value, spot->err, "%s holds a NUL byte", spot->key);
    *ret = value->text;
    return true;
}

static bool read_path(const struct spot *spot, const struct json_value *value, bool is_command,
                      struct str *ret)
{
    struct str path;

    if (!read_text(spot, value, &path))
        return false;
    if (path.size == 0 || path.at[0] == '/' || (is_command && !memchr(path.at, '/', path.size)))
        *ret = path;
    else
        *ret =
            arena_print(spot->arena, "%.*s/%.*s", STR_ARG(spot->entry->directory), STR_ARG(path));
    return true;
}

static bool read_base64(const struct spot *spot, const struct json_value *value, struct str *ret)
{
    struct str text;
    size_t size = 0;
    char *bytes;

    if (!read_text(spot, value, &text))
        return false;
    bytes = arena_alloc(spot->arena, text.size + 1);
    for (size_t i = 0; i < text.size; i++)
        if (text.at[i] != '\n' && text.at[i] != '\r')
            bytes[size++] = text.at[i];
    text = (struct str){bytes, size};
    ret->at = bytes = arena_alloc(spot->arena, size + 1);
    if (!base64_decode(text, bytes, &ret->size))
        return entry_refuse(spot->entry, value, spot->err, "%s is not base64", spot->key);
    return true;
}

static bool read_flag(const struct spot *spot, const struct json_value *value, bool *ret)
{
    if (value->kind != JSON_BOOL)
        return refuse_kind(spot, value, "true or false");
    *ret = value->flag;
    return true;
}

static bool read_texts(const struct spot *spot, const struct json_value *value, struct strs *ret)
{
    struct str *texts;

    if (value->kind != JSON_LIST)
        return refuse_kind(spot, value, "a list of texts");
    texts = arena_array(spot->arena, value->count, sizeof(*texts));
    for (uint32_t i = 0; i < value->count; i++)
        if (!read_text(spot, &value->items[i], &texts[i]))
            return false;
    *ret = (struct strs){texts, value->count};
    return true;
}

static bool read_lists(const struct spot *spot, const struct json_value *value, struct pairs *ret)
{
    struct pair *pairs;
    struct strs texts;
    uint32_t count = 0;

    if (value->kind != JSON_OBJECT)
        return refuse_kind(spot, value, "an object of lists of texts");
    for (uint32_t i = 0; i < value->count; i++)
        count += value->items[i].kind == JSON_LIST ? value->items[i].count : 0;
    pairs = arena_array(spot->arena, count, sizeof(*pairs));
    count = 0;
    for (uint32_t i = 0; i < value->count; i++) {
        if (value->items[i].kind == JSON_NULL)
            continue;
        if (!read_texts(spot, &value->items[i], &texts))
            return false;
        for (uint32_t j = 0; j < texts.count; j++)
            pairs[count++] = (struct pair){value->keys[i], texts.at[j]};
    }
    *ret = (struct pairs){pairs, count};
    return true;
}

static bool read_member(const struct spot *spot, const struct json_value *object, const char *key,
                        struct str *ret)
{
    const struct json_value *value = json_get(object, key);

    return !value || read_text(spot, value, ret);
}

static bool read_pairs(const struct spot *spot, const struct json_value *value, struct pairs *ret)
{
    struct pair *pairs;

    if (value->kind != JSON_LIST)
        return refuse_kind(spot, value, "a list of names and values");
    pairs = arena_array(spot->arena, value->count, sizeof(*pairs));
    for (uint32_t i = 0; i < value->count; i++) {
        const struct json_value *item = &value->items[i];

        if (item->kind != JSON_OBJECT)
            return refuse_kind(spot, item, "a list of names and values");
        if (!read_member(spot, item, "name", &pairs[i].name) ||
            !read_member(spot, item, "value", &pairs[i].value))
            return false;
    }
    *ret = (struct pairs){pairs, value->count};
    return true;
}

static bool read_field(const struct spot *spot, const struct json_value *value,
                       enum entry_kind kind, void *ret)
{
    switch (kind) {
    case ENTRY_TEXT:
        return read_text(spot, value, ret);
    case ENTRY_PATH:
        return read_path(spot, value, false, ret);
    case ENTRY_COMMAND:
        return read_path(spot, value, true, ret);
    case ENTRY_BASE64:
        return read_base64(spot, value, ret);
    case ENTRY_FLAG:
        return read_flag(spot, value, ret);
    case ENTRY_TEXTS:
        return read_texts(spot, value, ret);
    case ENTRY_LISTS:
        return read_lists(spot, value, ret);
    case ENTRY_PAIRS:
        return read_pairs(spot, value, ret);
    case ENTRY_VALUE:
        break;
    }
    *(const struct json_value **)ret = value;
    return true;
}

bool entry_read(struct arena *arena, const struct entry *entry, const struct entry_field *fields,
                size_t count, void *ret, struct err *err)
{
    if (!entry->value)
        return true;
    if (entry->value->kind != JSON_OBJECT)
        return entry_refuse(entry, entry->value, err, "an object is wanted, not %s",
                            json_kind_name(entry->value->kind));
    for (size_t i = 0; i < count; i++) {
        struct spot spot = {arena, entry, fields[i].key, err};
        const struct json_value *value = json_get(entry->value, fields[i].key);

        if (value && value->kind != JSON_NULL &&
            !read_field(&spot, value, fields[i].kind, (char *)ret + fields[i].offset))
            return false;
    }
    return true;
}
