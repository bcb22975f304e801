// SPDX-License-Identifier: Apache-2.0
#include "api/agenttask.h"

#include "api/agenttask_status.h"
#include "api/tables.h"

#define AT(member)      offsetof(struct task, member)
#define SPEC_AT(member) offsetof(struct task_spec, member)
#define FINALIZER       "execution.agenttask.io/finalizer"

static const char *backend_field_word(int value)
{
    static const char *const words[] = {
        [BACKEND_AUTO] = "auto",
        [BACKEND_POD] = "pod",
        [BACKEND_SANDBOX] = "sandbox",
    };

    return words[value];
}

/* -- metadata -------------------------------------------------------------- */

/* Only our own: the others are left alone, because we patch and never replace. */
static bool finalizers_read(struct field_reader *reader, const struct json_value *value,
                            const struct field_trail *trail, void *ret)
{
    struct task *task = ret;

    task->has_finalizer = false;
    if (value && value->kind != JSON_LIST)
        return field_refuse_kind(reader, trail, value, JSON_LIST);
    for (uint32_t i = 0; value && i < value->count; i++)
        task->has_finalizer = task->has_finalizer || str_is(value->items[i].text, FINALIZER);
    return true;
}

static bool finalizers_write(struct arena *arena, const void *from, struct json_value *ret)
{
    const struct task *task = from;

    *ret = json_list();
    json_add(arena, ret, json_text(str_of(FINALIZER)));
    return task->has_finalizer;
}

static const struct field metadata_rows[] = {
    FIELD_ROW(.name = "annotations", .kind = FIELD_MAP, .at = AT(annotations)),
    FIELD_ROW(.name = "creationTimestamp", .kind = FIELD_TIME, .at = AT(created_ms),
              .flags = FIELD_SYSTEM),
    FIELD_ROW(.name = "deletionGracePeriodSeconds", .kind = FIELD_IGNORED, .flags = FIELD_SYSTEM),
    FIELD_ROW(.name = "deletionTimestamp", .kind = FIELD_TIME, .at = AT(deleted_ms),
              .flags = FIELD_SYSTEM),
    FIELD_ROW(.name = "finalizers", .kind = FIELD_CUSTOM, .flags = FIELD_SYSTEM,
              .read = finalizers_read, .write = finalizers_write),
    FIELD_ROW(.name = "generateName", .kind = FIELD_IGNORED, .flags = FIELD_SYSTEM,
              .text = "is not supported: give the task a name"),
    FIELD_ROW(.name = "generation", .kind = FIELD_INT, .at = AT(generation), .flags = FIELD_SYSTEM),
    FIELD_ROW(.name = "labels", .kind = FIELD_MAP, .at = AT(labels)),
    FIELD_ROW(.name = "managedFields", .kind = FIELD_IGNORED, .flags = FIELD_SYSTEM),
    FIELD_ROW(.name = "name", .kind = FIELD_TEXT, .at = AT(name), .flags = FIELD_REQUIRED),
    FIELD_ROW(.name = "namespace", .kind = FIELD_TEXT, .at = AT(space)),
    FIELD_ROW(.name = "ownerReferences", .kind = FIELD_IGNORED, .flags = FIELD_SYSTEM),
    FIELD_ROW(.name = "resourceVersion", .kind = FIELD_TEXT, .at = AT(version),
              .flags = FIELD_SYSTEM),
    FIELD_ROW(.name = "uid", .kind = FIELD_TEXT, .at = AT(uid), .flags = FIELD_SYSTEM),
};
static const struct fields metadata_fields = FIELDS_OF(metadata_rows);

static const struct field key_rows[] = {
    FIELD_ROW(.name = "annotations", .kind = FIELD_MAP, .at = AT(annotations)),
    FIELD_ROW(.name = "labels", .kind = FIELD_MAP, .at = AT(labels)),
};
static const struct fields key_fields = FIELDS_OF(key_rows);

/* -- spec ------------------------------------------------------------------ */

static const struct field config_map_rows[] = {
    FIELD_ROW(.name = "key", .kind = FIELD_TEXT, .at = SPEC_AT(config_map_key),
              .flags = FIELD_REQUIRED | FIELD_EMPTY),
    FIELD_ROW(.name = "name", .kind = FIELD_TEXT, .at = SPEC_AT(config_map),
              .flags = FIELD_REQUIRED | FIELD_EMPTY),
};
static const struct fields config_map_fields = FIELDS_OF(config_map_rows);

static const struct field code_rows[] = {
    FIELD_ROW(.name = "configMapRef", .kind = FIELD_OBJECT, .table = &config_map_fields),
    FIELD_ROW(.name = "source", .kind = FIELD_TEXT, .at = SPEC_AT(source), .flags = FIELD_EMPTY),
};
static const struct fields code_fields = FIELDS_OF(code_rows);

static const struct field resource_rows[] = {
    FIELD_ROW(.name = "limits", .kind = FIELD_OBJECT, .at = SPEC_AT(limits),
              .table = &agenttask_limit_fields),
    FIELD_ROW(.name = "requests", .kind = FIELD_OBJECT, .at = SPEC_AT(requests),
              .table = &agenttask_limit_fields),
};
static const struct fields resource_fields = FIELDS_OF(resource_rows);

static const struct field spec_rows[] = {
    FIELD_ROW(.name = "args", .kind = FIELD_TEXTS, .at = SPEC_AT(args)),
    FIELD_ROW(.name = "backend", .kind = FIELD_WORD, .at = SPEC_AT(backend),
              .word = backend_field_word, .word_count = BACKEND_SANDBOX + 1),
    FIELD_ROW(.name = "canceled", .kind = FIELD_FLAG, .at = SPEC_AT(canceled)),
    FIELD_ROW(.name = "code", .kind = FIELD_OBJECT, .table = &code_fields),
    FIELD_ROW(.name = "env", .kind = FIELD_ROWS, .at = SPEC_AT(env), .table = &field_pair_fields,
              .row_size = sizeof(struct pair)),
    FIELD_ROW(.name = "priority", .kind = FIELD_INT32, .at = SPEC_AT(priority),
              .min = -PRIORITY_MAX, .max = PRIORITY_MAX),
    FIELD_ROW(.name = "queueTimeoutSeconds", .kind = FIELD_SECONDS, .at = SPEC_AT(queue_timeout_ms),
              .min = 1, .max = INT32_MAX),
    FIELD_ROW(.name = "resources", .kind = FIELD_OBJECT, .table = &resource_fields),
    FIELD_ROW(.name = "runtimeProfile", .kind = FIELD_TEXT, .at = SPEC_AT(profile),
              .flags = FIELD_REQUIRED),
    FIELD_ROW(.name = "stdin", .kind = FIELD_TEXT, .at = SPEC_AT(input), .flags = FIELD_EMPTY),
    FIELD_ROW(.name = "tenant", .kind = FIELD_TEXT, .at = SPEC_AT(tenant)),
    FIELD_ROW(.name = "timeoutSeconds", .kind = FIELD_SECONDS, .at = SPEC_AT(timeout_ms), .min = 1,
              .max = TIMEOUT_MAX_MS / 1000),
    FIELD_ROW(.name = "ttlSecondsAfterFinished", .kind = FIELD_SECONDS, .at = SPEC_AT(ttl_ms),
              .none = TTL_KEEP, .min = 0, .max = INT32_MAX),
};
static const struct fields spec_fields = FIELDS_OF(spec_rows);

static const struct field task_rows[] = {
    FIELD_ROW(.name = "apiVersion", .kind = FIELD_CONSTANT, .flags = FIELD_REQUIRED,
              .text = API_VERSION),
    FIELD_ROW(.name = "kind", .kind = FIELD_CONSTANT, .flags = FIELD_REQUIRED, .text = "AgentTask"),
    FIELD_ROW(.name = "metadata", .kind = FIELD_OBJECT, .flags = FIELD_REQUIRED,
              .table = &metadata_fields),
    FIELD_ROW(.name = "spec", .kind = FIELD_OBJECT, .at = AT(spec), .flags = FIELD_REQUIRED,
              .table = &spec_fields),
    FIELD_ROW(.name = "status", .kind = FIELD_OBJECT, .at = AT(status), .flags = FIELD_SYSTEM,
              .table = &agenttask_status_fields),
};
const struct fields agenttask_fields = FIELDS_OF(task_rows);

/* -- the doors ------------------------------------------------------------- */

bool agenttask_read(struct arena *arena, const struct json_value *value, const char *file,
                    enum api_mode mode, struct task *ret, struct err *err)
{
    struct field_reader reader = {arena, file, mode, err};
    struct field_trail root = {.line = value->line, .column = value->column};
    struct task task;

    if (!fields_read(&reader, &agenttask_fields, value, &root, &task))
        return false;
    *ret = task;
    return true;
}

bool agenttask_keys_read(struct arena *arena, const struct json_value *value, struct task *ret,
                         struct err *err)
{
    struct field_reader reader = {arena, NULL, API_LENIENT, err};
    struct field_trail object = {0}, root = {.up = &object, .name = STR_LIT("metadata")};
    struct task task = {0};

    if (!fields_read(&reader, &key_fields, json_get(value, "metadata"), &root, &task))
        return false;
    *ret = task;
    return true;
}

struct json_value agenttask_value(struct arena *arena, const struct task *task)
{
    return fields_write(arena, &agenttask_fields, task);
}

struct json_value agenttask_list_value(struct arena *arena, const struct task *tasks,
                                       uint32_t count)
{
    struct json_value ret = json_object(), items = json_list(), metadata = json_object();

    for (uint32_t i = 0; i < count; i++)
        json_add(arena, &items, agenttask_value(arena, &tasks[i]));
    json_put(arena, &metadata, "resourceVersion", json_text(STR_LIT("")));
    json_put(arena, &ret, "apiVersion", json_text(STR_LIT("v1")));
    json_put(arena, &ret, "items", items);
    json_put(arena, &ret, "kind", json_text(STR_LIT("List")));
    json_put(arena, &ret, "metadata", metadata);
    return ret;
}

struct json_value agenttask_status_value(struct arena *arena, const struct task *task)
{
    return fields_write(arena, &agenttask_status_fields, &task->status);
}

bool agenttask_status_read(struct arena *arena, const struct json_value *value,
                           struct task_status *ret, struct err *err)
{
    struct field_reader reader = {arena, NULL, API_LENIENT, err};
    struct field_trail object = {0}, root = {.up = &object, .name = STR_LIT("status")};
    struct task_status status;

    if (!fields_read(&reader, &agenttask_status_fields, value, &root, &status))
        return false;
    *ret = status;
    return true;
}
