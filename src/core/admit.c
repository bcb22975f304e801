// SPDX-License-Identifier: Apache-2.0
#include "core/admit.h"

#include <stdio.h>

#include "core/validate.h"
#include "core/validate_rule.h"

#define RESERVED "agenttask.io"

enum {
    NAMES_TEXT = 200 /* of the profiles that a message lists */
};

/* -- keys ------------------------------------------------------------------------------ */

static bool is_reserved(struct str key)
{
    struct str domain, name;

    if (!str_cut(key, '/', &domain, &name) || str_is(key, ADMIT_KEY_CLIENT))
        return false;
    return str_is(domain, RESERVED) || str_ends(domain, "." RESERVED);
}

static bool has_pair(const struct pairs *pairs, const struct pair *pair)
{
    for (uint32_t i = 0; pairs && i < pairs->count; i++)
        if (str_equal(pairs->at[i].name, pair->name))
            return str_equal(pairs->at[i].value, pair->value);
    return false;
}

/* before: NULL: there was nothing. */
static bool check_keys(const char *field, const struct pairs *pairs, const struct pairs *before,
                       struct err *err)
{
    char shown[QUOTE_TEXT];

    for (uint32_t i = 0; i < pairs->count; i++)
        if (is_reserved(pairs->at[i].name) && !has_pair(before, &pairs->at[i]))
            return err_set(err, ERR_REFUSED,
                           "%s: %s is reserved: keys below " RESERVED
                           " must come from the operator; use a domain of your own",
                           field, quote(pairs->at[i].name, shown));
    return true;
}

bool admit_change(const struct task *task, const struct task *before, struct err *err)
{
    return check_keys("metadata.labels", &task->labels, &before->labels, err) &&
           check_keys("metadata.annotations", &task->annotations, &before->annotations, err);
}

/* -- what the cluster must have ------------------------------------------------------------ */

static bool check_tenant(const struct task *task, const struct admit_facts *facts, struct err *err)
{
    struct str tenant = task->spec.tenant;
    char asked[QUOTE_TEXT], space[QUOTE_TEXT], user[QUOTE_TEXT];

    if (tenant.size == 0 || str_equal(tenant, task->space) || facts->binds_tenant)
        return true;
    return err_set(
        err, ERR_REFUSED,
        "spec.tenant: %s is not for namespace %s, nor for user %s or a group of theirs: it "
        "must be %s, or left out, unless an administrator binds it in the operator's "
        "config",
        quote(tenant, asked), quote(task->space, space), quote(facts->user, user), space);
}

/* As many as there is room for: "a, b, …". */
static const char *names_text(const struct strs *names, char ret[NAMES_TEXT])
{
    size_t used = 0;

    ret[0] = '\0';
    for (uint32_t i = 0; i < names->count; i++) {
        bool fits = used + names->at[i].size + sizeof(", , …") < NAMES_TEXT;
        int size = snprintf(ret + used, NAMES_TEXT - used, "%s%.*s", i > 0 ? ", " : "",
                            STR_ARG(fits ? names->at[i] : STR_LIT("…")));
        used += (size_t)size;
        if (!fits)
            break;
    }
    return ret;
}

static enum admit_step refuse_profile(const struct task *task, const struct admit_facts *facts,
                                      struct err *err)
{
    char shown[QUOTE_TEXT], names[NAMES_TEXT];

    if (facts->profiles.count == 0)
        err_set(err, ERR_INVALID,
                "spec.runtimeProfile: there is no RuntimeProfile %s, and no other: an "
                "administrator must create one",
                quote(task->spec.profile, shown));
    else
        err_set(err, ERR_INVALID,
                "spec.runtimeProfile: there is no RuntimeProfile %s; it must be one of: %s",
                quote(task->spec.profile, shown), names_text(&facts->profiles, names));
    return ADMIT_DENIED;
}

static bool check_profile(const struct task *task, const struct admit_facts *facts, struct err *err)
{
    struct task_spec spec = task->spec;
    struct task_effective effective = {0};

    if (spec.tenant.size == 0)
        spec.tenant = task->space;
    return profile_apply(facts->profile, &spec, &effective, err);
}

static enum admit_step refuse_right(const struct task *task, const struct admit_facts *facts,
                                    struct err *err)
{
    char name[QUOTE_TEXT], space[QUOTE_TEXT], user[QUOTE_TEXT];

    err_set(
        err, ERR_REFUSED,
        "spec.code.configMapRef.name: user %s may not read ConfigMap %s: that needs the right to "
        "get configmaps in namespace %s; or give the code in spec.code.source",
        quote(facts->user, user), quote(task->spec.config_map, name), quote(task->space, space));
    return ADMIT_DENIED;
}

static enum admit_step admit_reference(const struct task *task, const struct admit_facts *facts,
                                       struct err *err)
{
    if (facts->may_read == FACT_UNKNOWN)
        return ADMIT_ASK_RIGHT;
    if (facts->may_read == FACT_NO)
        return refuse_right(task, facts, err);
    if (facts->has_code == FACT_UNKNOWN)
        return ADMIT_ASK_CODE;
    if (facts->has_code == FACT_YES)
        return ADMIT_ALLOWED;
    err_set(err, ERR_INVALID, "spec.code.configMapRef: %s", facts->code_fault);
    return ADMIT_DENIED;
}

bool admit_new(const struct task *task, const struct admit_facts *facts, struct err *err)
{
    static const struct task nothing;

    return admit_change(task, &nothing, err) && task_validate(task, err) &&
           check_tenant(task, facts, err);
}

enum admit_step admit_task(const struct task *task, const struct admit_facts *facts,
                           struct err *err)
{
    if (facts->has_profile == FACT_UNKNOWN)
        return ADMIT_ASK_PROFILE;
    if (facts->has_profile == FACT_NO)
        return refuse_profile(task, facts, err);
    if (!check_profile(task, facts, err))
        return ADMIT_DENIED;
    return task->spec.config_map.at ? admit_reference(task, facts, err) : ADMIT_ALLOWED;
}
