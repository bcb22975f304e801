// SPDX-License-Identifier: Apache-2.0
#include "api/crd.h"

#include <inttypes.h>

#define GROUP        "execution.agenttask.io"
#define QUANTITY_MAX 32 /* characters; more digits than anything countable has */
#define QUANTITY_PATTERN                                                                           \
    "^\\+?([0-9]*[1-9][0-9]*(\\.[0-9]*)?|[0-9]*\\.[0-9]*[1-9][0-9]*)"                              \
    "([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?$"

struct walk {
    struct arena *arena;
    const struct crd_kind *kind;
    bool *row_used, *rule_used;
    struct err *err;
};

static struct json_value text(const char *s)
{
    return json_text(str_of(s));
}

static void put_text(struct walk *walk, struct json_value *object, const char *key, const char *s)
{
    json_put(walk->arena, object, key, text(s));
}

static void put_number(struct walk *walk, struct json_value *object, const char *key,
                       int64_t number)
{
    json_put(walk->arena, object, key, json_number(walk->arena, number));
}

/* -- rows and rules -------------------------------------------------------- */

static bool row_matches(const struct crd_row *row, struct str path)
{
    return row->path[0] == '*' ? str_ends(path, row->path + 1) : str_is(path, row->path);
}

static const struct crd_row *row_of(struct walk *walk, struct str path)
{
    for (size_t i = 0; i < walk->kind->row_count; i++)
        if (row_matches(&walk->kind->rows[i], path)) {
            walk->row_used[i] = true;
            return &walk->kind->rows[i];
        }
    return NULL;
}

static void put_rules(struct walk *walk, struct str path, struct json_value *ret)
{
    struct json_value rules = json_list();

    for (size_t i = 0; i < walk->kind->rule_count; i++) {
        const struct crd_rule *rule = &walk->kind->rules[i];
        struct json_value one = json_object();

        if (!str_is(path, rule->path))
            continue;
        walk->rule_used[i] = true;
        put_text(walk, &one, "message", rule->message);
        put_text(walk, &one, "rule", rule->rule);
        json_add(walk->arena, &rules, one);
    }
    if (rules.count > 0)
        json_put(walk->arena, ret, "x-kubernetes-validations", rules);
}

static bool all_used(struct walk *walk)
{
    for (size_t i = 0; i < walk->kind->row_count; i++)
        if (!walk->row_used[i])
            return err_set(walk->err, ERR_INVALID, "%s: no field for the row %s", walk->kind->kind,
                           walk->kind->rows[i].path);
    for (size_t i = 0; i < walk->kind->rule_count; i++)
        if (!walk->rule_used[i])
            return err_set(walk->err, ERR_INVALID, "%s: no field for the rule at %s",
                           walk->kind->kind, walk->kind->rules[i].path);
    return true;
}

/* -- one field ------------------------------------------------------------- */

/* How the kinds of fields are spelt in OpenAPI. */
static const struct spelling {
    const char *type, *format, *size_max, *size_min;
} spellings[] = {
    [FIELD_TEXT] = {"string",  NULL,        "maxLength", "minLength"},
    [FIELD_FLAG] = {"boolean", NULL,        NULL,        NULL       },
    [FIELD_INT] = {"integer", "int64",     NULL,        NULL       },
    [FIELD_INT32] = {"integer", "int32",     NULL,        NULL       },
    [FIELD_SECONDS] = {"integer", "int64",     NULL,        NULL       },
    [FIELD_DECIMAL] = {"number",  NULL,        NULL,        NULL       },
    [FIELD_TIME] = {"string",  "date-time", NULL,        NULL       },
    [FIELD_CPU] = {NULL,      NULL,        "maxLength", NULL       },
    [FIELD_BYTES] = {NULL,      NULL,        "maxLength", NULL       },
    [FIELD_WORD] = {"string",  NULL,        NULL,        NULL       },
    [FIELD_TEXTS] = {"array",   NULL,        "maxItems",  "minItems" },
    [FIELD_ROWS] = {"array",   NULL,        "maxItems",  "minItems" },
    [FIELD_OBJECT] = {"object",  NULL,        NULL,        NULL       },
    [FIELD_CUSTOM] = {NULL,      NULL,        NULL,        NULL       },
};

static bool is_quantity(const struct field *field)
{
    return field->kind == FIELD_CPU || field->kind == FIELD_BYTES;
}

static bool is_number(const struct field *field)
{
    return field->kind == FIELD_INT || field->kind == FIELD_INT32 || field->kind == FIELD_SECONDS ||
           field->kind == FIELD_DECIMAL;
}

static bool schema_of(struct walk *walk, const struct field *field, struct str path,
                      struct json_value *ret);

static void put_any_of(struct walk *walk, struct json_value *ret)
{
    struct json_value types = json_list(), integer = json_object(), string = json_object();

    put_text(walk, &integer, "type", "integer");
    put_text(walk, &string, "type", "string");
    json_add(walk->arena, &types, integer);
    json_add(walk->arena, &types, string);
    json_put(walk->arena, ret, "anyOf", types);
}

static void put_default(struct walk *walk, const struct field *field, const char *standard,
                        struct json_value *ret)
{
    struct json_value value = text(standard);

    if (is_number(field))
        value.kind = JSON_NUMBER;
    json_put(walk->arena, ret, "default", value);
}

static void put_words(struct walk *walk, const struct field *field, struct json_value *ret)
{
    struct json_value words = json_list();

    for (int i = 0; i < field->word_count; i++)
        if (field->word(i)[0] != '\0') /* that one is not written */
            json_add(walk->arena, &words, text(field->word(i)));
    json_put(walk->arena, ret, "enum", words);
}

static bool put_items(struct walk *walk, const struct field *field, struct str path,
                      struct json_value *ret)
{
    struct field item = {.kind = field->word ? FIELD_WORD : FIELD_TEXT,
                         .word = field->word,
                         .word_count = field->word_count};
    struct json_value schema;

    if (field->kind == FIELD_ROWS)
        item = (struct field){.kind = FIELD_OBJECT, .table = field->table};
    if (!schema_of(walk, &item, arena_print(walk->arena, "%.*s[]", STR_ARG(path)), &schema))
        return false;
    json_put(walk->arena, ret, "items", schema);
    return true;
}

static bool put_size_max(struct walk *walk, const struct field *field, const struct crd_row *row,
                         struct str path, struct json_value *ret)
{
    const char *key = spellings[field->kind].size_max;
    int64_t size_max = is_quantity(field) ? QUANTITY_MAX : row ? row->size_max : 0;

    if (key && size_max == 0)
        return err_set(walk->err, ERR_INVALID, "%s: %.*s has no bound", walk->kind->kind,
                       STR_ARG(path));
    if (key)
        put_number(walk, ret, key, size_max);
    return true;
}

static void put_minimums(struct walk *walk, const struct field *field, const struct crd_row *row,
                         struct json_value *ret)
{
    const char *key = spellings[field->kind].size_min;

    if (key && row && row->size_min > 0)
        put_number(walk, ret, key, row->size_min);
    if (is_quantity(field))
        put_number(walk, ret, "minimum", 1);
    else if (is_number(field))
        put_number(walk, ret, "minimum",
                   row && (row->min != 0 || row->max != 0) ? row->min : field->min);
}

static void put_maximum(struct walk *walk, const struct field *field, const struct crd_row *row,
                        struct json_value *ret)
{
    int64_t max = row && row->max != 0 ? row->max : field->max;

    if (is_number(field) && max != 0)
        put_number(walk, ret, "maximum", max);
}

static void put_pattern(struct walk *walk, const struct field *field, const struct crd_row *row,
                        struct json_value *ret)
{
    if (is_quantity(field))
        put_text(walk, ret, "pattern", QUANTITY_PATTERN);
    else if (row && row->pattern)
        put_text(walk, ret, "pattern", row->pattern);
}

static void put_list_type(struct walk *walk, const struct crd_row *row, struct json_value *ret)
{
    struct json_value keys = json_list();

    if (row && row->list_key) {
        json_add(walk->arena, &keys, text(row->list_key));
        json_put(walk->arena, ret, "x-kubernetes-list-map-keys", keys);
    }
    put_text(walk, ret, "x-kubernetes-list-type", row && row->list_key ? "map" : "atomic");
}

static struct str path_below(struct walk *walk, struct str path, const char *name)
{
    return path.size == 0 ? str_of(name) : arena_print(walk->arena, "%.*s.%s", STR_ARG(path), name);
}

static bool put_properties(struct walk *walk, const struct fields *fields, struct str path,
                           struct json_value *ret)
{
    struct json_value properties = json_object(), required = json_list();

    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->at[i];
        struct str below = path_below(walk, path, field->name);
        const struct crd_row *row = row_of(walk, below);
        bool is_own = path.size == 0 && field->kind != FIELD_OBJECT; /* apiVersion, kind */
        struct json_value schema;

        if (!schema_of(walk, field, below, &schema))
            return false;
        json_put(walk->arena, &properties, field->name, schema);
        if ((field->flags & FIELD_REQUIRED && !is_own && !str_is(below, "metadata")) ||
            (row && row->is_required))
            json_add(walk->arena, &required, text(field->name));
    }
    json_put(walk->arena, ret, "properties", properties);
    if (required.count > 0)
        json_put(walk->arena, ret, "required", required);
    return true;
}

/* apiVersion, kind and metadata are the API server's own affair. */
static bool is_foreign(const struct field *field, struct str path)
{
    return field->kind == FIELD_CONSTANT || str_is(path, "metadata");
}

static struct json_value foreign_schema(struct walk *walk, const struct field *field)
{
    struct json_value ret = json_object();

    put_text(walk, &ret, "type", field->kind == FIELD_CONSTANT ? "string" : "object");
    return ret;
}

/* Keys in the order of the alphabet. */
static bool put_schema(struct walk *walk, const struct field *field, const struct crd_row *row,
                       struct str path, struct json_value *ret)
{
    const struct spelling *spelling = &spellings[field->kind];
    bool is_list = field->kind == FIELD_TEXTS || field->kind == FIELD_ROWS;

    if (is_quantity(field))
        put_any_of(walk, ret);
    if (row && row->standard)
        put_default(walk, field, row->standard, ret);
    if (row && row->description)
        put_text(walk, ret, "description", row->description);
    if (field->kind == FIELD_WORD)
        put_words(walk, field, ret);
    if (spelling->format)
        put_text(walk, ret, "format", spelling->format);
    if (is_list && !put_items(walk, field, path, ret))
        return false;
    if (!put_size_max(walk, field, row, path, ret))
        return false;
    put_maximum(walk, field, row, ret);
    put_minimums(walk, field, row, ret);
    put_pattern(walk, field, row, ret);
    if (field->kind == FIELD_OBJECT && !put_properties(walk, field->table, path, ret))
        return false;
    if (spelling->type)
        put_text(walk, ret, "type", spelling->type);
    if (is_quantity(field))
        json_put(walk->arena, ret, "x-kubernetes-int-or-string", json_bool(true));
    if (is_list)
        put_list_type(walk, row, ret);
    put_rules(walk, path, ret);
    return true;
}

static bool schema_of(struct walk *walk, const struct field *field, struct str path,
                      struct json_value *ret)
{
    bool is_item = str_ends(path, "[]");
    const struct crd_row *row = row_of(walk, path);

    *ret = json_object();
    if (is_foreign(field, path)) {
        *ret = foreign_schema(walk, field);
        return true;
    }
    if (field->kind == FIELD_CUSTOM && row && row->as)
        field = row->as;
    if (field->kind == FIELD_CUSTOM || field->kind >= countof(spellings) ||
        (!row && !is_item && path.size > 0))
        return err_set(walk->err, ERR_INVALID, "%s: nothing says how %.*s is spelt",
                       walk->kind->kind, STR_ARG(path));
    return put_schema(walk, field, row, path, ret);
}

/* -- the document ---------------------------------------------------------- */

static void put_names(struct walk *walk, struct json_value *ret)
{
    const struct crd_kind *kind = walk->kind;
    struct json_value names = json_object(), categories = json_list(), shorts = json_list();

    json_add(walk->arena, &categories, text("agents"));
    json_add(walk->arena, &shorts, text(kind->short_name));
    json_put(walk->arena, &names, "categories", categories);
    put_text(walk, &names, "kind", kind->kind);
    json_put(walk->arena, &names, "listKind",
             json_text(arena_print(walk->arena, "%sList", kind->kind)));
    put_text(walk, &names, "plural", kind->plural);
    json_put(walk->arena, &names, "shortNames", shorts);
    put_text(walk, &names, "singular", kind->singular);
    json_put(walk->arena, ret, "names", names);
}

static struct json_value columns_value(struct walk *walk)
{
    struct json_value ret = json_list();

    for (size_t i = 0; i < walk->kind->column_count; i++) {
        const struct crd_column *column = &walk->kind->columns[i];
        struct json_value one = json_object();

        put_text(walk, &one, "jsonPath", column->path);
        put_text(walk, &one, "name", column->name);
        if (column->is_wide)
            put_number(walk, &one, "priority", 1);
        put_text(walk, &one, "type", column->type);
        json_add(walk->arena, &ret, one);
    }
    return ret;
}

static struct json_value version_value(struct walk *walk, struct json_value schema)
{
    struct json_value ret = json_object(), outer = json_object(), subresources = json_object();

    json_put(walk->arena, &ret, "additionalPrinterColumns", columns_value(walk));
    put_text(walk, &ret, "name", strchr(API_VERSION, '/') + 1);
    json_put(walk->arena, &outer, "openAPIV3Schema", schema);
    json_put(walk->arena, &ret, "schema", outer);
    json_put(walk->arena, &ret, "served", json_bool(true));
    json_put(walk->arena, &ret, "storage", json_bool(true));
    if (walk->kind->has_status) {
        json_put(walk->arena, &subresources, "status", json_object());
        json_put(walk->arena, &ret, "subresources", subresources);
    }
    return ret;
}

static struct json_value document_value(struct walk *walk, struct json_value schema)
{
    struct json_value ret = json_object(), metadata = json_object(), spec = json_object(),
                      versions = json_list();

    put_text(walk, &ret, "apiVersion", "apiextensions.k8s.io/v1");
    put_text(walk, &ret, "kind", "CustomResourceDefinition");
    json_put(walk->arena, &metadata, "name",
             json_text(arena_print(walk->arena, "%s." GROUP, walk->kind->plural)));
    json_put(walk->arena, &ret, "metadata", metadata);
    put_text(walk, &spec, "group", GROUP);
    put_names(walk, &spec);
    put_text(walk, &spec, "scope", walk->kind->is_namespaced ? "Namespaced" : "Cluster");
    json_add(walk->arena, &versions, version_value(walk, schema));
    json_put(walk->arena, &spec, "versions", versions);
    json_put(walk->arena, &ret, "spec", spec);
    return ret;
}

bool crd_value(struct arena *arena, const struct crd_kind *kind, struct json_value *ret,
               struct err *err)
{
    struct field root = {.kind = FIELD_OBJECT, .table = kind->fields};
    struct crd_row described = {.description = kind->description};
    struct walk walk = {.arena = arena, .kind = kind, .err = err};
    struct json_value schema = json_object();

    walk.row_used = arena_array(arena, kind->row_count, sizeof(bool));
    walk.rule_used = arena_array(arena, kind->rule_count, sizeof(bool));
    if (!put_schema(&walk, &root, &described, (struct str){0}, &schema) || !all_used(&walk))
        return false;
    *ret = document_value(&walk, schema);
    return true;
}
