// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What the kubelet asks: /healthz, is the process worth keeping; /readyz, should it be counted on.
 * Pure. */
#include <stdbool.h>
#include <stdint.h>

#define STUCK_MS INT64_C(60000) /* no reconcile may take that long: every call of it is bounded */

struct health {
    bool is_synced;                 /* every cache holds what the API server has */
    bool is_unconfigured;           /* no config was read yet that is good */
    bool is_stopping;               /* SIGTERM came */
    bool is_refused;                /* it may not lead, whoever else does not */
    bool is_unidentified;           /* what it has to show to TLS clients is not valid */
    int64_t now_ms, oldest_work_ms; /* monotonic; since when a key is worked on, 0: none is */
};

/* True, or why not, in a word or two of ours. */
bool health_is_live(const struct health *health, const char **ret_why);
bool health_is_ready(const struct health *health, const char **ret_why);
