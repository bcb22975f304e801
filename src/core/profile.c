// SPDX-License-Identifier: Apache-2.0
#include "core/profile.h"

#include <stdio.h>

#include "core/validate_rule.h"

static int64_t given_or(int64_t given, int64_t otherwise)
{
    return given != 0 ? given : otherwise;
}

/* What it asked for; else the default, but never less than it asked to have for sure. A task always
 * has limits: what neither task nor profile says, we do. */
static int64_t limit_of(int64_t limit, int64_t request, int64_t by_default, int64_t max,
                        int64_t fallback)
{
    if (limit != 0)
        return limit;
    if (by_default == 0)
        by_default = max != 0 && max < fallback ? max : fallback;
    return request > by_default ? request : by_default;
}

static struct resources limits_of(const struct profile *profile, const struct task_spec *spec)
{
    const struct resources *limits = &spec->limits, *requests = &spec->requests;
    const struct resources *by_default = &profile->limits_default, *max = &profile->limits_max;

    return (struct resources){
        .cpu_milli = limit_of(limits->cpu_milli, requests->cpu_milli, by_default->cpu_milli,
                              max->cpu_milli, LIMIT_CPU_MILLI),
        .memory_bytes = limit_of(limits->memory_bytes, requests->memory_bytes,
                                 by_default->memory_bytes, max->memory_bytes, LIMIT_MEMORY_BYTES),
        .storage_bytes =
            limit_of(limits->storage_bytes, requests->storage_bytes, by_default->storage_bytes,
                     max->storage_bytes, LIMIT_STORAGE_BYTES),
    };
}

static bool timeout_apply(const struct profile *profile, const struct task_spec *spec,
                          int64_t *ret_ms, struct err *err)
{
    int64_t max_ms = given_or(profile->timeout_max_ms, TIMEOUT_MAX_MS);
    int64_t timeout_ms = given_or(spec->timeout_ms, profile->timeout_default_ms);
    char shown[QUOTE_TEXT];

    if (timeout_ms == 0)
        timeout_ms = TIMEOUT_DEFAULT_MS < max_ms ? TIMEOUT_DEFAULT_MS : max_ms;
    if (timeout_ms > max_ms)
        return err_set(err, ERR_INVALID,
                       "spec.timeoutSeconds: %lld is too large: at most %lld with profile %s",
                       (long long)(timeout_ms / 1000), (long long)(max_ms / 1000),
                       quote(profile->name, shown));
    *ret_ms = timeout_ms;
    return true;
}

static bool tenant_is_allowed(const struct profile *profile, struct str tenant)
{
    for (uint32_t i = 0; i < profile->tenants.count; i++)
        if (str_equal(profile->tenants.at[i], tenant))
            return true;
    return profile->tenants.count == 0;
}

bool profile_apply(const struct profile *profile, const struct task_spec *spec,
                   struct task_effective *ret, struct err *err)
{
    struct resources limits = limits_of(profile, spec);
    int64_t timeout_ms = 0;
    char name[QUOTE_TEXT], tenant[QUOTE_TEXT], bound[QUOTE_TEXT + 32];

    if (!tenant_is_allowed(profile, spec->tenant))
        return err_set(err, ERR_INVALID,
                       "spec.tenant: profile %s is for other tenants and cannot be used by %s",
                       quote(profile->name, name), quote(spec->tenant, tenant));
    snprintf(bound, sizeof(bound), "with profile %s", quote(profile->name, name));
    if (!check_within("spec.resources.limits", &limits, bound, &profile->limits_max, err) ||
        !timeout_apply(profile, spec, &timeout_ms, err))
        return false;
    ret->image = profile->image;
    ret->profile_generation = profile->generation;
    ret->limits = limits;
    ret->timeout_ms = timeout_ms;
    return true;
}
