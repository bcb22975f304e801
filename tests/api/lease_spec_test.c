// SPDX-License-Identifier: Apache-2.0
#include "api/lease_spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define MOMENT INT64_C(1795521600123) /* 2026-11-24T12:00:00.123Z */

static const struct lease_spec ours = {
    .holder = {"pod_uuid", 8},
    .duration_ms = 15000,
    .acquired_ms = MOMENT,
    .renewed_ms = MOMENT + 877,
    .transitions = 3,
};

static struct json_value read_text(struct arena *arena, const char *text)
{
    struct json_value ret;
    struct err err = {0};

    if (!json_read(arena, str_of(text), &ret, &err))
        fail_msg("%s", err.text);
    return ret;
}

static void assert_prints(const struct json_value *value, const char *expected)
{
    struct buf text;

    buf_init(&text, 4096);
    json_print(value, JSON_COMPACT, &text);
    buf_add_char(&text, '\0');
    assert_string_equal(text.at, expected);
    buf_fini(&text);
}

#define SPEC                                                                                       \
    "\"spec\":{\"acquireTime\":\"2026-11-24T12:00:00.123000Z\",\"holderIdentity\":\"pod_uuid\","   \
    "\"leaseDurationSeconds\":15,\"leaseTransitions\":3,"                                          \
    "\"renewTime\":\"2026-11-24T12:00:01.000000Z\"}"

static void a_new_lease_has_no_version(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};

    (void)state;
    struct json_value value =
        lease_value(&arena, STR_LIT("ns"), STR_LIT("n"), (struct str){0}, &ours);
    assert_prints(&value, "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\","
                          "\"metadata\":{\"name\":\"n\",\"namespace\":\"ns\"}," SPEC "}");
}

static void a_patch_names_the_version_it_is_based_on(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};

    (void)state;
    struct json_value value =
        lease_value(&arena, STR_LIT("ns"), STR_LIT("n"), STR_LIT("42"), &ours);
    assert_prints(&value, "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\","
                          "\"metadata\":{\"name\":\"n\",\"namespace\":\"ns\","
                          "\"resourceVersion\":\"42\"}," SPEC "}");
}

static void what_is_written_is_read(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct lease_spec spec;

    (void)state;
    struct json_value value = read_text(&arena, "{" SPEC "}");
    lease_spec_read(&value, &spec);
    assert_true(str_is(spec.holder, "pod_uuid"));
    assert_int_equal(spec.duration_ms, 15000);
    assert_int_equal(spec.acquired_ms, MOMENT);
    assert_int_equal(spec.renewed_ms, MOMENT + 877);
    assert_int_equal(spec.transitions, 3);
}

static void what_is_missing_or_absurd_is_nothing(void **state)
{
    static const char *const texts[] = {
        "{}",
        "{\"spec\":null}",
        "{\"spec\":{\"holderIdentity\":null,\"leaseDurationSeconds\":\"x\"}}",
        "{\"spec\":{\"leaseDurationSeconds\":-1,\"acquireTime\":5}}",
        "{\"spec\":{\"leaseDurationSeconds\":9223372036854775807}}",
    };

    (void)state;
    for (size_t i = 0; i < countof(texts); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct json_value value = read_text(&arena, texts[i]);
        struct lease_spec spec;
        lease_spec_read(&value, &spec);
        assert_int_equal(spec.holder.size, 0);
        assert_int_equal(spec.duration_ms, 0);
        assert_int_equal(spec.acquired_ms, 0);
        assert_int_equal(spec.transitions, 0);
    }
}

static void the_spec_is_kept_whole_and_nothing_else(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct buf kept;

    (void)state;
    struct json_value value = read_text(
        &arena, "{\"kind\":\"Lease\",\"metadata\":{\"name\":\"n\",\"managedFields\":[{}]},"
                "\"spec\":{\"holderIdentity\":\"h\",\"strategy\":\"new\"}}");
    buf_init(&kept, 4096);
    assert_true(lease_keep(&arena, &value, &kept));
    assert_true(
        str_is(buf_str(&kept), "{\"spec\":{\"holderIdentity\":\"h\",\"strategy\":\"new\"}}"));
    buf_fini(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_lease_has_no_version),
        cmocka_unit_test(a_patch_names_the_version_it_is_based_on),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_is_missing_or_absurd_is_nothing),
        cmocka_unit_test(the_spec_is_kept_whole_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
