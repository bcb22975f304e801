// SPDX-License-Identifier: Apache-2.0
#include "json/excerpt.h"
#include "json/json.h"
#include "json/json_document.h"
#include "json/keys.h"

/* A container that is being printed: how many of its values (keys are values too) are still to
 * come. */
struct level {
    bool is_object;
    size_t left, size;
};

static bool check_keys(struct arena *scratch, yyjson_val *object, struct err *err)
{
    uint32_t count = (uint32_t)yyjson_obj_size(object), at;
    struct str *keys = arena_array(scratch, count, sizeof(struct str));
    yyjson_obj_iter members = yyjson_obj_iter_with(object);

    for (uint32_t i = 0; i < count; i++)
        keys[i] = document_text(yyjson_obj_iter_next(&members));
    if (!keys_repeat(scratch, keys, count, &at))
        return true;
    return err_set(err, ERR_INVALID, "the key \"%s\" stands twice in one object",
                   excerpt_of(scratch, keys[at], EXCERPT_SIZE));
}

/* What stands between a value and the one before it. */
static void print_separator(const struct level *level, struct buf *ret)
{
    if (level->left == level->size)
        return;
    buf_add_char(ret, level->is_object && level->left % 2 == 1 ? ':' : ',');
}

static void print_scalar(yyjson_val *value, struct buf *ret)
{
    if (yyjson_is_raw(value))
        buf_add(ret, document_text(value));
    else if (yyjson_is_str(value))
        json_print_text(document_text(value), ret);
    else if (yyjson_is_bool(value))
        buf_add(ret, yyjson_get_bool(value) ? STR_LIT("true") : STR_LIT("false"));
    else
        buf_add(ret, STR_LIT("null"));
}

static bool print_document(yyjson_doc *document, uint32_t depth_max, struct arena *scratch,
                           struct buf *ret, struct err *err)
{
    struct level *levels = arena_array(scratch, depth_max + 1, sizeof(struct level));
    uint32_t depth = 0;
    yyjson_val *value = yyjson_doc_get_root(document);

    levels[0] = (struct level){.left = 1, .size = 1};
    for (;; value++) {
        print_separator(&levels[depth], ret);
        levels[depth].left--;
        if (yyjson_is_ctn(value)) {
            bool is_object = yyjson_is_obj(value);
            size_t size = yyjson_get_len(value) * (is_object ? 2 : 1);
            if (is_object && !check_keys(scratch, value, err))
                return false;
            buf_add_char(ret, is_object ? '{' : '[');
            assert(depth < depth_max);
            levels[++depth] = (struct level){is_object, size, size};
        } else {
            print_scalar(value, ret);
        }
        while (depth > 0 && levels[depth].left == 0)
            buf_add_char(ret, levels[depth--].is_object ? '}' : ']');
        if (levels[depth].left == 0)
            return true;
    }
}

bool json_minify(struct arena *arena, struct str text, uint32_t depth_max, struct str *ret,
                 struct err *err)
{
    enum {
        ESCAPE_GROWTH = 6 /* DEL is one byte and becomes \u007f */
    };
    auto_end(document_end) yyjson_doc *document = NULL;
    auto_end(arena_fini) struct arena scratch = {0};
    auto_end(buf_fini) struct buf minified = {0};

    if (text.size > JSON_SIZE_MAX)
        return err_set(err, ERR_INVALID, "JSON of more than %d bytes", JSON_SIZE_MAX);
    if (!document_open(text, depth_max, &document, err))
        return false;
    buf_init(&minified, text.size * ESCAPE_GROWTH);
    if (!print_document(document, depth_max, &scratch, &minified, err))
        return false;
    assert(!minified.is_full);
    *ret = arena_copy(arena, buf_str(&minified));
    return true;
}
