// SPDX-License-Identifier: Apache-2.0
#include "core/validate.h"

#include "core/egress.h"
#include "core/validate_rule.h"

static bool image_validate(const struct profile *profile, struct err *err)
{
    struct str head, digest;
    bool has_digest = str_cut(profile->image, '@', &head, &digest);
    char shown[QUOTE_TEXT];

    if (profile->image.size == 0)
        return err_set(err, ERR_INVALID, "spec.image: is required");
    if (!check_size("spec.image", profile->image.size, IMAGE_SIZE_MAX, err))
        return false;
    if (!image_name_is_valid(has_digest ? head : profile->image))
        return err_set(err, ERR_INVALID,
                       "spec.image: %s is no image: it must be [host/]name[:tag][@sha256:digest], "
                       "the name in lower-case letters, digits and '/', '.', '_', '-' between them",
                       quote(profile->image, shown));
    if (!has_digest && !profile->allow_tag)
        return err_set(err, ERR_INVALID,
                       "spec.image: %s has no digest; give one (name@sha256:…) or say allowTag: "
                       "true",
                       quote(profile->image, shown));
    if (has_digest && !digest_is_valid(digest))
        return err_set(err, ERR_INVALID,
                       "spec.image: the digest of %s must be sha256: and 64 digits of 0-9, a-f",
                       quote(profile->image, shown));
    return true;
}

static bool command_validate(const struct profile *profile, struct err *err)
{
    char shown[QUOTE_TEXT];

    if (!check_count("spec.command", profile->command.count, COMMAND_MAX, err) ||
        !check_count("spec.local.args", profile->interpreter_args.count, COMMAND_MAX, err))
        return false;
    for (uint32_t i = 0; i < profile->command.count; i++)
        if (!check_text("spec.command", profile->command.at[i], err))
            return false;
    for (uint32_t i = 0; i < profile->interpreter_args.count; i++)
        if (!check_text("spec.local.args", profile->interpreter_args.at[i], err))
            return false;
    if (!key_is_valid(profile->file_name)) /* it is one, in the ConfigMap of the code */
        return err_set(err, ERR_INVALID,
                       "spec.fileName: %s is no file name: letters, digits, '-', '_', '.'",
                       quote(profile->file_name, shown));
    return check_text("spec.local.interpreter", profile->interpreter, err) &&
           check_env("spec.env", &profile->env, err);
}

static bool limits_validate(const struct profile *profile, struct err *err)
{
    if (!check_resources("spec.resources.default", &profile->limits_default, err) ||
        !check_resources("spec.resources.max", &profile->limits_max, err) ||
        !check_within("spec.resources.default", &profile->limits_default, "its maximum",
                      &profile->limits_max, err))
        return false;
    int64_t max_ms = profile->timeout_max_ms != 0 ? profile->timeout_max_ms : TIMEOUT_MAX_MS;
    return check_seconds("spec.timeoutSeconds.max", profile->timeout_max_ms, TIMEOUT_MAX_MS, err) &&
           check_seconds("spec.timeoutSeconds.default", profile->timeout_default_ms, max_ms, err);
}

/* Of all capabilities only this one is harmless enough to be given ("restricted" allows it). */
static bool capabilities_validate(const struct strs *capabilities, struct err *err)
{
    char shown[QUOTE_TEXT];

    for (uint32_t i = 0; i < capabilities->count; i++)
        if (!str_is(capabilities->at[i], "NET_BIND_SERVICE"))
            return err_set(err, ERR_INVALID,
                           "spec.capabilities.add: %s cannot be given: only NET_BIND_SERVICE",
                           quote(capabilities->at[i], shown));
    return true;
}

bool profile_validate(const struct profile *profile, struct err *err)
{
    struct egress_set egress;
    char shown[QUOTE_TEXT];

    if (!check_name("metadata.name", profile->name, err) || !image_validate(profile, err) ||
        !command_validate(profile, err) || !limits_validate(profile, err) ||
        !capabilities_validate(&profile->capabilities, err) ||
        !egress_set_make(profile->egress, profile->egress_count, &egress, err))
        return false;
    for (uint32_t i = 0; i < profile->tenants.count; i++)
        if (profile->tenants.at[i].size == 0 || !label_value_is_valid(profile->tenants.at[i]))
            return err_set(err, ERR_INVALID, "spec.tenants: %s is no tenant",
                           quote(profile->tenants.at[i], shown));
    if (profile->runtime_class.size > 0 &&
        !check_name("spec.runtimeClassName", profile->runtime_class, err))
        return false;
    return check_range("spec.warmPool", profile->warm_pool, 0, WARM_POOL_MAX, err);
}
