// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The rules of the API that need nothing but the object itself: the mirror in C of the CRD's
 * schema and CEL rules (kube-apiserver is right by definition; one vector file runs through both).
 * Errors are ERR_INVALID: "spec.timeoutSeconds: 0 is too small: 1 to 86400". */
#include "base/err.h"
#include "core/profile.h"
#include "core/task.h"

enum {
    ANNOTATIONS_SIZE_MAX = 256 * 1024, /* keys and values together, as on a cluster */
    IMAGE_SIZE_MAX = 1024,
    WARM_POOL_MAX = 1000,
};
#define CPU_MILLI_MAX        INT64_C(1000000)   /* a thousand cpus */
#define RESOURCE_BYTES_MAX   (INT64_C(1) << 50) /* a pebibyte */
#define QUEUE_TIMEOUT_MAX_MS INT64_C(604800000) /* a week */
#define TTL_MAX_MS           (INT64_C(1000) * INT32_MAX)

must_use bool task_validate(const struct task *task, struct err *err);
must_use bool profile_validate(const struct profile *profile, struct err *err);

bool name_is_valid(struct str name);     /* RFC 1123 subdomain, 1 to NAME_SIZE_MAX */
bool label_key_is_valid(struct str key); /* [prefix/]name */
bool label_value_is_valid(struct str value);
bool image_name_is_valid(struct str name); /* [host[:port]/]path[:tag] */
bool digest_is_valid(struct str digest);   /* sha256: and 64 hexadecimal digits */
bool key_is_valid(struct str key);         /* of a ConfigMap; it becomes a file's name */
bool env_name_is_valid(struct str name);   /* [-._a-zA-Z][-._a-zA-Z0-9]* as in a Pod */
