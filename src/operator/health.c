// SPDX-License-Identifier: Apache-2.0
#include "operator/health.h"

bool health_is_live(const struct health *health, const char **ret_why)
{
    bool is_stuck =
        health->oldest_work_ms != 0 && health->now_ms - health->oldest_work_ms > STUCK_MS;

    *ret_why = is_stuck ? "a reconcile does not end" : "ok";
    return !is_stuck;
}

bool health_is_ready(const struct health *health, const char **ret_why)
{
    *ret_why = health->is_stopping       ? "stopping"
               : health->is_refused      ? "the lease is forbidden"
               : !health->is_synced      ? "caches not synced"
               : health->is_unconfigured ? "no valid config yet"
               : health->is_unidentified ? "no valid certificate"
                                         : "ok";
    return health->is_synced && !health->is_refused && !health->is_stopping &&
           !health->is_unidentified && !health->is_unconfigured;
}
