// SPDX-License-Identifier: Apache-2.0
#include "api/runtimeprofile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "yaml/yaml.h"

#define HEAD "apiVersion: " API_VERSION "\nkind: RuntimeProfile\nmetadata: {name: p}\nspec:\n"
#define SPEC "  fileName: f.py\n  image: i\n"

static bool read_profile(struct arena *arena, const char *yaml, struct profile *ret,
                         struct err *err)
{
    struct json_value *documents;
    uint32_t count;

    if (!yaml_read(arena, str_of(yaml), "p.yaml", &documents, &count, err))
        return false;
    assert_int_equal(count, 1);
    return runtimeprofile_read(arena, &documents[0], "p.yaml", API_STRICT, ret, err);
}

static void every_field_is_written_as_it_was_read(void **state)
{
    static const char whole[] =
        "apiVersion: execution.agenttask.io/v1alpha1\nkind: RuntimeProfile\nmetadata:\n"
        "  name: p\n"
        "spec:\n  allowTag: true\n  capabilities:\n    add:\n    - NET_BIND_SERVICE\n"
        "  command:\n  - python\n  - -I\n  env:\n  - name: A\n    value: \"1\"\n"
        "  fileName: entrypoint.py\n  hostUsers: false\n  image: i:1\n  local:\n    args:\n"
        "    - -s\n    interpreter: python3\n    version: \"3.11\"\n  network:\n    egress:\n"
        "    - cidr: 10.0.0.0/8\n      ports: 53/UDP\n    - cidr: ::/0\n  resources:\n"
        "    default:\n      cpu: 500m\n      ephemeral-storage: 128Mi\n      memory: \"1000\"\n"
        "    max:\n      cpu: \"8\"\n  runtimeClassName: gvisor\n  tenants:\n  - a\n  - b\n"
        "  timeoutSeconds:\n    default: 300\n    max: 86400\n  warmPool: 2\n";
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf yaml = {0};
    struct profile profile;
    struct json_value value;
    struct err err = {0};

    (void)state;
    if (!read_profile(&arena, whole, &profile, &err))
        fail_msg("%s", err.text);
    assert_true(profile.host_users_given);
    assert_int_equal(profile.egress_count, 2);
    assert_int_equal(profile.timeout_max_ms, 86400000);
    value = runtimeprofile_value(&arena, &profile);
    buf_init(&yaml, 1 << 20);
    yaml_print(&value, &yaml);
    buf_add_char(&yaml, '\0');
    assert_string_equal(yaml.at, whole);
}

static void assert_refused(const char *yaml, const char *message)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct profile profile;
    struct err err = {0};

    assert_false(read_profile(&arena, yaml, &profile, &err));
    assert_string_equal(err.text, message);
}

static void what_is_wrong_is_told_with_its_place(void **state)
{
    (void)state;
    assert_refused(HEAD "  image: i\n", "p.yaml:5:3: spec.fileName: is required, and not given");
    assert_refused(HEAD "  fileName: f\n", "p.yaml:5:3: spec.image: is required, and not given");
    assert_refused(HEAD SPEC "  imagePullPolicy: Always\n",
                   "p.yaml:7:3: spec.imagePullPolicy: no such field");
    assert_refused(HEAD SPEC "  warmpool: 1\n",
                   "p.yaml:7:3: spec.warmpool: no such field; did you mean warmPool?");
    assert_refused(HEAD SPEC "  warmPool: -1\n",
                   "p.yaml:7:3: spec.warmPool: -1 is too small: 0 to 1000");
    assert_refused(HEAD SPEC "  local: {interpreter: python3, version: 3.11}\n",
                   "p.yaml:7:33: spec.local.version: a text is expected, found a number; put it "
                   "in quotes");
    assert_refused(HEAD SPEC "  local: {version: '3'}\n",
                   "p.yaml:7:10: spec.local.interpreter: is required, and not given");
    assert_refused(HEAD SPEC "  timeoutSeconds: {max: 0}\n",
                   "p.yaml:7:20: spec.timeoutSeconds.max: 0 is too small: 1 to 86400");
    assert_refused(HEAD SPEC "  network: {egress: [{cidr: a}, {port: b}]}\n",
                   "p.yaml:7:34: spec.network.egress[1].port: no such field; did you mean ports?");
    assert_refused(HEAD SPEC "  allowTag: 1\n",
                   "p.yaml:7:3: spec.allowTag: a boolean is expected, found a number (true or "
                   "false, no quotes)");
}

static void what_is_not_given_is_none(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct profile profile;
    struct err err = {0};

    (void)state;
    assert_true(read_profile(&arena, HEAD SPEC, &profile, &err));
    assert_false(profile.host_users_given || profile.allow_tag);
    assert_int_equal(profile.timeout_default_ms, 0);
    assert_int_equal(profile.limits_max.cpu_milli, 0);
    assert_int_equal(profile.tenants.count + profile.egress_count + profile.env.count, 0);
    assert_int_equal(profile.interpreter.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_written_as_it_was_read),
        cmocka_unit_test(what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(what_is_not_given_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
