// SPDX-License-Identifier: Apache-2.0
#include "api/look.h"

#include "base/date.h"

static const struct json_value *look_kind(const struct json_value *object, const char *key,
                                          enum json_kind kind)
{
    const struct json_value *value = json_get(object, key);

    return value && value->kind == kind ? value : NULL;
}

struct str look_text(const struct json_value *object, const char *key)
{
    const struct json_value *value = look_kind(object, key, JSON_TEXT);

    return value ? value->text : (struct str){0};
}

int64_t look_int_or(const struct json_value *object, const char *key, int64_t none)
{
    const struct json_value *value = look_kind(object, key, JSON_NUMBER);
    int64_t ret;

    return value && str_to_int(value->text, &ret) ? ret : none;
}

int64_t look_int(const struct json_value *object, const char *key)
{
    return look_int_or(object, key, 0);
}

bool look_flag(const struct json_value *object, const char *key)
{
    const struct json_value *value = look_kind(object, key, JSON_BOOL);

    return value && value->flag;
}

int64_t look_time(const struct json_value *object, const char *key)
{
    int64_t ret;

    return date_parse(look_text(object, key), &ret) ? ret : 0;
}

const struct json_value *look_list(const struct json_value *object, const char *key)
{
    return look_kind(object, key, JSON_LIST);
}

const struct json_value *look_item(const struct json_value *list, const char *key, struct str text)
{
    for (uint32_t i = 0; list && i < list->count; i++) {
        const struct json_value *value = look_kind(&list->items[i], key, JSON_TEXT);
        if (value && str_equal(value->text, text))
            return &list->items[i];
    }
    return NULL;
}

static const struct kept *kept_find(const struct kept *members, struct str name)
{
    for (; members->name; members++)
        if (str_is(name, members->name) || strcmp(members->name, "*") == 0)
            return members;
    return NULL;
}

static struct json_value items_kept(struct arena *arena, const struct json_value *list,
                                    const struct kept *members)
{
    struct json_value ret = json_list();

    for (uint32_t i = 0; i < list->count; i++)
        json_add(arena, &ret, look_kept(arena, &list->items[i], members));
    return ret;
}

struct json_value look_kept(struct arena *arena, const struct json_value *value,
                            const struct kept *members)
{
    struct json_value ret = json_object();

    if (!members || (value->kind != JSON_OBJECT && value->kind != JSON_LIST))
        return *value;
    if (value->kind == JSON_LIST)
        return items_kept(arena, value, members);
    for (uint32_t i = 0; i < value->count; i++) {
        const struct kept *member = kept_find(members, value->keys[i]);
        if (!member)
            continue;
        struct json_value item = look_kept(arena, &value->items[i], member->members);
        if (member->text_max > 0 && item.text.size > member->text_max)
            item.text.size = member->text_max;
        json_put_key(arena, &ret, value->keys[i], item);
    }
    return ret;
}
