// SPDX-License-Identifier: Apache-2.0
#include "operator/config_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "operator/config.h"
#include "toy_cluster.h"

struct fixture {
    struct toy_cluster cluster;
    struct transport transport;
    struct reactor reactor;
    struct fiber_pool *fibers;
    struct config_map *map;
    struct buf text; /* what it said last */
    bool is_there;
    uint32_t news;
};

static void changed(void *ctx, const struct str *text)
{
    struct fixture *f = ctx;

    f->news++;
    f->is_there = text != NULL;
    buf_drop(&f->text, f->text.size);
    if (text)
        buf_add(&f->text, *text);
}

static void troubled(void *ctx, const struct err *err)
{
    (void)ctx;
    fail_msg("%s", err->text);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct config_map_spec spec = {
        .transport = &f->transport,
        .reactor = &f->reactor,
        .space = STR_LIT("own"),
        .name = STR_LIT("config"),
        .changed = changed,
        .troubled = troubled,
        .ctx = f,
    };

    toy_init(&f->cluster);
    f->transport = toy_transport(&f->cluster);
    f->reactor = toy_reactor(&f->cluster);
    f->fibers = spec.fibers = fiber_pool_new(CONFIG_MAP_FIBERS);
    buf_init(&f->text, (size_t)2 * 1024 * 1024);
    f->map = config_map_new(&spec);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    config_map_stop(f->map);
    config_map_free(f->map);
    fiber_pool_free(f->fibers);
    buf_fini(&f->text);
    toy_fini(&f->cluster);
    free(f);
    return 0;
}

static void start(struct fixture *f)
{
    struct err err = {0};

    assert_true(config_map_start(f->map, &err));
    toy_run(&f->cluster, 1000);
}

static void make(struct fixture *f, const char *space, const char *name, const char *data)
{
    char text[512];

    snprintf(text, sizeof(text),
             "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"%s\"},"
             "\"data\":%s}",
             name, data);
    toy_create(&f->cluster, "configmaps", space, text);
}

static void an_edit_is_known_within_a_second(void **state)
{
    struct fixture *f = *state;

    make(f, "own", "config", "{\"config.yaml\":\"workers: 1\"}");
    start(f);
    assert_true(f->is_there && str_is(buf_str(&f->text), "workers: 1"));
    toy_merge(&f->cluster, "configmaps", "own", "config",
              "{\"data\":{\"config.yaml\":\"workers: 2\"}}");
    toy_run(&f->cluster, 1000);
    assert_true(str_is(buf_str(&f->text), "workers: 2"));
    assert_int_equal(f->news, 2);
}

static void what_is_missing_is_said(void **state)
{
    struct fixture *f = *state;

    start(f);
    assert_int_equal(f->news, 1);
    assert_false(f->is_there);
    make(f, "own", "config", "{\"config.yaml\":\"\"}");
    toy_run(&f->cluster, 1000);
    assert_true(f->is_there);
    assert_int_equal(f->text.size, 0); /* an empty text is one that says nothing */
    toy_merge(&f->cluster, "configmaps", "own", "config",
              "{\"data\":{\"config.yaml\":null,\"config\":\"workers: 2\"}}");
    toy_run(&f->cluster, 1000);
    assert_false(f->is_there);
    toy_merge(&f->cluster, "configmaps", "own", "config",
              "{\"data\":{\"config.yaml\":\"workers: 3\"}}");
    toy_run(&f->cluster, 1000);
    assert_true(f->is_there);
    toy_delete(&f->cluster, "configmaps", "own", "config");
    toy_run(&f->cluster, 1000);
    assert_false(f->is_there);
}

static void others_say_nothing(void **state)
{
    struct fixture *f = *state;

    make(f, "own", "config", "{\"config.yaml\":\"workers: 1\"}");
    make(f, "own", "other", "{\"config.yaml\":\"workers: 9\"}");
    make(f, "elsewhere", "config", "{\"config.yaml\":\"workers: 9\"}");
    start(f);
    make(f, "own", "another", "{\"config.yaml\":\"workers: 9\"}");
    toy_delete(&f->cluster, "configmaps", "own", "other");
    toy_run(&f->cluster, 1000);
    assert_int_equal(f->news, 1);
    assert_true(str_is(buf_str(&f->text), "workers: 1"));
}

static void what_is_too_long_is_cut_so_that_it_shows(void **state)
{
    struct fixture *f = *state;
    auto_end(buf_fini) struct buf text = {0};

    make(f, "own", "config", "{\"config.yaml\":\"\"}");
    buf_init(&text, (size_t)2 * 1024 * 1024);
    buf_add(&text, STR_LIT("{\"data\":{\"config.yaml\":\""));
    for (int i = 0; i < 2 * CONFIG_SIZE_MAX; i++)
        buf_add_char(&text, '#');
    buf_add(&text, STR_LIT("\"}}"));
    buf_add_char(&text, '\0');
    start(f);
    toy_merge(&f->cluster, "configmaps", "own", "config", text.at);
    toy_run(&f->cluster, 1000);
    assert_int_equal(f->text.size, CONFIG_SIZE_MAX + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_edit_is_known_within_a_second),
        TEST(what_is_missing_is_said),
        TEST(others_say_nothing),
        TEST(what_is_too_long_is_cut_so_that_it_shows),
    };

    return cmocka_run_group_tests_name("config_map", tests, NULL, NULL);
}
