// SPDX-License-Identifier: Apache-2.0
#include "cli/taskcondition.h"

#include <strings.h>

#include "api/agenttask.h"

static struct str text_of(const struct json_value *object, const char *key)
{
    const struct json_value *member = json_get(object, key);

    return member && member->kind == JSON_TEXT ? member->text : (struct str){0};
}

struct conditions condition_list(struct arena *arena, const struct task *task)
{
    struct json_value status = agenttask_status_value(arena, task);
    const struct json_value *list = json_get(&status, "conditions");
    struct condition *conditions;

    if (!list || list->kind != JSON_LIST || list->count == 0)
        return (struct conditions){0};
    conditions = arena_array(arena, list->count, sizeof(*conditions));
    for (uint32_t i = 0; i < list->count; i++)
        conditions[i] = (struct condition){
            .type = text_of(&list->items[i], "type"),
            .status = text_of(&list->items[i], "status"),
            .reason = text_of(&list->items[i], "reason"),
            .message = text_of(&list->items[i], "message"),
        };
    return (struct conditions){conditions, list->count};
}

static bool equals_word(struct str a, struct str b)
{
    return a.size == b.size && (a.size == 0 || strncasecmp(a.at, b.at, a.size) == 0);
}

bool condition_is(const struct condition *condition, struct str status)
{
    return equals_word(condition->status, status);
}

const struct condition *condition_find(const struct conditions *conditions, struct str type)
{
    for (uint32_t i = 0; i < conditions->count; i++)
        if (equals_word(conditions->at[i].type, type))
            return &conditions->at[i];
    return NULL;
}
