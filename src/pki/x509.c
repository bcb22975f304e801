// SPDX-License-Identifier: Apache-2.0
#include "pki/x509.h"

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

enum {
    SERIAL_SIZE = 16,
    COMMON_NAME_MAX = 64,
    KEY_ID_MAX = 64,
};

/* -- what GnuTLS lends us ---------------------------------------------------------------- */

static void key_end(gnutls_x509_privkey_t *key)
{
    gnutls_x509_privkey_deinit(*key); /* wipes it; NULL is fine */
}

static void certificate_end(gnutls_x509_crt_t *certificate)
{
    if (*certificate)
        gnutls_x509_crt_deinit(*certificate);
}

static void datum_end(gnutls_datum_t *datum)
{
    if (datum->data)
        gnutls_memset(datum->data, 0, datum->size);
    gnutls_free(datum->data);
}

struct bundle {
    gnutls_x509_crt_t at[X509_BUNDLE_MAX];
    unsigned count;
};

static void bundle_end(struct bundle *bundle)
{
    for (unsigned i = 0; i < bundle->count; i++)
        gnutls_x509_crt_deinit(bundle->at[i]);
}

/* GnuTLS counts what is wrong downwards from 0. */
static bool fail(struct err *err, const char *what, int code)
{
    return err_set(err, ERR_INVALID, "%s: %s", what, gnutls_strerror(code));
}

/* -- reading ------------------------------------------------------------------------------- */

/* A view that GnuTLS, which has no const, only reads. */
static gnutls_datum_t datum_of(struct str text)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)text.at, (unsigned)text.size};
}

static bool check_size(struct str pem, const char *what, struct err *err)
{
    if (pem.size == 0)
        return err_set(err, ERR_INVALID, "%s: there is none", what);
    if (pem.size > X509_PEM_MAX)
        return err_set(err, ERR_INVALID, "%s: more than %d bytes", what, X509_PEM_MAX);
    return true;
}

static bool read_bundle(struct str pem, struct bundle *ret, struct err *err)
{
    gnutls_datum_t datum = datum_of(pem);
    unsigned count = X509_BUNDLE_MAX;
    int code;

    if (!check_size(pem, "the authorities", err))
        return false;
    code = gnutls_x509_crt_list_import(ret->at, &count, &datum, GNUTLS_X509_FMT_PEM,
                                       GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);
    if (code < 0)
        return fail(err, "the authorities", code);
    ret->count = (unsigned)code;
    return ret->count > 0 || err_set(err, ERR_INVALID, "the authorities: there is none");
}

static bool read_certificate(struct str pem, gnutls_x509_crt_t *ret, struct err *err)
{
    gnutls_datum_t datum = datum_of(pem);
    int code;

    if (!check_size(pem, "the certificate", err))
        return false;
    code = gnutls_x509_crt_init(ret);
    if (code == 0)
        code = gnutls_x509_crt_import(*ret, &datum, GNUTLS_X509_FMT_PEM);
    return code == 0 || fail(err, "the certificate", code);
}

/* An encrypted one is refused, nobody is asked for a password. */
static bool read_key(struct str pem, gnutls_x509_privkey_t *ret, struct err *err)
{
    gnutls_datum_t datum = datum_of(pem);
    int code;

    if (!check_size(pem, "the key", err))
        return false;
    code = gnutls_x509_privkey_init(ret);
    if (code == 0)
        code = gnutls_x509_privkey_import(*ret, &datum, GNUTLS_X509_FMT_PEM);
    return code == 0 || fail(err, "the key", code);
}

bool x509_read_term(struct str certificate, struct x509_term *ret, struct err *err)
{
    auto_end(certificate_end) gnutls_x509_crt_t read = NULL;

    if (!read_certificate(certificate, &read, err))
        return false;
    time_t from = gnutls_x509_crt_get_activation_time(read);
    time_t until = gnutls_x509_crt_get_expiration_time(read);
    if (from == (time_t)-1 || until == (time_t)-1)
        return err_set(err, ERR_INVALID, "the certificate: its times cannot be read");
    ret->from_ms = (int64_t)from * 1000;
    ret->until_ms = (int64_t)until * 1000;
    return true;
}

bool x509_key_fits(struct str certificate, struct str key, struct err *err)
{
    auto_end(certificate_end) gnutls_x509_crt_t crt = NULL;
    auto_end(key_end) gnutls_x509_privkey_t private = NULL;
    unsigned char ids[2][KEY_ID_MAX];
    size_t sizes[2] = {KEY_ID_MAX, KEY_ID_MAX};
    int code;

    if (!read_certificate(certificate, &crt, err) || !read_key(key, &private, err))
        return false;
    code = gnutls_x509_privkey_verify_params(private);
    if (code == 0)
        code = gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, ids[0], &sizes[0]);
    if (code == 0)
        code = gnutls_x509_privkey_get_key_id(private, GNUTLS_KEYID_USE_SHA256, ids[1], &sizes[1]);
    if (code != 0)
        return fail(err, "the key", code);
    return (sizes[0] == sizes[1] && memcmp(ids[0], ids[1], sizes[0]) == 0) ||
           err_set(err, ERR_INVALID, "the key is of another certificate");
}

bool x509_is_authority(struct str certificate, struct err *err)
{
    auto_end(certificate_end) gnutls_x509_crt_t crt = NULL;

    if (!read_certificate(certificate, &crt, err))
        return false;
    return gnutls_x509_crt_get_ca_status(crt, NULL) > 0 ||
           err_set(err, ERR_INVALID, "the certificate is no authority's");
}

bool x509_is_signed(struct str certificate, struct str bundle, struct err *err)
{
    auto_end(certificate_end) gnutls_x509_crt_t crt = NULL;
    auto_end(bundle_end) struct bundle authorities = {0};
    unsigned verdict = 0;
    int code;

    if (!read_certificate(certificate, &crt, err) || !read_bundle(bundle, &authorities, err))
        return false;
    code = gnutls_x509_crt_verify(crt, authorities.at, (int)authorities.count,
                                  GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &verdict);
    if (code < 0)
        return fail(err, "the certificate", code);
    return verdict == 0 ||
           err_set(err, ERR_INVALID, "the certificate is signed by none of the authorities");
}

/* Without any name of DNS GnuTLS would take the common name for one: API servers do not. */
static bool has_names(gnutls_x509_crt_t crt)
{
    unsigned char name[256];

    for (unsigned i = 0;; i++) {
        size_t size = sizeof(name);
        int kind = gnutls_x509_crt_get_subject_alt_name(crt, i, name, &size, NULL);
        if (kind == GNUTLS_SAN_DNSNAME)
            return true;
        if (kind < 0 && kind != GNUTLS_E_SHORT_MEMORY_BUFFER)
            return false;
    }
}

bool x509_serves(struct str certificate, const struct x509_names *names, struct err *err)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(certificate_end) gnutls_x509_crt_t crt = NULL;

    if (!read_certificate(certificate, &crt, err))
        return false;
    if (!gnutls_x509_crt_check_key_purpose(crt, GNUTLS_KP_TLS_WWW_SERVER, 0))
        return err_set(err, ERR_INVALID, "the certificate is not for TLS servers");
    for (uint32_t i = 0; i < names->count; i++) {
        const char *name = arena_text(&arena, names->at[i]);
        if (!has_names(crt) || !gnutls_x509_crt_check_hostname(crt, name))
            return err_set(err, ERR_INVALID, "the certificate is not for %s", name);
    }
    return true;
}

/* -- printing --------------------------------------------------------------------------------- */

static struct str keep(struct arena *arena, const gnutls_datum_t *datum)
{
    return arena_copy(arena, (struct str){(const char *)datum->data, datum->size});
}

static int print_certificate(struct arena *arena, gnutls_x509_crt_t crt, struct str *ret)
{
    auto_end(datum_end) gnutls_datum_t pem = {0};
    int code = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem);

    if (code == 0)
        *ret = keep(arena, &pem);
    return code;
}

/* PKCS #8, which everybody reads. */
static int print_key(struct arena *arena, gnutls_x509_privkey_t key, struct str *ret)
{
    auto_end(datum_end) gnutls_datum_t pem = {0};
    int code =
        gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem);

    if (code == 0)
        *ret = keep(arena, &pem);
    return code;
}

bool x509_split(struct arena *arena, struct str bundle, struct str ret[X509_BUNDLE_MAX],
                uint32_t *ret_count, struct err *err)
{
    auto_end(bundle_end) struct bundle all = {0};

    if (!read_bundle(bundle, &all, err))
        return false;
    for (unsigned i = 0; i < all.count; i++) {
        int code = print_certificate(arena, all.at[i], &ret[i]);
        if (code != 0)
            return fail(err, "the authorities", code);
    }
    *ret_count = all.count;
    return true;
}

void x509_wipe(struct str key)
{
    if (key.size > 0)
        gnutls_memset((void *)(uintptr_t)key.at, 0, key.size);
}

/* -- making ----------------------------------------------------------------------------------- */

struct draft { /* of a certificate that is being made, with the key it is for */
    gnutls_x509_crt_t crt;
    gnutls_x509_privkey_t key;
};

static void draft_end(struct draft *draft)
{
    certificate_end(&draft->crt);
    key_end(&draft->key);
}

/* Positive, and without leading zeros. */
static int set_serial(gnutls_x509_crt_t crt)
{
    unsigned char serial[SERIAL_SIZE];
    int code = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

    serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40);
    return code != 0 ? code : gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
}

static int set_common_name(gnutls_x509_crt_t crt, struct str name)
{
    unsigned size = name.size > COMMON_NAME_MAX ? COMMON_NAME_MAX : (unsigned)name.size;

    return gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name.at, size);
}

static int set_key_id(gnutls_x509_crt_t crt)
{
    unsigned char id[KEY_ID_MAX];
    size_t size = sizeof(id);
    int code = gnutls_x509_crt_get_key_id(crt, 0, id, &size);

    return code != 0 ? code : gnutls_x509_crt_set_subject_key_id(crt, id, size);
}

/* The first failure, or 0. */
static int first_of(const int *codes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (codes[i] < 0)
            return codes[i];
    return 0;
}

static int draft_begin(struct draft *draft, struct str name, const struct x509_term *term)
{
    int code = gnutls_x509_privkey_init(&draft->key);

    if (code == 0)
        code = gnutls_x509_privkey_generate(draft->key, GNUTLS_PK_ECDSA,
                                            GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    if (code == 0)
        code = gnutls_x509_crt_init(&draft->crt);
    if (code != 0)
        return code;
    const int codes[] = {
        gnutls_x509_crt_set_version(draft->crt, 3),
        set_serial(draft->crt),
        gnutls_x509_crt_set_activation_time(draft->crt, (time_t)(term->from_ms / 1000)),
        gnutls_x509_crt_set_expiration_time(draft->crt, (time_t)(term->until_ms / 1000)),
        set_common_name(draft->crt, name),
        gnutls_x509_crt_set_key(draft->crt, draft->key),
        set_key_id(draft->crt),
    };
    return first_of(codes, countof(codes));
}

static int draft_print(struct arena *arena, const struct draft *draft, struct x509_pair *ret)
{
    int code = print_certificate(arena, draft->crt, &ret->certificate);

    return code != 0 ? code : print_key(arena, draft->key, &ret->key);
}

bool x509_make_authority(struct arena *arena, struct str common_name, const struct x509_term *term,
                         struct x509_pair *ret, struct err *err)
{
    auto_end(draft_end) struct draft draft = {0};
    int code = draft_begin(&draft, common_name, term);

    if (code == 0)
        code = gnutls_x509_crt_set_basic_constraints(draft.crt, 1, 0);
    if (code == 0)
        code = gnutls_x509_crt_set_key_usage(draft.crt, GNUTLS_KEY_KEY_CERT_SIGN);
    if (code == 0)
        code = gnutls_x509_crt_sign2(draft.crt, draft.crt, draft.key, GNUTLS_DIG_SHA256, 0);
    if (code == 0)
        code = draft_print(arena, &draft, ret);
    return code == 0 || fail(err, "make an authority", code);
}

static int set_names(gnutls_x509_crt_t crt, const struct x509_names *names)
{
    int code = 0;

    for (uint32_t i = 0; i < names->count && code == 0; i++)
        code =
            gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, names->at[i].at,
                                                 (unsigned)names->at[i].size, GNUTLS_FSAN_APPEND);
    return code;
}

static int set_signer(gnutls_x509_crt_t crt, gnutls_x509_crt_t authority)
{
    unsigned char id[KEY_ID_MAX];
    size_t size = sizeof(id);
    int code = gnutls_x509_crt_get_subject_key_id(authority, id, &size, NULL);

    return code != 0 ? code : gnutls_x509_crt_set_authority_key_id(crt, id, size);
}

static int draft_serve(const struct draft *draft, const struct x509_names *names)
{
    const int codes[] = {
        gnutls_x509_crt_set_basic_constraints(draft->crt, 0, -1),
        gnutls_x509_crt_set_key_usage(draft->crt, GNUTLS_KEY_DIGITAL_SIGNATURE),
        gnutls_x509_crt_set_key_purpose_oid(draft->crt, GNUTLS_KP_TLS_WWW_SERVER, 0),
        set_names(draft->crt, names),
    };

    return first_of(codes, countof(codes));
}

bool x509_make_server(struct arena *arena, const struct x509_pair *authority,
                      const struct x509_names *names, const struct x509_term *term,
                      struct x509_pair *ret, struct err *err)
{
    auto_end(certificate_end) gnutls_x509_crt_t signer = NULL;
    auto_end(key_end) gnutls_x509_privkey_t signer_key = NULL;
    auto_end(draft_end) struct draft draft = {0};
    int code;

    if (!read_certificate(authority->certificate, &signer, err) ||
        !read_key(authority->key, &signer_key, err))
        return false;
    code = draft_begin(&draft, names->at[0], term);
    if (code == 0)
        code = draft_serve(&draft, names);
    if (code == 0)
        code = set_signer(draft.crt, signer);
    if (code == 0)
        code = gnutls_x509_crt_sign2(draft.crt, signer, signer_key, GNUTLS_DIG_SHA256, 0);
    if (code == 0)
        code = draft_print(arena, &draft, ret);
    return code == 0 || fail(err, "make a certificate", code);
}
