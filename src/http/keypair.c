// SPDX-License-Identifier: Apache-2.0
#include "http/keypair.h"

static gnutls_datum_t datum_of(struct str s)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)s.at, (unsigned)s.size};
}

static bool read_chain(struct keypair *pair, struct str pem, struct err *err)
{
    gnutls_datum_t datum = datum_of(pem);
    unsigned count = KEYPAIR_CHAIN_MAX;
    int error = gnutls_pcert_list_import_x509_raw(pair->chain, &count, &datum, GNUTLS_X509_FMT_PEM,
                                                  GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED |
                                                      GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);

    if (error < 0)
        return err_set(err, ERR_INVALID, "certificate: %s", gnutls_strerror(error));
    pair->chain_count = count;
    return count > 0 || err_set(err, ERR_INVALID, "certificate: there is none");
}

static bool read_key(struct keypair *pair, struct str pem, struct err *err)
{
    gnutls_datum_t datum = datum_of(pem);
    int error = gnutls_privkey_init(&pair->key);

    if (error >= 0)
        error = gnutls_privkey_import_x509_raw(pair->key, &datum, GNUTLS_X509_FMT_PEM, NULL, 0);
    return error >= 0 || err_set(err, ERR_INVALID, "private key: %s", gnutls_strerror(error));
}

/* Both have the same public half. */
static bool fits(struct keypair *pair, struct err *err)
{
    unsigned char of_key[64], of_certificate[64];
    size_t key_size = sizeof(of_key), certificate_size = sizeof(of_certificate);
    gnutls_pubkey_t half = NULL;
    int error = gnutls_pubkey_init(&half);

    if (error >= 0)
        error = gnutls_pubkey_import_privkey(half, pair->key, 0, 0);
    if (error >= 0)
        error = gnutls_pubkey_get_key_id(half, GNUTLS_KEYID_USE_SHA256, of_key, &key_size);
    if (error >= 0)
        error = gnutls_pubkey_get_key_id(pair->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256,
                                         of_certificate, &certificate_size);
    if (half)
        gnutls_pubkey_deinit(half);
    if (error < 0)
        return err_set(err, ERR_INVALID, "certificate and key: %s", gnutls_strerror(error));
    return str_equal((struct str){(char *)of_key, key_size},
                     (struct str){(char *)of_certificate, certificate_size}) ||
           err_set(err, ERR_INVALID, "the private key is not that of the certificate");
}

bool keypair_new(struct str certificate, struct str key, struct keypair **ret, struct err *err)
{
    struct arena arena = {0};
    struct keypair *pair;

    if (certificate.size > KEYPAIR_PEM_MAX || key.size > KEYPAIR_PEM_MAX)
        return err_set(err, ERR_LIMIT, "certificate or key: more than %d bytes", KEYPAIR_PEM_MAX);
    pair = arena_alloc(&arena, sizeof(*pair));
    pair->arena = arena;
    if (read_chain(pair, certificate, err) && read_key(pair, key, err) && fits(pair, err)) {
        *ret = pair;
        return true;
    }
    keypair_free(pair);
    return false;
}

struct keypair *keypair_free(struct keypair *pair)
{
    struct arena arena;

    if (!pair)
        return NULL;
    for (unsigned i = 0; i < pair->chain_count; i++)
        gnutls_pcert_deinit(&pair->chain[i]);
    if (pair->key)
        gnutls_privkey_deinit(pair->key);
    arena = pair->arena;
    arena_fini(&arena);
    return NULL;
}
