// SPDX-License-Identifier: Apache-2.0
#include "driver/kube_object.h"

#include "api/task_child.h"

enum {
    BODY_MAX = 3 * 1024 * 1024, /* an API server takes no more */
};

/* What we wrote ourselves need not all come back: it is dear to print, to send and to read. */
#define METADATA_ONLY STR_LIT("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")

static const char *what(struct kube_task *run, const char *verb,
                        const struct kube_resource *resource, struct str name)
{
    return arena_print(run->arena, "%s %s %.*s/%.*s", verb, resource->kind, STR_ARG(run->space),
                       STR_ARG(name))
        .at;
}

static bool body_print(struct kube_task *run, const struct json_value *value, struct str *ret,
                       struct err *err)
{
    *ret = json_compact(run->arena, value);
    return ret->size <= BODY_MAX ||
           err_set(err, ERR_LIMIT, "an object is larger than %d bytes", BODY_MAX);
}

/* Profiles are the only ones without a namespace. */
static struct str space_of(const struct kube_task *run, const struct kube_resource *resource)
{
    return resource->is_namespaced ? run->space : (struct str){0};
}

static bool call(struct kube_task *run, const struct kube_request *request, const char *verb,
                 const struct kube_resource *resource, struct str name, struct json_value *ret,
                 struct err *err)
{
    return kube_call(&run->client, run->arena, request, what(run, verb, resource, name), ret, err);
}

bool object_get(struct kube_task *run, const struct kube_resource *resource, struct str name,
                struct json_value *ret, struct err *err)
{
    struct kube_request request;

    if (name.size == 0)
        return err_set(err, ERR_ABSENT, "a %s without a name", resource->kind);
    request = request_get(run->arena, resource, space_of(run, resource), name);
    return call(run, &request, "get", resource, name, ret, err);
}

static bool object_find(struct kube_task *run, const struct kube_resource *resource,
                        struct str name, enum object_made *ret_made, struct json_value *ret,
                        struct err *err)
{
    struct child child;

    if (!object_get(run, resource, name, ret, err)) {
        err->kind = err->kind == ERR_ABSENT ? ERR_STALE : err->kind; /* gone meanwhile */
        return false;
    }
    child_read(ret, &child);
    *ret_made = child_is_of(&child, &run->task) ? OBJECT_OURS : OBJECT_STRANGER;
    return true;
}

bool object_make(struct kube_task *run, const struct kube_resource *resource, struct str name,
                 const struct json_value *value, enum object_made *ret_made, struct json_value *ret,
                 struct err *err)
{
    struct kube_request request;
    struct err refused = {0};
    struct str body;

    if (!body_print(run, value, &body, err))
        return false;
    request = request_create(run->arena, resource, run->space, body);
    if (resource != &resource_pods) /* which is compared with what was sent */
        request.accept = METADATA_ONLY;
    if (call(run, &request, "create", resource, name, ret, &refused)) {
        *ret_made = OBJECT_NEW;
        return true;
    }
    if (refused.kind == ERR_PRESENT)
        return object_find(run, resource, name, ret_made, ret, err);
    *err = refused;
    return false;
}

static bool patch_for(struct kube_task *run, struct str accept,
                      const struct kube_resource *resource, struct str name, const char *part,
                      const struct json_value *patch, struct json_value *ret, struct err *err)
{
    struct kube_request request;
    struct str body;

    if (!body_print(run, patch, &body, err))
        return false;
    request = request_patch(run->arena, resource, run->space, name, part, body);
    request.accept = accept;
    return call(run, &request, "patch", resource, name, ret, err);
}

bool object_patch(struct kube_task *run, const struct kube_resource *resource, struct str name,
                  const char *part, const struct json_value *patch, struct json_value *ret,
                  struct err *err)
{
    return patch_for(run, METADATA_ONLY, resource, name, part, patch, ret, err);
}

bool object_patch_whole(struct kube_task *run, const struct kube_resource *resource,
                        struct str name, const struct json_value *patch, struct json_value *ret,
                        struct err *err)
{
    return patch_for(run, (struct str){0}, resource, name, NULL, patch, ret, err);
}

bool object_replace(struct kube_task *run, const struct kube_resource *resource, struct str name,
                    const struct json_value *value, struct err *err)
{
    struct kube_request request;
    struct json_value ret;
    struct str body;

    if (!body_print(run, value, &body, err))
        return false;
    request = request_replace(run->arena, resource, run->space, name, body);
    return call(run, &request, "replace", resource, name, &ret, err);
}

bool object_delete(struct kube_task *run, const struct kube_resource *resource, struct str name,
                   struct str uid, struct str version, struct json_value *ret, struct err *err)
{
    struct kube_request request =
        request_delete(run->arena, resource, run->space, name, uid, version, -1);
    struct err refused = {0};
    struct child left;

    request.accept = METADATA_ONLY;
    if (!call(run, &request, "delete", resource, name, ret, &refused)) {
        *ret = (struct json_value){0};
        if (refused.kind == ERR_ABSENT)
            return true;
        *err = refused;
        return false;
    }
    child_read(ret, &left);
    if (!str_equal(left.uid, uid) || left.deleted_ms == 0)
        *ret = (struct json_value){0}; /* a Status, or its last state */
    return true;
}
