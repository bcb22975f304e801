// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"

#include <assert.h>
#include <stdlib.h>

/* An AA tree (Andersson 1993): a right child may be of its parent's level, a left child and a
 * right grandchild may not. The functions below recurse as deep as the tree is: at most twice the
 * logarithm of its count. */
struct map_entry {
    struct map_entry *left, *right;
    uint32_t value_size; /* rounded up to whole pointers; the key stands behind */
    uint32_t key_size : 24;
    uint32_t level : 8; /* a leaf: 1 */
    int64_t bytes[];
};

enum {
    KEY_SIZE_MAX = (1 << 24) - 1
};

static struct str key_of(const struct map_entry *entry)
{
    return (struct str){(const char *)entry->bytes + entry->value_size, entry->key_size};
}

static struct map_entry *entry_new(struct str key, size_t size)
{
    size_t value_size = (size + sizeof(int64_t) - 1) / sizeof(int64_t) * sizeof(int64_t);
    struct map_entry *entry;

    assert(key.size <= KEY_SIZE_MAX && size <= UINT32_MAX - sizeof(int64_t));
    entry = calloc(1, sizeof(*entry) + value_size + key.size);
    if (!entry)
        abort();
    entry->value_size = (uint32_t)value_size;
    entry->key_size = (uint32_t)key.size & KEY_SIZE_MAX;
    entry->level = 1;
    if (key.size > 0)
        memcpy((char *)entry->bytes + value_size, key.at, key.size);
    return entry;
}

static void entry_free(struct map_entry *entry)
{
    if (!entry)
        return;
    entry_free(entry->left);
    entry_free(entry->right);
    free(entry);
}

void map_fini(struct map *map)
{
    entry_free(map->root);
    *map = (struct map){0};
}

static uint32_t level_of(const struct map_entry *entry)
{
    return entry ? entry->level : 0;
}

/* A left child of its parent's level becomes the parent. */
static struct map_entry *skewed(struct map_entry *top)
{
    struct map_entry *left = top ? top->left : NULL;

    if (!left || left->level != top->level)
        return top;
    top->left = left->right;
    left->right = top;
    return left;
}

/* Of three in a row of one level the middle one rises. */
static struct map_entry *split(struct map_entry *top)
{
    struct map_entry *right = top ? top->right : NULL;

    if (!right || level_of(right->right) != top->level)
        return top;
    top->right = right->left;
    right->left = top;
    right->level = (right->level + 1) & 0xff;
    return right;
}

static struct map_entry *replaced(struct map_entry *old, struct map_entry *entry)
{
    entry->left = old->left;
    entry->right = old->right;
    entry->level = old->level;
    free(old);
    return entry;
}

static struct map_entry *inserted(struct map_entry *top, struct map_entry *entry, bool *ret_is_new)
{
    int order;

    if (!top)
        return entry;
    order = str_order(key_of(entry), key_of(top));
    if (order == 0) {
        *ret_is_new = false;
        return replaced(top, entry);
    }
    if (order < 0)
        top->left = inserted(top->left, entry, ret_is_new);
    else
        top->right = inserted(top->right, entry, ret_is_new);
    return split(skewed(top));
}

void *map_put(struct map *map, struct str key, size_t size)
{
    struct map_entry *entry = entry_new(key, size);
    bool is_new = true;

    map->root = inserted(map->root, entry, &is_new);
    map->count += is_new;
    return entry->bytes;
}

/* After one below has gone: levels fall, then skews and splits as at most needed (Andersson). */
static struct map_entry *rebalanced(struct map_entry *top)
{
    uint32_t left = level_of(top->left), right = level_of(top->right);
    uint32_t most = (left < right ? left : right) + 1;

    if (top->level > most) {
        top->level = most & 0xff;
        if (right > most)
            top->right->level = most & 0xff;
    }
    top = skewed(top);
    top->right = skewed(top->right);
    if (top->right)
        top->right->right = skewed(top->right->right);
    top = split(top);
    top->right = split(top->right);
    return top;
}

static struct map_entry *without_first(struct map_entry *top, struct map_entry **ret_first)
{
    if (!top->left) {
        *ret_first = top;
        return top->right;
    }
    top->left = without_first(top->left, ret_first);
    return rebalanced(top);
}

/* Entries stay where they are, so the next one moves into the hole instead of its contents. */
static struct map_entry *without_top(struct map_entry *top)
{
    struct map_entry *next, *rest;

    if (!top->right) { /* of level 1, so nothing is on its left */
        assert(!top->left);
        free(top);
        return NULL;
    }
    rest = without_first(top->right, &next);
    next->left = top->left;
    next->right = rest;
    next->level = top->level;
    free(top);
    return rebalanced(next);
}

static struct map_entry *without(struct map_entry *top, struct str key, bool *ret_was_there)
{
    int order;

    if (!top)
        return NULL;
    order = str_order(key, key_of(top));
    if (order == 0) {
        *ret_was_there = true;
        return without_top(top);
    }
    if (order < 0)
        top->left = without(top->left, key, ret_was_there);
    else
        top->right = without(top->right, key, ret_was_there);
    return *ret_was_there ? rebalanced(top) : top;
}

bool map_drop(struct map *map, struct str key)
{
    bool was_there = false;

    map->root = without(map->root, key, &was_there);
    map->count -= was_there;
    return was_there;
}

void *map_find(const struct map *map, struct str key)
{
    struct map_entry *at = map->root;
    int order;

    while (at) {
        order = str_order(key, key_of(at));
        if (order == 0)
            return at->bytes;
        at = order < 0 ? at->left : at->right;
    }
    return NULL;
}

struct str map_key(const void *value)
{
    return key_of((const void *)((const char *)value - offsetof(struct map_entry, bytes)));
}

void *map_first(const struct map *map)
{
    struct map_entry *at = map->root;

    while (at && at->left)
        at = at->left;
    return at ? at->bytes : NULL;
}

void *map_after(const struct map *map, struct str key)
{
    struct map_entry *at = map->root, *found = NULL;

    while (at) {
        if (str_order(key, key_of(at)) < 0) {
            found = at;
            at = at->left;
        } else {
            at = at->right;
        }
    }
    return found ? found->bytes : NULL;
}
