// SPDX-License-Identifier: Apache-2.0
/* What config/ hands to the operator, the operator understands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "operator/config.h"
#include "operator/options.h"
#include "sys/file.h"
#include "yaml/yaml.h"

enum {
    FLAGS_MAX = 32
};

static const struct json_value *manifest(struct arena *arena, const char *name)
{
    const char *path = arena_print(arena, "%s/config/manager/%s", getenv("SOURCE_ROOT"), name).at;
    struct json_value *documents = NULL;
    struct err err = {0};
    uint32_t count = 0;
    struct str text;

    if (!file_read(arena, path, 1 << 20, &text, &err) ||
        !yaml_read(arena, text, name, &documents, &count, &err))
        fail_msg("%s", err.text);
    assert_int_equal(count, 1);
    return &documents[0];
}

static void the_shipped_limits_are_understood(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct json_value *data = json_get(manifest(&arena, "config.yaml"), "data");
    struct config config;
    struct err err = {0};

    (void)state;
    assert_int_equal(data->count, 1);
    if (!config_read(&arena, data->items[0].text, arena_text(&arena, data->keys[0]), &config, &err))
        fail_msg("%s", err.text);
    assert_true(config.running_max > 0);
}

/* What its comments show can be written so. */
static void the_example_in_the_comments_is_understood(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct json_value *data = json_get(manifest(&arena, "config.yaml"), "data");
    struct str rest = data->items[0].text, line;
    struct config config;
    struct err err = {0};
    struct buf text;

    (void)state;
    buf_init(&text, 1 << 16);
    while (str_cut(rest, '\n', &line, &rest)) {
        line = str_starts(line, "#  ") ? str_skip(line, 1) : line;
        line = str_is(line, "tenants: {}") ? STR_LIT("tenants:") : line;
        buf_print(&text, "%.*s\n", STR_ARG(line));
    }
    if (!config_read(&arena, buf_str(&text), "config.yaml", &config, &err))
        fail_msg("%s", err.text);
    assert_int_equal(config.tenant_count, 1);
    assert_true(str_is(config.tenants[0].namespaces.at[1], "ci"));
    assert_true(str_is(config.tenants[0].users.at[1], "system:serviceaccount:ci:bot"));
    assert_int_equal(config.tenants[0].groups.count, 1);
    buf_fini(&text);
}

static const struct json_value *container(struct arena *arena)
{
    const struct json_value *spec = json_get(manifest(arena, "manager.yaml"), "spec");
    const struct json_value *pod = json_get(json_get(spec, "template"), "spec");

    return &json_get(pod, "containers")->items[0];
}

static void the_flags_of_the_deployment_are_understood(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct json_value *args = json_get(container(&arena), "args");
    char *argv[FLAGS_MAX + 2] = {(char *)"manager"};
    struct options options;
    struct err err = {0};

    (void)state;
    assert_in_range(args->count, 1, FLAGS_MAX);
    for (uint32_t i = 0; i < args->count; i++)
        argv[i + 1] = (char *)arena_text(&arena, args->items[i].text);
    if (!options_parse((int)args->count + 1, argv, NULL, &options, &err))
        fail_msg("%s", err.text);
    assert_true(options.leader_elect);
    assert_string_equal(options.health_address, ":8081");
    assert_string_equal(options.runner_image, "$(RUNNER_IMAGE)"); /* filled in by the kubelet */
    assert_string_equal(options.config_map, "agenttask-config");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_limits_are_understood),
        cmocka_unit_test(the_example_in_the_comments_is_understood),
        cmocka_unit_test(the_flags_of_the_deployment_are_understood),
    };

    return cmocka_run_group_tests_name("shipped", tests, NULL, NULL);
}
