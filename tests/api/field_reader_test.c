// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/agenttask.h"
#include "yaml/yaml.h"

#define OBJECT "apiVersion: " API_VERSION "\nkind: AgentTask\n"
#define HEAD   OBJECT "metadata: {name: t}\nspec:\n  runtimeProfile: bash\n"

static bool read_as(struct arena *arena, enum api_mode mode, const char *yaml, struct task *ret,
                    struct err *err)
{
    struct json_value *documents;
    uint32_t count;

    if (!yaml_read(arena, str_of(yaml), "f", &documents, &count, err))
        return false;
    assert_int_equal(count, 1);
    return agenttask_read(arena, &documents[0], "f", mode, ret, err);
}

static void assert_refused(const char *yaml, const char *message)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct task task;
    struct err err = {0};

    if (read_as(&arena, API_STRICT, yaml, &task, &err))
        fail_msg("accepted:\n%s", yaml);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_string_equal(err.text, message);
}

static void misspelt_fields_are_found(void **state)
{
    (void)state;
    assert_refused(HEAD "  timeoutseconds: 5\n",
                   "f:6:3: spec.timeoutseconds: no such field; did you mean timeoutSeconds?");
    assert_refused(HEAD "  timeout: 5\n",
                   "f:6:3: spec.timeout: no such field; did you mean timeoutSeconds?");
    assert_refused(HEAD "  ttl: 5\n",
                   "f:6:3: spec.ttl: no such field; did you mean ttlSecondsAfterFinished?");
    assert_refused(HEAD "  cancelled: true\n",
                   "f:6:3: spec.cancelled: no such field; did you mean canceled?");
    assert_refused(HEAD "  code: {sorce: x}\n",
                   "f:6:10: spec.code.sorce: no such field; did you mean source?");
    assert_refused(HEAD "  resources: {limit: {}}\n",
                   "f:6:15: spec.resources.limit: no such field; did you mean limits?");
    assert_refused(HEAD "  resources: {limits: {nvidia.com/gpu: 1}}\n",
                   "f:6:24: spec.resources.limits.nvidia.com/gpu: no such field");
    assert_refused(HEAD "  image: x\n", "f:6:3: spec.image: no such field");
    assert_refused(OBJECT "metadata: {name: t}\nSpec: {}\n",
                   "f:4:1: Spec: no such field; did you mean spec?");
}

static void mistyped_values_are_told(void **state)
{
    (void)state;
    assert_refused(HEAD "  timeoutSeconds: \"60\"\n",
                   "f:6:3: spec.timeoutSeconds: a number is expected, found a text; without "
                   "quotes");
    assert_refused(HEAD "  canceled: \"true\"\n",
                   "f:6:3: spec.canceled: a boolean is expected, found a text (true or false, no "
                   "quotes)");
    assert_refused(HEAD "  tenant: 7\n",
                   "f:6:3: spec.tenant: a text is expected, found a number; put it in quotes");
    assert_refused(HEAD "  tenant: no\n",
                   "f:6:3: spec.tenant: a text is expected, found a boolean; put it in quotes");
    assert_refused(HEAD "  args: x\n", "f:6:3: spec.args: a list is expected, found a text");
    assert_refused(HEAD "  args: [a, [b]]\n",
                   "f:6:13: spec.args[1]: a text is expected, found a list");
    assert_refused(HEAD "  env: {A: b}\n", "f:6:3: spec.env: a list is expected, found an object");
    assert_refused(HEAD "  env: [{name: A, value: 1}]\n",
                   "f:6:19: spec.env[0].value: a text is expected, found a number; put it in "
                   "quotes");
    assert_refused(HEAD "  env: [{value: x}]\n",
                   "f:6:9: spec.env[0].name: is required, and not given");
    assert_refused(OBJECT "metadata: {name: t, labels: {a: 1}}\nspec: {runtimeProfile: x}\n",
                   "f:3:30: metadata.labels.a: a text is expected, found a number; put it in "
                   "quotes");
}

static void numbers_have_bounds(void **state)
{
    (void)state;
    assert_refused(HEAD "  timeoutSeconds: 0\n",
                   "f:6:3: spec.timeoutSeconds: 0 is too small: 1 to 86400");
    assert_refused(HEAD "  timeoutSeconds: -1\n",
                   "f:6:3: spec.timeoutSeconds: -1 is too small: 1 to 86400");
    assert_refused(HEAD "  timeoutSeconds: 86401\n",
                   "f:6:3: spec.timeoutSeconds: 86401 is too large: 1 to 86400");
    assert_refused(HEAD "  timeoutSeconds: 1.5\n",
                   "f:6:3: spec.timeoutSeconds: 1.5 is not a whole number, or too large");
    assert_refused(HEAD "  timeoutSeconds: 9223372036854775808\n",
                   "f:6:3: spec.timeoutSeconds: 9223372036854775808 is not a whole number, or too "
                   "large");
    assert_refused(HEAD "  queueTimeoutSeconds: 0\n",
                   "f:6:3: spec.queueTimeoutSeconds: 0 is too small: 1 to 2147483647");
    assert_refused(HEAD "  ttlSecondsAfterFinished: -1\n",
                   "f:6:3: spec.ttlSecondsAfterFinished: -1 is too small: 0 to 2147483647");
    assert_refused(HEAD "  priority: 101\n", "f:6:3: spec.priority: 101 is too large: -100 to 100");
}

static void quantities_have_bounds(void **state)
{
    (void)state;
    assert_refused(HEAD "  resources: {limits: {memory: -1}}\n",
                   "f:6:24: spec.resources.limits.memory: -1 is too small: it must be above 0");
    assert_refused(HEAD "  resources: {limits: {memory: \"0\"}}\n",
                   "f:6:24: spec.resources.limits.memory: 0 is too small: it must be above 0");
    assert_refused(HEAD "  resources: {requests: {cpu: -500m}}\n",
                   "f:6:26: spec.resources.requests.cpu: -500m is too small: it must be above 0");
    assert_refused(HEAD "  resources: {limits: {cpu: two}}\n",
                   "f:6:24: spec.resources.limits.cpu: \"two\" is not a quantity, such as "
                   "\"500m\" or \"2\", or too large");
    assert_refused(HEAD "  resources: {limits: {memory: 512MB}}\n",
                   "f:6:24: spec.resources.limits.memory: \"512MB\" is not a quantity, such as "
                   "\"512Mi\" or \"1G\", or too large");
    assert_refused(HEAD "  resources: {limits: {memory: true}}\n",
                   "f:6:24: spec.resources.limits.memory: a text is expected, found a boolean; "
                   "put it in quotes");
}

static void what_the_system_sets_is_refused(void **state)
{
    (void)state;
    assert_refused(OBJECT "metadata: {generateName: t-}\nspec: {runtimeProfile: x}\n",
                   "f:3:12: metadata.generateName: is not supported: give the task a name");
    assert_refused(OBJECT "metadata: {name: t, uid: u}\nspec: {runtimeProfile: x}\n",
                   "f:3:21: metadata.uid: is set by the system; leave it out");
    assert_refused(HEAD "status: {phase: Succeeded}\n",
                   "f:6:1: status: is set by the system; leave it out");
}

static void what_is_required_is_missed(void **state)
{
    (void)state;
    assert_refused("kind: AgentTask\n", "f:1:1: apiVersion: is required, and not given");
    assert_refused(OBJECT "spec: {runtimeProfile: x}\n",
                   "f:1:1: metadata: is required, and not given");
    assert_refused(OBJECT "metadata: {}\nspec: {runtimeProfile: x}\n",
                   "f:3:11: metadata.name: is required, and not given");
    assert_refused(OBJECT "metadata: {name: t}\nspec: {code: {source: x}}\n",
                   "f:4:7: spec.runtimeProfile: is required, and not given");
    assert_refused(HEAD "  code: {configMapRef: {name: c}}\n",
                   "f:6:24: spec.code.configMapRef.key: is required, and not given");
    assert_refused("apiVersion: v1\nkind: AgentTask\n",
                   "f:1:1: apiVersion: \"v1\" is not accepted here: it must be " API_VERSION);
}

static void foreign_text_in_a_message_is_short_and_printable(void **state)
{
    (void)state;
    assert_refused(HEAD "  \"\\e[31m\\n\": 1\n", "f:6:3: spec.\\x1b[31m\\x0a: no such field");
    assert_refused(HEAD "  backend: \"\\0xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                        "xxxxxxxxxxxxxxxxxxxxxxxx\"\n",
                   "f:6:3: spec.backend: \"\\x00xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                   "xxxxxxxxxxxxxx...\" is not one of auto, pod, sandbox");
}

static void null_and_empty_system_fields_are_as_if_absent(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct task task;
    struct err err = {0};

    (void)state;
    if (!read_as(&arena, API_STRICT,
                 OBJECT "metadata: {name: t, creationTimestamp: null}\nspec:\n"
                        "  runtimeProfile: bash\n  timeoutSeconds: ~\n  env:\nstatus: {}\n",
                 &task, &err))
        fail_msg("%s", err.text);
    assert_int_equal(task.spec.timeout_ms, 0);
    assert_int_equal(task.spec.ttl_ms, TTL_KEEP);
    assert_int_equal(task.status.exit_code, EXIT_UNKNOWN);
    assert_null(task.spec.source.at);
    assert_null(task.spec.input.at);
}

static void whole_numbers_may_be_spelt_otherwise(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct task task;
    struct err err = {0};

    (void)state;
    assert_true(read_as(&arena, API_STRICT,
                        HEAD "  timeoutSeconds: 3e2\n  ttlSecondsAfterFinished: 0\n"
                             "  priority: -1e2\n  resources: {limits: {cpu: 0.5, memory: 1e9}}\n",
                        &task, &err));
    assert_int_equal(task.spec.timeout_ms, 300000);
    assert_int_equal(task.spec.ttl_ms, 0);
    assert_int_equal(task.spec.priority, -100);
    assert_int_equal(task.spec.limits.cpu_milli, 500);
    assert_int_equal(task.spec.limits.memory_bytes, 1000000000);
}

static void a_server_may_know_more_than_we_do(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct task task;
    struct err err = {0};

    (void)state;
    assert_true(read_as(&arena, API_LENIENT,
                        "metadata: {name: t, uid: u, managedFields: [{}], new: 1,\n"
                        "  finalizers: [other, execution.agenttask.io/finalizer]}\n"
                        "spec: {new: {a: 1}, timeoutSeconds: 90000}\n"
                        "status: {new: [], isolation: {controls: [seccomp, newer]}}\n",
                        &task, &err));
    assert_true(task.has_finalizer);
    assert_true(str_is(task.uid, "u"));
    assert_int_equal(task.spec.timeout_ms, 90000000);
    assert_int_equal(task.status.isolation.controls, CONTROL_BIT(CONTROL_SECCOMP));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(misspelt_fields_are_found),
        cmocka_unit_test(mistyped_values_are_told),
        cmocka_unit_test(numbers_have_bounds),
        cmocka_unit_test(quantities_have_bounds),
        cmocka_unit_test(what_the_system_sets_is_refused),
        cmocka_unit_test(what_is_required_is_missed),
        cmocka_unit_test(foreign_text_in_a_message_is_short_and_printable),
        cmocka_unit_test(null_and_empty_system_fields_are_as_if_absent),
        cmocka_unit_test(whole_numbers_may_be_spelt_otherwise),
        cmocka_unit_test(a_server_may_know_more_than_we_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
