// SPDX-License-Identifier: Apache-2.0
#include "http/keypair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Made for this test: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes. */
#define ONE                                                                                        \
    "-----BEGIN CERTIFICATE-----\n"                                                                \
    "MIIBcjCCARmgAwIBAgIUBw4Kd9dIz8w8Vw9Ed8xKzpYRQjwwCgYIKoZIzj0EAwIw\n"                           \
    "DjEMMAoGA1UEAwwDb25lMCAXDTI2MTEyNDE2NTQwMFoYDzIxMjYxMDMxMTY1NDAw\n"                           \
    "WjAOMQwwCgYDVQQDDANvbmUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASqldjo\n"                           \
    "5dYrxFE3Bu86YjeqkAzaObeUEp3jMKoMYB4PgBD6c9lE1lO+tVPRnxdb9qYYP1gz\n"                           \
    "7YXdSn3rCCc99MJko1MwUTAdBgNVHQ4EFgQUB/EX/TQDLfIxKpSbHMSMWdQijYYw\n"                           \
    "HwYDVR0jBBgwFoAUB/EX/TQDLfIxKpSbHMSMWdQijYYwDwYDVR0TAQH/BAUwAwEB\n"                           \
    "/zAKBggqhkjOPQQDAgNHADBEAiBuFX2ce0LCJOtvCaoFkwSSnHYp4IJt347s2McU\n"                           \
    "VqUFXQIgDEWPwfNj/pJ6Kuh0iADKWzHMLVSYBXoaWIMZHb4vpnc=\n"                                       \
    "-----END CERTIFICATE-----\n"
#define ONE_KEY                                                                                    \
    "-----BEGIN PRIVATE KEY-----\n"                                                                \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgT4ypwlv8qc7/D+jF\n"                           \
    "k6oMOPTbP52dXhQFOAKrV86CB6ihRANCAASqldjo5dYrxFE3Bu86YjeqkAzaObeU\n"                           \
    "Ep3jMKoMYB4PgBD6c9lE1lO+tVPRnxdb9qYYP1gz7YXdSn3rCCc99MJk\n"                                   \
    "-----END PRIVATE KEY-----\n"
#define TWO                                                                                        \
    "-----BEGIN CERTIFICATE-----\n"                                                                \
    "MIIBcjCCARmgAwIBAgIULK6IbU5lBeRedoIXY62jUVKWiGcwCgYIKoZIzj0EAwIw\n"                           \
    "DjEMMAoGA1UEAwwDdHdvMCAXDTI2MTEyNDE2NTQwMFoYDzIxMjYxMDMxMTY1NDAw\n"                           \
    "WjAOMQwwCgYDVQQDDAN0d28wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARaj9cY\n"                           \
    "iFKgnyQc4VPpkHLIo94qAx4SHBoNyejtE+a3mN7XhPwIlJxDKZAagMLS9nz7HWl3\n"                           \
    "420MLeJdv324cZblo1MwUTAdBgNVHQ4EFgQUjhDptG/JuFSjc9NHkSb9ZtrPJ44w\n"                           \
    "HwYDVR0jBBgwFoAUjhDptG/JuFSjc9NHkSb9ZtrPJ44wDwYDVR0TAQH/BAUwAwEB\n"                           \
    "/zAKBggqhkjOPQQDAgNHADBEAiBRAMGfmNBcklfX9FyM0maXZB7gi9ExNfafh1yD\n"                           \
    "oSzTKAIgdz5slfN1qEZZfSJF3WpMoNqCaUwCFguv02ml36Hpzxs=\n"                                       \
    "-----END CERTIFICATE-----\n"

static void a_pair_that_fits_is_taken(void **state)
{
    struct keypair *pair;
    struct err err = {0};

    (void)state;
    assert_true(keypair_new(STR_LIT(ONE), STR_LIT(ONE_KEY), &pair, &err));
    assert_int_equal(pair->chain_count, 1);
    assert_null(keypair_free(pair));
}

static void what_is_none_or_does_not_fit_is_refused(void **state)
{
    static const struct {
        const char *certificate, *key, *says;
    } rows[] = {
        {TWO,       ONE_KEY, "the private key is not that of the certificate"},
        {"",        ONE_KEY, "certificate: "                                 },
        {"garbage", ONE_KEY, "certificate: "                                 },
        {ONE_KEY,   ONE_KEY, "certificate: "                                 },
        {ONE TWO,   ONE_KEY, "certificate: "                                 }, /* no chain */
        {ONE,       "",      "private key: "                                 },
        {ONE,       ONE,     "private key: "                                 },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct keypair *pair;
        struct err err = {0};
        assert_false(keypair_new(str_of(rows[i].certificate), str_of(rows[i].key), &pair, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        if (!str_starts(str_of(err.text), rows[i].says))
            fail_msg("row %zu: %s", i, err.text);
    }
}

static void there_are_bounds(void **state)
{
    char *large = calloc(1, KEYPAIR_PEM_MAX + 1);
    struct str text = {large, KEYPAIR_PEM_MAX + 1};
    struct keypair *pair;
    struct err err = {0};

    (void)state;
    assert_false(keypair_new(text, STR_LIT(ONE_KEY), &pair, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    err = (struct err){0};
    assert_false(keypair_new(STR_LIT(ONE), text, &pair, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    free(large);
    assert_null(keypair_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_that_fits_is_taken),
        cmocka_unit_test(what_is_none_or_does_not_fit_is_refused),
        cmocka_unit_test(there_are_bounds),
    };

    return cmocka_run_group_tests_name("keypair", tests, NULL, NULL);
}
