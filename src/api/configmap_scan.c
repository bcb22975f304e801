// SPDX-License-Identifier: Apache-2.0
#include "api/configmap_scan.h"

#define ARTIFACTS_DIRECTORY "artifacts" /* mounted within the code's directory */

enum {
    DEPTH_MAPS = 2 /* {"data":{"key": */
};

void configmap_scan_init(struct configmap_scan *scan, struct str key)
{
    *scan = (struct configmap_scan){.key = key};
}

static void word_add(struct configmap_scan *scan, char c)
{
    if (scan->word_size < sizeof(scan->word))
        scan->word[scan->word_size++] = c;
}

static void text_end(struct configmap_scan *scan)
{
    struct str word = {scan->word, scan->word_size};

    scan->is_text = false;
    if (!scan->is_key)
        return;
    if (scan->depth == 1)
        scan->is_map = str_is(word, "data") || str_is(word, "binaryData");
    if (scan->depth != DEPTH_MAPS || !scan->is_map)
        return;
    scan->has_key |= str_equal(word, scan->key);
    scan->has_artifacts |= str_is(word, ARTIFACTS_DIRECTORY);
}

static void take_text(struct configmap_scan *scan, char c)
{
    if (scan->is_escape || c == '\\') {
        scan->is_escape = !scan->is_escape;
        word_add(scan, '\\'); /* which no key has */
    } else if (c == '"') {
        text_end(scan);
    } else if (scan->is_key) {
        word_add(scan, c);
    }
}

static void text_begin(struct configmap_scan *scan)
{
    scan->is_text = true;
    scan->is_key = scan->expects_key && scan->depth <= DEPTH_MAPS;
    scan->expects_key = false;
    scan->word_size = 0;
}

static void container_begin(struct configmap_scan *scan, bool is_object)
{
    scan->depth++;
    scan->expects_key = is_object;
    if (scan->depth <= DEPTH_MAPS)
        scan->is_object[scan->depth] = is_object;
}

static void take_sign(struct configmap_scan *scan, char c)
{
    switch (c) {
    case '"':
        text_begin(scan);
        break;
    case '{':
    case '[':
        container_begin(scan, c == '{');
        break;
    case '}':
    case ']':
        scan->depth -= scan->depth > 0;
        scan->expects_key = false;
        break;
    case ',':
        scan->expects_key = scan->depth <= DEPTH_MAPS && scan->is_object[scan->depth];
        break;
    default:
        break;
    }
}

void configmap_scan_add(struct configmap_scan *scan, struct str bytes)
{
    for (size_t i = 0; i < bytes.size; i++)
        if (scan->is_text)
            take_text(scan, bytes.at[i]);
        else
            take_sign(scan, bytes.at[i]);
}

bool configmap_scan_end(const struct configmap_scan *scan, struct err *err)
{
    if (!scan->has_key)
        return err_set(err, ERR_INVALID,
                       "the ConfigMap has no key %.*s: it must be one of its data",
                       STR_ARG(scan->key));
    if (scan->has_artifacts)
        return err_set(err, ERR_INVALID,
                       "the ConfigMap cannot have a key %s: there the code writes its artifacts",
                       ARTIFACTS_DIRECTORY);
    return true;
}
