// SPDX-License-Identifier: Apache-2.0
#pragma once

/* An access as one line of JSON, empty members left out; for tests and tests/kube/access_print.c.
 * `directory` (NULL: none) is written as DIR where a path begins with it. Nothing is hidden. */
#include "kube/kubeconfig.h"

const char *access_text(struct arena *arena, const struct kube_access *access,
                        const char *directory);
