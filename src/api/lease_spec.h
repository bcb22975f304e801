// SPDX-License-Identifier: Apache-2.0
#pragma once

/* How Kubernetes spells a Lease (coordination.k8s.io/v1). */
#include "json/json.h"

struct lease_spec {
    struct str holder; /* empty: nobody */
    int64_t duration_ms;
    int64_t acquired_ms, renewed_ms; /* wall clock, for people; 0: not said */
    int64_t transitions;
};

/* From a Lease, or from what was kept of one. What is missing is empty or 0. */
void lease_spec_read(const struct json_value *object, struct lease_spec *ret);

/* What an informer keeps of it, in the form of keepers (kube/informer.h): its spec, whole. */
bool lease_keep(struct arena *arena, const struct json_value *object, struct buf *ret);

/* A new Lease; or (version not empty) the merge patch that sets ours of its fields in the Lease of
 * that version and leaves alone what others wrote beside them. */
struct json_value lease_value(struct arena *arena, struct str space, struct str name,
                              struct str version, const struct lease_spec *spec);
