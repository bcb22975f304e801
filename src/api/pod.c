// SPDX-License-Identifier: Apache-2.0
#include "api/pod.h"

#include "api/configmap.h"
#include "api/names.h"
#include "api/quantity.h"
#include "core/egress.h"

#define RUNNER_VOLUME "agenttask"
#define RUNNER_PLACE  "/agenttask"
#define JOB_PLACE     "/agenttask-job"

enum {
    USER_ID = 1000, /* and group: whatever the image says */
    MODE_READ = 0444,
    RUNNER_CPU_MILLI = 100,
    RUNNER_MEMORY = 32 * 1024 * 1024,
    RUNNER_STORAGE = 4 * 1024 * 1024,
};

static void put_word(struct arena *arena, struct json_value *object, const char *key,
                     const char *word)
{
    json_put(arena, object, key, json_text(str_of(word)));
}

static void put_text(struct arena *arena, struct json_value *object, const char *key,
                     struct str text)
{
    json_put(arena, object, key, json_text(text));
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

static struct json_value words_value(struct arena *arena, const char *const *words, size_t count)
{
    struct json_value ret = json_list();

    for (size_t i = 0; i < count; i++)
        json_add(arena, &ret, json_text(str_of(words[i])));
    return ret;
}

/* -- what it may do -------------------------------------------------------- */

static void put_identity(struct arena *arena, struct json_value *ret)
{
    struct json_value seccomp = json_object();

    put_word(arena, &seccomp, "type", "RuntimeDefault");
    put_number(arena, ret, "runAsGroup", USER_ID);
    put_flag(arena, ret, "runAsNonRoot", true);
    put_number(arena, ret, "runAsUser", USER_ID);
    json_put(arena, ret, "seccompProfile", seccomp);
}

static struct json_value pod_security(struct arena *arena)
{
    struct json_value ret = json_object();

    put_number(arena, &ret, "fsGroup", USER_ID);
    put_identity(arena, &ret);
    return ret;
}

/* Said of every container, too: some look only there. */
static struct json_value container_security(struct arena *arena, const struct strs *added)
{
    static const char *const all[] = {"ALL"};
    struct json_value ret = json_object(), capabilities = json_object(), add = json_list();

    for (uint32_t i = 0; i < added->count; i++)
        json_add(arena, &add, json_text(added->at[i]));
    if (add.count > 0)
        json_put(arena, &capabilities, "add", add);
    json_put(arena, &capabilities, "drop", words_value(arena, all, countof(all)));
    put_flag(arena, &ret, "allowPrivilegeEscalation", false);
    json_put(arena, &ret, "capabilities", capabilities);
    put_flag(arena, &ret, "privileged", false);
    put_flag(arena, &ret, "readOnlyRootFilesystem", true);
    put_identity(arena, &ret);
    return ret;
}

static struct json_value amounts_value(struct arena *arena, const struct resources *amounts)
{
    struct json_value ret = json_object();

    put_text(arena, &ret, "cpu", quantity_print_milli(arena, amounts->cpu_milli));
    put_text(arena, &ret, "ephemeral-storage", quantity_print_bytes(arena, amounts->storage_bytes));
    put_text(arena, &ret, "memory", quantity_print_bytes(arena, amounts->memory_bytes));
    return ret;
}

/* What a task that asks for nothing keeps for itself: all of its memory and disk, because to be
 * short of them ends it, but a tenth of its cpu, because to be short of that only takes longer. */
static struct json_value resources_value(struct arena *arena, const struct resources *limits,
                                         const struct resources *asked)
{
    struct json_value ret = json_object();
    struct resources requests = {
        .cpu_milli = asked->cpu_milli ? asked->cpu_milli : (limits->cpu_milli + 9) / 10,
        .memory_bytes = asked->memory_bytes ? asked->memory_bytes : limits->memory_bytes,
        .storage_bytes = asked->storage_bytes ? asked->storage_bytes : limits->storage_bytes,
    };

    json_put(arena, &ret, "limits", amounts_value(arena, limits));
    json_put(arena, &ret, "requests", amounts_value(arena, &requests));
    return ret;
}

/* -- what it sees ---------------------------------------------------------- */

static void add_mount(struct arena *arena, struct json_value *mounts, const char *volume,
                      const char *path, bool is_read_only)
{
    struct json_value mount = json_object();

    put_word(arena, &mount, "mountPath", path);
    put_word(arena, &mount, "name", volume);
    if (is_read_only)
        put_flag(arena, &mount, "readOnly", true);
    json_add(arena, mounts, mount);
}

static void add_directory(struct arena *arena, struct json_value *volumes, const char *name,
                          int64_t size)
{
    struct json_value volume = json_object(), directory = json_object();

    put_text(arena, &directory, "sizeLimit", quantity_print_bytes(arena, size));
    json_put(arena, &volume, "emptyDir", directory);
    put_word(arena, &volume, "name", name);
    json_add(arena, volumes, volume);
}

/* key empty: all of it. */
static void add_config_map(struct arena *arena, struct json_value *volumes, const char *name,
                           struct str config_map, struct str key, struct str path)
{
    struct json_value volume = json_object(), source = json_object(), item = json_object();
    struct json_value items = json_list();

    put_number(arena, &source, "defaultMode", MODE_READ);
    put_text(arena, &item, "key", key);
    put_text(arena, &item, "path", path);
    json_add(arena, &items, item);
    if (key.size > 0)
        json_put(arena, &source, "items", items);
    put_text(arena, &source, "name", config_map);
    json_put(arena, &volume, "configMap", source);
    put_word(arena, &volume, "name", name);
    json_add(arena, volumes, volume);
}

static struct json_value volumes_value(struct arena *arena, const struct pod_request *request)
{
    const struct task_spec *spec = &request->task->spec;
    int64_t storage = request->effective->limits.storage_bytes;
    struct str file = request->profile->file_name;
    struct json_value ret = json_list();

    add_directory(arena, &ret, RUNNER_VOLUME, RUNNER_STORAGE);
    add_directory(arena, &ret, "artifacts", storage);
    if (spec->config_map.at)
        add_config_map(arena, &ret, "code", spec->config_map, (struct str){0}, (struct str){0});
    else
        add_config_map(arena, &ret, "code", request->code_config_map, file, file);
    add_config_map(arena, &ret, "job", request->code_config_map, STR_LIT(KEY_JOB), STR_LIT("job"));
    add_directory(arena, &ret, "tmp", storage);
    return ret;
}

/* -- containers ------------------------------------------------------------ */

static void put_message_path(struct arena *arena, struct json_value *container)
{
    put_word(arena, container, "terminationMessagePath", "/dev/termination-log");
    put_word(arena, container, "terminationMessagePolicy", "File");
}

/* Brings the runner: copies itself into the Pod. */
static struct json_value runner_container(struct arena *arena, const struct pod_request *request)
{
    static const char *const command[] = {"/runner", "--install", RUNNER_PLACE "/runner"};
    const struct resources small = {RUNNER_CPU_MILLI, RUNNER_MEMORY, RUNNER_STORAGE};
    const struct strs none = {0};
    struct json_value ret = json_object(), mounts = json_list();

    add_mount(arena, &mounts, RUNNER_VOLUME, RUNNER_PLACE, false);
    json_put(arena, &ret, "command", words_value(arena, command, countof(command)));
    put_text(arena, &ret, "image", request->runner_image);
    put_word(arena, &ret, "imagePullPolicy", "IfNotPresent");
    put_word(arena, &ret, "name", CONTAINER_RUNNER);
    json_put(arena, &ret, "resources", resources_value(arena, &small, &small));
    json_put(arena, &ret, "securityContext", container_security(arena, &none));
    put_message_path(arena, &ret);
    json_put(arena, &ret, "volumeMounts", mounts);
    return ret;
}

static struct json_value task_container(struct arena *arena, const struct pod_request *request)
{
    static const char *const command[] = {RUNNER_PLACE "/runner", JOB_PLACE "/job"};
    struct json_value ret = json_object(), mounts = json_list();

    add_mount(arena, &mounts, RUNNER_VOLUME, RUNNER_PLACE, true);
    add_mount(arena, &mounts, "job", JOB_PLACE, true);
    add_mount(arena, &mounts, "tmp", "/tmp", false);
    add_mount(arena, &mounts, "code", "/workspace", true);
    add_mount(arena, &mounts, "artifacts", "/workspace/artifacts", false);
    json_put(arena, &ret, "command", words_value(arena, command, countof(command)));
    put_text(arena, &ret, "image", request->effective->image);
    put_word(arena, &ret, "name", CONTAINER_TASK);
    json_put(arena, &ret, "resources",
             resources_value(arena, &request->effective->limits, &request->task->spec.requests));
    json_put(arena, &ret, "securityContext",
             container_security(arena, &request->profile->capabilities));
    put_message_path(arena, &ret);
    json_put(arena, &ret, "volumeMounts", mounts);
    return ret;
}

/* -- whole ----------------------------------------------------------------- */

/* Where nothing can be reached, nothing of the cluster's names needs to be told. */
static void put_names(struct arena *arena, const struct task_effective *effective,
                      struct json_value *spec)
{
    static const char *const nowhere[] = {"127.0.0.1"};
    struct json_value config = json_object();

    json_put(arena, &config, "nameservers", words_value(arena, nowhere, countof(nowhere)));
    if (effective->egress.count == 0)
        json_put(arena, spec, "dnsConfig", config);
    put_word(arena, spec, "dnsPolicy", effective->egress.count ? "ClusterFirst" : "None");
}

static struct json_value spec_value(struct arena *arena, const struct pod_request *request)
{
    struct json_value ret = json_object(), containers = json_list(), before = json_list();

    json_add(arena, &containers, task_container(arena, request));
    json_add(arena, &before, runner_container(arena, request));
    put_number(arena, &ret, "activeDeadlineSeconds", request->deadline_s);
    put_flag(arena, &ret, "automountServiceAccountToken", false);
    json_put(arena, &ret, "containers", containers);
    put_names(arena, request->effective, &ret);
    put_flag(arena, &ret, "enableServiceLinks", false);
    if (request->user_namespace)
        put_flag(arena, &ret, "hostUsers", false);
    json_put(arena, &ret, "initContainers", before);
    put_word(arena, &ret, "restartPolicy", "Never");
    if (request->profile->runtime_class.size > 0)
        put_text(arena, &ret, "runtimeClassName", request->profile->runtime_class);
    json_put(arena, &ret, "securityContext", pod_security(arena));
    put_number(arena, &ret, "terminationGracePeriodSeconds", POD_GRACE_S);
    json_put(arena, &ret, "volumes", volumes_value(arena, request));
    return ret;
}

/* Of which policy it takes more than nothing. */
static struct str egress_label(struct arena *arena, const struct task_effective *effective)
{
    char id[EGRESS_ID_SIZE + 1];

    if (effective->egress.count == 0)
        return (struct str){0};
    egress_id(&effective->egress, id);
    return arena_copy(arena, str_of(id));
}

struct json_value pod_value(struct arena *arena, const struct pod_request *request)
{
    static const char *const finalizers[] = {FINALIZER_RUN};
    struct json_value ret = json_object();
    struct json_value metadata =
        child_metadata_with(arena, request->task, run_pod_name(arena, request->task), LABEL_EGRESS,
                            egress_label(arena, request->effective));

    json_put(arena, &metadata, "finalizers", words_value(arena, finalizers, countof(finalizers)));
    put_word(arena, &ret, "apiVersion", "v1");
    put_word(arena, &ret, "kind", "Pod");
    json_put(arena, &ret, "metadata", metadata);
    json_put(arena, &ret, "spec", spec_value(arena, request));
    return ret;
}
