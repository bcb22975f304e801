// SPDX-License-Identifier: Apache-2.0
#include "core/validate.h"

/* [host[:port]/]path[:tag][@sha256:digest], as container runtimes read it: a path is lower-case
 * words joined by '/', '.', '_', "__" or dashes. Whether the digest must be there is for others to
 * say. */

enum {
    TAG_MAX = 128,
    DIGEST_DIGITS = 64,
};

static bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_letter(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_host(struct str host)
{
    for (size_t i = 0; i < host.size; i++)
        if (!is_letter(host.at[i]) && !memchr(".-:[]", host.at[i], 5))
            return false;
    return host.size > 0 && host.at[0] != '-' && host.at[0] != '.' && host.at[0] != ':';
}

static bool is_path(struct str path)
{
    bool was_word = false;

    for (size_t i = 0; i < path.size; i++) {
        char c = path.at[i];
        bool joins = was_word || (i > 0 && c == '-' && path.at[i - 1] == '-') ||
                     (i > 1 && c == '_' && path.at[i - 1] == '_' && path.at[i - 2] != '_');
        if (!is_lower(c) && (!memchr("/._-", c, 4) || !joins))
            return false;
        was_word = is_lower(c);
    }
    return was_word;
}

static bool is_tag(struct str tag)
{
    for (size_t i = 0; i < tag.size; i++)
        if (!is_letter(tag.at[i]) && tag.at[i] != '_' &&
            (i == 0 || (tag.at[i] != '.' && tag.at[i] != '-')))
            return false;
    return tag.size > 0 && tag.size <= TAG_MAX;
}

bool digest_is_valid(struct str digest)
{
    struct str digits = str_skip(digest, sizeof("sha256:") - 1);

    for (size_t i = 0; i < digits.size; i++)
        if (!memchr("0123456789abcdef", digits.at[i], 16))
            return false;
    return str_starts(digest, "sha256:") && digits.size == DIGEST_DIGITS;
}

bool image_name_is_valid(struct str name)
{
    struct str host, path, rest, tag;

    if (str_cut(name, '/', &host, &path) &&
        (memchr(host.at, '.', host.size) || memchr(host.at, ':', host.size) ||
         str_is(host, "localhost")))
        name = is_host(host) ? path : (struct str){0};
    if (str_cut(name, ':', &rest, &tag))
        return is_path(rest) && is_tag(tag);
    return is_path(name);
}
