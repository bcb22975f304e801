// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What is said to an exec plugin and what it answers: kind ExecCredential of the API group
 * client.authentication.k8s.io, versions v1 and v1beta1. Pure. */
#include "kube/credential.h"

/* "KUBERNETES_EXEC_INFO=<JSON>", the plugin's request. */
const char *exec_credential_request(struct arena *arena, const struct kube_access *access,
                                    bool is_interactive);

/* ERR_REFUSED: no credential of that version is in it. */
must_use bool exec_credential_read(struct arena *arena, struct str answer, struct str api_version,
                                   struct credential *ret, struct err *err);

/* Not empty, and nothing in it could end a header. */
bool token_is_proper(struct str token);
