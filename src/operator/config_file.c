// SPDX-License-Identifier: Apache-2.0
#include "operator/manager_parts.h"
#include "sys/file.h"

#define CONFIG_MS INT64_C(10000) /* how often the file is looked at */

bool config_file_load(struct manager *manager, bool *ret_is_new, struct err *err)
{
    struct arena arena = {0};
    struct config config;
    struct str text;

    *ret_is_new = false;
    if (!file_read(&arena, manager->options.config, CONFIG_SIZE_MAX, &text, err) ||
        (!str_equal(text, manager->config_text) &&
         !config_read(&arena, text, manager->options.config, &config, err))) {
        arena_fini(&arena);
        return false;
    }
    if (str_equal(text, manager->config_text)) {
        arena_fini(&arena);
        return true;
    }
    arena_fini(&manager->config_arena);
    manager->config_arena = arena;
    manager->config_text = text;
    manager->config = config;
    *ret_is_new = true;
    return true;
}

static void look_at_config(void *ctx)
{
    struct manager *manager = ctx;
    struct err err = {0};
    bool is_new;

    manager->is_config_bad = !config_file_load(manager, &is_new, &err);
    if (manager->is_config_bad) {
        manager_say(manager, LEVEL_ERROR, "the config is not taken over", (struct str){0}, &err);
    } else if (is_new) {
        controller_configure(manager->controller, &manager->config);
        manager_say(manager, LEVEL_INFO, "the config has changed", str_of(manager->options.config),
                    NULL);
    }
    manager->reactor.arm(manager->reactor.self, &manager->config_alarm,
                         manager_now(manager) + CONFIG_MS);
}

void config_file_watch(struct manager *manager)
{
    manager->config_alarm = (struct alarm){.ring = look_at_config, .ctx = manager};
    manager->reactor.arm(manager->reactor.self, &manager->config_alarm,
                         manager_now(manager) + CONFIG_MS);
}
