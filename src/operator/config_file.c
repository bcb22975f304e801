// SPDX-License-Identifier: Apache-2.0
#include "operator/manager_parts.h"
#include "sys/file.h"

#define CONFIG_MS INT64_C(10000) /* how often the file is looked at */

/* The texts are copied. */
static bool take(struct manager *manager, struct str text, const char *name, bool *ret_is_new,
                 struct err *err)
{
    struct arena arena = {0};
    struct config config;

    *ret_is_new = false;
    if (manager->config_text.at && str_equal(text, manager->config_text))
        return true;
    text = arena_copy(&arena, text);
    if (!config_read(&arena, text, name, &config, err)) {
        arena_fini(&arena);
        return false;
    }
    arena_fini(&manager->config_arena);
    manager->config_arena = arena;
    manager->config_text = text;
    manager->config = config;
    *ret_is_new = true;
    return true;
}

bool config_file_load(struct manager *manager, bool *ret_is_new, struct err *err)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct str text;

    *ret_is_new = false;
    return file_read(&arena, manager->options.config, CONFIG_SIZE_MAX, &text, err) &&
           take(manager, text, manager->options.config, ret_is_new, err);
}

static void say(struct manager *manager, bool is_taken, bool is_new, const char *name,
                const struct err *err)
{
    bool was_bad = manager->is_config_bad;

    manager->is_config_bad = !is_taken;
    if (!is_taken) {
        manager_say(manager, LEVEL_ERROR, "the config is not taken over", (struct str){0}, err);
    } else if (is_new) {
        controller_configure(manager->controller, &manager->config);
        manager_say(manager, LEVEL_INFO, "the config has changed", str_of(name), NULL);
    } else if (was_bad) {
        manager_say(manager, LEVEL_INFO, "the config is again the one in force", str_of(name),
                    NULL);
    }
}

static void look_at_config(void *ctx)
{
    struct manager *manager = ctx;
    struct err err = {0};
    bool is_new, is_taken = config_file_load(manager, &is_new, &err);

    say(manager, is_taken, is_new, manager->options.config, &err);
    manager->reactor.arm(manager->reactor.self, &manager->config_alarm,
                         manager_now(manager) + CONFIG_MS);
}

void config_file_watch(struct manager *manager)
{
    manager->config_alarm = (struct alarm){.ring = look_at_config, .ctx = manager};
    manager->reactor.arm(manager->reactor.self, &manager->config_alarm,
                         manager_now(manager) + CONFIG_MS);
}

/* -- as an object ----------------------------------------------------------------- */

static void map_changed(void *ctx, const struct str *text)
{
    struct manager *manager = ctx;
    const char *name = manager->options.config_map;
    bool is_new = false, is_taken;
    struct err err = {0};

    is_taken =
        text ? take(manager, *text, CONFIG_MAP_KEY, &is_new, &err)
             : err_set(&err, ERR_ABSENT,
                       "there is no ConfigMap %s with key " CONFIG_MAP_KEY " in namespace %.*s",
                       name, STR_ARG(manager->access.space));
    say(manager, is_taken, is_new, name, &err);
}

static void map_troubled(void *ctx, const struct err *err)
{
    manager_say(ctx, LEVEL_WARN, "the config has to be asked for again", (struct str){0}, err);
}

bool config_map_open(struct manager *manager, struct err *err)
{
    struct config_map_spec spec = {
        .transport = &manager->transport,
        .reactor = &manager->reactor,
        .fibers = manager->fibers,
        .space = manager->access.space,
        .name = str_of(manager->options.config_map),
        .changed = map_changed,
        .troubled = map_troubled,
        .ctx = manager,
    };

    if (spec.space.size == 0)
        return err_set(err, ERR_INVALID,
                       "--config-map: which namespace is our own? It is the one "
                       "of the kubeconfig's context, or POD_NAMESPACE");
    manager->is_config_bad = true; /* until it was read */
    manager->config_map = config_map_new(&spec);
    return config_map_start(manager->config_map, err);
}
