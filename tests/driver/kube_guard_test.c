// SPDX-License-Identifier: Apache-2.0
/* Code from somebody's ConfigMap: who let the task in, and what the ConfigMap must hold. */
#include "fake_operator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "api/look.h"

#define LIFE_MS INT64_C(3600000)
#define SPEC                                                                                       \
    "\"runtimeProfile\":\"python3.11\",\"code\":{\"configMapRef\":{\"name\":\"c\",\"key\":\"k\"}}"
#define SUCCEEDED "Succeeded exit=0 result={} logs=short, 0 pods 1 maps 1 created 1 started"
#define UNENFORCED                                                                                 \
    "Failed PolicyUnenforceable exit=? result= logs=, 0 pods 1 maps 0 created 0 started"
#define WITHOUT_CODE "Failed CodeNotFound exit=? result= logs=, 0 pods 1 maps 0 created 0 started"
#define WITHOUT_MAP  "Failed CodeNotFound exit=? result= logs=, 0 pods 0 maps 0 created 0 started"

#define WEBHOOKS                                                                                   \
    "{\"metadata\":{\"name\":\"agenttask-validating-webhook-configuration\"},\"webhooks\":[{"      \
    "\"name\":\"create.agenttasks.execution.agenttask.io\",\"clientConfig\":{\"caBundle\":\"eA=="  \
    "\","                                                                                          \
    "\"service\":{\"name\":\"agenttask-webhook-service\",\"namespace\":\"%s\",\"path\":"           \
    "\"/validate-execution-agenttask-io-v1alpha1-agenttask\"}},\"failurePolicy\":\"%s\","          \
    "\"namespaceSelector\":{%s},\"rules\":[{\"apiGroups\":[\"execution.agenttask.io\"],"           \
    "\"apiVersions\":[\"v1alpha1\"],\"operations\":[\"%s\"],\"resources\":[\"agenttasks\"]}]}]}"

struct row {
    const char *name;
    bool allows; /* --allow-configmap-refs */
    bool has_none;
    const char *space, *policy, *selector, *operation; /* of the webhook; NULL: as it should be */
    int64_t older_ms;                                  /* than the task */
    const char *map; /* data of the ConfigMap; NULL: there is none */
    const char *end, *message;
};
#define ROW(...)                                                                                   \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static const char *or_else(const char *given, const char *otherwise)
{
    return given ? given : otherwise;
}

static void install(struct life *life, const struct row *row)
{
    char json[1024];

    life->settings.webhook_space = STR_LIT("agenttask-system");
    if (row->has_none)
        return;
    snprintf(json, sizeof(json), WEBHOOKS, or_else(row->space, "agenttask-system"),
             or_else(row->policy, "Fail"), or_else(row->selector, ""),
             or_else(row->operation, "CREATE"));
    fake_create(&life->cluster, "validatingwebhookconfigurations", json);
}

static void lead(struct life *life, const struct row *row)
{
    char json[256];

    life_init(life);
    life->settings.allow_config_map_refs = row->allows;
    life_policy(life);
    install(life, row);
    fake_advance(&life->cluster, life->cluster.now_ms + row->older_ms);
    snprintf(json, sizeof(json),
             "{\"metadata\":{\"name\":\"c\",\"namespace\":\"default\"},\"data\":%s}",
             or_else(row->map, "{}"));
    if (row->map)
        fake_create(&life->cluster, "configmaps", json);
    life_task(life, SPEC);
    life_run(life, LIFE_MS);
}

static void check(const struct row *row)
{
    struct life life;
    char end[LIFE_END];
    struct str message;

    lead(&life, row);
    life_end(&life, end);
    message = look_text(json_get(fake_find(&life.cluster, "agenttasks", "t"), "status"), "message");
    if (strcmp(end, row->end) != 0 || life.cluster.broken[0] ||
        (row->message && !memmem(message.at, message.size, row->message, strlen(row->message)))) {
        life_show(&life);
        fail_msg("%s:\n  got      %s (%.*s)\n  expected %s (%s)", row->name, end, STR_ARG(message),
                 row->end, row->message);
    }
    life_fini(&life);
}

/* The operator may read every ConfigMap of the namespace, the author of a task need not: each of
 * these is a way in which nobody asked. The first rows are the same with the control off. */
static void h45_confused_deputy(void **state)
{
    static const char map[] = "{\"k\":\"secret\"}";
    static const struct row rows[] = {
        ROW("reviewed", .older_ms = 60000, .map = map, .end = SUCCEEDED),
        ROW("somebody else asks", .allows = true, .has_none = true, .map = map, .end = SUCCEEDED),
        ROW("not installed", .has_none = true, .map = map, .end = UNENFORCED,
            .message = "not installed"),
        ROW("younger than the task", .older_ms = 4000, .map = map, .end = UNENFORCED,
            .message = "younger than this task"),
        ROW("fails open", .policy = "Ignore", .older_ms = 60000, .map = map, .end = UNENFORCED,
            .message = "failurePolicy"),
        ROW("leaves some out", .selector = "\"matchLabels\":{\"a\":\"b\"}", .older_ms = 60000,
            .map = map, .end = UNENFORCED, .message = "selectors"),
        ROW("asks elsewhere", .space = "default", .older_ms = 60000, .map = map, .end = UNENFORCED,
            .message = "no entry of ours"),
        ROW("asks too late", .operation = "UPDATE", .older_ms = 60000, .map = map,
            .end = UNENFORCED, .message = "no entry of ours"),
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        check(&rows[i]);
}

/* What admission has seen may be gone or changed when the task starts. */
static void h44_configmap_unchecked(void **state)
{
    static const struct row rows[] = {
        ROW("it is as it was", .older_ms = 60000, .map = "{\"k\":\"x\",\"j\":\"y\"}",
            .end = SUCCEEDED),
        ROW("another key", .older_ms = 60000, .map = "{\"j\":\"x\"}", .end = WITHOUT_CODE,
            .message = "no key"),
        ROW("no key", .older_ms = 60000, .map = "{}", .end = WITHOUT_CODE, .message = "no key"),
        ROW("where artifacts go", .older_ms = 60000, .map = "{\"k\":\"x\",\"artifacts\":\"\"}",
            .end = WITHOUT_CODE, .message = "artifacts"),
        ROW("gone", .older_ms = 60000, .end = WITHOUT_MAP, .message = "There is no ConfigMap"),
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        check(&rows[i]);
}

/* Nothing can be said without looking: it is tried again, and the task waits. */
static void a_look_that_fails_is_tried_again(void **state)
{
    static const struct row row =
        ROW("reviewed", .older_ms = 60000, .map = "{\"k\":\"x\"}", .end = SUCCEEDED);
    uint32_t requests = 1, tried = 0;

    (void)state;
    for (uint32_t at = 1; at <= requests; at++) {
        struct life life;
        char end[LIFE_END];
        life_init(&life);
        life_policy(&life);
        install(&life, &row);
        fake_advance(&life.cluster, life.cluster.now_ms + row.older_ms);
        fake_create(&life.cluster, "configmaps",
                    "{\"metadata\":{\"name\":\"c\",\"namespace\":\"default\"},\"data\":"
                    "{\"k\":\"x\"}}");
        life.cluster.fault = FAKE_REFUSE;
        life.cluster.fault_at = at;
        life_task(&life, SPEC);
        life_run(&life, LIFE_MS);
        life_end(&life, end);
        assert_string_equal(end, row.end);
        requests = life.cluster.request_count;
        tried += at <= requests &&
                 strstr(life.cluster.requests[at - 1], "get validatingwebhookconfigurations");
        life_fini(&life);
    }
    assert_in_range(tried, 1, requests);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(h45_confused_deputy),
        cmocka_unit_test(h44_configmap_unchecked),
        cmocka_unit_test(a_look_that_fails_is_tried_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
