// SPDX-License-Identifier: Apache-2.0
#include "core/validate.h"

static bool strs_equal(const struct strs *a, const struct strs *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!str_equal(a->at[i], b->at[i]))
            return false;
    return true;
}

static bool pairs_equal(const struct pairs *a, const struct pairs *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!str_equal(a->at[i].name, b->at[i].name) || !str_equal(a->at[i].value, b->at[i].value))
            return false;
    return true;
}

static bool resources_equal(const struct resources *a, const struct resources *b)
{
    return a->cpu_milli == b->cpu_milli && a->memory_bytes == b->memory_bytes &&
           a->storage_bytes == b->storage_bytes;
}

static bool given_equal(struct str a, struct str b) /* absent is not the same as empty */
{
    return !a.at == !b.at && str_equal(a, b);
}

/* The immutable field that differs; NULL: none. */
static const char *changed_field(const struct task_spec *a, const struct task_spec *b)
{
    const struct {
        const char *name;
        bool is_equal;
    } fields[] = {
        {"runtimeProfile",                             str_equal(a->profile,                                           b->profile)},
        {"code",                                            given_equal(a->source,                                                                                                     b->source) && given_equal(a->config_map, b->config_map) &&
                     given_equal(a->config_map_key, b->config_map_key)},
        {"args",     strs_equal(&a->args,&b->args)},
        {"env",                                            pairs_equal(&a->env,                                                                                                     &b->env)},
        {"stdin",                                   given_equal(a->input,                                                                                                                                                                                    b->input)},
        {"resources",
         resources_equal(&a->requests,&b->requests) && resources_equal(&a->limits, &b->limits)},
        {"timeoutSeconds",                                      a->timeout_ms == b->timeout_ms                                             },
        {"queueTimeoutSeconds",                                            a->queue_timeout_ms == b->queue_timeout_ms                                                                                               },
        {"backend", a->backend == b->backend                                                                                                                    },
        {"tenant",                             str_equal(a->tenant,                        b->tenant)},
        {"priority",                        a->priority == b->priority},
    };

    for (unsigned i = 0; i < countof(fields); i++)
        if (!fields[i].is_equal)
            return fields[i].name;
    return NULL;
}

bool task_validate_change(const struct task *before, const struct task *after, struct err *err)
{
    const char *changed = changed_field(&before->spec, &after->spec);

    if (changed)
        return err_set(err, ERR_INVALID, "spec.%s: cannot be changed; make a new task", changed);
    if (before->spec.canceled && !after->spec.canceled)
        return err_set(err, ERR_INVALID, "spec.canceled: what was canceled stays so");
    return true;
}
