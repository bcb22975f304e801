// SPDX-License-Identifier: Apache-2.0
#include "json/path_step.h"

#include <assert.h>

#include "json/excerpt.h"

struct parser {
    struct arena *arena;
    struct str whole, rest;
    struct err *err;
};

static bool refuse(struct parser *parser, const char *what)
{
    return err_set(parser->err, ERR_INVALID, "jsonpath {%s}: %s",
                   excerpt_of(parser->arena, parser->whole, EXCERPT_SIZE), what);
}

static char peek(const struct parser *parser)
{
    return parser->rest.size ? parser->rest.at[0] : '\0';
}

static bool take(struct parser *parser, const char *text)
{
    if (!str_starts(parser->rest, text))
        return false;
    parser->rest = str_skip(parser->rest, strlen(text));
    return true;
}

static void skip_blanks(struct parser *parser)
{
    while (take(parser, " "))
        ;
}

/* .key, where a backslash makes a dot part of it. */
static bool parse_name(struct parser *parser, struct path_step *ret)
{
    char *name = arena_alloc(parser->arena, parser->rest.size + 1);
    size_t size = 0;

    while (parser->rest.size > 0 && !memchr(".[]() =!", peek(parser), 8)) {
        if (peek(parser) == '\\' && parser->rest.size > 1)
            parser->rest = str_skip(parser->rest, 1);
        name[size++] = peek(parser);
        parser->rest = str_skip(parser->rest, 1);
    }
    if (size == 0)
        return refuse(parser, "a name is missing after \".\"");
    *ret = (struct path_step){
        .kind = PATH_KEY, .key = {name, size}
    };
    return true;
}

static bool parse_quoted(struct parser *parser, struct str *ret)
{
    char quote = peek(parser);

    parser->rest = str_skip(parser->rest, 1);
    if (!str_cut(parser->rest, quote, ret, &parser->rest))
        return refuse(parser, "a quote is not closed");
    return true;
}

static bool parse_number(struct parser *parser, int64_t *ret)
{
    size_t size = 0;
    struct str digits;

    while (size < parser->rest.size && memchr("-0123456789", parser->rest.at[size], 11))
        size++;
    digits = (struct str){parser->rest.at, size};
    parser->rest = str_skip(parser->rest, size);
    return str_to_int(digits, ret);
}

static bool parse_slice(struct parser *parser, struct path_step *ret)
{
    *ret = (struct path_step){.kind = PATH_SLICE, .to = INT64_MAX};
    if (peek(parser) != ':' && !parse_number(parser, &ret->from))
        return refuse(parser, "[] holds no index, slice, 'key', * or ?()");
    ret->is_one = !take(parser, ":");
    if (!ret->is_one && peek(parser) != ']' && !parse_number(parser, &ret->to))
        return refuse(parser, "the end of a slice is no number");
    return true;
}

/* The right side of a comparison, as it would be printed. */
static bool parse_operand(struct parser *parser, struct str *ret)
{
    skip_blanks(parser);
    if (peek(parser) == '"' || peek(parser) == '\'')
        return parse_quoted(parser, ret);
    size_t size = 0;
    while (size < parser->rest.size && !memchr(" )", parser->rest.at[size], 2))
        size++;
    *ret = (struct str){parser->rest.at, size};
    parser->rest = str_skip(parser->rest, size);
    return size > 0 || refuse(parser, "a comparison has no right side");
}

static bool parse_match(struct parser *parser, struct path_step *ret)
{
    size_t size = 0;

    *ret = (struct path_step){.kind = PATH_MATCH};
    while (size < parser->rest.size && !memchr("=!?", parser->rest.at[size], 3))
        size++;
    ret->path = (struct str){parser->rest.at, size};
    while (ret->path.size > 0 && ret->path.at[ret->path.size - 1] == ' ')
        ret->path.size--;
    parser->rest = str_skip(parser->rest, size);
    ret->is_unequal = take(parser, "!=");
    if (!ret->is_unequal && !take(parser, "=="))
        return refuse(parser, "?() compares with == or != only");
    if (!parse_operand(parser, &ret->key))
        return false;
    skip_blanks(parser);
    return take(parser, ")") || refuse(parser, "?() is not closed");
}

static bool parse_bracket(struct parser *parser, struct path_step *ret)
{
    *ret = (struct path_step){.kind = PATH_ALL};
    if (take(parser, "?(")) {
        if (!parse_match(parser, ret))
            return false;
    } else if (peek(parser) == '\'' || peek(parser) == '"') {
        ret->kind = PATH_KEY;
        if (!parse_quoted(parser, &ret->key))
            return false;
    } else if (!take(parser, "*") && !parse_slice(parser, ret)) {
        return false;
    }
    return take(parser, "]") || refuse(parser, "[ is not closed");
}

static bool parse_step(struct parser *parser, struct path_step *ret)
{
    if (take(parser, "["))
        return parse_bracket(parser, ret);
    if (!take(parser, "."))
        return refuse(parser, "a step begins with \".\" or \"[\"");
    if (peek(parser) == '.')
        return refuse(parser, "\"..\" is not supported");
    if (take(parser, "[")) /* kubectl knows .['key'] too */
        return parse_bracket(parser, ret);
    if (take(parser, "*")) {
        *ret = (struct path_step){.kind = PATH_ALL};
        return true;
    }
    return parse_name(parser, ret);
}

bool path_parse(struct arena *arena, struct str text, struct path *ret, struct err *err)
{
    struct parser parser = {.arena = arena, .whole = text, .rest = text, .err = err};

    *ret = (struct path){0};
    ret->is_from_root = take(&parser, "$");
    if (!ret->is_from_root)
        (void)take(&parser, "@"); /* the current object is where a path begins anyway */
    if (str_is(parser.rest, ".")) /* {.} is all of it */
        return true;
    while (parser.rest.size > 0) {
        if (ret->count == PATH_STEPS_MAX)
            return refuse(&parser, "too many steps");
        if (!parse_step(&parser, &ret->steps[ret->count]))
            return false;
        ret->count++;
    }
    return true;
}

void path_print_node(const struct json_value *node, struct buf *ret)
{
    if (node->kind == JSON_TEXT)
        buf_add(ret, node->text);
    else
        json_print(node, JSON_COMPACT, ret);
}

/* -- following ------------------------------------------------------------- */

static void add_node(struct path_nodes *nodes, const struct json_value *node)
{
    nodes->at[nodes->count++] = node;
}

static void follow_key(const struct path_step *step, const struct json_value *value,
                       struct path_nodes *ret)
{
    if (value->kind != JSON_OBJECT)
        return;
    for (uint32_t i = 0; i < value->count; i++)
        if (str_equal(value->keys[i], step->key))
            add_node(ret, &value->items[i]);
}

static int64_t from_start(int64_t index, uint32_t count)
{
    int64_t ret = index < 0 ? index + count : index;
    return ret < 0 ? 0 : ret > count ? count : ret;
}

static void follow_slice(const struct path_step *step, const struct json_value *value,
                         struct path_nodes *ret)
{
    int64_t from, to;

    if (value->kind != JSON_LIST || (step->is_one && step->from < -(int64_t)value->count))
        return;
    from = from_start(step->from, value->count);
    to = step->is_one ? from_start(from + 1, value->count) : from_start(step->to, value->count);
    for (int64_t i = from; i < to; i++)
        add_node(ret, &value->items[i]);
}

/* Some node that the inner path leads to prints as the text, or, for !=, none does. */
static bool is_match(struct arena *arena, const struct path_step *step, const struct path *inner,
                     const struct json_value *item, bool *ret, struct err *err)
{
    struct path_nodes found;
    bool is_equal = false;

    if (!path_follow(arena, inner, item, item, &found, err))
        return false;
    for (uint32_t i = 0; i < found.count && !is_equal; i++) {
        auto_end(buf_fini) struct buf text = {0};
        buf_init(&text, JSON_SIZE_MAX);
        path_print_node(found.at[i], &text);
        is_equal = str_equal(buf_str(&text), step->key);
    }
    *ret = is_equal != step->is_unequal;
    return true;
}

static bool follow_match(struct arena *arena, const struct path_step *step,
                         const struct json_value *value, struct path_nodes *ret, struct err *err)
{
    struct path inner;

    if (!path_parse(arena, step->path, &inner, err))
        return false;
    for (uint32_t i = 0; value->kind == JSON_LIST && i < value->count; i++) {
        bool fits = false;
        if (!is_match(arena, step, &inner, &value->items[i], &fits, err))
            return false;
        if (fits)
            add_node(ret, &value->items[i]);
    }
    return true;
}

static bool follow_step(struct arena *arena, const struct path_step *step,
                        const struct json_value *value, struct path_nodes *ret, struct err *err)
{
    switch (step->kind) {
    case PATH_KEY:
        follow_key(step, value, ret);
        return true;
    case PATH_ALL:
        for (uint32_t i = 0; i < value->count; i++)
            add_node(ret, &value->items[i]);
        return true;
    case PATH_SLICE:
        follow_slice(step, value, ret);
        return true;
    case PATH_MATCH:
        return follow_match(arena, step, value, ret, err);
    }
    assert(false);
    return false;
}

bool path_follow(struct arena *arena, const struct path *path, const struct json_value *root,
                 const struct json_value *current, struct path_nodes *ret, struct err *err)
{
    struct path_nodes nodes = {arena_array(arena, 1, sizeof(struct json_value *)), 0};

    add_node(&nodes, path->is_from_root ? root : current);
    for (uint32_t i = 0; i < path->count; i++) {
        size_t most = 0; /* a step leads to items of its nodes, each at most once */
        for (uint32_t j = 0; j < nodes.count; j++)
            most += nodes.at[j]->count;
        struct path_nodes next = {arena_array(arena, most, sizeof(struct json_value *)), 0};
        for (uint32_t j = 0; j < nodes.count; j++)
            if (!follow_step(arena, &path->steps[i], nodes.at[j], &next, err))
                return false;
        nodes = next;
    }
    *ret = nodes;
    return true;
}
