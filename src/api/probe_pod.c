// SPDX-License-Identifier: Apache-2.0
#include "api/probe_pod.h"

#include "api/look.h"
#include "api/quantity.h"
#include "api/task_child.h"

enum {
    USER_ID = 1000, /* as of tasks */
};

static void put_word(struct arena *arena, struct json_value *object, const char *key,
                     const char *word)
{
    json_put(arena, object, key, json_text(str_of(word)));
}

static void put_flag(struct arena *arena, struct json_value *object, const char *key, bool flag)
{
    json_put(arena, object, key, json_bool(flag));
}

static void put_number(struct arena *arena, struct json_value *object, const char *key,
                       int64_t number)
{
    json_put(arena, object, key, json_number(arena, number));
}

static struct json_value metadata_value(struct arena *arena, const struct probe_pod *pod)
{
    struct json_value ret = json_object(), labels = json_object();

    json_put(arena, &labels, LABEL_DOCTOR, json_text(pod->doctor));
    if (pod->is_task_like)
        json_put(arena, &labels, LABEL_TASK, json_text(pod->doctor));
    json_put(arena, &ret, "labels", labels);
    json_put(arena, &ret, "name", json_text(pod->name));
    json_put(arena, &ret, "namespace", json_text(pod->space));
    return ret;
}

static struct json_value pod_security(struct arena *arena)
{
    struct json_value ret = json_object(), seccomp = json_object();

    put_word(arena, &seccomp, "type", "RuntimeDefault");
    put_number(arena, &ret, "fsGroup", USER_ID);
    put_number(arena, &ret, "runAsGroup", USER_ID);
    put_flag(arena, &ret, "runAsNonRoot", true);
    put_number(arena, &ret, "runAsUser", USER_ID);
    json_put(arena, &ret, "seccompProfile", seccomp);
    return ret;
}

static struct json_value container_security(struct arena *arena, bool is_privileged)
{
    struct json_value ret = json_object(), capabilities = json_object(), drop = json_list();

    put_flag(arena, &ret, "privileged", is_privileged);
    if (is_privileged)
        return ret;
    json_add(arena, &drop, json_text(STR_LIT("ALL")));
    json_put(arena, &capabilities, "drop", drop);
    put_flag(arena, &ret, "allowPrivilegeEscalation", false);
    json_put(arena, &ret, "capabilities", capabilities);
    put_flag(arena, &ret, "readOnlyRootFilesystem", true);
    return ret;
}

static struct json_value resources_value(struct arena *arena, const struct resources *limits)
{
    struct json_value ret = json_object(), most = json_object(), least = json_object();
    struct str memory = quantity_print_bytes(arena, limits->memory_bytes);
    struct str storage = quantity_print_bytes(arena, limits->storage_bytes);

    json_put(arena, &most, "cpu", json_text(quantity_print_milli(arena, limits->cpu_milli)));
    json_put(arena, &most, "ephemeral-storage", json_text(storage));
    json_put(arena, &most, "memory", json_text(memory));
    put_word(arena, &least, "cpu", "10m");
    json_put(arena, &least, "ephemeral-storage", json_text(storage));
    json_put(arena, &least, "memory", json_text(memory));
    json_put(arena, &ret, "limits", most);
    json_put(arena, &ret, "requests", least);
    return ret;
}

static struct json_value container_value(struct arena *arena, const struct probe_pod *pod)
{
    struct json_value ret = json_object(), command = json_list(), mounts = json_list();
    struct json_value mount = json_object();

    json_add(arena, &command, json_text(STR_LIT("/probe")));
    for (const char *const *word = pod->words; *word; word++)
        json_add(arena, &command, json_text(str_of(*word)));
    put_word(arena, &mount, "mountPath", "/tmp");
    put_word(arena, &mount, "name", "tmp");
    json_add(arena, &mounts, mount);
    json_put(arena, &ret, "command", command);
    json_put(arena, &ret, "image", json_text(pod->image));
    put_word(arena, &ret, "imagePullPolicy", "IfNotPresent");
    put_word(arena, &ret, "name", CONTAINER_PROBE);
    json_put(arena, &ret, "resources", resources_value(arena, &pod->limits));
    json_put(arena, &ret, "securityContext", container_security(arena, pod->is_privileged));
    json_put(arena, &ret, "volumeMounts", mounts);
    return ret;
}

static struct json_value volumes_value(struct arena *arena, const struct probe_pod *pod)
{
    struct json_value ret = json_list(), volume = json_object(), directory = json_object();

    json_put(arena, &directory, "sizeLimit",
             json_text(quantity_print_bytes(arena, pod->limits.storage_bytes)));
    json_put(arena, &volume, "emptyDir", directory);
    put_word(arena, &volume, "name", "tmp");
    json_add(arena, &ret, volume);
    return ret;
}

static struct json_value spec_value(struct arena *arena, const struct probe_pod *pod)
{
    struct json_value ret = json_object(), containers = json_list();

    json_add(arena, &containers, container_value(arena, pod));
    put_number(arena, &ret, "activeDeadlineSeconds", pod->deadline_s);
    put_flag(arena, &ret, "automountServiceAccountToken", false);
    json_put(arena, &ret, "containers", containers);
    put_flag(arena, &ret, "enableServiceLinks", false);
    if (pod->user_namespace)
        put_flag(arena, &ret, "hostUsers", false);
    put_word(arena, &ret, "restartPolicy", "Never");
    json_put(arena, &ret, "securityContext", pod_security(arena));
    put_number(arena, &ret, "terminationGracePeriodSeconds", 1);
    json_put(arena, &ret, "volumes", volumes_value(arena, pod));
    return ret;
}

struct json_value probe_pod_value(struct arena *arena, const struct probe_pod *pod)
{
    struct json_value ret = json_object();

    put_word(arena, &ret, "apiVersion", "v1");
    put_word(arena, &ret, "kind", "Pod");
    json_put(arena, &ret, "metadata", metadata_value(arena, pod));
    json_put(arena, &ret, "spec", spec_value(arena, pod));
    return ret;
}

/* -- reading ---------------------------------------------------------------------- */

void probe_pod_read(const struct json_value *value, struct probe_pod_seen *ret)
{
    const struct json_value *status = json_get(value, "status");
    const struct json_value *container =
        look_item(look_list(status, "containerStatuses"), "name", STR_LIT(CONTAINER_PROBE));
    const struct json_value *waiting = json_get(json_get(container, "state"), "waiting");
    struct str phase = look_text(status, "phase");

    *ret = (struct probe_pod_seen){
        .uid = look_text(json_get(value, "metadata"), "uid"),
        .ip = look_text(status, "podIP"),
        .why = look_text(status, "reason"),
        .is_running = str_is(phase, "Running"),
        .is_over = str_is(phase, "Succeeded") || str_is(phase, "Failed"),
        .is_evicted = str_is(look_text(status, "reason"), "Evicted"),
    };
    if (ret->why.size == 0)
        ret->why = look_text(waiting, "reason");
    if (ret->why.size == 0)
        ret->why = phase;
}

void operator_pod_read(const struct json_value *value, struct str *ret_image, bool *ret_is_ready)
{
    const struct json_value *containers = look_list(json_get(value, "spec"), "containers");
    const struct json_value *conditions = look_list(json_get(value, "status"), "conditions");
    const struct json_value *ready = look_item(conditions, "type", STR_LIT("Ready"));

    *ret_image = look_text(look_item(containers, "name", STR_LIT("manager")), "image");
    *ret_is_ready = str_is(look_text(ready, "status"), "True");
}

struct str service_address(const struct json_value *value)
{
    struct str address = look_text(json_get(value, "spec"), "clusterIP");

    return str_is(address, "None") ? (struct str){0} : address;
}

struct str version_read(const struct json_value *value, int64_t *ret_minor)
{
    struct str minor = look_text(value, "minor");

    *ret_minor = 0;
    while (minor.size > 0 && minor.at[minor.size - 1] == '+') /* some builds say "28+" */
        minor.size--;
    if (!str_to_int(minor, ret_minor))
        *ret_minor = 0;
    return look_text(value, "gitVersion");
}
