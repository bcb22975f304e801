// SPDX-License-Identifier: Apache-2.0
#include "pki/x509.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DAY_MS INT64_C(86400000)
#define NOW    INT64_C(1795521600000) /* 2026-11-24T12:00:00Z */

/* Made by OpenSSL, all of one key: a name that is a common name alone; for TLS clients. */
static const char common_name_alone[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBkjCCATegAwIBAgIUailjcgvc4tnT3jfnnGFqpwEEzwMwCgYIKoZIzj0EAwIw\n"
    "FDESMBAGA1UEAwwJYS5leGFtcGxlMCAXDTI2MTEyNDE2MjUyNFoYDzIxMjYxMDMx\n"
    "MTYyNTI0WjAUMRIwEAYDVQQDDAlhLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjO\n"
    "PQMBBwNCAAQysSV8DTJm8jlxKcVOVQhmFMfhyFBKpLLvZcSYiESnI/57HZH1+0Hp\n"
    "YXxUfmiltJWrffkHV9ZJ/8SkUddNuk3lo2UwYzAdBgNVHQ4EFgQUAQJDAXBXm9gQ\n"
    "hKpXSI/pwDgj+gUwHwYDVR0jBBgwFoAUAQJDAXBXm9gQhKpXSI/pwDgj+gUwDAYD\n"
    "VR0TAQH/BAIwADATBgNVHSUEDDAKBggrBgEFBQcDATAKBggqhkjOPQQDAgNJADBG\n"
    "AiEA2VK6Mitxp/UAIA79x0JLe9AjRvUpz7JxTGpUe8QrOjYCIQClUkYdhqtal0SC\n"
    "Jki3e5LuM7vY1odVW/wK5/TcUdRMPA==\n"
    "-----END CERTIFICATE-----\n";
static const char for_clients[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBmDCCAT2gAwIBAgIUPT9RoaLVNay0phez6X6REQtku/MwCgYIKoZIzj0EAwIw\n"
    "DDEKMAgGA1UEAwwBeDAgFw0yNjExMjQxNjI1MjRaGA8yMTI2MTAzMTE2MjUyNFow\n"
    "DDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDKxJXwNMmby\n"
    "OXEpxU5VCGYUx+HIUEqksu9lxJiIRKcj/nsdkfX7QelhfFR+aKW0lat9+QdX1kn/\n"
    "xKRR1026TeWjezB5MB0GA1UdDgQWBBQBAkMBcFeb2BCEqldIj+nAOCP6BTAfBgNV\n"
    "HSMEGDAWgBQBAkMBcFeb2BCEqldIj+nAOCP6BTAMBgNVHRMBAf8EAjAAMBMGA1Ud\n"
    "JQQMMAoGCCsGAQUFBwMCMBQGA1UdEQQNMAuCCWEuZXhhbXBsZTAKBggqhkjOPQQD\n"
    "AgNJADBGAiEAorxgVq6g5ebft0sg1GS4LBRNkedeMWXlI+82MuCUTcYCIQCr/Mz2\n"
    "ct6Odmmc+FzBkO59Kxide0yULQgjv0KgSgkmBA==\n"
    "-----END CERTIFICATE-----\n";
static const char foreign_key[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIDPGEs9gBqV0KCYx2UDu/NtHTIS4vKUaY/k4yz1AJKRRoAoGCCqGSM49\n"
    "AwEHoUQDQgAEMrElfA0yZvI5cSnFTlUIZhTH4chQSqSy72XEmIhEpyP+ex2R9ftB\n"
    "6WF8VH5opbSVq335B1fWSf/EpFHXTbpN5Q==\n"
    "-----END EC PRIVATE KEY-----\n";
static const char encrypted_key[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgWojkwWNftxQICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEP0GaH8LhLPxPZlbNueb3YgEgZCa\n"
    "/EhIIxRr2NwP9l9F0FqODD9MFGgrMG0lNkDsgN8zDwWA36yF8zeISQ91iOCb0zWX\n"
    "gtBt4bzvlc/pv0JDrtzleqscRnyI1CWvbxp6hQkXeIF7/kdXnlaiRTvsvqo64igM\n"
    "DWLCAyzVAyxSXASHrV2HyHWS5y8RDMzmNH6K+jGw0o7bt3UWoOFtuap4wpA8+NQ=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

static const struct str two_names[] = {
    {"agenttask-webhook-service.agenttask-system.svc", 46},
    {"b.example",                                      9 },
};
static const struct x509_names names = {two_names, 2};
static const struct x509_term term = {NOW, NOW + 90 * DAY_MS};

struct scene {
    struct arena arena;
    struct x509_pair first, second; /* authorities */
    struct x509_pair leaf;          /* of the first */
};

static int prepare(void **state)
{
    static struct scene scene;
    struct err err = {0};

    scene = (struct scene){0};
    if (!x509_make_authority(&scene.arena, STR_LIT("ours"), &term, &scene.first, &err) ||
        !x509_make_authority(&scene.arena, STR_LIT("ours"), &term, &scene.second, &err) ||
        !x509_make_server(&scene.arena, &scene.first, &names, &term, &scene.leaf, &err))
        fail_msg("%s", err.text);
    *state = &scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    arena_fini(&scene->arena);
    return 0;
}

/* What it is refused for; NULL: it is not. */
static const char *why(bool is_good, const struct err *err)
{
    assert_int_equal(is_good, err->kind == ERR_NONE);
    assert_true(is_good || err->kind == ERR_INVALID);
    return is_good ? NULL : err->text;
}

#define assert_good(call)                                                                          \
    do {                                                                                           \
        struct err err = {0};                                                                      \
        const char *said = why(call, &err);                                                        \
        if (said)                                                                                  \
            fail_msg("%s", said);                                                                  \
    } while (0)
#define assert_refused(call, words)                                                                \
    do {                                                                                           \
        struct err err = {0};                                                                      \
        const char *said = why(call, &err);                                                        \
        if (!said || !strstr(said, words))                                                         \
            fail_msg("%s: %s", words, said ? said : "is good");                                    \
    } while (0)

static void what_is_made_is_good(void **state)
{
    struct scene *scene = *state;
    struct x509_term got;

    assert_good(x509_is_authority(scene->first.certificate, &err));
    assert_good(x509_key_fits(scene->first.certificate, scene->first.key, &err));
    assert_good(x509_key_fits(scene->leaf.certificate, scene->leaf.key, &err));
    assert_good(x509_is_signed(scene->leaf.certificate, scene->first.certificate, &err));
    assert_good(x509_serves(scene->leaf.certificate, &names, &err));
    assert_good(x509_read_term(scene->leaf.certificate, &got, &err));
    assert_true(got.from_ms == term.from_ms && got.until_ms == term.until_ms);
    assert_true(str_starts(scene->leaf.key, "-----BEGIN PRIVATE KEY-----"));
}

static void a_leaf_is_no_authority(void **state)
{
    struct scene *scene = *state;
    struct x509_pair got;

    assert_refused(x509_is_authority(scene->leaf.certificate, &err), "no authority");
    assert_good(x509_make_server(&scene->arena, &scene->leaf, &names, &term, &got, &err));
    assert_refused(x509_is_signed(got.certificate, scene->leaf.certificate, &err), "none of");
}

static void two_of_one_name_are_two(void **state)
{
    struct scene *scene = *state;
    struct str both = arena_print(&scene->arena, "%.*s%.*s", STR_ARG(scene->second.certificate),
                                  STR_ARG(scene->first.certificate));

    assert_refused(x509_is_signed(scene->leaf.certificate, scene->second.certificate, &err),
                   "none of");
    assert_good(x509_is_signed(scene->leaf.certificate, both, &err));
    assert_refused(x509_key_fits(scene->first.certificate, scene->second.key, &err),
                   "another certificate");
    assert_refused(x509_key_fits(scene->leaf.certificate, scene->first.key, &err),
                   "another certificate");
}

static void a_name_more_is_one_too_many(void **state)
{
    struct scene *scene = *state;
    const struct str third[] = {
        two_names[0], {"c.example", 9}
    };

    assert_refused(x509_serves(scene->leaf.certificate, &(struct x509_names){third, 2}, &err),
                   "not for c.example");
    assert_refused(x509_serves(scene->first.certificate, &names, &err), "not for");
}

static void of_foreign_ones_it_is_strict(void **state)
{
    static const struct str name = {"a.example", 9};
    const struct x509_names one = {&name, 1};

    (void)state;
    assert_refused(x509_serves(str_of(common_name_alone), &one, &err), "not for a.example");
    assert_refused(x509_serves(str_of(for_clients), &one, &err), "not for TLS servers");
    assert_good(x509_key_fits(str_of(for_clients), str_of(foreign_key), &err));
    assert_refused(x509_key_fits(str_of(for_clients), str_of(encrypted_key), &err), "the key");
    assert_refused(x509_is_authority(str_of(for_clients), &err), "no authority");
}

static void a_bundle_is_taken_apart(void **state)
{
    struct scene *scene = *state;
    struct str both =
        arena_print(&scene->arena, "# old\n%.*s\njunk\n%.*sjunk", STR_ARG(scene->first.certificate),
                    STR_ARG(scene->second.certificate));
    struct str parts[X509_BUNDLE_MAX];
    uint32_t count = 0;

    assert_good(x509_split(&scene->arena, both, parts, &count, &err));
    assert_int_equal(count, 2);
    assert_true(str_equal(parts[0], scene->first.certificate));
    assert_true(str_equal(parts[1], scene->second.certificate));
}

static void a_bundle_is_bounded(void **state)
{
    struct scene *scene = *state;
    struct str parts[X509_BUNDLE_MAX], all = {0};
    uint32_t count = 0;

    for (int i = 0; i < X509_BUNDLE_MAX; i++)
        all =
            arena_print(&scene->arena, "%.*s%.*s", STR_ARG(all), STR_ARG(scene->first.certificate));
    assert_good(x509_split(&scene->arena, all, parts, &count, &err));
    assert_int_equal(count, X509_BUNDLE_MAX);
    all = arena_print(&scene->arena, "%.*s%.*s", STR_ARG(all), STR_ARG(scene->first.certificate));
    assert_refused(x509_split(&scene->arena, all, parts, &count, &err), "the authorities");
}

static void what_is_no_pem_is_refused(void **state)
{
    struct scene *scene = *state;
    struct str parts[X509_BUNDLE_MAX];
    uint32_t count;
    struct x509_term got;
    char *large = arena_alloc(&scene->arena, X509_PEM_MAX + 1);
    const struct str texts[] = {
        {0                                },
        STR_LIT("junk"),
        STR_LIT("-----BEGIN CERTIFICATE-----\n"),
        STR_LIT("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        scene->leaf.key,
        { scene->leaf.certificate.at, scene->leaf.certificate.size / 2},
        { large,                 X509_PEM_MAX + 1},
    };

    for (size_t i = 0; i < countof(texts); i++) {
        assert_refused(x509_read_term(texts[i], &got, &err), "the certificate");
        assert_refused(x509_key_fits(texts[i], scene->leaf.key, &err), "the certificate");
        assert_refused(x509_is_authority(texts[i], &err), "the certificate");
        assert_refused(x509_is_signed(scene->leaf.certificate, texts[i], &err), "the authorities");
        assert_refused(x509_split(&scene->arena, texts[i], parts, &count, &err), "the authorities");
        if (!str_equal(texts[i], scene->leaf.key))
            assert_refused(x509_key_fits(scene->leaf.certificate, texts[i], &err), "the key");
    }
}

static void serials_and_keys_differ(void **state)
{
    struct scene *scene = *state;

    assert_false(str_equal(scene->first.certificate, scene->second.certificate));
    assert_false(str_equal(scene->first.key, scene->second.key));
}

static void a_key_is_wiped(void **state)
{
    struct scene *scene = *state;

    x509_wipe(scene->leaf.key);
    for (size_t i = 0; i < scene->leaf.key.size; i++)
        assert_int_equal(scene->leaf.key.at[i], 0);
    x509_wipe((struct str){0});
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_made_is_good),         TEST(a_leaf_is_no_authority),
        TEST(two_of_one_name_are_two),      TEST(a_name_more_is_one_too_many),
        TEST(of_foreign_ones_it_is_strict), TEST(a_bundle_is_taken_apart),
        TEST(a_bundle_is_bounded),          TEST(what_is_no_pem_is_refused),
        TEST(serials_and_keys_differ),      TEST(a_key_is_wiped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
