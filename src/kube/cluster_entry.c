// SPDX-License-Identifier: Apache-2.0
#include "kube/cluster_entry.h"

#include <strings.h>

#include "kube/pem.h"
#include "sys/file.h"
#include "json/excerpt.h"

#define EXEC_EXTENSION "client.authentication.k8s.io/exec"

struct cluster {
    struct str server, tls_server_name, proxy_url;
    struct str ca_path, ca_bytes;
    bool is_insecure, disable_compression;
    const struct json_value *extensions;
};

#define AT(member) offsetof(struct cluster, member)
static const struct entry_field fields[] = {
    {"server",                     ENTRY_TEXT,   AT(server)             },
    {"tls-server-name",            ENTRY_TEXT,   AT(tls_server_name)    },
    {"insecure-skip-tls-verify",   ENTRY_FLAG,   AT(is_insecure)        },
    {"certificate-authority",      ENTRY_PATH,   AT(ca_path)            },
    {"certificate-authority-data", ENTRY_BASE64, AT(ca_bytes)           },
    {"proxy-url",                  ENTRY_TEXT,   AT(proxy_url)          },
    {"disable-compression",        ENTRY_FLAG,   AT(disable_compression)},
    {"extensions",                 ENTRY_VALUE,  AT(extensions)         },
};

/* Nothing that could end a line of a request, or a word of it. */
static bool is_graphic(struct str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.at[i] <= ' ' || text.at[i] > '~')
            return false;
    return true;
}

/* "scheme://rest"; without a scheme all is rest. */
static struct str scheme_of(struct str url, struct str *ret_rest)
{
    const char *sign = url.size ? memmem(url.at, url.size, "://", 3) : NULL;

    *ret_rest = sign ? str_skip(url, (size_t)(sign - url.at) + 3) : url;
    return (struct str){url.at, sign ? (size_t)(sign - url.at) : 0};
}

static bool is_scheme(struct str scheme, const char *wanted)
{
    return scheme.size == strlen(wanted) && strncasecmp(scheme.at, wanted, scheme.size) == 0;
}

/* Query and fragment mean nothing here; a server without a scheme has no TLS, as for kubectl. */
static bool server_read(struct arena *arena, struct str url, struct str *ret, struct err *err)
{
    struct str rest, host, path, scheme = scheme_of(url, &rest);
    bool is_secure = is_scheme(scheme, "https");

    if (!is_graphic(url) || (scheme.size > 0 && !is_secure && !is_scheme(scheme, "http")))
        return err_set(err, ERR_INVALID, "the server \"%s\" is no http or https address",
                       excerpt_of(arena, url, EXCERPT_PATH_SIZE));
    (void)str_cut(rest, '#', &rest, &path);
    (void)str_cut(rest, '?', &rest, &path);
    while (str_ends(rest, "/"))
        rest.size--;
    host = rest;
    (void)str_cut(rest, '/', &host, &path);
    if (host.size == 0 || memchr(host.at, '@', host.size))
        return err_set(err, ERR_INVALID, "the server's address has %s",
                       host.size == 0 ? "no host" : "a user in it, which belongs elsewhere");
    *ret = arena_print(arena, "%s://%.*s", is_secure ? "https" : "http", STR_ARG(rest));
    return true;
}

static bool proxy_read(struct arena *arena, struct str url, struct str *ret, struct err *err)
{
    struct str rest, scheme = scheme_of(url, &rest);

    if (url.size == 0)
        return true;
    if (!is_graphic(url) || rest.size == 0 ||
        !(is_scheme(scheme, "http") || is_scheme(scheme, "https") || is_scheme(scheme, "socks5")))
        return err_set(err, ERR_INVALID,
                       "proxy-url must begin with http://, https:// or "
                       "socks5://, not with \"%s\"",
                       excerpt_of(arena, scheme.size ? scheme : url, 8));
    *ret = url;
    return true;
}

static bool ca_read(struct arena *arena, const struct cluster *cluster, struct kube_access *ret,
                    struct err *err)
{
    const char *path = arena_text(arena, cluster->ca_path);

    if (cluster->ca_bytes.size == 0 && cluster->ca_path.size == 0)
        return true;
    if (cluster->is_insecure)
        return err_set(err, ERR_INVALID,
                       "certificate-authority and insecure-skip-tls-verify exclude each other");
    ret->ca_pem = cluster->ca_bytes;
    if (cluster->ca_bytes.size > 0)
        return pem_check(ret->ca_pem, PEM_CERTIFICATE, "certificate-authority-data", err);
    return file_read(arena, path, KUBECONFIG_SIZE_MAX, &ret->ca_pem, err) &&
           pem_check(ret->ca_pem, PEM_CERTIFICATE, path, err);
}

/* What an exec plugin is told about this cluster beside its address. */
static struct str plugin_config(struct arena *arena, const struct json_value *extensions)
{
    auto_end(buf_fini) struct buf text = {0};

    buf_init(&text, KUBECONFIG_SIZE_MAX);
    for (uint32_t i = 0; extensions && i < extensions->count; i++) {
        const struct json_value *name = json_get(&extensions->items[i], "name");
        const struct json_value *extension = json_get(&extensions->items[i], "extension");

        if (name && name->kind == JSON_TEXT && str_is(name->text, EXEC_EXTENSION) && extension &&
            text.size == 0)
            json_print(extension, JSON_COMPACT, &text);
    }
    return text.is_full ? (struct str){0} : arena_copy(arena, buf_str(&text));
}

bool cluster_entry_access(struct arena *arena, const struct entry *entry, const char *server,
                          struct kube_access *ret, struct err *err)
{
    struct cluster cluster = {0};

    if (!entry_read(arena, entry, fields, countof(fields), &cluster, err))
        return false;
    if (server && *server) {
        cluster.server = str_of(server);
        cluster.tls_server_name = (struct str){0};
    }
    if (cluster.server.size == 0)
        return entry_refuse(entry, entry->value, err, "this cluster has no server");
    if (!is_graphic(cluster.tls_server_name))
        return entry_refuse(entry, entry->value, err, "tls-server-name is no host name");
    if (!server_read(arena, cluster.server, &ret->server, err) ||
        !proxy_read(arena, cluster.proxy_url, &ret->proxy_url, err) ||
        !ca_read(arena, &cluster, ret, err))
        return entry->file ? err_wrap(err, "%s", entry->file) : false;
    ret->tls_server_name = cluster.tls_server_name;
    ret->is_insecure = cluster.is_insecure;
    ret->disable_compression = cluster.disable_compression;
    ret->exec.config = plugin_config(arena, cluster.extensions);
    return true;
}
