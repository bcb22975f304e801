// SPDX-License-Identifier: Apache-2.0
#include "core/validate.h"

enum {
    LABEL_SIZE_MAX = 63 /* a label's value, and its key without the prefix */
};

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alphanumeric(char c)
{
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

bool name_is_valid(struct str name)
{
    bool is_edge = true; /* the next byte begins a part */

    if (name.size == 0 || name.size > NAME_SIZE_MAX)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.at[i];
        bool is_last = i + 1 == name.size || name.at[i + 1] == '.';

        if (c == '.' ? is_edge : !is_lower_or_digit(c) && (c != '-' || is_edge || is_last))
            return false;
        is_edge = c == '.';
    }
    return !is_edge;
}

/* [A-Za-z0-9] at both ends, "-_." between. */
static bool word_is_valid(struct str word)
{
    if (word.size == 0 || word.size > LABEL_SIZE_MAX)
        return false;
    for (size_t i = 0; i < word.size; i++) {
        char c = word.at[i];
        bool is_edge = i == 0 || i + 1 == word.size;

        if (!is_alphanumeric(c) && (is_edge || (c != '-' && c != '_' && c != '.')))
            return false;
    }
    return true;
}

bool label_key_is_valid(struct str key)
{
    struct str prefix, word;

    if (!str_cut(key, '/', &prefix, &word))
        return word_is_valid(key);
    return name_is_valid(prefix) && word_is_valid(word);
}

bool label_value_is_valid(struct str value)
{
    return value.size == 0 || word_is_valid(value);
}

bool env_name_is_valid(struct str name)
{
    if (name.size == 0 || (name.at[0] >= '0' && name.at[0] <= '9'))
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.at[i];

        if (!is_alphanumeric(c) && c != '-' && c != '_' && c != '.')
            return false;
    }
    return true;
}

bool key_is_valid(struct str key)
{
    if (key.size > NAME_SIZE_MAX || str_starts(key, "..") || str_is(key, "."))
        return false;
    for (size_t i = 0; i < key.size; i++) {
        char c = key.at[i];

        if (!is_alphanumeric(c) && c != '-' && c != '_' && c != '.')
            return false;
    }
    return key.size > 0;
}
