// SPDX-License-Identifier: Apache-2.0
#include "kube/service_account.h"

#include <sys/stat.h>

#include "kube/pem.h"
#include "sys/file.h"
#include "json/excerpt.h"

static bool is_given(const char *text)
{
    return text && *text;
}

static const char *file_in(struct arena *arena, const struct kubeconfig_sources *sources,
                           const char *name)
{
    const char *directory = is_given(sources->service_account_dir)
                                ? sources->service_account_dir
                                : "/var/run/secrets/kubernetes.io/serviceaccount";

    return arena_print(arena, "%s/%s", directory, name).at;
}

bool service_account_exists(const struct kubeconfig_sources *sources)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct stat found;

    return is_given(sources->service_host) && is_given(sources->service_port) &&
           stat(file_in(&arena, sources, "token"), &found) == 0 && !S_ISDIR(found.st_mode);
}

struct str service_account_space(struct arena *arena, const struct kubeconfig_sources *sources)
{
    struct err ignored = {0};
    struct str text;

    if (is_given(sources->pod_namespace))
        return str_of(sources->pod_namespace);
    if (file_read(arena, file_in(arena, sources, "namespace"), NAME_SIZE_MAX + 2, &text, &ignored))
        text = str_trim(text);
    else
        text = (struct str){0};
    return text.size > 0 ? text : STR_LIT("default");
}

bool service_account_access(struct arena *arena, const struct kubeconfig_sources *sources,
                            struct kube_access *ret, struct err *err)
{
    bool is_v6 = strchr(sources->service_host, ':') != NULL;
    const char *ca = file_in(arena, sources, "ca.crt");

    *ret = (struct kube_access){
        .server = arena_print(arena, "https://%s%s%s:%s", is_v6 ? "[" : "", sources->service_host,
                              is_v6 ? "]" : "", sources->service_port),
        .token_file = str_of(file_in(arena, sources, "token")),
    };
    return file_read(arena, ca, KUBECONFIG_SIZE_MAX, &ret->ca_pem, err) &&
           pem_check(ret->ca_pem, PEM_CERTIFICATE, ca, err);
}
