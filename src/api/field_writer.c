// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <inttypes.h>

#include "api/field.h"
#include "api/quantity.h"
#include "base/date.h"

static const struct field pair_rows[] = {
    FIELD_ROW(.name = "name", .kind = FIELD_TEXT, .at = offsetof(struct pair, name),
              .flags = FIELD_REQUIRED),
    FIELD_ROW(.name = "value", .kind = FIELD_TEXT, .at = offsetof(struct pair, value)),
};
const struct fields field_pair_fields = FIELDS_OF(pair_rows);

struct json_value field_time(struct arena *arena, int64_t ms)
{
    char text[DATE_TEXT];
    struct str seconds;

    date_print(ms, text);
    seconds = str_of(text);
    if (ms % 1000 == 0)
        return json_text(arena_copy(arena, seconds));
    seconds.size--; /* the Z */
    return json_text(arena_print(arena, "%.*s.%03dZ", STR_ARG(seconds), (int)(ms % 1000)));
}

struct json_value field_micro_time(struct arena *arena, int64_t ms)
{
    char text[DATE_TEXT];

    date_print_micro(ms, text);
    return json_text(arena_copy(arena, str_of(text)));
}

static struct json_value decimal_value(struct arena *arena, int64_t milli)
{
    return (struct json_value){
        .kind = JSON_NUMBER,
        .text = arena_print(arena, "%" PRId64 ".%03d", milli / 1000, (int)(milli % 1000))};
}

static struct json_value texts_value(struct arena *arena, const struct strs *texts)
{
    struct json_value ret = json_list();

    for (uint32_t i = 0; i < texts->count; i++)
        json_add(arena, &ret, json_text(texts->at[i]));
    return ret;
}

static struct json_value map_value(struct arena *arena, const struct pairs *pairs)
{
    struct json_value ret = json_object();

    for (uint32_t i = 0; i < pairs->count; i++)
        json_put_key(arena, &ret, pairs->at[i].name, json_text(pairs->at[i].value));
    return ret;
}

static struct json_value rows_value(struct arena *arena, const struct field *field, const void *at)
{
    struct json_value ret = json_list();
    const char *rows;
    uint32_t count;

    memcpy(&rows, at, sizeof(rows));
    memcpy(&count, (const char *)at + sizeof(rows), sizeof(count));
    for (uint32_t i = 0; i < count; i++)
        json_add(arena, &ret, fields_write(arena, field->table, rows + i * field->row_size));
    return ret;
}

static struct json_value number_value(struct arena *arena, const struct field *field,
                                      int64_t number)
{
    switch ((int)field->kind) {
    case FIELD_SECONDS:
        return json_number(arena, number / 1000 + (number % 1000 > 0));
    case FIELD_DECIMAL:
        return decimal_value(arena, number);
    case FIELD_TIME:
        return field_time(arena, number);
    case FIELD_CPU:
        return json_text(quantity_print_milli(arena, number));
    case FIELD_BYTES:
        return json_text(quantity_print_bytes(arena, number));
    default:
        return json_number(arena, number);
    }
}

/* The value of a field, and whether it holds anything but its `none`. */
static bool write_field(struct arena *arena, const struct field *field, const void *from,
                        struct json_value *ret)
{
    const void *at = (const char *)from + field->at;

    switch (field->kind) {
    case FIELD_CONSTANT:
        *ret = json_text(str_of(field->text));
        return true;
    case FIELD_TEXT:
        *ret = json_text(*(const struct str *)at);
        return ret->text.size > 0 || (field->flags & FIELD_EMPTY && ret->text.at);
    case FIELD_FLAG:
        *ret = json_bool(*(const bool *)at);
        return ret->flag;
    case FIELD_INT:
    case FIELD_SECONDS:
    case FIELD_DECIMAL:
    case FIELD_TIME:
    case FIELD_CPU:
    case FIELD_BYTES:
        *ret = number_value(arena, field, *(const int64_t *)at);
        return *(const int64_t *)at != field->none;
    case FIELD_INT32:
        *ret = json_number(arena, *(const int32_t *)at);
        return *(const int32_t *)at != field->none;
    case FIELD_WORD:
        *ret = json_text(str_of(field->word(*(const int *)at)));
        return *(const int *)at != 0;
    case FIELD_TEXTS:
        *ret = texts_value(arena, at);
        return ret->count > 0;
    case FIELD_MAP:
        *ret = map_value(arena, at);
        return ret->count > 0;
    case FIELD_ROWS:
        *ret = rows_value(arena, field, at);
        return ret->count > 0;
    case FIELD_OBJECT:
        *ret = fields_write(arena, field->table, at);
        return ret->count > 0;
    case FIELD_CUSTOM:
        return field->write(arena, from, ret);
    case FIELD_IGNORED:
        return false;
    }
    assert(false);
    return false;
}

struct json_value fields_write(struct arena *arena, const struct fields *fields, const void *from)
{
    struct json_value ret = json_object();

    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->at[i];
        struct json_value value = {0};
        bool is_there = write_field(arena, field, from, &value) || field->flags & FIELD_ALWAYS;
        if (field->flags & FIELD_GIVEN)
            is_there = *(const bool *)((const char *)from + field->given);
        if (is_there)
            json_put(arena, &ret, field->name, value);
    }
    return ret;
}
