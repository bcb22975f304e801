// SPDX-License-Identifier: Apache-2.0
#include "api/runtimeprofile.h"

#include "api/agenttask_status.h"
#include "api/tables.h"

#define AT(member) offsetof(struct profile, member)

static const struct field metadata_rows[] = {
    FIELD_ROW(.name = "annotations", .kind = FIELD_IGNORED),
    FIELD_ROW(.name = "creationTimestamp", .kind = FIELD_IGNORED, .flags = FIELD_SYSTEM),
    FIELD_ROW(.name = "generation", .kind = FIELD_INT, .at = AT(generation), .flags = FIELD_SYSTEM),
    FIELD_ROW(.name = "labels", .kind = FIELD_IGNORED),
    FIELD_ROW(.name = "managedFields", .kind = FIELD_IGNORED, .flags = FIELD_SYSTEM),
    FIELD_ROW(.name = "name", .kind = FIELD_TEXT, .at = AT(name), .flags = FIELD_REQUIRED),
    FIELD_ROW(.name = "resourceVersion", .kind = FIELD_IGNORED, .flags = FIELD_SYSTEM),
    FIELD_ROW(.name = "uid", .kind = FIELD_IGNORED, .flags = FIELD_SYSTEM),
};
static const struct fields metadata_fields = FIELDS_OF(metadata_rows);

static const struct field capability_rows[] = {
    FIELD_ROW(.name = "add", .kind = FIELD_TEXTS, .at = AT(capabilities)),
};
static const struct fields capability_fields = FIELDS_OF(capability_rows);

static const struct field local_rows[] = {
    FIELD_ROW(.name = "args", .kind = FIELD_TEXTS, .at = AT(interpreter_args)),
    FIELD_ROW(.name = "interpreter", .kind = FIELD_TEXT, .at = AT(interpreter),
              .flags = FIELD_REQUIRED),
    FIELD_ROW(.name = "version", .kind = FIELD_TEXT, .at = AT(version_prefix)),
};
static const struct fields local_fields = FIELDS_OF(local_rows);

static const struct field egress_rows[] = {
    FIELD_ROW(.name = "cidr", .kind = FIELD_TEXT, .at = offsetof(struct egress, cidr),
              .flags = FIELD_REQUIRED),
    FIELD_ROW(.name = "ports", .kind = FIELD_TEXT, .at = offsetof(struct egress, ports)),
};
static const struct fields egress_fields = FIELDS_OF(egress_rows);

static const struct field network_rows[] = {
    FIELD_ROW(.name = "egress", .kind = FIELD_ROWS, .at = AT(egress), .table = &egress_fields,
              .row_size = sizeof(struct egress)),
};
static const struct fields network_fields = FIELDS_OF(network_rows);

static const struct field resource_rows[] = {
    FIELD_ROW(.name = "default", .kind = FIELD_OBJECT, .at = AT(limits_default),
              .table = &agenttask_limit_fields),
    FIELD_ROW(.name = "max", .kind = FIELD_OBJECT, .at = AT(limits_max),
              .table = &agenttask_limit_fields),
};
static const struct fields resource_fields = FIELDS_OF(resource_rows);

static const struct field timeout_rows[] = {
    FIELD_ROW(.name = "default", .kind = FIELD_SECONDS, .at = AT(timeout_default_ms), .min = 1,
              .max = TIMEOUT_MAX_MS / 1000),
    FIELD_ROW(.name = "max", .kind = FIELD_SECONDS, .at = AT(timeout_max_ms), .min = 1,
              .max = TIMEOUT_MAX_MS / 1000),
};
static const struct fields timeout_fields = FIELDS_OF(timeout_rows);

static const struct field spec_rows[] = {
    FIELD_ROW(.name = "allowTag", .kind = FIELD_FLAG, .at = AT(allow_tag)),
    FIELD_ROW(.name = "capabilities", .kind = FIELD_OBJECT, .table = &capability_fields),
    FIELD_ROW(.name = "command", .kind = FIELD_TEXTS, .at = AT(command)),
    FIELD_ROW(.name = "env", .kind = FIELD_ROWS, .at = AT(env), .table = &field_pair_fields,
              .row_size = sizeof(struct pair)),
    FIELD_ROW(.name = "fileName", .kind = FIELD_TEXT, .at = AT(file_name), .flags = FIELD_REQUIRED),
    FIELD_ROW(.name = "hostUsers", .kind = FIELD_FLAG, .at = AT(host_users), .flags = FIELD_GIVEN,
              .given = AT(host_users_given)),
    FIELD_ROW(.name = "image", .kind = FIELD_TEXT, .at = AT(image), .flags = FIELD_REQUIRED),
    FIELD_ROW(.name = "local", .kind = FIELD_OBJECT, .table = &local_fields),
    FIELD_ROW(.name = "network", .kind = FIELD_OBJECT, .table = &network_fields),
    FIELD_ROW(.name = "resources", .kind = FIELD_OBJECT, .table = &resource_fields),
    FIELD_ROW(.name = "runtimeClassName", .kind = FIELD_TEXT, .at = AT(runtime_class)),
    FIELD_ROW(.name = "tenants", .kind = FIELD_TEXTS, .at = AT(tenants)),
    FIELD_ROW(.name = "timeoutSeconds", .kind = FIELD_OBJECT, .table = &timeout_fields),
    FIELD_ROW(.name = "warmPool", .kind = FIELD_INT, .at = AT(warm_pool), .min = 0, .max = 1000),
};
static const struct fields spec_fields = FIELDS_OF(spec_rows);

static const struct field profile_rows[] = {
    FIELD_ROW(.name = "apiVersion", .kind = FIELD_CONSTANT, .flags = FIELD_REQUIRED,
              .text = API_VERSION),
    FIELD_ROW(.name = "kind", .kind = FIELD_CONSTANT, .flags = FIELD_REQUIRED,
              .text = "RuntimeProfile"),
    FIELD_ROW(.name = "metadata", .kind = FIELD_OBJECT, .flags = FIELD_REQUIRED,
              .table = &metadata_fields),
    FIELD_ROW(.name = "spec", .kind = FIELD_OBJECT, .flags = FIELD_REQUIRED, .table = &spec_fields),
};
const struct fields runtimeprofile_fields = FIELDS_OF(profile_rows);

bool runtimeprofile_read(struct arena *arena, const struct json_value *value, const char *file,
                         enum api_mode mode, struct profile *ret, struct err *err)
{
    struct field_reader reader = {arena, file, mode, err};
    struct field_trail root = {.line = value->line, .column = value->column};
    struct profile profile = {0};

    if (!fields_read(&reader, &runtimeprofile_fields, value, &root, &profile))
        return false;
    *ret = profile;
    return true;
}

struct json_value runtimeprofile_value(struct arena *arena, const struct profile *profile)
{
    return fields_write(arena, &runtimeprofile_fields, profile);
}
