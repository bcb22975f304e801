// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Requests to the Kubernetes API as data: pure, in an arena, nothing is sent here. Names are
 * percent-encoded, so that no name can leave its place in the path. */
#include "base/arena.h"

struct kube_resource { /* kube/resource.h has those we use */
    const char *group; /* "": the core group */
    const char *version;
    const char *plural;
    const char *kind;
    bool is_namespaced;
};

enum http_method {
    HTTP_GET,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
};

enum body_kind {
    BODY_NONE,
    BODY_JSON,
    BODY_MERGE_PATCH, /* RFC 7386 */
};

struct kube_request {
    enum http_method method;
    struct str path; /* with its query, without server */
    enum body_kind body_kind;
    struct str body;
    int64_t timeout_ms; /* for the whole answer; of a stream: without a byte, then it is dead */
    bool is_stream;     /* bytes are handed on as they come, the answer has no end of its own */
    size_t size_max;    /* of the whole answer that is no stream */
    struct str accept;  /* empty: application/json */
};

enum {
    REQUEST_TIMEOUT_MS = 30000,
    WATCH_SILENCE_MS = 150000, /* bookmarks come about once a minute */
    LIST_PAGE = 100,           /* ten thousand tasks: a peak of 9 MB, at 500 of 17 */
    ANSWER_SIZE_MAX = 64 * 1024 * 1024,
};

/* space: the namespace; empty: of all namespaces, or of a resource that has none. */
struct kube_request request_get(struct arena *arena, const struct kube_resource *resource,
                                struct str space, struct str name);

struct list_query {
    struct str label_selector, field_selector; /* empty: none */
    struct str resume;                         /* `continue` of the page before */
    struct str version; /* resourceVersion; empty: the newest, read at the source */
    uint32_t limit;     /* 0: all at once */
};
struct kube_request request_list(struct arena *arena, const struct kube_resource *resource,
                                 struct str space, const struct list_query *query);
/* From query->version on, with bookmarks, for at most that long. */
struct kube_request request_watch(struct arena *arena, const struct kube_resource *resource,
                                  struct str space, const struct list_query *query,
                                  int64_t timeout_s);

struct kube_request request_create(struct arena *arena, const struct kube_resource *resource,
                                   struct str space, struct str body);
struct kube_request request_replace(struct arena *arena, const struct kube_resource *resource,
                                    struct str space, struct str name, struct str body);
/* part: "status" or empty. */
struct kube_request request_patch(struct arena *arena, const struct kube_resource *resource,
                                  struct str space, struct str name, const char *part,
                                  struct str body);
/* Only the object of that uid, and (version not empty) only in that version. grace_s < 0: the
 * object's own. Owned objects are collected in the background. */
struct kube_request request_delete(struct arena *arena, const struct kube_resource *resource,
                                   struct str space, struct str name, struct str uid,
                                   struct str version, int64_t grace_s);

/* The same, but the server only says what would come of it. */
struct kube_request request_dry(struct arena *arena, struct kube_request request);

/* A page of the API server that is no resource: "/version". */
struct kube_request request_page(const char *path);

struct log_query {
    const char *container;
    bool follow, timestamps;
    int64_t tail_lines;  /* < 0: all */
    int64_t since_s;     /* <= 0: all */
    int64_t limit_bytes; /* <= 0: all */
};
struct kube_request request_log(struct arena *arena, struct str space, struct str pod,
                                const struct log_query *query);
