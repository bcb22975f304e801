// SPDX-License-Identifier: Apache-2.0
#pragma once

/* One request to one API server in libcurl's options: pure but for libcurl, nothing is sent here.
 */
#include <curl/curl.h>

#include "kube/credential.h"
#include "kube/request.h"

struct curl_setup { /* the same for all requests */
    const struct kube_access *access;
    const char *agent;
    const char *base;       /* in front of each path */
    const char *connect_to; /* NULL: where `base` says */
    const char *host;       /* a Host header of its own; NULL: as `base` says */
    bool is_loopback;       /* proxies of the environment are not for it */
};

struct curl_lists { /* what libcurl reads from until the request is over */
    struct curl_slist *headers, *connect_to;
};

/* ERR_INVALID: no address, or a name for TLS that is none. */
must_use bool curl_setup_init(struct arena *arena, const struct kube_access *access,
                              const char *agent, struct curl_setup *ret, struct err *err);

/* The texts of `request` and of `setup` must outlive the handle's use; `credential` is copied. */
must_use bool curl_setup_apply(const struct curl_setup *setup, const struct kube_request *request,
                               const struct credential *credential, CURL *easy,
                               struct curl_lists *ret, struct err *err);
void curl_lists_fini(struct curl_lists *lists);
