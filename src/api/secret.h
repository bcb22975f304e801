// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The Secret that holds what the operator's TLS servers show (kubernetes.io/tls), with two keys of
 * our own beside it: whom to trust (ca.crt, the newest authority first), and the key of that newest
 * authority (ca.key). Pure. Whoever reads one wipes it when he is done: tls_secret_wipe(). */
#include "json/json.h"

#define TLS_SECRET "agenttask-webhook-cert"

enum {
    TLS_SECRET_TEXT_MAX = 64 * 1024, /* of each of the four; a longer one counts as damaged */
};

struct tls_secret { /* PEM; empty: not there, or damaged */
    struct str certificate, key;
    struct str bundle, authority_key;
};

/* From a Secret, whatever it holds. Copies in the arena. */
void tls_secret_read(struct arena *arena, const struct json_value *object, struct tls_secret *ret);
/* A new Secret; or (version not empty) the merge patch that sets these four in the Secret of that
 * version. */
struct json_value tls_secret_value(struct arena *arena, struct str space, struct str version,
                                   const struct tls_secret *secret);
/* Its two keys become zeros, where they stand. */
void tls_secret_wipe(const struct tls_secret *secret);
