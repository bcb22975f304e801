// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "yaml/mapping.h"

static struct node text_node(const char *text, uint32_t line)
{
    return (struct node){
        .value = {.kind = JSON_TEXT, .text = str_of(text), .line = line, .column = 1}
    };
}

static struct node merge_node(uint32_t line)
{
    struct node ret = text_node("<<", line);

    ret.is_merge = true;
    return ret;
}

static struct json_value object_of(struct arena *arena, const char *key, const char *text)
{
    struct node nodes[] = {text_node(key, 1), text_node(text, 1)};
    struct json_value ret = {0};
    struct mapping_fault fault;

    assert_true(mapping_make(arena, arena, nodes, 2, &ret, &fault));
    return ret;
}

static void members_keep_their_order_and_place(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct node nodes[] = {text_node("b", 3), text_node("1", 3), text_node("a", 4),
                           text_node("2", 4)};
    struct json_value object;
    struct mapping_fault fault;

    (void)state;
    assert_true(mapping_make(&arena, &arena, nodes, 4, &object, &fault));
    assert_int_equal(object.count, 2);
    assert_true(str_is(object.keys[0], "b"));
    assert_int_equal(object.key_lines[1], 4);
    assert_true(str_is(json_get(&object, "a")->text, "2"));
}

static void repeated_keys_are_refused(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct node nodes[] = {text_node("a", 1), text_node("1", 1), text_node("a", 2),
                           text_node("2", 2)};
    struct json_value object;
    struct mapping_fault fault;

    (void)state;
    assert_false(mapping_make(&arena, &arena, nodes, 4, &object, &fault));
    assert_false(fault.is_merge);
    assert_int_equal(fault.line, 2);
    assert_true(str_is(fault.key, "a"));
}

static void merged_members_yield_to_own_and_earlier_ones(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value sources = json_list(), object;
    struct mapping_fault fault;

    (void)state;
    json_add(&arena, &sources, object_of(&arena, "own", "merged"));
    json_add(&arena, &sources, object_of(&arena, "x", "first"));
    json_add(&arena, &sources, object_of(&arena, "x", "second"));
    struct node nodes[] = {
        merge_node(1), {.value = sources}, text_node("own", 2), text_node("own", 2)};
    assert_true(mapping_make(&arena, &arena, nodes, 4, &object, &fault));
    assert_int_equal(object.count, 2);
    assert_true(str_is(json_get(&object, "own")->text, "own"));
    assert_true(str_is(json_get(&object, "x")->text, "first"));
}

static void only_objects_are_merged_and_once(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value object;
    struct mapping_fault fault;
    struct node text[] = {merge_node(7), text_node("x", 7)};
    struct node twice[] = {
        merge_node(7), {.value = json_object()}, merge_node(8), {.value = json_object()}};

    (void)state;
    assert_false(mapping_make(&arena, &arena, text, 2, &object, &fault));
    assert_true(fault.is_merge);
    assert_int_equal(fault.line, 7);
    assert_false(mapping_make(&arena, &arena, twice, 4, &object, &fault));
    assert_false(fault.is_merge);
    assert_int_equal(fault.line, 8);
}

static void many_merged_members_are_quick(void **state)
{
    enum {
        MANY = 20000
    };
    auto_end(arena_fini) struct arena arena = {0};
    struct node *nodes = arena_array(&arena, 2 * MANY, sizeof(struct node));
    struct json_value half, sources = json_list(), object;
    struct mapping_fault fault;
    clock_t began = clock();

    (void)state;
    for (uint32_t i = 0; i < MANY; i++)
        nodes[2 * i] = text_node(arena_print(&arena, "key %u", i).at, 1);
    assert_true(mapping_make(&arena, &arena, nodes, 2 * MANY, &half, &fault));
    json_add(&arena, &sources, half);
    json_add(&arena, &sources, half);
    struct node merge[] = {merge_node(1), {.value = sources}};
    assert_true(mapping_make(&arena, &arena, merge, 2, &object, &fault));
    assert_int_equal(object.count, MANY);
    assert_true(clock() - began < 2 * CLOCKS_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_keep_their_order_and_place),
        cmocka_unit_test(repeated_keys_are_refused),
        cmocka_unit_test(merged_members_yield_to_own_and_earlier_ones),
        cmocka_unit_test(only_objects_are_merged_and_once),
        cmocka_unit_test(many_merged_members_are_quick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
