// SPDX-License-Identifier: Apache-2.0
#include "operator/config.h"

#include "api/field.h"
#include "core/task.h"
#include "operator/options.h"
#include "yaml/yaml.h"

#define PULL_GRACE_MS    INT64_C(120000)
#define POLICY_SETTLE_MS INT64_C(1000)

static const struct field tenant_fields[] = {
    FIELD_ROW(.name = "maxRunning", .kind = FIELD_INT,
              .at = offsetof(struct tenant_limit, running_max), .flags = FIELD_REQUIRED, .min = 0,
              .max = RUNNING_MAX),
};
static const struct fields tenant_table = FIELDS_OF(tenant_fields);

static bool read_tenants(struct field_reader *reader, const struct json_value *value,
                         const struct field_trail *trail, void *ret)
{
    struct config *config = ret;
    struct tenant_limit *tenants;

    if (!value || value->kind == JSON_NULL)
        return true;
    if (value->kind != JSON_OBJECT)
        return field_refuse_kind(reader, trail, value, JSON_OBJECT);
    if (value->count > TENANTS_MAX)
        return field_refuse(reader, trail, "at most %d tenants", TENANTS_MAX);
    tenants = arena_array(reader->arena, value->count, sizeof(*tenants));
    for (uint32_t i = 0; i < value->count; i++) {
        struct field_trail here = {
            .up = trail,
            .name = value->keys[i],
            .line = value->key_lines ? value->key_lines[i] : 0,
            .column = value->key_columns ? value->key_columns[i] : 0,
        };
        if (!fields_read(reader, &tenant_table, &value->items[i], &here, &tenants[i]))
            return false;
        tenants[i].name = value->keys[i];
    }
    config->tenants = tenants;
    config->tenant_count = value->count;
    return true;
}

static const struct field config_fields[] = {
    FIELD_ROW(.name = "maxRunningPerTenant", .kind = FIELD_INT,
              .at = offsetof(struct config, running_max), .max = RUNNING_MAX),
    FIELD_ROW(.name = "policySettleSeconds", .kind = FIELD_SECONDS,
              .at = offsetof(struct config, policy_settle_ms), .none = POLICY_SETTLE_MS,
              .max = 600),
    FIELD_ROW(.name = "pullGraceSeconds", .kind = FIELD_SECONDS,
              .at = offsetof(struct config, pull_grace_ms), .none = PULL_GRACE_MS, .max = 86400),
    FIELD_ROW(.name = "tenants", .kind = FIELD_CUSTOM, .read = read_tenants),
    FIELD_ROW(.name = "workers", .kind = FIELD_INT, .at = offsetof(struct config, workers),
              .min = 1, .max = WORKERS_MAX),
};
static const struct fields config_table = FIELDS_OF(config_fields);

void config_init(struct config *ret)
{
    *ret = (struct config){
        .pull_grace_ms = PULL_GRACE_MS,
        .policy_settle_ms = POLICY_SETTLE_MS,
    };
}

bool config_read(struct arena *arena, struct str text, const char *file, struct config *ret,
                 struct err *err)
{
    struct field_reader reader = {.arena = arena, .file = file, .mode = API_STRICT, .err = err};
    struct field_trail root = {.line = 1, .column = 1};
    struct json_value *documents;
    struct config config;
    uint32_t count;

    if (!yaml_read(arena, text, file, &documents, &count, err))
        return false;
    if (count > 1)
        return err_set(err, ERR_INVALID, "%s:%u:%u: one document is expected, this is another",
                       file, documents[1].line, documents[1].column);
    config_init(&config);
    if (count == 1 && !fields_read(&reader, &config_table, &documents[0], &root, &config))
        return false;
    *ret = config;
    return true;
}
