// SPDX-License-Identifier: Apache-2.0
#include "operator/config.h"

#include <stdlib.h>

#include "api/field.h"
#include "core/validate.h"
#include "operator/options.h"
#include "yaml/yaml.h"

#define EGRESS_KEEP_MS   INT64_C(300000)
#define PULL_GRACE_MS    INT64_C(120000)
#define POLICY_SETTLE_MS INT64_C(1000)
#define NOT_GIVEN        INT64_C(-1)

#define AT(member) offsetof(struct config_tenant, member)
static const struct field tenant_fields[] = {
    FIELD_ROW(.name = "groups", .kind = FIELD_TEXTS, .at = AT(groups)),
    FIELD_ROW(.name = "maxRunning", .kind = FIELD_INT, .at = AT(running_max), .none = NOT_GIVEN,
              .max = RUNNING_MAX),
    FIELD_ROW(.name = "namespaces", .kind = FIELD_TEXTS, .at = AT(namespaces)),
    FIELD_ROW(.name = "users", .kind = FIELD_TEXTS, .at = AT(users)),
    FIELD_ROW(.name = "weight", .kind = FIELD_INT, .at = AT(weight), .none = 1, .min = 1,
              .max = WEIGHT_MAX),
};
#undef AT
static const struct fields tenant_table = FIELDS_OF(tenant_fields);

static bool has_empty(const struct strs *texts)
{
    for (uint32_t i = 0; i < texts->count; i++)
        if (texts->at[i].size == 0)
            return true;
    return false;
}

static bool check_tenant(struct field_reader *reader, const struct field_trail *trail,
                         const struct config_tenant *tenant)
{
    if (!label_value_is_valid(tenant->name) || tenant->name.size == 0)
        return field_refuse(reader, trail,
                            "no task can name it: 1 to 63 letters, digits, '-', '_' and '.', "
                            "the first and the last a letter or a digit");
    if (str_is(tenant->name, TENANT_OTHERS))
        return field_refuse(reader, trail,
                            "metrics call those so that are not named here: choose another name");
    for (uint32_t i = 0; i < tenant->namespaces.count; i++)
        if (!name_is_valid(tenant->namespaces.at[i]))
            return field_refuse(reader, trail, "namespaces[%u] is not the name of a namespace",
                                (unsigned)i);
    if (has_empty(&tenant->users))
        return field_refuse(reader, trail, "users: one of them is empty");
    if (has_empty(&tenant->groups))
        return field_refuse(reader, trail, "groups: one of them is empty");
    return true;
}

static int tenant_order(const void *a, const void *b)
{
    const struct config_tenant *left = a, *right = b;

    return str_order(left->name, right->name);
}

static bool read_tenants(struct field_reader *reader, const struct json_value *value,
                         const struct field_trail *trail, void *ret)
{
    struct config *config = ret;
    struct config_tenant *tenants;

    if (!value || value->kind == JSON_NULL)
        return true;
    if (value->kind != JSON_OBJECT)
        return field_refuse_kind(reader, trail, value, JSON_OBJECT);
    if (value->count > CONFIG_TENANTS_MAX)
        return field_refuse(reader, trail, "at most %d tenants", CONFIG_TENANTS_MAX);
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
        if (tenants[i].running_max == NOT_GIVEN)
            tenants[i].running_max = config->running_max; /* read before: see config_fields */
        if (!check_tenant(reader, &here, &tenants[i]))
            return false;
    }
    qsort(tenants, value->count, sizeof(*tenants), tenant_order);
    config->tenants = tenants;
    config->tenant_count = value->count;
    return true;
}

static const struct field config_fields[] = {
    FIELD_ROW(.name = "egressKeepSeconds", .kind = FIELD_SECONDS,
              .at = offsetof(struct config, egress_keep_ms), .none = EGRESS_KEEP_MS, .max = 86400),
    FIELD_ROW(.name = "maxRunning", .kind = FIELD_INT, .at = offsetof(struct config, running_total),
              .max = RUNNING_MAX),
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
        .egress_keep_ms = EGRESS_KEEP_MS,
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

    if (text.size > CONFIG_SIZE_MAX)
        return err_set(err, ERR_INVALID, "%s: %zu bytes are too many: at most %d", file, text.size,
                       CONFIG_SIZE_MAX);
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

/* -- tenants ------------------------------------------------------------------- */

const struct config_tenant *config_find(const struct config *config, struct str tenant)
{
    struct config_tenant key = {.name = tenant};

    if (config->tenant_count == 0)
        return NULL;
    return bsearch(&key, config->tenants, config->tenant_count, sizeof(key), tenant_order);
}

static bool is_among(const struct strs *texts, struct str text)
{
    for (uint32_t i = 0; i < texts->count; i++)
        if (str_equal(texts->at[i], text))
            return true;
    return false;
}

bool config_binds(const struct config *config, struct str tenant, struct str space, struct str user,
                  struct strs groups)
{
    const struct config_tenant *bound = config_find(config, tenant);

    if (tenant.size == 0 || str_equal(tenant, space))
        return true;
    if (!bound)
        return false;
    if (is_among(&bound->namespaces, space) || is_among(&bound->users, user))
        return true;
    for (uint32_t i = 0; i < groups.count; i++)
        if (is_among(&bound->groups, groups.at[i]))
            return true;
    return false;
}

struct str config_tenant_of(const struct config *config, struct str space, struct str asked,
                            bool is_reviewed)
{
    const struct config_tenant *bound = config_find(config, asked);

    if (!bound)
        return space;
    if (is_among(&bound->namespaces, space) ||
        (is_reviewed && (bound->users.count > 0 || bound->groups.count > 0)))
        return asked;
    return space;
}
