// SPDX-License-Identifier: Apache-2.0
#include "core/validate.h"

#include "core/validate_rule.h"

/* -- metadata --------------------------------------------------------------- */

static bool labels_validate(const struct pairs *labels, struct err *err)
{
    char shown[QUOTE_TEXT];

    if (!check_count("metadata.labels", labels->count, LABELS_MAX, err))
        return false;
    for (uint32_t i = 0; i < labels->count; i++) {
        const struct pair *label = &labels->at[i];
        bool is_key = label_key_is_valid(label->name);

        if (!is_key || !label_value_is_valid(label->value))
            return err_set(err, ERR_INVALID,
                           "metadata.labels: %s is no label %s: at most 63 letters, digits, '-', "
                           "'_' and '.', a letter or digit at both ends",
                           quote(is_key ? label->value : label->name, shown),
                           is_key ? "value" : "key");
    }
    return true;
}

static bool annotations_validate(const struct pairs *annotations, struct err *err)
{
    char shown[QUOTE_TEXT];
    size_t size = 0;

    for (uint32_t i = 0; i < annotations->count; i++) {
        const struct pair *annotation = &annotations->at[i];

        size += annotation->name.size + annotation->value.size;
        if (!label_key_is_valid(annotation->name))
            return err_set(err, ERR_INVALID, "metadata.annotations: %s is no key",
                           quote(annotation->name, shown));
    }
    return check_size("metadata.annotations", size, ANNOTATIONS_SIZE_MAX, err);
}

static bool metadata_validate(const struct task *task, struct err *err)
{
    if (task->space.size > 0 && !check_name("metadata.namespace", task->space, err))
        return false;
    return check_name("metadata.name", task->name, err) && labels_validate(&task->labels, err) &&
           annotations_validate(&task->annotations, err);
}

/* -- code and its input ----------------------------------------------------- */

static bool source_validate(struct str source, struct err *err)
{
    if (source.size == 0)
        return err_set(err, ERR_INVALID, "spec.code.source: is empty");
    return check_size("spec.code.source", source.size, CODE_SIZE_MAX, err) &&
           check_text("spec.code.source", source, err);
}

static bool code_validate(const struct task_spec *spec, struct err *err)
{
    bool has_reference = spec->config_map.at || spec->config_map_key.at;
    char shown[QUOTE_TEXT];

    if (spec->source.at && has_reference)
        return err_set(err, ERR_INVALID,
                       "spec.code: give source or configMapRef, not both of them");
    if (spec->source.at)
        return source_validate(spec->source, err);
    if (!has_reference)
        return err_set(err, ERR_INVALID, "spec.code: give source or configMapRef");
    if (!check_name("spec.code.configMapRef.name", spec->config_map, err))
        return false;
    if (!key_is_valid(spec->config_map_key))
        return err_set(err, ERR_INVALID,
                       "spec.code.configMapRef.key: %s is no key: letters, digits, '-', '_', '.'",
                       quote(spec->config_map_key, shown));
    return true;
}

static bool args_validate(const struct strs *args, size_t *ret_size, struct err *err)
{
    *ret_size = 0;
    if (!check_count("spec.args", args->count, ARGS_MAX, err))
        return false;
    for (uint32_t i = 0; i < args->count; i++) {
        *ret_size += args->at[i].size;
        if (!check_text("spec.args", args->at[i], err))
            return false;
    }
    return true;
}

static bool input_validate(const struct task_spec *spec, struct err *err)
{
    size_t size;

    if (!args_validate(&spec->args, &size, err) || !check_env("spec.env", &spec->env, err))
        return false;
    for (uint32_t i = 0; i < spec->env.count; i++)
        size += spec->env.at[i].name.size + spec->env.at[i].value.size;
    if (!str_is_utf8(spec->input))
        return err_set(err, ERR_INVALID, "spec.stdin: is not text: it is not UTF-8");
    return check_size("spec.args, spec.env and spec.stdin together", size + spec->input.size,
                      INPUT_SIZE_MAX, err);
}

/* -- limits ----------------------------------------------------------------- */

static bool times_validate(const struct task_spec *spec, struct err *err)
{
    if (!check_seconds("spec.timeoutSeconds", spec->timeout_ms, TIMEOUT_MAX_MS, err) ||
        !check_seconds("spec.queueTimeoutSeconds", spec->queue_timeout_ms, QUEUE_TIMEOUT_MAX_MS,
                       err))
        return false;
    if (spec->ttl_ms == TTL_KEEP)
        return true;
    return check_range("spec.ttlSecondsAfterFinished", spec->ttl_ms < 0 ? -1 : spec->ttl_ms / 1000,
                       0, TTL_MAX_MS / 1000, err);
}

static bool limits_validate(const struct task_spec *spec, struct err *err)
{
    return check_resources("spec.resources.requests", &spec->requests, err) &&
           check_resources("spec.resources.limits", &spec->limits, err) &&
           check_within("spec.resources.requests", &spec->requests, "its limit", &spec->limits,
                        err);
}

static bool placement_validate(const struct task_spec *spec, struct err *err)
{
    char shown[QUOTE_TEXT];

    if (spec->backend > BACKEND_SANDBOX)
        return err_set(err, ERR_INVALID, "spec.backend: is none of auto, pod, sandbox");
    if (!label_value_is_valid(spec->tenant))
        return err_set(err, ERR_INVALID,
                       "spec.tenant: %s cannot be a label: at most 63 letters, digits, '-', '_' "
                       "and '.', a letter or digit at both ends",
                       quote(spec->tenant, shown));
    return check_range("spec.priority", spec->priority, -PRIORITY_MAX, PRIORITY_MAX, err);
}

bool task_validate(const struct task *task, struct err *err)
{
    return metadata_validate(task, err) &&
           check_name("spec.runtimeProfile", task->spec.profile, err) &&
           code_validate(&task->spec, err) && input_validate(&task->spec, err) &&
           times_validate(&task->spec, err) && limits_validate(&task->spec, err) &&
           placement_validate(&task->spec, err);
}
