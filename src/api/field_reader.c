// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "api/field.h"
#include "api/quantity.h"
#include "base/date.h"
#include "json/excerpt.h"

/* -- what is wrong, and where ---------------------------------------------- */

static struct str trail_text(struct arena *arena, const struct field_trail *trail)
{
    struct str up, name;

    if (!trail->up)
        return (struct str){0};
    up = trail_text(arena, trail->up);
    if (!trail->name.at)
        return arena_print(arena, "%.*s[%" PRIu32 "]", STR_ARG(up), trail->index);
    name = str_of(excerpt_of(arena, trail->name, EXCERPT_SIZE));
    return arena_print(arena, "%.*s%s%.*s", STR_ARG(up), up.size ? "." : "", STR_ARG(name));
}

static struct str place_text(struct field_reader *reader, const struct field_trail *trail)
{
    const char *file =
        reader->file ? excerpt_of(reader->arena, str_of(reader->file), EXCERPT_PATH_SIZE) : NULL;
    struct str path = trail_text(reader->arena, trail);
    struct str where = {0};

    if (file && trail->line > 0)
        where = arena_print(reader->arena, "%s:%" PRIu32 ":%" PRIu32 ": ", file, trail->line,
                            trail->column);
    else if (file)
        where = arena_print(reader->arena, "%s: ", file);
    return arena_print(reader->arena, "%.*s%.*s%s", STR_ARG(where), STR_ARG(path),
                       path.size ? ": " : "");
}

bool field_refuse(struct field_reader *reader, const struct field_trail *trail, const char *format,
                  ...)
{
    struct str place = place_text(reader, trail);
    char what[sizeof(reader->err->text)];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return err_set(reader->err, ERR_INVALID, "%.*s%s", STR_ARG(place), what);
}

bool field_refuse_kind(struct field_reader *reader, const struct field_trail *trail,
                       const struct json_value *value, enum json_kind expected)
{
    bool is_scalar = value->kind == JSON_NUMBER || value->kind == JSON_BOOL;
    const char *hint = expected == JSON_TEXT && is_scalar ? "; put it in quotes"
                       : expected == JSON_BOOL            ? " (true or false, no quotes)"
                       : expected == JSON_NUMBER && value->kind == JSON_TEXT ? "; without quotes"
                                                                             : "";

    return field_refuse(reader, trail, "%s is expected, found %s%s", json_kind_name(expected),
                        json_kind_name(value->kind), hint);
}

/* The field that was probably meant, or NULL: a slip of a letter or two, or its beginning. */
static const char *field_meant(const struct fields *fields, struct str name)
{
    const char *ret = NULL;
    unsigned nearest = name.size < 4 ? 2 : name.size < 10 ? 3 : 4;

    for (size_t i = 0; i < fields->count; i++) {
        const char *candidate = fields->at[i].name;
        struct str head = {candidate, strlen(candidate)};
        unsigned distance = str_distance(name, head, nearest);
        if (name.size >= 3 && head.size > name.size) {
            head.size = name.size;
            distance = str_equal(head, name) && nearest > 1 ? 1 : distance;
        }
        if (distance < nearest) {
            nearest = distance;
            ret = candidate;
        }
    }
    return ret;
}

/* -- one value ------------------------------------------------------------- */

static const char *as_written(struct field_reader *reader, const struct json_value *value)
{
    return excerpt_of(reader->arena, value->text, EXCERPT_SIZE);
}

static bool read_text(struct field_reader *reader, const struct json_value *value,
                      const struct field_trail *trail, struct str *ret)
{
    if (value->kind != JSON_TEXT)
        return field_refuse_kind(reader, trail, value, JSON_TEXT);
    *ret = value->text.at ? value->text : STR_LIT("");
    return true;
}

static bool read_constant(struct field_reader *reader, const struct field *field,
                          const struct json_value *value, const struct field_trail *trail)
{
    struct str text = {0};

    if (reader->mode != API_STRICT)
        return true;
    if (!read_text(reader, value, trail, &text))
        return false;
    return str_is(text, field->text) ||
           field_refuse(reader, trail, "\"%s\" is not accepted here: it must be %s",
                        as_written(reader, value), field->text);
}

static bool read_number(struct field_reader *reader, const struct field *field,
                        const struct json_value *value, const struct field_trail *trail,
                        int64_t *ret)
{
    int64_t number;
    bool is_bounded = reader->mode == API_STRICT && (field->min != 0 || field->max != 0);

    if (value->kind != JSON_NUMBER)
        return field_refuse_kind(reader, trail, value, JSON_NUMBER);
    if (!quantity_read_whole(value->text, &number))
        return field_refuse(reader, trail, "%s is not a whole number, or too large",
                            as_written(reader, value));
    if (is_bounded && (number < field->min || number > field->max))
        return field_refuse(reader, trail, "%" PRId64 " is too %s: %" PRId64 " to %" PRId64, number,
                            number < field->min ? "small" : "large", field->min, field->max);
    if (field->kind == FIELD_INT32 && (number < INT32_MIN || number > INT32_MAX))
        return field_refuse(reader, trail, "%" PRId64 " is too large", number);
    if (field->kind == FIELD_SECONDS && __builtin_mul_overflow(number, 1000, &number))
        return field_refuse(reader, trail, "%s is too large", as_written(reader, value));
    *ret = number;
    return true;
}

static bool read_decimal(struct field_reader *reader, const struct json_value *value,
                         const struct field_trail *trail, int64_t *ret)
{
    if (value->kind != JSON_NUMBER)
        return field_refuse_kind(reader, trail, value, JSON_NUMBER);
    return quantity_read_milli(value->text, ret) ||
           field_refuse(reader, trail, "%s cannot be held", as_written(reader, value));
}

static bool read_time(struct field_reader *reader, const struct json_value *value,
                      const struct field_trail *trail, int64_t *ret)
{
    struct str text = {0};

    return read_text(reader, value, trail, &text) &&
           (date_parse(text, ret) ||
            field_refuse(reader, trail, "\"%s\" is not a time as RFC 3339 has it",
                         as_written(reader, value)));
}

static bool read_quantity(struct field_reader *reader, const struct field *field,
                          const struct json_value *value, const struct field_trail *trail,
                          int64_t *ret)
{
    bool (*read)(struct str, int64_t *) =
        field->kind == FIELD_CPU ? quantity_read_milli : quantity_read_bytes;
    bool is_negative = str_starts(value->text, "-");
    int64_t number;

    if (value->kind != JSON_TEXT && value->kind != JSON_NUMBER)
        return field_refuse_kind(reader, trail, value, JSON_TEXT);
    if (!read(str_skip(value->text, is_negative), &number))
        return field_refuse(reader, trail, "\"%s\" is not a quantity, such as %s, or too large",
                            as_written(reader, value),
                            field->kind == FIELD_CPU ? "\"500m\" or \"2\"" : "\"512Mi\" or \"1G\"");
    if (is_negative || (number == 0 && reader->mode == API_STRICT))
        return field_refuse(reader, trail, "%s is too small: it must be above 0",
                            as_written(reader, value));
    *ret = number;
    return true;
}

static bool read_word(struct field_reader *reader, const struct field *field,
                      const struct json_value *value, const struct field_trail *trail, int *ret)
{
    struct str text = {0}, words = {0};

    if (!read_text(reader, value, trail, &text))
        return false;
    for (int i = 0; i < field->word_count; i++) {
        if (text.size > 0 && str_is(text, field->word(i))) {
            *ret = i;
            return true;
        }
        words = arena_print(reader->arena, "%.*s%s%s", STR_ARG(words), words.size ? ", " : "",
                            field->word(i));
    }
    return field_refuse(reader, trail, "\"%s\" is not one of %s", as_written(reader, value),
                        excerpt_of(reader->arena, words, EXCERPT_PATH_SIZE));
}

/* -- several values -------------------------------------------------------- */

static struct field_trail item_trail(const struct field_trail *up, const struct json_value *list,
                                     uint32_t index)
{
    return (struct field_trail){.up = up,
                                .index = index,
                                .line = list->items[index].line,
                                .column = list->items[index].column};
}

static struct field_trail member_trail(const struct field_trail *up,
                                       const struct json_value *object, uint32_t index)
{
    bool has_place = object->key_lines && object->key_columns;

    return (struct field_trail){.up = up,
                                .name = object->keys[index],
                                .line = has_place ? object->key_lines[index] : 0,
                                .column = has_place ? object->key_columns[index] : 0};
}

static bool read_texts(struct field_reader *reader, const struct json_value *value,
                       const struct field_trail *trail, struct strs *ret)
{
    struct str *texts;

    if (value->kind != JSON_LIST)
        return field_refuse_kind(reader, trail, value, JSON_LIST);
    texts = arena_array(reader->arena, value->count, sizeof(struct str));
    for (uint32_t i = 0; i < value->count; i++) {
        struct field_trail item = item_trail(trail, value, i);
        if (!read_text(reader, &value->items[i], &item, &texts[i]))
            return false;
    }
    *ret = (struct strs){texts, value->count};
    return true;
}

static bool read_map(struct field_reader *reader, const struct json_value *value,
                     const struct field_trail *trail, struct pairs *ret)
{
    struct pair *pairs;

    if (value->kind != JSON_OBJECT)
        return field_refuse_kind(reader, trail, value, JSON_OBJECT);
    pairs = arena_array(reader->arena, value->count, sizeof(struct pair));
    for (uint32_t i = 0; i < value->count; i++) {
        struct field_trail member = member_trail(trail, value, i);
        pairs[i].name = value->keys[i];
        if (!read_text(reader, &value->items[i], &member, &pairs[i].value))
            return false;
    }
    *ret = (struct pairs){pairs, value->count};
    return true;
}

static bool read_rows(struct field_reader *reader, const struct field *field,
                      const struct json_value *value, const struct field_trail *trail, void *ret)
{
    char *rows;

    if (value->kind != JSON_LIST)
        return field_refuse_kind(reader, trail, value, JSON_LIST);
    rows = arena_array(reader->arena, value->count, field->row_size);
    for (uint32_t i = 0; i < value->count; i++) {
        struct field_trail item = item_trail(trail, value, i);
        if (!fields_read(reader, field->table, &value->items[i], &item, rows + i * field->row_size))
            return false;
    }
    memcpy(ret, &rows, sizeof(rows));
    memcpy((char *)ret + sizeof(rows), &value->count, sizeof(value->count));
    return true;
}

/* -- the table ------------------------------------------------------------- */

static bool read_given(struct field_reader *reader, const struct field *field,
                       const struct json_value *value, const struct field_trail *trail, void *ret)
{
    void *at = (char *)ret + field->at;
    int64_t number;

    switch (field->kind) {
    case FIELD_CONSTANT:
        return read_constant(reader, field, value, trail);
    case FIELD_TEXT:
        return read_text(reader, value, trail, at);
    case FIELD_FLAG:
        if (value->kind != JSON_BOOL)
            return field_refuse_kind(reader, trail, value, JSON_BOOL);
        *(bool *)at = value->flag;
        return true;
    case FIELD_INT:
    case FIELD_SECONDS:
        return read_number(reader, field, value, trail, at);
    case FIELD_INT32:
        if (!read_number(reader, field, value, trail, &number))
            return false;
        *(int32_t *)at = (int32_t)number;
        return true;
    case FIELD_DECIMAL:
        return read_decimal(reader, value, trail, at);
    case FIELD_TIME:
        return read_time(reader, value, trail, at);
    case FIELD_CPU:
    case FIELD_BYTES:
        return read_quantity(reader, field, value, trail, at);
    case FIELD_WORD:
        return read_word(reader, field, value, trail, at);
    case FIELD_TEXTS:
        return read_texts(reader, value, trail, at);
    case FIELD_MAP:
        return read_map(reader, value, trail, at);
    case FIELD_ROWS:
        return read_rows(reader, field, value, trail, at);
    case FIELD_OBJECT:
        return fields_read(reader, field->table, value, trail, at);
    case FIELD_CUSTOM:
        return !field->read || field->read(reader, value, trail, ret);
    case FIELD_IGNORED:
        return true;
    }
    assert(false);
    return false;
}

/* What an absent field holds. */
static bool read_absent(struct field_reader *reader, const struct field *field,
                        const struct field_trail *trail, void *ret)
{
    void *at = (char *)ret + field->at;

    switch (field->kind) {
    case FIELD_TEXT:
        *(struct str *)at = (struct str){0};
        return true;
    case FIELD_FLAG:
        *(bool *)at = false;
        return true;
    case FIELD_INT:
    case FIELD_SECONDS:
    case FIELD_DECIMAL:
    case FIELD_TIME:
    case FIELD_CPU:
    case FIELD_BYTES:
        *(int64_t *)at = field->none;
        return true;
    case FIELD_INT32:
        *(int32_t *)at = (int32_t)field->none;
        return true;
    case FIELD_WORD:
        *(int *)at = 0;
        return true;
    case FIELD_TEXTS:
    case FIELD_MAP:
    case FIELD_ROWS:
        memset(at, 0, sizeof(struct strs)); /* all three: a pointer and a count */
        return true;
    case FIELD_OBJECT:
        return fields_read(reader, field->table, NULL, trail, at);
    case FIELD_CUSTOM:
        return !field->read || field->read(reader, NULL, trail, ret);
    case FIELD_CONSTANT:
    case FIELD_IGNORED:
        return true;
    }
    assert(false);
    return false;
}

static bool is_absent(const struct json_value *value)
{
    return !value || value->kind == JSON_NULL;
}

static bool read_field(struct field_reader *reader, const struct field *field,
                       const struct json_value *object, const struct field_trail *trail, void *ret)
{
    struct field_trail here = {.up = trail, .name = str_of(field->name)};
    const struct json_value *value = NULL;
    bool is_empty;

    for (uint32_t i = 0; object && i < object->count; i++)
        if (str_is(object->keys[i], field->name)) {
            value = &object->items[i];
            here = member_trail(trail, object, i);
        }
    if (field->flags & FIELD_GIVEN)
        *(bool *)((char *)ret + field->given) = !is_absent(value);
    if (is_absent(value)) {
        bool is_missing = object && field->flags & FIELD_REQUIRED && reader->mode == API_STRICT;
        if (!is_missing)
            return read_absent(reader, field, &here, ret);
        here.line = object->line;
        here.column = object->column;
        return field_refuse(reader, &here, "is required, and not given");
    }
    is_empty = value->kind == JSON_OBJECT && value->count == 0;
    if (field->flags & FIELD_SYSTEM && reader->mode == API_STRICT && !is_empty)
        return field_refuse(reader, &here, "%s",
                            field->text ? field->text : "is set by the system; leave it out");
    return read_given(reader, field, value, &here, ret);
}

static bool check_names(struct field_reader *reader, const struct fields *fields,
                        const struct json_value *object, const struct field_trail *trail)
{
    for (uint32_t i = 0; i < object->count; i++) {
        bool is_known = false;
        for (size_t j = 0; j < fields->count && !is_known; j++)
            is_known = str_is(object->keys[i], fields->at[j].name);
        if (is_known)
            continue;
        struct field_trail member = member_trail(trail, object, i);
        const char *meant = field_meant(fields, object->keys[i]);
        return field_refuse(reader, &member, "no such field%s%s%s", meant ? "; did you mean " : "",
                            meant ? meant : "", meant ? "?" : "");
    }
    return true;
}

bool fields_read(struct field_reader *reader, const struct fields *fields,
                 const struct json_value *value, const struct field_trail *trail, void *ret)
{
    if (value && value->kind != JSON_OBJECT)
        return field_refuse_kind(reader, trail, value, JSON_OBJECT);
    if (value && reader->mode == API_STRICT && !check_names(reader, fields, value, trail))
        return false;
    for (size_t i = 0; i < fields->count; i++)
        if (!read_field(reader, &fields->at[i], value, trail, ret))
            return false;
    return true;
}
