// SPDX-License-Identifier: Apache-2.0
#include "api/configmap.h"

#include "api/look.h"
#include "api/names.h"
#include "base/base64.h"

struct maps {
    struct json_value data, binary;
};

/* As text it must be UTF-8, and no longer than in base64 for all its escapes. */
static bool is_better_as_text(struct str bytes)
{
    size_t size = 0;

    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char c = (unsigned char)bytes.at[i];
        size += c < 0x20 && c != '\n' && c != '\t' && c != '\r' ? 6 : c == '"' || c == '\\' ? 2 : 1;
    }
    return size <= BASE64_SIZE(bytes.size) + 64 && str_is_utf8(bytes);
}

static void put_bytes(struct arena *arena, struct maps *maps, struct str key, struct str bytes)
{
    char *base64;

    if (is_better_as_text(bytes)) {
        json_put_key(arena, &maps->data, key, json_text(bytes));
        return;
    }
    base64 = arena_alloc(arena, BASE64_SIZE(bytes.size));
    base64_encode(bytes, base64);
    json_put_key(arena, &maps->binary, key,
                 json_text((struct str){base64, BASE64_SIZE(bytes.size)}));
}

static struct maps maps_empty(void)
{
    return (struct maps){json_object(), json_object()};
}

/* Immutable: kubelets need not watch it, and nobody can change what was started or kept. */
static struct json_value whole(struct arena *arena, const struct task *task, struct str name,
                               const struct maps *maps)
{
    struct json_value ret = json_object();

    json_put(arena, &ret, "apiVersion", json_text(STR_LIT("v1")));
    if (maps->binary.count > 0)
        json_put(arena, &ret, "binaryData", maps->binary);
    if (maps->data.count > 0)
        json_put(arena, &ret, "data", maps->data);
    json_put(arena, &ret, "immutable", json_bool(true));
    json_put(arena, &ret, "kind", json_text(STR_LIT("ConfigMap")));
    json_put(arena, &ret, "metadata", child_metadata(arena, task, name));
    return ret;
}

struct json_value configmap_code_value(struct arena *arena, const struct task *task, struct str job,
                                       struct str file_name)
{
    struct maps maps = maps_empty();

    put_bytes(arena, &maps, STR_LIT(KEY_JOB), job);
    if (task->spec.source.at)
        put_bytes(arena, &maps, file_name, task->spec.source);
    return whole(arena, task, run_code_name(arena, task), &maps);
}

struct json_value configmap_logs_value(struct arena *arena, const struct task *task,
                                       struct str head, struct str tail, struct str artifacts)
{
    struct maps maps = maps_empty();

    if (artifacts.size > 0)
        put_bytes(arena, &maps, STR_LIT(KEY_ARTIFACTS), artifacts);
    if (head.size > 0)
        put_bytes(arena, &maps, STR_LIT(KEY_HEAD), head);
    if (tail.size > 0)
        put_bytes(arena, &maps, STR_LIT(KEY_TAIL), tail);
    return whole(arena, task, run_logs_name(arena, task), &maps);
}

struct json_value configmap_result_value(struct arena *arena, const struct task *task,
                                         struct str result)
{
    struct maps maps = maps_empty();

    put_bytes(arena, &maps, STR_LIT(KEY_RESULT), result);
    return whole(arena, task, run_result_name(arena, task), &maps);
}

bool configmap_bytes(struct arena *arena, const struct json_value *value, const char *key,
                     struct str *ret)
{
    const struct json_value *text = json_get(json_get(value, "data"), key);
    const struct json_value *binary = json_get(json_get(value, "binaryData"), key);
    size_t size;
    char *bytes;

    if (text && text->kind == JSON_TEXT) {
        *ret = text->text;
        return true;
    }
    if (!binary || binary->kind != JSON_TEXT)
        return false;
    bytes = arena_alloc(arena, binary->text.size + 1);
    if (!base64_decode(binary->text, bytes, &size))
        return false;
    *ret = (struct str){bytes, size};
    return true;
}
