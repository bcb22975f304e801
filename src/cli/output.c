// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include "cli/escape.h"
#include "cli/present.h"
#include "yaml/yaml.h"
#include "json/path.h"

static const struct {
    const char *word;
    enum output_kind kind;
} formats[] = {
    {"wide", OUTPUT_WIDE},
    {"name", OUTPUT_NAME},
    {"json", OUTPUT_JSON},
    {"yaml", OUTPUT_YAML},
};

bool output_parse(const char *word, struct output *ret, struct err *err)
{
    struct str head, template;

    *ret = (struct output){.kind = OUTPUT_TABLE};
    if (!word)
        return true;
    for (size_t i = 0; i < countof(formats); i++)
        if (strcmp(word, formats[i].word) == 0) {
            ret->kind = formats[i].kind;
            return true;
        }
    if (str_cut(str_of(word), '=', &head, &template) && str_is(head, "jsonpath")) {
        *ret = (struct output){OUTPUT_PATH, template};
        return true;
    }
    return err_set(err, ERR_INVALID, "--output: \"%s\" is not " OUTPUT_WORDS, word);
}

bool output_is_document(const struct output *output)
{
    return output->kind >= OUTPUT_JSON;
}

bool output_print(const struct output *output, const struct json_value *value, FILE *out,
                  struct err *err)
{
    auto_end(buf_fini) struct buf text = {0};
    auto_end(buf_fini) struct buf shown = {0};

    buf_init(&text, PAGE_SIZE_MAX);
    buf_init(&shown, PAGE_SIZE_MAX);
    if (output->kind == OUTPUT_PATH) {
        if (!path_print(value, output->template, &text, err))
            return false;
    } else if (output->kind == OUTPUT_YAML) {
        yaml_print(value, &text);
    } else {
        json_print(value, JSON_PRETTY, &text);
    }
    escape_add(output->kind == OUTPUT_JSON ? ESCAPE_JSON : ESCAPE_TEXT, buf_str(&text), &shown);
    if (text.is_full || shown.is_full)
        return err_set(err, ERR_LIMIT, "more than %d bytes to print", PAGE_SIZE_MAX);
    fwrite(shown.at, 1, shown.size, out);
    return true;
}
