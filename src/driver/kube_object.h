// SPDX-License-Identifier: Apache-2.0
#pragma once

/* One object of a task on the cluster: read, made, changed, deleted, as this driver does it. What
 * is not there is deleted already; what stands there already counts only if it is ours. */
#include "driver/kube_task.h"
#include "kube/resource.h"

/* False with ERR_ABSENT: it is not there. */
must_use bool object_get(struct kube_task *run, const struct kube_resource *resource,
                         struct str name, struct json_value *ret, struct err *err);

enum object_made {
    OBJECT_NEW,
    OBJECT_OURS,     /* one of this task's stood there: `ret` is that one */
    OBJECT_STRANGER, /* something else bears the name: never touched */
};
/* Whatever happened to an earlier request whose answer was lost. Of a new object that is no Pod,
 * and of one that was patched or deleted, `ret` has the metadata alone. */
must_use bool object_make(struct kube_task *run, const struct kube_resource *resource,
                          struct str name, const struct json_value *value,
                          enum object_made *ret_made, struct json_value *ret, struct err *err);

must_use bool object_patch(struct kube_task *run, const struct kube_resource *resource,
                           struct str name, const char *part, const struct json_value *patch,
                           struct json_value *ret, struct err *err);
/* And the whole object comes back, as if it were read. */
must_use bool object_patch_whole(struct kube_task *run, const struct kube_resource *resource,
                                 struct str name, const struct json_value *patch,
                                 struct json_value *ret, struct err *err);
must_use bool object_replace(struct kube_task *run, const struct kube_resource *resource,
                             struct str name, const struct json_value *value, struct err *err);

/* Only that uid, and (not empty) that version. ret: what is left of it while something holds it;
 * JSON_NULL: nothing. */
must_use bool object_delete(struct kube_task *run, const struct kube_resource *resource,
                            struct str name, struct str uid, struct str version,
                            struct json_value *ret, struct err *err);
