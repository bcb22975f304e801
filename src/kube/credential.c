// SPDX-License-Identifier: Apache-2.0
#include "kube/credential.h"

#include <unistd.h>

#include "base/date.h"
#include "kube/exec_credential.h"
#include "sys/file.h"
#include "sys/process.h"
#include "json/excerpt.h"

enum {
    HINT_SIZE_MAX = 300, /* of an install hint in a message */
    RETRY_MS = 10000     /* until a token file that cannot be read is looked at again */
};

bool credential_token_file(struct arena *arena, const char *path, struct str *ret, struct err *err)
{
    struct str text;

    if (!file_read(arena, path, KUBECONFIG_SIZE_MAX, &text, err))
        return false;
    text = str_trim(text);
    if (text.size == 0)
        return err_set(err, ERR_INVALID, "the token file %s is empty", path);
    if (!token_is_proper(text))
        return err_set(err, ERR_INVALID, "%s holds something else than a token", path);
    *ret = text;
    return true;
}

/* -- plugins ---------------------------------------------------------------------------------- */

static bool is_interactive(const struct kube_exec *exec, bool *ret, struct err *err)
{
    bool has_terminal = isatty(STDIN_FILENO) == 1;

    if (exec->interaction == EXEC_ALWAYS && !has_terminal)
        return err_set(err, ERR_REFUSED, "it asks its user, but our standard input is no terminal");
    *ret = exec->interaction != EXEC_NEVER && has_terminal;
    return true;
}

static const char *const *plugin_argv(struct arena *arena, const struct kube_exec *exec,
                                      const char *path)
{
    const char **ret = arena_array(arena, (size_t)exec->args.count + 2, sizeof(*ret));

    ret[0] = path;
    for (uint32_t i = 0; i < exec->args.count; i++)
        ret[i + 1] = arena_text(arena, exec->args.at[i]);
    return ret;
}

static const char *const *plugin_env(struct arena *arena, const struct kube_access *access,
                                     bool is_interactive_run)
{
    const struct pairs *env = &access->exec.env;
    const char **added = arena_array(arena, (size_t)env->count + 2, sizeof(*added));

    for (uint32_t i = 0; i < env->count; i++)
        added[i] =
            arena_print(arena, "%.*s=%.*s", STR_ARG(env->at[i].name), STR_ARG(env->at[i].value)).at;
    added[env->count] = exec_credential_request(arena, access, is_interactive_run);
    return process_environment(arena, added);
}

static bool plugin_find(struct arena *arena, const struct kube_exec *exec, const char **ret,
                        struct err *err)
{
    const char *hint = excerpt_of(arena, exec->install_hint, HINT_SIZE_MAX);

    if (process_find(arena, arena_text(arena, exec->command), ret, err))
        return true;
    return *hint ? err_wrap(err, "%s", hint) : false;
}

static bool plugin_run(struct arena *arena, const struct kube_access *access, struct str *ret,
                       struct err *err)
{
    struct process process = {.has_stderr = true, .size_max = CREDENTIAL_SIZE_MAX};
    struct process_end end;
    const char *path;

    if (!plugin_find(arena, &access->exec, &path, err) ||
        !is_interactive(&access->exec, &process.has_stdin, err))
        return false;
    process.argv = plugin_argv(arena, &access->exec, path);
    process.env = plugin_env(arena, access, process.has_stdin);
    process.timeout_ms = process.has_stdin ? 0 : access->exec.timeout_ms;
    if (!process_run(arena, &process, &end, err))
        return false;
    if (end.is_cut)
        return err_set(err, ERR_LIMIT, "it said more than %d bytes", CREDENTIAL_SIZE_MAX);
    if (end.signal != 0)
        return err_set(err, ERR_REFUSED, "it ended by signal %d", end.signal);
    if (end.exit_code != 0)
        return err_set(err, ERR_REFUSED, "it ended with exit status %d", end.exit_code);
    *ret = end.output;
    return true;
}

static bool plugin_credential(struct arena *arena, const struct kube_access *access,
                              struct credential *ret, struct err *err)
{
    struct str answer;

    if (plugin_run(arena, access, &answer, err) &&
        exec_credential_read(arena, answer, access->exec.api_version, ret, err))
        return true;
    return err_wrap(err, "credential plugin %s",
                    excerpt_of(arena, access->exec.command, EXCERPT_SIZE));
}

/* -- all kinds -------------------------------------------------------------------------------- */

/* kubectl's order, too: the file comes first, the token stands in while it cannot be read. */
static bool token_get(struct arena *arena, const struct kube_access *access, int64_t now_ms,
                      struct credential *ret, struct err *err)
{
    struct err own = {0};

    if (access->token_file.size == 0)
        return true;
    ret->expires_ms = now_ms + TOKEN_FILE_PERIOD_MS;
    if (credential_token_file(arena, arena_text(arena, access->token_file), &ret->token, &own))
        return true;
    ret->expires_ms = now_ms + RETRY_MS;
    if (access->token.size > 0)
        return true;
    *err = own;
    return false;
}

bool credential_get(struct arena *arena, const struct kube_access *access, int64_t now_ms,
                    struct credential *ret, struct err *err)
{
    struct credential credential = {
        .token = access->token,
        .cert_pem = access->cert_pem,
        .key_pem = access->key_pem,
        .expires_ms = DATE_NEVER,
    };

    if (!(access->has_exec ? plugin_credential(arena, access, &credential, err)
                           : token_get(arena, access, now_ms, &credential, err)))
        return false;
    *ret = credential;
    return true;
}

/* -- the one that is kept --------------------------------------------------------------------- */

static struct credential credential_copy(struct arena *arena, const struct credential *credential)
{
    return (struct credential){
        .token = arena_copy(arena, credential->token),
        .cert_pem = arena_copy(arena, credential->cert_pem),
        .key_pem = arena_copy(arena, credential->key_pem),
        .expires_ms = credential->expires_ms,
    };
}

static void cache_put(struct credential_cache *cache, const struct credential *credential)
{
    struct arena arena = {0};
    struct credential copy = credential_copy(&arena, credential);

    arena_fini(&cache->arena);
    cache->arena = arena;
    cache->held = copy;
    cache->is_held = true;
    cache->number = cache->number == UINT32_MAX ? 1 : cache->number + 1;
}

bool credential_current(struct credential_cache *cache, const struct kube_access *access,
                        int64_t now_ms, struct credential *ret, struct err *err)
{
    auto_end(arena_fini) struct arena arena = {0};
    bool is_replaceable = cache->is_held && access->token_file.size > 0;
    struct credential credential;
    struct err own = {0};

    if (!cache->is_held || now_ms >= cache->held.expires_ms) {
        if (credential_get(&arena, access, now_ms, &credential, &own)) {
            cache_put(cache, &credential);
        } else if (is_replaceable) {
            cache->held.expires_ms = now_ms + RETRY_MS;
        } else {
            *err = own;
            return false;
        }
    }
    *ret = cache->held;
    return true;
}

void credential_refresh(struct credential_cache *cache, uint32_t number)
{
    if (cache->number == number)
        cache->held.expires_ms = 0;
}

void credential_cache_fini(struct credential_cache *cache)
{
    arena_fini(&cache->arena);
    *cache = (struct credential_cache){0};
}
