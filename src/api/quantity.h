// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Kubernetes quantities (resource.Quantity): "500m", "1", "1.5Gi", "512Mi", "1e3". Exact, in
 * integers; what cannot be held or is negative is refused. */
#include "base/arena.h"

must_use bool quantity_read_milli(struct str s, int64_t *ret); /* cpu: rounded up to 1m */
must_use bool quantity_read_bytes(struct str s, int64_t *ret); /* memory, storage: rounded up */

/* A number without suffix, possibly with a fraction of zeros or an exponent ("300", "3e2"), as
 * YAML and JSON may spell an integer; negative ones too. */
must_use bool quantity_read_whole(struct str s, int64_t *ret);

struct str quantity_print_milli(struct arena *arena, int64_t milli); /* "2", "1500m" */
struct str quantity_print_bytes(struct arena *arena, int64_t bytes); /* "512Mi", "1000" */
