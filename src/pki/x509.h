// SPDX-License-Identifier: Apache-2.0
#pragma once

/* X.509 as far as we use it, by GnuTLS: an authority of our own, server certificates made by it,
 * and questions about certificates that somebody else may have written. PEM in, PEM out, in an
 * arena of the caller, who wipes the keys in it (x509_wipe) when he is done; copies that are made
 * inside are wiped here. Keys are ECDSA on P-256. Everything that is read is foreign: X509_PEM_MAX
 * bytes, X509_BUNDLE_MAX certificates, ERR_INVALID says what is wrong and never holds a byte of a
 * key. No clock is asked: times are arguments, and whether a certificate is valid now is for the
 * caller to compare. Times within are whole seconds. */
#include "base/arena.h"
#include "base/err.h"

enum {
    X509_PEM_MAX = 64 * 1024,
    X509_BUNDLE_MAX = 16,
};

struct x509_term { /* wall clock; valid from the first to the last of them */
    int64_t from_ms, until_ms;
};

struct x509_pair { /* PEM */
    struct str certificate, key;
};

struct x509_names { /* of DNS */
    const struct str *at;
    uint32_t count;
};

/* An authority that may sign server certificates, but no other authority. */
must_use bool x509_make_authority(struct arena *arena, struct str common_name,
                                  const struct x509_term *term, struct x509_pair *ret,
                                  struct err *err);
/* For TLS servers of these names. The first is its common name, too, up to 64 bytes. */
must_use bool x509_make_server(struct arena *arena, const struct x509_pair *authority,
                               const struct x509_names *names, const struct x509_term *term,
                               struct x509_pair *ret, struct err *err);

/* -- of a certificate, the first one in its PEM --------------------------------------- */

must_use bool x509_read_term(struct str certificate, struct x509_term *ret, struct err *err);
/* The key is whole, and is the certificate's. */
must_use bool x509_key_fits(struct str certificate, struct str key, struct err *err);
must_use bool x509_is_authority(struct str certificate, struct err *err);
/* One of these authorities signed it; whether any of them is still valid is not asked. */
must_use bool x509_is_signed(struct str certificate, struct str bundle, struct err *err);
/* It may serve TLS under each of these names. */
must_use bool x509_serves(struct str certificate, const struct x509_names *names, struct err *err);

/* -- of a bundle ------------------------------------------------------------------------- */

/* Each certificate of it, newly printed, in order: what stands between them is dropped. */
must_use bool x509_split(struct arena *arena, struct str bundle, struct str ret[X509_BUNDLE_MAX],
                         uint32_t *ret_count, struct err *err);

void x509_wipe(struct str key); /* in an arena: zeros, where it stands */
