// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <stdlib.h>
#include <yaml.h>

#include "yaml/scalar.h"
#include "yaml/yaml.h"

struct printer {
    struct arena scratch;
    yaml_emitter_t emitter;
};

static void printer_end(struct printer *printer)
{
    yaml_emitter_delete(&printer->emitter);
    arena_fini(&printer->scratch);
}

static int write_bytes(void *ret, unsigned char *bytes, size_t size)
{
    buf_add(ret, (struct str){(const char *)bytes, size});
    return 1;
}

/* Our events are well-formed and our sink takes everything: only memory can be lacking. */
static void emit(struct printer *printer, yaml_event_t *event, int is_made)
{
    if (!is_made || !yaml_emitter_emit(&printer->emitter, event))
        abort();
}

static void emit_scalar(struct printer *printer, struct str text, yaml_scalar_style_t style)
{
    yaml_event_t event;

    assert(text.size <= INT32_MAX);
    emit(printer, &event,
         yaml_scalar_event_initialize(&event, NULL, NULL,
                                      (const unsigned char *)(text.at ? text.at : ""),
                                      (int)text.size, 1, 1, style));
}

/* libyaml takes nothing but UTF-8. */
static struct str as_utf8(struct arena *scratch, struct str text)
{
    auto_end(buf_fini) struct buf json = {0};
    struct json_value value;
    struct err err = {0};

    if (str_is_utf8(text))
        return text;
    buf_init(&json, SIZE_MAX);
    json_print_text(text, &json); /* puts U+FFFD for what is none */
    if (!json_read(scratch, buf_str(&json), &value, &err))
        abort();
    return value.text;
}

/* A line break that is not "\n" would be read as one. */
static bool has_odd_break(struct str text)
{
    static const char *const breaks[] = {"\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};

    for (size_t i = 0; text.size > 0 && i < countof(breaks); i++)
        if (memmem(text.at, text.size, breaks[i], strlen(breaks[i])))
            return true;
    return false;
}

/* libyaml itself falls back to quotes where a plain or literal text would be read otherwise for
 * reasons of syntax. */
static void emit_text(struct printer *printer, struct str text, bool is_key)
{
    struct str whole = as_utf8(&printer->scratch, text);
    bool has_break = whole.size > 0 && memchr(whole.at, '\n', whole.size);

    if (scalar_needs_quotes(&printer->scratch, whole) || has_odd_break(whole) ||
        (is_key && has_break))
        emit_scalar(printer, whole, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
    else
        emit_scalar(printer, whole,
                    has_break ? YAML_LITERAL_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE);
}

static void emit_value(struct printer *printer, const struct json_value *value, unsigned level);

static void emit_list(struct printer *printer, const struct json_value *list, unsigned level)
{
    yaml_event_t event;

    emit(printer, &event,
         yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE));
    for (uint32_t i = 0; i < list->count; i++)
        emit_value(printer, &list->items[i], level + 1);
    emit(printer, &event, yaml_sequence_end_event_initialize(&event));
}

static void emit_object(struct printer *printer, const struct json_value *object, unsigned level)
{
    yaml_event_t event;

    emit(printer, &event,
         yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
    for (uint32_t i = 0; i < object->count; i++) {
        emit_text(printer, object->keys[i], true);
        emit_value(printer, &object->items[i], level + 1);
    }
    emit(printer, &event, yaml_mapping_end_event_initialize(&event));
}

static void emit_value(struct printer *printer, const struct json_value *value, unsigned level)
{
    assert(level <= 2 * JSON_DEPTH_MAX); /* what was read, and the little that we put around it */
    switch (value->kind) {
    case JSON_NULL:
        emit_scalar(printer, STR_LIT("null"), YAML_PLAIN_SCALAR_STYLE);
        break;
    case JSON_BOOL:
        emit_scalar(printer, value->flag ? STR_LIT("true") : STR_LIT("false"),
                    YAML_PLAIN_SCALAR_STYLE);
        break;
    case JSON_NUMBER:
        emit_scalar(printer, value->text, YAML_PLAIN_SCALAR_STYLE);
        break;
    case JSON_TEXT:
        emit_text(printer, value->text, false);
        break;
    case JSON_LIST:
        emit_list(printer, value, level);
        break;
    case JSON_OBJECT:
        emit_object(printer, value, level);
        break;
    }
}

void yaml_print(const struct json_value *value, struct buf *ret)
{
    auto_end(printer_end) struct printer printer = {0};
    yaml_event_t event;

    if (!yaml_emitter_initialize(&printer.emitter))
        abort();
    yaml_emitter_set_output(&printer.emitter, write_bytes, ret);
    yaml_emitter_set_width(&printer.emitter, -1);
    yaml_emitter_set_unicode(&printer.emitter, 1);
    emit(&printer, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(&printer, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    emit_value(&printer, value, 0);
    emit(&printer, &event, yaml_document_end_event_initialize(&event, 1));
    emit(&printer, &event, yaml_stream_end_event_initialize(&event));
}
