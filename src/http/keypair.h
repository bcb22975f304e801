// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A certificate chain with its private key, as handshakes use it. libmicrohttpd lends it to a
 * session at the client's first words, so it is kept until the handshakes of its time are over. */
#include <gnutls/abstract.h>

#include "base/arena.h"
#include "base/err.h"

enum {
    KEYPAIR_CHAIN_MAX = 8,
    KEYPAIR_PEM_MAX = 64 * 1024,
};

struct keypair {
    struct keypair *older; /* one that was retired before */
    struct arena arena;    /* of this struct */
    gnutls_pcert_st chain[KEYPAIR_CHAIN_MAX];
    unsigned chain_count;
    gnutls_privkey_t key;
    int64_t retired_ms;
};

/* PEM, the server's own certificate first. ERR_INVALID: something is none, or they do not fit. */
must_use bool keypair_new(struct str certificate, struct str key, struct keypair **ret,
                          struct err *err);
struct keypair *keypair_free(struct keypair *pair); /* NULL is fine; returns NULL. Not the older */
