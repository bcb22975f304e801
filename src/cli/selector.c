// SPDX-License-Identifier: Apache-2.0
#include "cli/selector.h"

#include "core/validate.h"

struct reader {
    struct arena *arena;
    struct str text, rest;
    struct err *err;
};

static void skip_blanks(struct reader *reader)
{
    while (reader->rest.size > 0 && (reader->rest.at[0] == ' ' || reader->rest.at[0] == '\t'))
        reader->rest = str_skip(reader->rest, 1);
}

static bool take(struct reader *reader, const char *sign)
{
    skip_blanks(reader);
    if (!str_starts(reader->rest, sign))
        return false;
    reader->rest = str_skip(reader->rest, strlen(sign));
    return true;
}

/* Up to a blank or a sign; may be empty (an empty value is a value). */
static struct str take_word(struct reader *reader)
{
    size_t size = 0;
    struct str word;

    skip_blanks(reader);
    while (size < reader->rest.size && !memchr(" \t,=!()", reader->rest.at[size], 7))
        size++;
    word = (struct str){reader->rest.at, size};
    reader->rest = str_skip(reader->rest, size);
    return word;
}

static bool refuse(struct reader *reader, const char *what)
{
    return err_set(reader->err, ERR_INVALID, "selector: %s at character %zu of \"%.*s\"", what,
                   reader->text.size - reader->rest.size + 1, STR_ARG(reader->text));
}

static bool take_value(struct reader *reader, struct str *values, uint32_t *count)
{
    struct str value = take_word(reader);

    if (*count == SELECTOR_VALUES_MAX)
        return refuse(reader, "too many values");
    if (value.size > 0 && !label_value_is_valid(value))
        return refuse(reader, "the value before this is no label value");
    values[(*count)++] = value;
    return true;
}

static bool read_set(struct reader *reader, struct selector_demand *demand)
{
    struct str *values = arena_array(reader->arena, SELECTOR_VALUES_MAX, sizeof(*values));

    demand->values.at = values;
    if (!take(reader, "("))
        return refuse(reader, "expected (");
    do {
        if (!take_value(reader, values, &demand->values.count))
            return false;
    } while (take(reader, ","));
    return take(reader, ")") || refuse(reader, "expected , or )");
}

static bool read_equality(struct reader *reader, struct selector_demand *demand)
{
    struct str *value = arena_array(reader->arena, 1, sizeof(*value));

    demand->values.at = value;
    return take_value(reader, value, &demand->values.count);
}

static bool read_comparison(struct reader *reader, struct selector_demand *demand)
{
    struct str word;

    demand->kind = SELECTOR_NOT_IN;
    if (take(reader, "!="))
        return read_equality(reader, demand);
    demand->kind = SELECTOR_IN;
    if (take(reader, "==") || take(reader, "="))
        return read_equality(reader, demand);
    word = take_word(reader);
    if (str_is(word, "in"))
        return read_set(reader, demand);
    demand->kind = SELECTOR_NOT_IN;
    if (str_is(word, "notin"))
        return read_set(reader, demand);
    demand->kind = SELECTOR_EXISTS;
    return word.size == 0 || refuse(reader, "expected =, !=, in or notin");
}

static bool read_demand(struct reader *reader, struct selector_demand *demand)
{
    bool is_absent = take(reader, "!");

    demand->key = take_word(reader);
    if (!label_key_is_valid(demand->key))
        return refuse(reader, "expected a label key");
    if (is_absent) {
        demand->kind = SELECTOR_ABSENT;
        return true;
    }
    return read_comparison(reader, demand);
}

bool selector_parse(struct arena *arena, struct str text, struct selector *ret, struct err *err)
{
    struct reader reader = {arena, text, text, err};
    struct selector_demand *demands;
    uint32_t count = 0;

    *ret = (struct selector){0};
    skip_blanks(&reader);
    if (reader.rest.size == 0)
        return true;
    demands = arena_array(arena, SELECTOR_DEMANDS_MAX, sizeof(*demands));
    do {
        if (count == SELECTOR_DEMANDS_MAX)
            return refuse(&reader, "too many demands");
        if (!read_demand(&reader, &demands[count++]))
            return false;
    } while (take(&reader, ","));
    skip_blanks(&reader);
    if (reader.rest.size > 0)
        return refuse(&reader, "expected a comma");
    *ret = (struct selector){demands, count, text};
    return true;
}

static const struct str *find_label(const struct pairs *labels, struct str key)
{
    for (uint32_t i = 0; i < labels->count; i++)
        if (str_equal(labels->at[i].name, key))
            return &labels->at[i].value;
    return NULL;
}

static bool is_among(const struct strs *values, struct str value)
{
    for (uint32_t i = 0; i < values->count; i++)
        if (str_equal(values->at[i], value))
            return true;
    return false;
}

static bool is_met(const struct selector_demand *demand, const struct str *value)
{
    switch (demand->kind) {
    case SELECTOR_IN:
        return value && is_among(&demand->values, *value);
    case SELECTOR_NOT_IN:
        return !value || !is_among(&demand->values, *value);
    case SELECTOR_EXISTS:
        return value != NULL;
    case SELECTOR_ABSENT:
        break;
    }
    return !value;
}

bool selector_selects(const struct selector *selector, const struct pairs *labels)
{
    for (uint32_t i = 0; i < selector->count; i++)
        if (!is_met(&selector->demands[i], find_label(labels, selector->demands[i].key)))
            return false;
    return true;
}
