// SPDX-License-Identifier: Apache-2.0
#include "core/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/validate.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct profile profile_good(void)
{
    return (struct profile){
        .name = STR_LIT("python3.11"),
        .image = STR_LIT("registry.example/python@" DIGEST),
        .file_name = STR_LIT("entrypoint.py"),
        .interpreter = STR_LIT("python3.11"),
    };
}

static void assert_refused(const struct profile *profile, const char *says)
{
    struct err err = {0};

    assert_false(profile_validate(profile, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    if (!strstr(err.text, says))
        fail_msg("no \"%s\" in: %s", says, err.text);
}

static void assert_accepted(const struct profile *profile)
{
    struct err err = {0};

    if (!profile_validate(profile, &err))
        fail_msg("%s", err.text);
}

static void an_image_is_pinned_by_digest(void **state)
{
    struct profile profile = profile_good();

    (void)state;
    assert_accepted(&profile);
    profile.image = STR_LIT("python:3.11");
    assert_refused(&profile, "spec.image: \"python:3.11\" has no digest");
    profile.allow_tag = true;
    assert_accepted(&profile);
    profile.image = STR_LIT("python@sha256:0123");
    assert_refused(&profile, "64 digits");
    profile.image = STR_LIT("python 3.11");
    assert_refused(&profile, "is no image");
    profile.image = (struct str){0};
    assert_refused(&profile, "spec.image: is required");
}

static void a_file_name_stays_in_its_directory(void **state)
{
    static const char *const names[] = {
        "../entrypoint.py", "a/b", "/etc/passwd", "..", ".", "..a", "a b", "\xc3\xa4", ""};
    struct profile profile = profile_good();

    (void)state;
    for (size_t i = 0; i < countof(names); i++) {
        profile.file_name = str_of(names[i]);
        assert_refused(&profile, "is no file name");
    }
}

static void one_capability_may_be_given(void **state)
{
    struct str capability = STR_LIT("NET_BIND_SERVICE");
    struct profile profile = profile_good();

    (void)state;
    profile.capabilities = (struct strs){&capability, 1};
    assert_accepted(&profile);
    capability = STR_LIT("SYS_ADMIN");
    assert_refused(&profile, "\"SYS_ADMIN\" cannot be given");
}

static void egress_is_a_list_of_networks(void **state)
{
    static const char *const bad[] = {"", "10.0.0.0", "10.0.0.0/", "/8", "10.0.0.0/129", "0/x"};
    struct egress egress = {.cidr = STR_LIT("10.0.0.0/8")};
    struct profile profile = profile_good();

    (void)state;
    profile.egress = &egress;
    profile.egress_count = 1;
    assert_accepted(&profile);
    for (size_t i = 0; i < countof(bad); i++) {
        egress.cidr = str_of(bad[i]);
        assert_refused(&profile, "is no CIDR");
    }
}

static void a_default_is_within_its_maximum(void **state)
{
    struct profile profile = profile_good();

    (void)state;
    profile.limits_default.memory_bytes = INT64_C(1) << 30;
    profile.limits_max.memory_bytes = INT64_C(512) << 20;
    assert_refused(&profile, "spec.resources.default.memory: 1Gi is too much: at most 512Mi");
    profile.limits_max.memory_bytes = INT64_C(1) << 30;
    profile.timeout_max_ms = 60000;
    profile.timeout_default_ms = 61000;
    assert_refused(&profile, "spec.timeoutSeconds.default: 61 is too large: 1 to 60");
    profile.timeout_default_ms = 60000;
    assert_accepted(&profile);
    profile.limits_max.cpu_milli = -1;
    assert_refused(&profile, "spec.resources.max.cpu: must not be negative");
}

static void h50_no_limits(void **state)
{
    struct profile profile = profile_good();
    struct task_spec spec = {0};
    struct task_effective effective = {0};
    struct err err = {0};

    (void)state;
    assert_true(profile_apply(&profile, &spec, &effective, &err));
    assert_int_equal(effective.limits.cpu_milli, LIMIT_CPU_MILLI);
    assert_int_equal(effective.limits.memory_bytes, LIMIT_MEMORY_BYTES);
    assert_int_equal(effective.limits.storage_bytes, LIMIT_STORAGE_BYTES);
    assert_int_equal(effective.timeout_ms, TIMEOUT_DEFAULT_MS);
    profile.limits_max.memory_bytes = INT64_C(64) << 20; /* below what we would give */
    profile.timeout_max_ms = 10000;
    assert_true(profile_apply(&profile, &spec, &effective, &err));
    assert_int_equal(effective.limits.memory_bytes, INT64_C(64) << 20);
    assert_int_equal(effective.timeout_ms, 10000);
}

static void a_request_raises_the_default_up_to_the_maximum(void **state)
{
    struct profile profile = profile_good();
    struct task_spec spec = {.requests = {.memory_bytes = INT64_C(1) << 30}};
    struct task_effective effective = {0};
    struct err err = {0};

    (void)state;
    assert_true(profile_apply(&profile, &spec, &effective, &err));
    assert_int_equal(effective.limits.memory_bytes, INT64_C(1) << 30);
    profile.limits_max.memory_bytes = INT64_C(768) << 20;
    assert_false(profile_apply(&profile, &spec, &effective, &err));
    assert_string_equal(err.text, "spec.resources.limits.memory: 1Gi is too much: at most 768Mi, "
                                  "with profile \"python3.11\"");
}

static void a_profile_may_be_for_some_tenants_only(void **state)
{
    struct str tenant = STR_LIT("blue");
    struct profile profile = profile_good();
    struct task_spec spec = {.tenant = STR_LIT("blue")};
    struct task_effective effective = {0};
    struct err err = {0};

    (void)state;
    profile.tenants = (struct strs){&tenant, 1};
    assert_accepted(&profile);
    assert_true(profile_apply(&profile, &spec, &effective, &err));
    spec.tenant = STR_LIT("red");
    assert_false(profile_apply(&profile, &spec, &effective, &err));
    assert_string_equal(err.text,
                        "spec.tenant: profile \"python3.11\" is for other tenants and cannot be "
                        "used by \"red\"");
    tenant = STR_LIT("not a label");
    assert_refused(&profile, "is no tenant");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_pinned_by_digest),
        cmocka_unit_test(a_file_name_stays_in_its_directory),
        cmocka_unit_test(one_capability_may_be_given),
        cmocka_unit_test(egress_is_a_list_of_networks),
        cmocka_unit_test(a_default_is_within_its_maximum),
        cmocka_unit_test(h50_no_limits),
        cmocka_unit_test(a_request_raises_the_default_up_to_the_maximum),
        cmocka_unit_test(a_profile_may_be_for_some_tenants_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
