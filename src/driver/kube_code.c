// SPDX-License-Identifier: Apache-2.0
#include "driver/kube_code.h"

#include "api/configmap_scan.h"
#include "kube/resource.h"

static bool take(void *ctx, struct str bytes)
{
    configmap_scan_add(ctx, bytes);
    return true;
}

bool kube_code_look(const struct kube_client *client, struct arena *arena, struct str space,
                    struct str name, struct str key, struct err *err)
{
    struct kube_request request = request_get(arena, &resource_configmaps, space, name);
    const char *what =
        arena_print(arena, "get ConfigMap %.*s/%.*s", STR_ARG(space), STR_ARG(name)).at;
    struct configmap_scan scan;

    configmap_scan_init(&scan, key);
    if (kube_stream(client, &request, what, 0, take, &scan, err))
        return configmap_scan_end(&scan, err);
    if (err->kind == ERR_INVALID) /* the request, not the ConfigMap */
        err->kind = ERR_RETRY;
    return false;
}
