// SPDX-License-Identifier: Apache-2.0
#include "api/label_selector.h"

#include "api/look.h"

/* NULL: there is no such label. */
static const struct json_value *label_find(const struct json_value *labels, struct str key)
{
    for (uint32_t i = 0; labels && labels->kind == JSON_OBJECT && i < labels->count; i++)
        if (str_equal(labels->keys[i], key))
            return &labels->items[i];
    return NULL;
}

static bool is_among(const struct json_value *values, struct str text)
{
    for (uint32_t i = 0; values && i < values->count; i++)
        if (str_equal(values->items[i].text, text))
            return true;
    return false;
}

static bool expression_holds(const struct json_value *expression, const struct json_value *labels)
{
    struct str operator= look_text(expression, "operator");
    const struct json_value *values = look_list(expression, "values");
    const struct json_value *label = label_find(labels, look_text(expression, "key"));

    if (str_is(operator, "Exists"))
        return label != NULL;
    if (str_is(operator, "DoesNotExist"))
        return label == NULL;
    if (str_is(operator, "In"))
        return label && is_among(values, label->text);
    if (str_is(operator, "NotIn"))
        return !label || !is_among(values, label->text);
    return true;
}

bool label_selector_matches(const struct json_value *selector, const struct json_value *labels)
{
    const struct json_value *exact = json_get(selector, "matchLabels");
    const struct json_value *expressions = look_list(selector, "matchExpressions");

    for (uint32_t i = 0; exact && exact->kind == JSON_OBJECT && i < exact->count; i++) {
        const struct json_value *label = label_find(labels, exact->keys[i]);
        if (!label || !str_equal(label->text, exact->items[i].text))
            return false;
    }
    for (uint32_t i = 0; expressions && i < expressions->count; i++)
        if (!expression_holds(&expressions->items[i], labels))
            return false;
    return true;
}
