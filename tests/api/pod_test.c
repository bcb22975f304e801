// SPDX-License-Identifier: Apache-2.0
#include "api/pod.h"

#include <stdio.h>

#include "api/look.h"
#include "api/quantity.h"
#include "core/egress.h"
#include "given.h"
#include "pod_sample.h"
#include "sys/file.h"
#include "yaml/yaml.h"

/* tests/api/pod.yaml is the Pod as a person reads it; every byte of it is meant. */
static void a_pod_is_as_its_picture(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct str path = arena_print(&arena, "%s/tests/api/pod.yaml", getenv("SOURCE_ROOT"));
    auto_end(buf_fini) struct buf printed = {0};
    struct pod_sample sample;
    struct json_value value;
    struct err err = {0};
    struct str expected;

    (void)state;
    pod_sample_init(&sample);
    value = pod_value(&arena, &sample.request);
    buf_init(&printed, 1 << 20);
    yaml_print(&value, &printed);
    if (!file_read(&arena, path.at, 1 << 20, &expected, &err))
        fail_msg("%s", err.text);
    buf_add_char(&printed, '\0');
    assert_string_equal(printed.at, expected.at);
}

/* -- restricted ------------------------------------------------------------- */

typedef bool holds(const struct json_value *spec, const struct json_value *container);

static const struct json_value *at(const struct json_value *value, const char *first,
                                   const char *second)
{
    return json_get(json_get(value, first), second);
}

static bool is_false(const struct json_value *value)
{
    return value && value->kind == JSON_BOOL && !value->flag;
}

static bool is_true(const struct json_value *value)
{
    return value && value->kind == JSON_BOOL && value->flag;
}

static bool no_host_namespaces(const struct json_value *spec, const struct json_value *container)
{
    return !look_flag(spec, "hostNetwork") && !look_flag(spec, "hostPID") &&
           !look_flag(spec, "hostIPC") && !look_list(container, "ports");
}

static bool not_privileged(const struct json_value *spec, const struct json_value *container)
{
    (void)spec;
    return is_false(at(container, "securityContext", "privileged")) &&
           is_false(at(container, "securityContext", "allowPrivilegeEscalation"));
}

static bool drops_all_capabilities(const struct json_value *spec,
                                   const struct json_value *container)
{
    const struct json_value *set = at(container, "securityContext", "capabilities");
    const struct json_value *drop = look_list(set, "drop"), *add = look_list(set, "add");

    (void)spec;
    if (!drop || drop->count != 1 || !str_is(drop->items[0].text, "ALL"))
        return false;
    return !add || (add->count == 1 && str_is(add->items[0].text, "NET_BIND_SERVICE"));
}

static bool is_nobody_special(const struct json_value *spec, const struct json_value *container)
{
    const struct json_value *own = json_get(container, "securityContext");
    const struct json_value *all = json_get(spec, "securityContext");

    return is_true(json_get(own, "runAsNonRoot")) && is_true(json_get(all, "runAsNonRoot")) &&
           look_int(own, "runAsUser") == 1000 && look_int(own, "runAsGroup") == 1000 &&
           look_int(all, "runAsUser") == 1000 && look_int(all, "fsGroup") == 1000 &&
           !look_list(all, "supplementalGroups");
}

static bool has_seccomp(const struct json_value *spec, const struct json_value *container)
{
    return str_is(look_text(at(spec, "securityContext", "seccompProfile"), "type"),
                  "RuntimeDefault") &&
           str_is(look_text(at(container, "securityContext", "seccompProfile"), "type"),
                  "RuntimeDefault");
}

static bool only_core_volumes(const struct json_value *spec, const struct json_value *container)
{
    const struct json_value *volumes = look_list(spec, "volumes");

    (void)container;
    for (uint32_t i = 0; i < volumes->count; i++)
        if (volumes->items[i].count != 2 || (!json_get(&volumes->items[i], "emptyDir") &&
                                             !json_get(&volumes->items[i], "configMap")))
            return false;
    return volumes->count > 0;
}

/* beyond restricted: promise X1 */

static bool h51_token_in_task(const struct json_value *spec, const struct json_value *container)
{
    return is_false(json_get(spec, "automountServiceAccountToken")) &&
           is_false(json_get(spec, "enableServiceLinks")) && !json_get(container, "env") &&
           !json_get(container, "envFrom") && !json_get(spec, "serviceAccountName");
}

static bool root_is_read_only(const struct json_value *spec, const struct json_value *container)
{
    (void)spec;
    return is_true(at(container, "securityContext", "readOnlyRootFilesystem"));
}

static bool h50_no_limits(const struct json_value *spec, const struct json_value *container)
{
    static const char *const names[] = {"cpu", "memory", "ephemeral-storage"};
    const struct json_value *volumes = look_list(spec, "volumes");
    int64_t amount;

    for (size_t i = 0; i < countof(names); i++)
        if (!quantity_read_milli(look_text(at(container, "resources", "limits"), names[i]),
                                 &amount) ||
            !quantity_read_milli(look_text(at(container, "resources", "requests"), names[i]),
                                 &amount))
            return false;
    for (uint32_t i = 0; i < volumes->count; i++) {
        const struct json_value *directory = json_get(&volumes->items[i], "emptyDir");
        if (directory && !quantity_read_bytes(look_text(directory, "sizeLimit"), &amount))
            return false;
    }
    return true;
}

static bool ends_by_itself(const struct json_value *spec, const struct json_value *container)
{
    (void)container;
    return look_int(spec, "activeDeadlineSeconds") > 0 &&
           look_int(spec, "terminationGracePeriodSeconds") == POD_GRACE_S &&
           str_is(look_text(spec, "restartPolicy"), "Never");
}

static bool writes_only_where_it_should(const struct json_value *spec,
                                        const struct json_value *container)
{
    const struct json_value *mounts = look_list(container, "volumeMounts");
    bool is_task = str_is(look_text(container, "name"), CONTAINER_TASK);

    (void)spec;
    for (uint32_t i = 0; i < mounts->count; i++) {
        struct str path = look_text(&mounts->items[i], "mountPath");
        bool is_writable = str_is(path, "/tmp") || str_is(path, "/workspace/artifacts") || !is_task;
        if (look_flag(&mounts->items[i], "readOnly") == is_writable)
            return false;
    }
    return mounts->count > 0;
}

static const struct rule {
    const char *name;
    holds *holds;
} rules[] = {
    {"no host namespaces",          no_host_namespaces         },
    {"not privileged",              not_privileged             },
    {"drops all capabilities",      drops_all_capabilities     },
    {"is nobody special",           is_nobody_special          },
    {"has seccomp",                 has_seccomp                },
    {"only core volumes",           only_core_volumes          },
    {"h51_token_in_task",           h51_token_in_task          },
    {"root is read-only",           root_is_read_only          },
    {"h50_no_limits",               h50_no_limits              },
    {"ends by itself",              ends_by_itself             },
    {"writes only where it should", writes_only_where_it_should},
};

static void assert_rules(const struct json_value *pod)
{
    static const char *const lists[] = {"containers", "initContainers"};
    const struct json_value *spec = json_get(pod, "spec");

    for (size_t i = 0; i < countof(lists); i++) {
        const struct json_value *containers = look_list(spec, lists[i]);
        assert_int_equal(containers->count, 1);
        for (size_t j = 0; j < countof(rules); j++)
            if (!rules[j].holds(spec, &containers->items[0]))
                fail_msg("%s: %s", lists[i], rules[j].name);
    }
}

static void h27_not_restricted(void **state) /* whatever a profile and a task say */
{
    const struct str added[] = {STR_LIT("NET_BIND_SERVICE")};
    const struct str egress[] = {STR_LIT("10.0.0.0/8 443/TCP")};

    (void)state;
    for (unsigned bits = 0; bits < 64; bits++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct pod_sample sample;
        struct json_value value;

        pod_sample_init(&sample);
        sample.request.user_namespace = bits & 1;
        if (bits & 2)
            sample.profile.capabilities = (struct strs){added, 1};
        if (bits & 4)
            sample.profile.runtime_class = STR_LIT("gvisor");
        if (bits & 8)
            sample.effective.egress = (struct strs){egress, 1};
        if (bits & 16)
            sample.task.spec.config_map = STR_LIT("theirs");
        if (bits & 32)
            sample.task.spec.tenant = STR_LIT("no label\n");
        value = pod_value(&arena, &sample.request);
        assert_rules(&value);
    }
}

static void nothing_is_said_that_was_not_asked(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct json_value *spec;
    struct pod_sample sample;
    struct json_value value;

    (void)state;
    pod_sample_init(&sample);
    sample.request.user_namespace = false;
    value = pod_value(&arena, &sample.request);
    spec = json_get(&value, "spec");
    assert_null(
        json_get(spec, "hostUsers")); /* true would be refused by nobody, and says nothing */
    assert_null(json_get(spec, "runtimeClassName"));
    assert_true(str_is(look_text(spec, "dnsPolicy"), "None"));
}

/* What it got counts, whatever its profile says by now. */
static void egress_gives_names_and_a_label(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct str rule[] = {STR_LIT("10.0.0.0/8 443/TCP")};
    const struct egress other = {STR_LIT("::/0"), STR_LIT("")};
    const struct strs set = {rule, 1};
    char id[EGRESS_ID_SIZE + 1];
    struct json_value value;
    struct pod_sample sample;

    (void)state;
    egress_id(&set, id);
    for (int has_egress = 0; has_egress < 2; has_egress++) {
        struct str label = has_egress ? str_of(id) : (struct str){0};
        pod_sample_init(&sample);
        sample.profile.egress = &other;
        sample.profile.egress_count = (uint32_t)!has_egress;
        sample.effective.egress = has_egress ? set : (struct strs){0};
        value = pod_value(&arena, &sample.request);
        assert_true(str_is(look_text(json_get(&value, "spec"), "dnsPolicy"),
                           has_egress ? "ClusterFirst" : "None"));
        assert_true(str_equal(
            look_text(json_get(json_get(&value, "metadata"), "labels"), LABEL_EGRESS), label));
    }
}

static void a_referenced_config_map_is_mounted_whole(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct json_value *volumes;
    struct pod_sample sample;
    struct json_value value;

    (void)state;
    pod_sample_init(&sample);
    sample.task.spec.config_map = STR_LIT("theirs");
    sample.task.spec.config_map_key = STR_LIT("main.py");
    value = pod_value(&arena, &sample.request);
    volumes = look_list(json_get(&value, "spec"), "volumes");
    assert_json(look_item(volumes, "name", STR_LIT("code")),
                "{\"configMap\":{\"defaultMode\":292,\"name\":\"theirs\"},\"name\":\"code\"}");
    assert_json(look_item(volumes, "name", STR_LIT("job")),
                "{\"configMap\":{\"defaultMode\":292,\"items\":[{\"key\":\"agenttask.job\","
                "\"path\":\"job\"}],\"name\":\"report-code\"},\"name\":\"job\"}");
}

static void labels_of_the_task_are_not_the_pods(void **state) /* promise X4 */
{
    const struct pair labels[] = {
        {STR_LIT(LABEL_TASK), STR_LIT("other")},
        {STR_LIT("app"),      STR_LIT("web")  },
    };
    auto_end(arena_fini) struct arena arena = {0};
    struct pod_sample sample;
    struct json_value value;

    (void)state;
    pod_sample_init(&sample);
    sample.task.labels = sample.task.annotations = (struct pairs){labels, 2};
    value = pod_value(&arena, &sample.request);
    assert_json(at(&value, "metadata", "labels"), "{\"agenttask.io/task\":\"report\","
                                                  "\"agenttask.io/tenant\":\"Team_A\"}");
    assert_null(at(&value, "metadata", "annotations"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pod_is_as_its_picture),
        cmocka_unit_test(h27_not_restricted),
        cmocka_unit_test(nothing_is_said_that_was_not_asked),
        cmocka_unit_test(egress_gives_names_and_a_label),
        cmocka_unit_test(a_referenced_config_map_is_mounted_whole),
        cmocka_unit_test(labels_of_the_task_are_not_the_pods),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
