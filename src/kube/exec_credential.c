// SPDX-License-Identifier: Apache-2.0
#include "kube/exec_credential.h"

#include "base/base64.h"
#include "base/date.h"
#include "kube/entry.h"
#include "kube/pem.h"
#include "yaml/yaml.h"
#include "json/excerpt.h"
#include "json/json.h"

/* -- the request ------------------------------------------------------------------------------ */

static void put_text(struct arena *arena, struct json_value *object, const char *key,
                     struct str text)
{
    if (text.size > 0)
        json_put(arena, object, key, json_text(text));
}

static void put_flag(struct arena *arena, struct json_value *object, const char *key, bool flag)
{
    if (flag)
        json_put(arena, object, key, json_bool(true));
}

static struct str base64_of(struct arena *arena, struct str bytes)
{
    char *text = arena_alloc(arena, BASE64_SIZE(bytes.size) + 1);

    base64_encode(bytes, text);
    return (struct str){text, BASE64_SIZE(bytes.size)};
}

static struct json_value cluster_value(struct arena *arena, const struct kube_access *access)
{
    struct json_value ret = json_object(), config = {.kind = JSON_NULL};
    struct err ignored = {0};

    if (access->exec.config.size > 0 && !json_read(arena, access->exec.config, &config, &ignored))
        config = (struct json_value){.kind = JSON_NULL};
    json_put(arena, &ret, "server", json_text(access->server));
    put_text(arena, &ret, "tls-server-name", access->tls_server_name);
    put_flag(arena, &ret, "insecure-skip-tls-verify", access->is_insecure);
    put_text(arena, &ret, "certificate-authority-data", base64_of(arena, access->ca_pem));
    put_text(arena, &ret, "proxy-url", access->proxy_url);
    put_flag(arena, &ret, "disable-compression", access->disable_compression);
    json_put(arena, &ret, "config", config);
    return ret;
}

const char *exec_credential_request(struct arena *arena, const struct kube_access *access,
                                    bool is_interactive)
{
    struct json_value ret = json_object(), spec = json_object();

    if (access->exec.gets_cluster)
        json_put(arena, &spec, "cluster", cluster_value(arena, access));
    json_put(arena, &spec, "interactive", json_bool(is_interactive));
    json_put(arena, &ret, "kind", json_text(STR_LIT("ExecCredential")));
    json_put(arena, &ret, "apiVersion", json_text(access->exec.api_version));
    json_put(arena, &ret, "spec", spec);
    return arena_print(arena, "KUBERNETES_EXEC_INFO=%.*s\n", /* the newline: as kubectl has it */
                       STR_ARG(json_compact(arena, &ret)))
        .at;
}

/* -- the answer ------------------------------------------------------------------------------- */

struct answer {
    struct str kind, api_version;
    struct str token, cert, key, expires;
    const struct json_value *status;
};

#define AT(member) offsetof(struct answer, member)
static const struct entry_field fields[] = {
    {"kind",       ENTRY_TEXT,  AT(kind)       },
    {"apiVersion", ENTRY_TEXT,  AT(api_version)},
    {"status",     ENTRY_VALUE, AT(status)     },
};
static const struct entry_field status_fields[] = {
    {"token",                 ENTRY_TEXT, AT(token)  },
    {"clientCertificateData", ENTRY_TEXT, AT(cert)   },
    {"clientKeyData",         ENTRY_TEXT, AT(key)    },
    {"expirationTimestamp",   ENTRY_TEXT, AT(expires)},
};

bool token_is_proper(struct str token)
{
    for (size_t i = 0; i < token.size; i++)
        if ((unsigned char)token.at[i] < ' ' || token.at[i] == 0x7f)
            return false;
    return token.size > 0;
}

/* JSON, or YAML: kubectl takes both. */
static bool document_read(struct arena *arena, struct str text, struct json_value *ret,
                          struct err *err)
{
    struct json_value *documents;
    uint32_t count;

    if (str_starts(str_trim(text), "{"))
        return json_read(arena, text, ret, err);
    if (!yaml_read(arena, text, "answer", &documents, &count, err))
        return false;
    if (count == 0)
        return err_set(err, ERR_INVALID, "it says nothing");
    *ret = documents[0];
    return true;
}

static bool answer_parse(struct arena *arena, struct str text, struct answer *ret, struct err *err)
{
    struct json_value *document = arena_alloc(arena, sizeof(*document));
    struct entry entry = {.file = "answer", .value = document};

    if (!document_read(arena, text, document, err) ||
        !entry_read(arena, &entry, fields, countof(fields), ret, err))
        return false;
    entry.value = ret->status;
    return entry_read(arena, &entry, status_fields, countof(status_fields), ret, err);
}

static bool pem_are_proper(const struct answer *answer, struct err *err)
{
    return pem_check(answer->cert, PEM_CERTIFICATE, "its clientCertificateData", err) &&
           pem_check(answer->key, PEM_PRIVATE_KEY, "its clientKeyData", err);
}

static bool answer_check(struct arena *arena, const struct answer *answer, struct str api_version,
                         struct err *err)
{
    bool has_cert = answer->cert.size > 0 || answer->key.size > 0;

    if (!str_is(answer->kind, "ExecCredential"))
        return err_set(err, ERR_INVALID, "its answer is no ExecCredential");
    if (!str_equal(answer->api_version, api_version))
        return err_set(err, ERR_INVALID, "the kubeconfig wants %.*s, it answers in \"%s\"",
                       STR_ARG(api_version), excerpt_of(arena, answer->api_version, EXCERPT_SIZE));
    if (!answer->status)
        return err_set(err, ERR_INVALID, "its answer has no status");
    if (answer->token.size == 0 && !has_cert)
        return err_set(err, ERR_INVALID, "its answer has no token and no certificate");
    if (answer->token.size > 0 && !token_is_proper(answer->token))
        return err_set(err, ERR_INVALID, "its token holds control characters");
    return !has_cert || pem_are_proper(answer, err);
}

static bool expiry_read(struct str text, int64_t *ret, struct err *err)
{
    return text.size == 0 || date_parse(text, ret) ||
           err_set(err, ERR_INVALID, "its expirationTimestamp is no time");
}

bool exec_credential_read(struct arena *arena, struct str text, struct str api_version,
                          struct credential *ret, struct err *err)
{
    struct answer answer = {0};
    int64_t expires_ms = DATE_NEVER;

    if (!answer_parse(arena, text, &answer, err) ||
        !answer_check(arena, &answer, api_version, err) ||
        !expiry_read(answer.expires, &expires_ms, err)) {
        err->kind = ERR_REFUSED; /* what is wrong is not what our user wrote */
        return false;
    }
    *ret = (struct credential){answer.token, answer.cert, answer.key, expires_ms};
    return true;
}
