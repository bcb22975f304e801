// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A user of a kubeconfig: who we are for the cluster that `ret` already names. */
#include "kube/entry.h"
#include "kube/kubeconfig.h"

/* Of several ways to say who we are, kubectl's order: token file, token, basic (never beside a
 * token) and certificate; a plugin only if there is none of these. Without TLS none is taken. */
must_use bool user_entry_access(struct arena *arena, const struct entry *user,
                                struct kube_access *ret, struct err *err);
