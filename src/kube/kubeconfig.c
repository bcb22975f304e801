// SPDX-License-Identifier: Apache-2.0
#include "kube/kubeconfig.h"

#include "kube/cluster_entry.h"
#include "kube/config_files.h"
#include "kube/service_account.h"
#include "kube/user_entry.h"
#include "json/excerpt.h"

/* What is asked for, before it is looked up. */
struct choice {
    struct str context, cluster, user, space; /* empty: none */
};

static struct str given(const char *flag, struct str otherwise)
{
    return flag && *flag ? str_of(flag) : otherwise;
}

static bool refuse_unknown(struct arena *arena, const struct config_files *files,
                           enum config_section section, struct str name, struct err *err)
{
    static const char *const nouns[] = {
        [CONFIG_CLUSTERS] = "cluster",
        [CONFIG_CONTEXTS] = "context",
        [CONFIG_USERS] = "user",
    };

    return err_set(err, ERR_INVALID, "no %s \"%s\" in the kubeconfig (it has: %s)", nouns[section],
                   excerpt_of(arena, name, EXCERPT_SIZE),
                   config_files_names(arena, files, section));
}

/* An empty name is no entry, and no error. */
static bool find(struct arena *arena, const struct config_files *files, enum config_section section,
                 struct str name, struct entry *ret, struct err *err)
{
    *ret = (struct entry){0};
    if (name.size == 0)
        return true;
    if (!config_files_find(files, section, name, ret, err))
        return false;
    return ret->value || refuse_unknown(arena, files, section, name, err);
}

static bool choose(struct arena *arena, const struct kubeconfig_sources *sources,
                   const struct config_files *files, struct choice *ret, struct err *err)
{
    static const struct entry_field fields[] = {
        {"cluster",   ENTRY_TEXT, offsetof(struct choice, cluster)},
        {"user",      ENTRY_TEXT, offsetof(struct choice, user)   },
        {"namespace", ENTRY_TEXT, offsetof(struct choice, space)  },
    };
    struct entry context;

    *ret = (struct choice){0};
    if (!config_files_current(arena, files, &ret->context, err))
        return false;
    ret->context = given(sources->context, ret->context);
    if (!find(arena, files, CONFIG_CONTEXTS, ret->context, &context, err) ||
        !entry_read(arena, &context, fields, countof(fields), ret, err))
        return false;
    ret->cluster = given(sources->cluster, ret->cluster);
    ret->user = given(sources->user, ret->user);
    ret->space = given(sources->namespace, ret->space);
    return true;
}

/* Nothing says which cluster: what to do about it. */
static bool refuse_nothing(struct arena *arena, const struct config_files *files,
                           const struct choice *choice, struct err *err)
{
    const char *contexts = config_files_names(arena, files, CONFIG_CONTEXTS);

    if (choice->context.size > 0)
        return err_set(err, ERR_INVALID, "context \"%s\" names no cluster",
                       excerpt_of(arena, choice->context, EXCERPT_SIZE));
    if (*contexts == '\0')
        return err_set(err, ERR_INVALID, "the kubeconfig has no contexts, so it names no cluster");
    return err_set(err, ERR_INVALID,
                   "the kubeconfig has no current context: choose one by --context, or by "
                   "`kubectl config use-context` (it has: %s)",
                   contexts);
}

/* Inside a Pod its namespace stands in for one that nothing names, as for kubectl. */
static struct str space_of(struct arena *arena, const struct kubeconfig_sources *sources,
                           struct str chosen)
{
    if (chosen.size > 0)
        return chosen;
    return service_account_exists(sources) ? service_account_space(arena, sources)
                                           : STR_LIT("default");
}

bool kubeconfig_find(const struct kubeconfig_sources *sources)
{
    return config_files_exist(sources) || service_account_exists(sources);
}

static bool access_read(struct arena *arena, const struct kubeconfig_sources *sources,
                        struct kube_access *ret, struct err *err)
{
    struct config_files *files = arena_alloc(arena, sizeof(*files));
    struct kube_access access = {0};
    struct entry cluster, user;
    struct choice choice;

    if (!config_files_read(arena, sources, files, err) ||
        !choose(arena, sources, files, &choice, err))
        return false;
    if (choice.cluster.size > 0 || given(sources->server, (struct str){0}).size > 0) {
        if (!find(arena, files, CONFIG_CLUSTERS, choice.cluster, &cluster, err) ||
            !find(arena, files, CONFIG_USERS, choice.user, &user, err) ||
            !cluster_entry_access(arena, &cluster, sources->server, &access, err) ||
            !user_entry_access(arena, &user, &access, err))
            return false;
    } else if (choice.context.size > 0 || !service_account_exists(sources)) {
        return refuse_nothing(arena, files, &choice, err);
    } else if (!service_account_access(arena, sources, &access, err)) {
        return false;
    }
    access.context = choice.context;
    access.space = space_of(arena, sources, choice.space);
    *ret = access;
    return true;
}

bool kubeconfig_load(struct arena *arena, const struct kubeconfig_sources *sources,
                     struct kube_access *ret, struct err *err)
{
    if (!kubeconfig_find(sources) && given(sources->server, (struct str){0}).size == 0)
        return err_set(err, ERR_ABSENT,
                       "no kubeconfig: name one by --kubeconfig or KUBECONFIG, or put it into "
                       "~/.kube/config");
    if (access_read(arena, sources, ret, err))
        return true;
    if (err->kind == ERR_ABSENT) /* a file that is named: that is no lack of a kubeconfig */
        err->kind = ERR_INVALID;
    return false;
}
