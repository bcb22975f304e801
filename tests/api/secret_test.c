// SPDX-License-Identifier: Apache-2.0
#include "api/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct json_value read_text(struct arena *arena, const char *text)
{
    struct json_value ret;
    struct err err = {0};

    if (!json_read(arena, str_of(text), &ret, &err))
        fail_msg("%s", err.text);
    return ret;
}

static void assert_same(struct str got, const char *expected)
{
    if (!str_is(got, expected))
        fail_msg("%.*s instead of %s", STR_ARG(got), expected);
}

static const struct tls_secret four = {
    .certificate = {"leaf",          4 },
    .key = {"leaf key",      8 },
    .bundle = {"authorities",   11},
    .authority_key = {"authority key", 13},
};

static void what_is_written_is_read(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct tls_secret got;

    (void)state;
    struct json_value value = tls_secret_value(&arena, STR_LIT("ns"), (struct str){0}, &four);
    tls_secret_read(&arena, &value, &got);
    assert_same(got.certificate, "leaf");
    assert_same(got.key, "leaf key");
    assert_same(got.bundle, "authorities");
    assert_same(got.authority_key, "authority key");
    assert_same(json_get(&value, "type")->text, "kubernetes.io/tls");
    assert_same(json_get(json_get(&value, "metadata"), "namespace")->text, "ns");
}

static void a_patch_has_a_version_and_the_data_alone(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};

    (void)state;
    struct json_value value = tls_secret_value(&arena, STR_LIT("ns"), STR_LIT("42"), &four);
    assert_same(json_compact(&arena, &value),
                "{\"data\":{\"ca.crt\":\"YXV0aG9yaXRpZXM=\",\"ca.key\":\"YXV0aG9yaXR5IGtleQ==\","
                "\"tls.crt\":\"bGVhZg==\",\"tls.key\":\"bGVhZiBrZXk=\"},"
                "\"metadata\":{\"resourceVersion\":\"42\"}}");
}

static void what_is_no_text_of_ours_is_empty(void **state)
{
    static const char *const texts[] = {
        "null",
        "{}",
        "{\"data\":null}",
        "{\"data\":[]}",
        "{\"data\":{\"tls.crt\":5,\"tls.key\":\"%%%\",\"ca.crt\":\"YQ\",\"ca.key\":{}}}",
    };

    (void)state;
    for (size_t i = 0; i < countof(texts); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct json_value value = read_text(&arena, texts[i]);
        struct tls_secret got;
        tls_secret_read(&arena, &value, &got);
        assert_int_equal(
            got.certificate.size + got.key.size + got.bundle.size + got.authority_key.size, 0);
    }
}

static size_t size_read(size_t bytes)
{
    auto_end(arena_fini) struct arena arena = {0};
    char *text = arena_alloc(&arena, bytes);
    struct tls_secret large =
                          {
                              .certificate = {text, bytes}
    },
                      got;

    memset(text, 'x', bytes);
    struct json_value value = tls_secret_value(&arena, STR_LIT("ns"), (struct str){0}, &large);
    tls_secret_read(&arena, &value, &got);
    return got.certificate.size;
}

static void a_text_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(size_read(TLS_SECRET_TEXT_MAX), TLS_SECRET_TEXT_MAX);
    assert_int_equal(size_read(TLS_SECRET_TEXT_MAX + 3), 0);
}

static void keys_are_wiped(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct tls_secret got;

    (void)state;
    struct json_value value = tls_secret_value(&arena, STR_LIT("ns"), (struct str){0}, &four);
    tls_secret_read(&arena, &value, &got);
    tls_secret_wipe(&got);
    for (size_t i = 0; i < got.key.size; i++)
        assert_int_equal(got.key.at[i], 0);
    for (size_t i = 0; i < got.authority_key.size; i++)
        assert_int_equal(got.authority_key.at[i], 0);
    assert_same(got.certificate, "leaf");
    tls_secret_wipe(&(struct tls_secret){0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_patch_has_a_version_and_the_data_alone),
        cmocka_unit_test(what_is_no_text_of_ours_is_empty),
        cmocka_unit_test(a_text_is_bounded),
        cmocka_unit_test(keys_are_wiped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
