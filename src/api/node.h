// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What a node says of its container runtime. */
#include "json/json.h"

/* Its default runtime supports user namespaces (status.runtimeHandlers, Kubernetes 1.31 and later:
 * older nodes do not say, and count as without). */
bool node_has_user_namespaces(const struct json_value *node);
