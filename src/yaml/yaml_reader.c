// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <yaml.h>

#include "yaml/mapping.h"
#include "yaml/scalar.h"
#include "yaml/yaml.h"
#include "json/excerpt.h"

enum {
    ANCHORS_MAX = 256,
};

struct anchor {
    struct str name;
    struct node node;
};

/* A collection whose end has not come. Its items stand on the reader's pile from `from`; those of
 * an object are keys and values in turn. */
struct level {
    bool is_object;
    uint32_t from;
    uint32_t line, column;
    struct str anchor; /* empty: none */
    struct cost cost;
};

struct reader {
    struct arena *arena; /* of what is returned */
    struct arena scratch;
    const char *file;
    struct err *err;
    yaml_parser_t parser;
    struct node *pile;
    uint32_t pile_count, pile_room;
    struct level levels[JSON_DEPTH_MAX];
    uint32_t depth;
    struct anchor anchors[ANCHORS_MAX];
    uint32_t anchor_count;
    struct cost total; /* of all documents */
    struct json_value *documents;
    uint32_t document_count, document_room;
};

static void reader_end(struct reader *reader)
{
    yaml_parser_delete(&reader->parser);
    arena_fini(&reader->scratch);
}

static bool refuse(struct reader *reader, size_t line, size_t column, const char *what)
{
    const char *file = excerpt_of(&reader->scratch, str_of(reader->file), EXCERPT_PATH_SIZE);

    return err_set(reader->err, ERR_INVALID, "%s:%zu:%zu: %s", file, line, column, what);
}

static bool refuse_at(struct reader *reader, yaml_mark_t mark, const char *what)
{
    return refuse(reader, mark.line + 1, mark.column + 1, what);
}

static bool refuse_named(struct reader *reader, yaml_mark_t mark, const char *before,
                         struct str name, const char *after)
{
    struct str what = arena_print(&reader->scratch, "%s\"%s\"%s", before,
                                  excerpt_of(&reader->scratch, name, EXCERPT_SIZE), after);

    return refuse_at(reader, mark, what.at);
}

/* libyaml's own complaint. Where it is about bytes, only their offset is known. */
static bool refuse_syntax(struct reader *reader, struct str text)
{
    const yaml_parser_t *parser = &reader->parser;
    yaml_mark_t mark = parser->problem_mark;

    if (parser->error == YAML_MEMORY_ERROR)
        abort();
    if (parser->error == YAML_READER_ERROR) {
        mark = (yaml_mark_t){0};
        for (size_t i = 0; i < parser->problem_offset && i < text.size; i++) {
            bool is_break = text.at[i] == '\n';
            mark.line += is_break;
            mark.column = is_break ? 0 : mark.column + 1;
        }
    }
    return refuse_at(reader, mark, parser->problem ? parser->problem : "not YAML");
}

/* -- the pile -------------------------------------------------------------- */

/* An array that is full gets twice the room. */
static void *grown(struct arena *arena, const void *from, uint32_t count, uint32_t *room,
                   size_t item_size)
{
    void *ret;

    *room = *room ? *room * 2 : 64;
    ret = arena_array(arena, *room, item_size);
    if (count > 0)
        memcpy(ret, from, count * item_size);
    return ret;
}

static bool is_key_next(const struct reader *reader)
{
    const struct level *level = reader->depth ? &reader->levels[reader->depth - 1] : NULL;

    return level && level->is_object && (reader->pile_count - level->from) % 2 == 0;
}

static bool count_cost(struct reader *reader, const struct cost *cost, yaml_mark_t mark)
{
    reader->total.nodes += cost->nodes;
    reader->total.bytes += cost->bytes;
    if (reader->total.nodes > YAML_NODES_MAX)
        return refuse_at(reader, mark, "too many values, aliases counted in full");
    if (reader->total.bytes > JSON_SIZE_MAX)
        return refuse_at(reader, mark, "too much text, aliases counted in full");
    if (reader->depth + cost->height > JSON_DEPTH_MAX)
        return refuse_at(reader, mark, "nested too deeply");
    return true;
}

/* A key is a text, however it is spelt: 1 and true become "1" and "true", as for Kubernetes. */
static bool make_key(struct reader *reader, struct node *node, yaml_mark_t mark)
{
    struct json_value *value = &node->value;

    if (value->kind == JSON_BOOL)
        value->text = value->flag ? STR_LIT("true") : STR_LIT("false");
    else if (value->kind != JSON_NUMBER && value->kind != JSON_TEXT)
        return refuse_at(reader, mark, "a key must be a text");
    value->kind = JSON_TEXT;
    return true;
}

/* The value is whole: it goes to the collection that it is in. */
static bool add_node(struct reader *reader, struct node *node, yaml_mark_t mark)
{
    if (is_key_next(reader)) {
        if (!make_key(reader, node, mark))
            return false;
    } else if (node->is_merge) { /* as a value it is just a text */
        node->is_merge = false;
    }
    if (reader->pile_count == reader->pile_room)
        reader->pile = grown(&reader->scratch, reader->pile, reader->pile_count, &reader->pile_room,
                             sizeof(struct node));
    reader->pile[reader->pile_count++] = *node;
    if (reader->depth > 0) {
        struct cost *cost = &reader->levels[reader->depth - 1].cost;
        cost->nodes += node->cost.nodes;
        cost->bytes += node->cost.bytes;
        if (cost->height < node->cost.height + 1)
            cost->height = node->cost.height + 1;
    }
    return true;
}

/* -- anchors --------------------------------------------------------------- */

static bool keep_anchor(struct reader *reader, struct str name, const struct node *node,
                        yaml_mark_t mark)
{
    uint32_t i = 0;

    if (name.size == 0)
        return true;
    while (i < reader->anchor_count && !str_equal(reader->anchors[i].name, name))
        i++;
    if (i == ANCHORS_MAX)
        return refuse_at(reader, mark, "too many anchors");
    reader->anchors[i] = (struct anchor){name, *node};
    if (i == reader->anchor_count)
        reader->anchor_count++;
    return true;
}

/* An anchor is known once its value is whole, so nothing can hold itself. */
static bool read_alias(struct reader *reader, const yaml_event_t *event)
{
    struct str name = str_of((const char *)event->data.alias.anchor);

    for (uint32_t i = 0; i < reader->anchor_count; i++) {
        struct node node = reader->anchors[i].node;
        if (!str_equal(reader->anchors[i].name, name))
            continue;
        return count_cost(reader, &node.cost, event->start_mark) &&
               add_node(reader, &node, event->start_mark);
    }
    return refuse_named(reader, event->start_mark, "there is no anchor ", name, " above");
}

/* -- scalars --------------------------------------------------------------- */

/* The kind that a tag asks for: !!int "5" is a number. */
static bool fits_tag(struct str tag, enum scalar_kind kind)
{
    if (str_is(tag, YAML_NULL_TAG))
        return kind == SCALAR_NULL;
    if (str_is(tag, YAML_BOOL_TAG))
        return kind == SCALAR_BOOL;
    if (str_is(tag, YAML_INT_TAG) || str_is(tag, YAML_FLOAT_TAG))
        return kind == SCALAR_NUMBER;
    return false;
}

static bool resolve_scalar(struct reader *reader, const yaml_event_t *event, struct node *ret)
{
    struct str text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    struct str tag = str_of((const char *)event->data.scalar.tag);
    bool is_plain = event->data.scalar.plain_implicit;
    enum scalar_kind kind;

    text = arena_copy(reader->arena, text);
    ret->value = json_text(text);
    if ((tag.size == 0 && !is_plain) || str_is(tag, "!") || str_is(tag, YAML_STR_TAG) ||
        str_is(tag, YAML_TIMESTAMP_TAG))
        return true;
    kind = scalar_resolve(reader->arena, text, &ret->value);
    if (tag.size > 0 && !fits_tag(tag, kind))
        return refuse_named(reader, event->start_mark, "this cannot be read with the tag ", tag,
                            "");
    if (kind == SCALAR_ENDLESS)
        return refuse_named(reader, event->start_mark, "", text, " is a number that JSON lacks");
    ret->is_merge = kind == SCALAR_MERGE;
    if (kind == SCALAR_MERGE)
        ret->value = json_text(text);
    return true;
}

static bool read_scalar(struct reader *reader, const yaml_event_t *event)
{
    struct node node = {
        .cost = {.nodes = 1, .bytes = event->data.scalar.length}
    };

    if (!resolve_scalar(reader, event, &node) || !count_cost(reader, &node.cost, event->start_mark))
        return false;
    node.value.line = (uint32_t)event->start_mark.line + 1;
    node.value.column = (uint32_t)event->start_mark.column + 1;
    struct str anchor =
        arena_copy(&reader->scratch, str_of((const char *)event->data.scalar.anchor));
    return add_node(reader, &node, event->start_mark) &&
           keep_anchor(reader, anchor, &node, event->start_mark);
}

/* -- collections ----------------------------------------------------------- */

static bool begin_level(struct reader *reader, const yaml_event_t *event, bool is_object)
{
    const yaml_char_t *anchor =
        is_object ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    struct str tag = str_of(
        (const char *)(is_object ? event->data.mapping_start.tag : event->data.sequence_start.tag));
    struct cost cost = {.nodes = 1, .height = 1};

    if (tag.size > 0 && !str_is(tag, "!") && !str_is(tag, is_object ? YAML_MAP_TAG : YAML_SEQ_TAG))
        return refuse_named(reader, event->start_mark, "this cannot be read with the tag ", tag,
                            "");
    if (is_key_next(reader))
        return refuse_at(reader, event->start_mark, "a key must be a text");
    if (!count_cost(reader, &cost, event->start_mark))
        return false;
    reader->levels[reader->depth++] = (struct level){
        .is_object = is_object,
        .from = reader->pile_count,
        .line = (uint32_t)event->start_mark.line + 1,
        .column = (uint32_t)event->start_mark.column + 1,
        .anchor = arena_copy(&reader->scratch, str_of((const char *)anchor)),
        .cost = cost,
    };
    return true;
}

static struct json_value list_value(struct reader *reader, const struct node *nodes, uint32_t count)
{
    struct json_value ret = {.kind = JSON_LIST, .count = count, .room = count};

    ret.items = arena_array(reader->arena, count, sizeof(struct json_value));
    for (uint32_t i = 0; i < count; i++)
        ret.items[i] = nodes[i].value;
    return ret;
}

static bool object_value(struct reader *reader, const struct node *nodes, uint32_t count,
                         struct json_value *ret)
{
    struct mapping_fault fault;
    yaml_mark_t mark;

    if (mapping_make(reader->arena, &reader->scratch, nodes, count, ret, &fault))
        return true;
    mark = (yaml_mark_t){.line = fault.line - 1, .column = fault.column - 1};
    if (fault.is_merge)
        return refuse_at(reader, mark, "<< takes an object or a list of objects");
    return refuse_named(reader, mark, "the key ", fault.key, " stands twice in one object");
}

static bool end_level(struct reader *reader, yaml_mark_t mark)
{
    struct level level;
    struct node node = {0};
    uint32_t count;

    assert(reader->depth > 0);
    level = reader->levels[--reader->depth];
    count = reader->pile_count - level.from;
    reader->pile_count = level.from;
    node.cost = level.cost;
    if (!level.is_object)
        node.value = list_value(reader, reader->pile + level.from, count);
    else if (!object_value(reader, reader->pile + level.from, count, &node.value))
        return false;
    node.value.line = level.line;
    node.value.column = level.column;
    return add_node(reader, &node, mark) && keep_anchor(reader, level.anchor, &node, mark);
}

/* -- documents ------------------------------------------------------------- */

/* What is left on the pile is the document; one that says nothing is left out. */
static bool end_document(struct reader *reader, yaml_mark_t mark)
{
    assert(reader->depth == 0 && reader->pile_count == 1);
    reader->anchor_count = 0;
    reader->pile_count = 0;
    if (reader->pile[0].value.kind == JSON_NULL)
        return true;
    if (reader->document_count == YAML_DOCUMENTS_MAX)
        return refuse_at(reader, mark, "too many documents");
    if (reader->document_count == reader->document_room)
        reader->documents = grown(reader->arena, reader->documents, reader->document_count,
                                  &reader->document_room, sizeof(struct json_value));
    reader->documents[reader->document_count++] = reader->pile[0].value;
    return true;
}

static bool read_event(struct reader *reader, const yaml_event_t *event)
{
    switch ((int)event->type) {
    case YAML_ALIAS_EVENT:
        return read_alias(reader, event);
    case YAML_SCALAR_EVENT:
        return read_scalar(reader, event);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return begin_level(reader, event, event->type == YAML_MAPPING_START_EVENT);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return end_level(reader, event->start_mark);
    case YAML_DOCUMENT_END_EVENT:
        return end_document(reader, event->start_mark);
    default: /* the stream and its documents begin, the stream ends */
        return true;
    }
}

static bool read_stream(struct reader *reader, struct str text)
{
    bool done = true, is_over = false;

    while (done && !is_over) {
        yaml_event_t event;
        if (!yaml_parser_parse(&reader->parser, &event))
            return refuse_syntax(reader, text);
        done = read_event(reader, &event);
        is_over = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    return done;
}

bool yaml_read(struct arena *arena, struct str text, const char *file, struct json_value **ret,
               uint32_t *ret_count, struct err *err)
{
    auto_end(reader_end) struct reader reader = {.arena = arena, .file = file, .err = err};

    reader.pile = grown(&reader.scratch, NULL, 0, &reader.pile_room, sizeof(struct node));
    if (!yaml_parser_initialize(&reader.parser))
        abort();
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)(text.at ? text.at : ""),
                                 text.size);
    if (text.size > YAML_SIZE_MAX)
        return refuse(&reader, 1, 1, "larger than 4 MiB");
    if (!read_stream(&reader, text))
        return false;
    *ret = reader.documents;
    *ret_count = reader.document_count;
    return true;
}
