// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Is that ConfigMap there, and can it be mounted as code (api/configmap_scan.h)? Asked live. */
#include "base/arena.h"
#include "kube/client.h"

/* ERR_ABSENT: it is not there. ERR_INVALID: it cannot be the code, and why. Others: it cannot be
 * told now. */
must_use bool kube_code_look(const struct kube_client *client, struct arena *arena,
                             struct str space, struct str name, struct str key, struct err *err);
