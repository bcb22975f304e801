// SPDX-License-Identifier: Apache-2.0
#pragma once

/* How Kubernetes spells a question to a validating webhook and its answer: AdmissionReview of
 * admission.k8s.io/v1. Any Pod may send one, so it is hostile until it is judged.
 *
 * Bounds. Reading one takes no more than REVIEW_MEMORY_MAX bytes, its own text included: that text
 * as it came, once more as the parser holds it, once as we do, and JSON_VALUE_COST for each value,
 * counted before it is parsed. So it may have REVIEW_SIZE_MAX bytes. An API server sends the object
 * and, of an update, its old state; what etcd stores has 1.5 MiB at most, and the largest task that
 * is valid has 0.9 MiB. */
#include "api/access_review.h"

enum {
    REVIEW_MEMORY_MAX = 8 * 1024 * 1024,
    REVIEW_SIZE_MAX = 2304 * 1024,
    REVIEW_UID_MAX = 253,
};

enum review_operation {
    REVIEW_CREATE,
    REVIEW_UPDATE,
    REVIEW_DELETE,
    REVIEW_OTHER,
};

struct review {
    struct str uid; /* of this question; the answer repeats it */
    enum review_operation operation;
    struct str group, version, resource, part; /* part: the subresource; empty: none */
    struct str space, name;                    /* name: empty where it is not known yet */
    struct access_user user;
    const struct json_value *object, *old; /* NULL: not given */
    bool is_dry_run;
};

/* ERR_INVALID: no review, and no answer in its form can be given. ERR_LIMIT: it would cost more
 * than REVIEW_MEMORY_MAX. Owns nothing in `text`. */
must_use bool review_read(struct arena *arena, struct str text, struct review *ret,
                          struct err *err);

/* It is being deleted, and only finalizers hold it. */
bool review_is_leaving(const struct review *review);
/* Of an update: its spec is another than before. */
bool review_changes_spec(struct arena *arena, const struct review *review);

struct review_answer {
    bool is_allowed;
    int32_t code; /* if not: an HTTP status */
    const char *reason;
    struct str message; /* for whoever made the request */
};

struct str review_answer_text(struct arena *arena, struct str uid,
                              const struct review_answer *answer);
