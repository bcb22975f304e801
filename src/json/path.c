// SPDX-License-Identifier: Apache-2.0
#include "json/path.h"

#include "json/excerpt.h"
#include "json/path_step.h"

enum {
    RANGES_MAX = 8 /* one in another */
};

struct printer {
    struct arena scratch;
    const struct json_value *root;
    struct buf *ret;
    struct err *err;
};

static void printer_end(struct printer *printer)
{
    arena_fini(&printer->scratch);
}

static struct str trimmed(struct str s)
{
    while (s.size > 0 && s.at[0] == ' ')
        s = str_skip(s, 1);
    while (s.size > 0 && s.at[s.size - 1] == ' ')
        s.size--;
    return s;
}

/* The inside of the braces that open at the start of *rest. Braces in quotes do not count. */
static bool take_braces(struct printer *printer, struct str *rest, struct str *ret)
{
    char quote = '\0';

    for (size_t i = 1; i < rest->size; i++) {
        char c = rest->at[i];
        if (quote && c == '\\') {
            i++;
        } else if (quote) {
            quote = c == quote ? '\0' : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '}') {
            *ret = trimmed((struct str){rest->at + 1, i - 1});
            *rest = str_skip(*rest, i + 1);
            return true;
        }
    }
    return err_set(printer->err, ERR_INVALID, "jsonpath %s: { is not closed",
                   excerpt_of(&printer->scratch, *rest, EXCERPT_SIZE));
}

/* {"text"}, with \n \t \" \\ */
static void print_literal(struct str quoted, struct buf *ret)
{
    for (size_t i = 1; i + 1 < quoted.size; i++) {
        char c = quoted.at[i];
        if (c == '\\' && i + 2 < quoted.size) {
            c = quoted.at[++i];
            c = (char)(c == 'n' ? '\n' : c == 't' ? '\t' : c);
        }
        buf_add_char(ret, c);
    }
}

static bool find_nodes(struct printer *printer, struct str text, const struct json_value *current,
                       struct path_nodes *ret)
{
    struct path path;

    return path_parse(&printer->scratch, text, &path, printer->err) &&
           path_follow(&printer->scratch, &path, printer->root, current, ret, printer->err);
}

static bool print_path(struct printer *printer, struct str text, const struct json_value *current)
{
    struct path_nodes nodes;

    if (!find_nodes(printer, text, current, &nodes))
        return false;
    for (uint32_t i = 0; i < nodes.count; i++) {
        if (i > 0)
            buf_add_char(printer->ret, ' ');
        path_print_node(nodes.at[i], printer->ret);
    }
    return true;
}

static bool print_part(struct printer *printer, struct str *rest, const struct json_value *current,
                       unsigned ranges);

/* Everything up to {end}, once for each node; with no node, only to find the {end}. */
static bool print_range(struct printer *printer, struct str *rest, struct str text,
                        const struct json_value *current, unsigned ranges)
{
    static const struct json_value nothing;
    struct path_nodes nodes;
    struct str body = *rest;

    if (ranges >= RANGES_MAX)
        return err_set(printer->err, ERR_INVALID, "jsonpath: more than %d ranges in one another",
                       RANGES_MAX);
    if (!find_nodes(printer, text, current, &nodes))
        return false;
    for (uint32_t i = 0; i < nodes.count && !printer->ret->is_full; i++) {
        *rest = body;
        if (!print_part(printer, rest, nodes.at[i], ranges + 1))
            return false;
    }
    if (nodes.count > 0)
        return true;
    struct buf nowhere = {0}, *ret = printer->ret;
    printer->ret = &nowhere;
    bool done = print_part(printer, rest, &nothing, ranges + 1);
    printer->ret = ret;
    return done;
}

static bool print_expression(struct printer *printer, struct str *rest, struct str inside,
                             const struct json_value *current, unsigned ranges)
{
    if (inside.size >= 2 && (inside.at[0] == '"' || inside.at[0] == '\'') &&
        inside.at[inside.size - 1] == inside.at[0]) {
        print_literal(inside, printer->ret);
        return true;
    }
    if (str_starts(inside, "range "))
        return print_range(printer, rest, trimmed(str_skip(inside, strlen("range "))), current,
                           ranges);
    return print_path(printer, inside, current);
}

/* Prints up to the end of the template or of the range that it is in. */
static bool print_part(struct printer *printer, struct str *rest, const struct json_value *current,
                       unsigned ranges)
{
    while (rest->size > 0) {
        struct str inside = {0};
        if (rest->at[0] != '{') {
            buf_add_char(printer->ret, rest->at[0]);
            *rest = str_skip(*rest, 1);
            continue;
        }
        if (!take_braces(printer, rest, &inside))
            return false;
        if (str_is(inside, "end"))
            return ranges > 0 ||
                   err_set(printer->err, ERR_INVALID, "jsonpath: {end} without {range}");
        if (!print_expression(printer, rest, inside, current, ranges))
            return false;
    }
    return ranges == 0 || err_set(printer->err, ERR_INVALID, "jsonpath: {range} without {end}");
}

bool path_print(const struct json_value *value, struct str template, struct buf *ret,
                struct err *err)
{
    auto_end(printer_end) struct printer printer = {.root = value, .ret = ret, .err = err};

    return print_part(&printer, &template, value, 0);
}
