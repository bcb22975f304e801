// SPDX-License-Identifier: Apache-2.0
#include "api/lease_spec.h"

#include "api/field.h"
#include "api/look.h"

void lease_spec_read(const struct json_value *object, struct lease_spec *ret)
{
    const struct json_value *spec = json_get(object, "spec");
    int64_t duration_s = look_int(spec, "leaseDurationSeconds");

    *ret = (struct lease_spec){
        .holder = look_text(spec, "holderIdentity"),
        .duration_ms = duration_s > 0 && duration_s <= INT32_MAX ? duration_s * 1000 : 0,
        .acquired_ms = look_time(spec, "acquireTime"),
        .renewed_ms = look_time(spec, "renewTime"),
        .transitions = look_int(spec, "leaseTransitions"),
    };
}

bool lease_keep(struct arena *arena, const struct json_value *object, struct buf *ret)
{
    static const struct kept kept[] = {KEPT("spec"), {0}};
    struct json_value value = look_kept(arena, object, kept);

    json_print(&value, JSON_COMPACT, ret);
    return true;
}

static struct json_value spec_value(struct arena *arena, const struct lease_spec *spec)
{
    struct json_value ret = json_object();

    json_put(arena, &ret, "acquireTime", field_micro_time(arena, spec->acquired_ms));
    json_put(arena, &ret, "holderIdentity", json_text(spec->holder));
    json_put(arena, &ret, "leaseDurationSeconds", json_number(arena, spec->duration_ms / 1000));
    json_put(arena, &ret, "leaseTransitions", json_number(arena, spec->transitions));
    json_put(arena, &ret, "renewTime", field_micro_time(arena, spec->renewed_ms));
    return ret;
}

struct json_value lease_value(struct arena *arena, struct str space, struct str name,
                              struct str version, const struct lease_spec *spec)
{
    struct json_value ret = json_object(), metadata = json_object();

    json_put(arena, &metadata, "name", json_text(name));
    json_put(arena, &metadata, "namespace", json_text(space));
    if (version.size > 0)
        json_put(arena, &metadata, "resourceVersion", json_text(version));
    json_put(arena, &ret, "apiVersion", json_text(STR_LIT("coordination.k8s.io/v1")));
    json_put(arena, &ret, "kind", json_text(STR_LIT("Lease")));
    json_put(arena, &ret, "metadata", metadata);
    json_put(arena, &ret, "spec", spec_value(arena, spec));
    return ret;
}
