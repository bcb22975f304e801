// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Access from inside a Pod: what Kubernetes puts into every container that has a service account.
 */
#include "kube/kubeconfig.h"

/* True if this is such a container. */
bool service_account_exists(const struct kubeconfig_sources *sources);

/* The Pod's namespace, "default" if nothing says. */
struct str service_account_space(struct arena *arena, const struct kubeconfig_sources *sources);

/* Its API server, as the service account. The namespace is not filled in. */
must_use bool service_account_access(struct arena *arena, const struct kubeconfig_sources *sources,
                                     struct kube_access *ret, struct err *err);
