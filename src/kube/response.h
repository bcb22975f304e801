// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What an answer of the API server means for us, and what its lists say. Pure. */
#include "base/err.h"
#include "json/json.h"

struct kube_response {
    int32_t status;
    int64_t retry_after_ms; /* -1: not said */
    struct str body;
};

/* True of 2xx. Else the kind says what to do:
 *   404 ERR_ABSENT, but ERR_REFUSED if the words are not the API's (no such resource, a proxy) ·
 *   409 AlreadyExists ERR_PRESENT · 409 else, 410 and 412 ERR_STALE · 422 and 400 ERR_INVALID ·
 *   401, 403, other 4xx and 3xx ERR_REFUSED · 413 ERR_LIMIT · 408, 429 and 5xx ERR_RETRY
 * and the text holds the server's message, cut and without control bytes. Of a 403 "namespace is
 * being terminated" too. `what` says what was asked: "create pod ns/name". */
must_use bool response_check(const struct kube_response *response, const char *what,
                             struct err *err);

/* metadata of any object, and of a list; texts are empty where nothing is. */
struct object_meta {
    struct str space, name, uid, version;
    struct str resume; /* of a list: `continue` */
};
struct object_meta object_meta(const struct json_value *object);
