// SPDX-License-Identifier: Apache-2.0
#include "kube/user_entry.h"

#include "kube/pem.h"
#include "sys/file.h"
#include "json/excerpt.h"

struct user {
    struct str cert_path, cert_bytes, key_path, key_bytes;
    struct str token, token_path;
    struct str name, password;
    struct str as_user, as_uid;
    struct strs as_groups;
    struct pairs as_extra;
    const struct json_value *provider, *exec;
};

#define AT(member) offsetof(struct user, member)
static const struct entry_field fields[] = {
    {"client-certificate",      ENTRY_PATH,   AT(cert_path) },
    {"client-certificate-data", ENTRY_BASE64, AT(cert_bytes)},
    {"client-key",              ENTRY_PATH,   AT(key_path)  },
    {"client-key-data",         ENTRY_BASE64, AT(key_bytes) },
    {"token",                   ENTRY_TEXT,   AT(token)     },
    {"tokenFile",               ENTRY_PATH,   AT(token_path)},
    {"username",                ENTRY_TEXT,   AT(name)      },
    {"password",                ENTRY_TEXT,   AT(password)  },
    {"as",                      ENTRY_TEXT,   AT(as_user)   },
    {"as-uid",                  ENTRY_TEXT,   AT(as_uid)    },
    {"as-groups",               ENTRY_TEXTS,  AT(as_groups) },
    {"as-user-extra",           ENTRY_LISTS,  AT(as_extra)  },
    {"auth-provider",           ENTRY_VALUE,  AT(provider)  },
    {"exec",                    ENTRY_VALUE,  AT(exec)      },
};
#undef AT

struct plugin {
    struct kube_exec exec;
    struct str interaction;
};

#define AT(member) offsetof(struct plugin, member)
static const struct entry_field plugin_fields[] = {
    {"command",            ENTRY_COMMAND, AT(exec.command)     },
    {"args",               ENTRY_TEXTS,   AT(exec.args)        },
    {"env",                ENTRY_PAIRS,   AT(exec.env)         },
    {"apiVersion",         ENTRY_TEXT,    AT(exec.api_version) },
    {"installHint",        ENTRY_TEXT,    AT(exec.install_hint)},
    {"provideClusterInfo", ENTRY_FLAG,    AT(exec.gets_cluster)},
    {"interactiveMode",    ENTRY_TEXT,    AT(interaction)      },
};
#undef AT

/* -- exec ------------------------------------------------------------------------------------- */

static bool interaction_read(struct str word, struct str api_version, enum exec_interaction *ret)
{
    static const char *const words[] = {
        [EXEC_NEVER] = "Never",
        [EXEC_IF_AVAILABLE] = "IfAvailable",
        [EXEC_ALWAYS] = "Always",
    };

    if (word.size == 0 && str_ends(api_version, "/v1beta1")) /* v1 must say */
        word = STR_LIT("IfAvailable");
    for (size_t i = 0; i < countof(words); i++)
        if (str_is(word, words[i])) {
            *ret = (enum exec_interaction)i;
            return true;
        }
    return false;
}

static bool plugin_read(struct arena *arena, const struct entry *user,
                        const struct json_value *value, struct kube_exec *ret, struct err *err)
{
    struct entry entry = {user->file, user->directory, value};
    struct plugin plugin = {
        .exec = {.config = ret->config, .timeout_ms = EXEC_TIMEOUT_MS}
    };
    struct kube_exec *exec = &plugin.exec;

    if (!entry_read(arena, &entry, plugin_fields, countof(plugin_fields), &plugin, err))
        return false;
    if (exec->command.size == 0)
        return entry_refuse(&entry, value, err, "exec has no command");
    if (!str_is(exec->api_version, "client.authentication.k8s.io/v1") &&
        !str_is(exec->api_version, "client.authentication.k8s.io/v1beta1"))
        return entry_refuse(&entry, value, err,
                            "exec speaks \"%s\", but client.authentication.k8s.io/v1 or "
                            "v1beta1 is wanted: the plugin's maker knows how to update this file",
                            excerpt_of(arena, exec->api_version, EXCERPT_SIZE));
    for (uint32_t i = 0; i < exec->env.count; i++)
        if (exec->env.at[i].name.size == 0 ||
            memchr(exec->env.at[i].name.at, '=', exec->env.at[i].name.size))
            return entry_refuse(&entry, value, err, "exec has a variable without a proper name");
    if (!interaction_read(plugin.interaction, exec->api_version, &exec->interaction))
        return entry_refuse(&entry, value, err,
                            "interactiveMode must be Never, IfAvailable or Always, not \"%s\"",
                            excerpt_of(arena, plugin.interaction, EXCERPT_SIZE));
    *ret = *exec;
    return true;
}

/* -- the others ------------------------------------------------------------------------------- */

/* Nothing that could end a header. */
static bool fits_header(struct str text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f)
            return false;
    return true;
}

static bool is_impersonation_proper(const struct user *user)
{
    bool is_proper = fits_header(user->as_user) && fits_header(user->as_uid);

    for (uint32_t i = 0; i < user->as_groups.count; i++)
        is_proper = is_proper && fits_header(user->as_groups.at[i]);
    for (uint32_t i = 0; i < user->as_extra.count; i++)
        is_proper = is_proper && user->as_extra.at[i].name.size > 0 &&
                    fits_header(user->as_extra.at[i].name) &&
                    fits_header(user->as_extra.at[i].value);
    return is_proper;
}

static bool is_consistent(const struct entry *entry, const struct user *user, struct err *err)
{
    bool has_token = user->token.size > 0 || user->token_path.size > 0;
    bool has_basic = user->name.size > 0 || user->password.size > 0;
    bool has_cert = user->cert_path.size > 0 || user->cert_bytes.size > 0;
    bool has_more = user->as_uid.size > 0 || user->as_groups.count > 0 || user->as_extra.count > 0;

    if (has_token && has_basic)
        return entry_refuse(entry, entry->value, err,
                            "a token and a user name with password exclude each other");
    if (has_cert && user->key_path.size == 0 && user->key_bytes.size == 0)
        return entry_refuse(entry, entry->value, err,
                            "client-certificate is nothing without client-key");
    if (has_more && user->as_user.size == 0)
        return entry_refuse(entry, entry->value, err,
                            "as-uid, as-groups and as-user-extra need \"as\"");
    if (!fits_header(user->token))
        return entry_refuse(entry, entry->value, err, "the token holds control characters");
    if (!is_impersonation_proper(user))
        return entry_refuse(entry, entry->value, err,
                            "as, as-uid, as-groups or as-user-extra hold control characters");
    return true;
}

/* Bytes given in place come before a file. */
static bool pem_read(struct arena *arena, enum pem_kind kind, struct str bytes, struct str path,
                     const char *key, struct str *ret, struct err *err)
{
    const char *name = bytes.size > 0 ? key : arena_text(arena, path);

    if (bytes.size == 0 && !file_read(arena, name, KUBECONFIG_SIZE_MAX, &bytes, err))
        return false;
    *ret = bytes;
    return pem_check(bytes, kind, name, err);
}

static bool certificate_read(struct arena *arena, const struct user *user, struct kube_access *ret,
                             struct err *err)
{
    if (user->cert_path.size == 0 && user->cert_bytes.size == 0)
        return true;
    return pem_read(arena, PEM_CERTIFICATE, user->cert_bytes, user->cert_path,
                    "client-certificate-data", &ret->cert_pem, err) &&
           pem_read(arena, PEM_PRIVATE_KEY, user->key_bytes, user->key_path, "client-key-data",
                    &ret->key_pem, err);
}

static bool refuse_provider(struct arena *arena, const struct entry *entry,
                            const struct json_value *provider, struct err *err)
{
    const struct json_value *name = json_get(provider, "name");

    return err_set(err, ERR_REFUSED,
                   "%s: auth-provider \"%s\" is not supported, nor by kubectl since 1.26: its "
                   "successor is an exec plugin",
                   entry->file,
                   excerpt_of(arena, name ? name->text : (struct str){0}, EXCERPT_SIZE));
}

bool user_entry_access(struct arena *arena, const struct entry *entry, struct kube_access *ret,
                       struct err *err)
{
    struct user user = {0};
    struct kube_exec exec = ret->exec;

    if (!entry_read(arena, entry, fields, countof(fields), &user, err) ||
        !is_consistent(entry, &user, err))
        return false;
    if (user.provider)
        return refuse_provider(arena, entry, user.provider, err);
    if (user.exec && !plugin_read(arena, entry, user.exec, &exec, err))
        return false;
    ret->as_user = user.as_user;
    ret->as_uid = user.as_uid;
    ret->as_groups = user.as_groups;
    ret->as_extra = user.as_extra;
    if (!str_starts(ret->server, "https://"))
        return true;
    if (!certificate_read(arena, &user, ret, err))
        return err_wrap(err, "%s", entry->file);
    ret->token = user.token;
    ret->token_file = user.token_path;
    ret->user = user.name;
    ret->password = user.password;
    ret->has_exec = user.exec && user.token.size == 0 && user.token_path.size == 0 &&
                    user.name.size == 0 && ret->cert_pem.size == 0;
    ret->exec = ret->has_exec ? exec : (struct kube_exec){0};
    return true;
}
