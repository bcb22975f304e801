// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Which cluster, and as whom: kubeconfig files as kubectl reads them. $KUBECONFIG is a list, the
 * first file that names something wins; relative paths are relative to their own file; *-data
 * beats the file beside it; unknown fields and extensions are ignored. Inside a Pod, without a
 * kubeconfig, the service account. Certificates are read here; nothing is asked of the cluster,
 * and no plugin runs (kube/credential.h).
 * Stricter than kubectl where it would go on with less than was asked for: a user or cluster that
 * a context names must exist, keys must not stand twice, texts must not hold control characters.
 * Credentials are never taken for a server that is spoken to without TLS.
 * Bounds: KUBECONFIG_FILES_MAX files, each, and each file they name, of KUBECONFIG_SIZE_MAX. */
#include "base/arena.h"
#include "base/err.h"
#include "core/task.h"

enum {
    KUBECONFIG_FILES_MAX = 64,
    KUBECONFIG_SIZE_MAX = 1024 * 1024,
    EXEC_TIMEOUT_MS = 60000
};

enum exec_interaction { /* whether the plugin gets our stdin */
    EXEC_NEVER,
    EXEC_IF_AVAILABLE, /* if it is a terminal */
    EXEC_ALWAYS,       /* it must be a terminal */
};

struct kube_exec {
    struct str command; /* with a slash: a path; else to be found in PATH */
    struct strs args;
    struct pairs env; /* on top of ours */
    struct str api_version;
    enum exec_interaction interaction;
    struct str install_hint; /* foreign text: to be escaped where it is shown */
    bool gets_cluster;       /* provideClusterInfo */
    struct str config;       /* JSON for the plugin, from the cluster's extensions; empty: none */
    int64_t timeout_ms;      /* unless it has the terminal; EXEC_TIMEOUT_MS */
};

struct kube_access {    /* all that is needed to reach one cluster as somebody */
    struct str server;  /* https://host:port[/path], no slash at the end; http:// is possible */
    struct str context; /* its name; empty: none, as inside a Pod */
    struct str space;   /* the namespace to work in, never empty */
    struct str ca_pem;  /* empty: those of the system */
    bool is_insecure;   /* the server's certificate is not checked; never with ca_pem */
    struct str tls_server_name;
    struct str proxy_url; /* http, https or socks5; empty: as the environment says */
    bool disable_compression;
    struct str cert_pem, key_pem; /* both or none */
    struct str token;             /* if token_file too: for when that cannot be read */
    struct str token_file;
    struct str user, password; /* basic; never with a token */
    struct str as_user, as_uid;
    struct strs as_groups;
    struct pairs as_extra; /* a name may stand several times */
    bool has_exec;         /* none of the above says who we are: the plugin does */
    struct kube_exec exec;
};

/* Where to look. NULL or "": not given. */
struct kubeconfig_sources {
    const char *flag_path; /* --kubeconfig: this file alone, and it must exist */
    const char *env_paths; /* $KUBECONFIG */
    const char *home;      /* $HOME */
    const char *context, *cluster, *user, *namespace, *server; /* what flags say instead */
    /* Inside a Pod: $KUBERNETES_SERVICE_HOST, $KUBERNETES_SERVICE_PORT, $POD_NAMESPACE, and where
     * the service account is mounted (NULL: the usual place). */
    const char *service_host, *service_port, *pod_namespace, *service_account_dir;
};

/* True if there is something to load: a file is named, or one exists and is not empty, or this is
 * a Pod with a service account. Whether it is any good, kubeconfig_load() says. */
bool kubeconfig_find(const struct kubeconfig_sources *sources);

/* ERR_ABSENT: there is nothing to load, and only that. ERR_INVALID: "file:line:column: what", or
 * what is missing. ERR_REFUSED: an auth-provider, a file that may not be read. */
must_use bool kubeconfig_load(struct arena *arena, const struct kubeconfig_sources *sources,
                              struct kube_access *ret, struct err *err);
