// SPDX-License-Identifier: Apache-2.0
#include "fake_request.h"

#include <stdio.h>

static const char *const path_words[] = {"",
                                         "api",
                                         "apis",
                                         "v1",
                                         "v1alpha1",
                                         "namespaces",
                                         "default",
                                         "execution.agenttask.io",
                                         "networking.k8s.io",
                                         "admissionregistration.k8s.io"};

void asked_read(struct arena *arena, struct str path, struct asked *ret)
{
    struct str word, rest = path, query;
    int place = 0;

    if (str_cut(path, '?', &word, &query))
        rest = word;
    *ret = (struct asked){0};
    for (bool more = true; more;) {
        bool is_fixed = false;
        more = str_cut(rest, '/', &word, &rest);
        word = more ? word : rest;
        for (size_t i = 0; place == 0 && i < countof(path_words); i++)
            is_fixed |= str_is(word, path_words[i]);
        if (is_fixed)
            continue;
        if (place == 0)
            snprintf(ret->plural, sizeof(ret->plural), "%.*s", STR_ARG(word));
        else if (place == 1)
            ret->name = arena_copy(arena, word);
        else
            snprintf(ret->part, sizeof(ret->part), "%.*s", STR_ARG(word));
        place++;
    }
}

struct json_value json_merged(struct arena *arena, const struct json_value *target,
                              const struct json_value *patch)
{
    struct json_value ret = json_object();

    if (patch->kind != JSON_OBJECT)
        return *patch;
    for (uint32_t i = 0; target && target->kind == JSON_OBJECT && i < target->count; i++) {
        const struct json_value *change = json_get(patch, arena_text(arena, target->keys[i]));
        if (!change)
            json_put_key(arena, &ret, target->keys[i], target->items[i]);
        else if (change->kind != JSON_NULL)
            json_put_key(arena, &ret, target->keys[i],
                         json_merged(arena, &target->items[i], change));
    }
    for (uint32_t i = 0; i < patch->count; i++)
        if (patch->items[i].kind != JSON_NULL &&
            !(target && json_get(target, arena_text(arena, patch->keys[i]))))
            json_put_key(arena, &ret, patch->keys[i], json_merged(arena, NULL, &patch->items[i]));
    return ret;
}
