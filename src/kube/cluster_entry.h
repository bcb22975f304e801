// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A cluster of a kubeconfig: where it is, and how to know that it is the right one. */
#include "kube/entry.h"
#include "kube/kubeconfig.h"

/* `server` (may be NULL or empty) stands in for the entry's own, and then its tls-server-name,
 * made for that one, does not count. */
must_use bool cluster_entry_access(struct arena *arena, const struct entry *cluster,
                                   const char *server, struct kube_access *ret, struct err *err);
