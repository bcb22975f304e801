// SPDX-License-Identifier: Apache-2.0
#pragma once

/* One run on this machine as its supervisor sees it, or what a dead supervisor left of it. The
 * local driver: local_observe.c turns it into a world, local_apply.c carries plans out on it. */
#include "core/report.h"
#include "driver/capture.h"
#include "driver/driver.h"
#include "store/store.h"

struct local_run {
    struct arena *arena; /* lives as long as the run */
    struct store *store;
    const char *state;
    struct task task; /* as stored last */
    struct str idempotency_key;
    bool is_stored;
    bool is_outdated; /* somebody changed the stored task: read it again before deciding */
    char present[NAME_SIZE_MAX + 1]; /* who holds the name or key, when storing found it taken */
    struct task_effective effective;

    struct rundir dir;
    struct sandbox *sandbox; /* NULL: none, the run is an orphan */
    struct capture *capture; /* NULL: none */

    enum run_state run_state;
    enum run_fault fault;
    int64_t created_ms, started_ms, ended_ms;
    int64_t stopping_ms; /* since when the code was asked to end; 0: it was not */
    bool is_held;
    bool has_report;
    struct report report;
    int wait_status; /* of the runner; -1: not reaped */
    struct str message;

    bool output_kept; /* the facts below are final */
    struct task_result result;
    struct task_logs logs;
    int64_t artifacts_bytes;
};

struct driver local_driver(struct local_run *run);

/* The two halves of the driver; see driver.h. */
bool local_observe(void *self, bool is_live, struct arena *arena, struct world *ret,
                   struct err *err);
bool local_apply(void *self, const struct world *world, const struct plan *plan, enum action action,
                 struct err *err);

/* The name that column POD shows and the name of the run's cgroups. */
struct str local_run_name(struct arena *arena, const struct task *task);
const char *local_cgroup_name(struct arena *arena, const struct task *task);
