// SPDX-License-Identifier: Apache-2.0
#include "access_text.h"

#include "json/json.h"

struct text {
    struct arena *arena;
    const char *directory;
    struct json_value object;
};

static void put(struct text *text, const char *key, struct str value)
{
    if (value.size > 0)
        json_put(text->arena, &text->object, key, json_text(value));
}

static void put_path(struct text *text, const char *key, struct str path)
{
    if (text->directory && str_starts(path, text->directory))
        path =
            arena_print(text->arena, "DIR%.*s", STR_ARG(str_skip(path, strlen(text->directory))));
    put(text, key, path);
}

static void put_flag(struct text *text, const char *key, bool flag)
{
    if (flag)
        json_put(text->arena, &text->object, key, json_bool(true));
}

static void put_texts(struct text *text, const char *key, const struct strs *texts)
{
    struct json_value list = json_list();

    for (uint32_t i = 0; i < texts->count; i++)
        json_add(text->arena, &list, json_text(texts->at[i]));
    if (texts->count > 0)
        json_put(text->arena, &text->object, key, list);
}

static void put_pairs(struct text *text, const char *key, const struct pairs *pairs)
{
    struct json_value list = json_list();

    for (uint32_t i = 0; i < pairs->count; i++)
        json_add(text->arena, &list,
                 json_text(arena_print(text->arena, "%.*s=%.*s", STR_ARG(pairs->at[i].name),
                                       STR_ARG(pairs->at[i].value))));
    if (pairs->count > 0)
        json_put(text->arena, &text->object, key, list);
}

static void put_exec(struct text *text, const struct kube_exec *exec)
{
    static const char *const modes[] = {"Never", "IfAvailable", "Always"};

    put_path(text, "command", exec->command);
    put_texts(text, "args", &exec->args);
    put_pairs(text, "env", &exec->env);
    put(text, "api", exec->api_version);
    put(text, "mode", str_of(modes[exec->interaction]));
    put(text, "hint", exec->install_hint);
    put_flag(text, "gets-cluster", exec->gets_cluster);
    put(text, "config", exec->config);
}

const char *access_text(struct arena *arena, const struct kube_access *access,
                        const char *directory)
{
    struct text text = {arena, directory, json_object()};
    auto_end(buf_fini) struct buf buf = {0};

    put(&text, "server", access->server);
    put(&text, "context", access->context);
    put(&text, "space", access->space);
    put(&text, "ca", access->ca_pem);
    put_flag(&text, "insecure", access->is_insecure);
    put(&text, "tls-server-name", access->tls_server_name);
    put(&text, "proxy", access->proxy_url);
    put_flag(&text, "no-compression", access->disable_compression);
    put(&text, "cert", access->cert_pem);
    put(&text, "key", access->key_pem);
    put(&text, "token", access->token);
    put_path(&text, "token-file", access->token_file);
    put(&text, "user", access->user);
    put(&text, "password", access->password);
    put(&text, "as", access->as_user);
    put(&text, "as-uid", access->as_uid);
    put_texts(&text, "as-groups", &access->as_groups);
    put_pairs(&text, "as-extra", &access->as_extra);
    if (access->has_exec)
        put_exec(&text, &access->exec);
    buf_init(&buf, JSON_SIZE_MAX);
    json_print(&text.object, JSON_COMPACT, &buf);
    return arena_text(arena, buf_str(&buf));
}
