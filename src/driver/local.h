// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What is asked of local tasks from outside their supervisor. There is no daemon: every command
 * opens the store, sweeps, does its work and closes it. */
#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

/* Records the ending of tasks whose supervisor is gone (SupervisorLost), deletes what has expired,
 * removes their cgroups. A failure for one task does not keep the others from being swept; the
 * first error is returned. Cheap when there is nothing to do. */
must_use bool local_sweep(struct store *store, const char *state, struct err *err);

/* Asks a task to stop: recorded, then its supervisor is woken. ERR_REFUSED: it is over already. */
must_use bool local_cancel(struct store *store, const char *state, struct str name,
                           struct err *err);

/* Stops it if it runs (waits for its supervisor, at most GRACE_MS + 10 s), then removes the task,
 * its output and its result; and run directories that belong to no task. */
must_use bool local_delete(struct store *store, const char *state, struct str name,
                           struct err *err);

/* "$XDG_STATE_HOME/agenttask", else "$HOME/.local/state/agenttask"; ERR_INVALID if neither is set
 * to an absolute path. `environ`-like lookups are the caller's: both may be NULL. */
must_use bool local_state_directory(struct arena *arena, const char *xdg_state_home,
                                    const char *home, const char **ret, struct err *err);
