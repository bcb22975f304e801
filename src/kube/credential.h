// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What to show the API server: a token or a client certificate, from the kubeconfig itself, from
 * a token file (read again every minute) or from an exec plugin (client.authentication.k8s.io/v1
 * and v1beta1). A plugin is run by argument vector, never by a shell, and holds up the process:
 * for at most exec.timeout_ms, or, if it has the user's terminal, until it ends. Its stderr
 * is ours, its output is bounded by CREDENTIAL_SIZE_MAX. Nothing is written to disk. */
#include "kube/kubeconfig.h"

enum {
    CREDENTIAL_SIZE_MAX = 1024 * 1024,
    TOKEN_FILE_PERIOD_MS = 60000
};

struct credential {
    struct str token;             /* empty: none */
    struct str cert_pem, key_pem; /* both or none */
    int64_t expires_ms;           /* when to ask again; DATE_NEVER: not before it is refused */
};

/* Asks now. ERR_ABSENT: no such plugin, with its install hint; ERR_RETRY: it did not answer in
 * time; ERR_REFUSED: it failed or its answer is no credential; ERR_LIMIT. */
must_use bool credential_get(struct arena *arena, const struct kube_access *access, int64_t now_ms,
                             struct credential *ret, struct err *err);

/* The content of a token file without the blanks around it. */
must_use bool credential_token_file(struct arena *arena, const char *path, struct str *ret,
                                    struct err *err);

/* The same, kept until it expires; a token file that cannot be read again changes nothing. */
struct credential_cache { /* zero value: empty */
    struct arena arena;
    struct credential held;
    bool is_held;
    uint32_t number; /* of the one that is held; never 0 */
};
/* ret points into the cache, until the next call. */
must_use bool credential_current(struct credential_cache *cache, const struct kube_access *access,
                                 int64_t now_ms, struct credential *ret, struct err *err);
/* The server refused (401) the credential that had this number: the next call of
 * credential_current() asks anew, unless another one has taken its place since. */
void credential_refresh(struct credential_cache *cache, uint32_t number);
void credential_cache_fini(struct credential_cache *cache);
