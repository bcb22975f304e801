// SPDX-License-Identifier: Apache-2.0
#include "driver/local.h"

#include <poll.h>
#include <stdlib.h>

#include "driver/local_run.h"
#include "driver/reconcile.h"
#include "sys/clock.h"
#include "sys/file.h"

enum {
    DELETE_WAIT_MS = GRACE_MS + 10000,
    DELETE_LOOK_MS = 20,
    SETTLE_MAX = 20, /* promise L2 */
    UIDS_MAX = 100 * 1000,
    DUE_MAX = 10000, /* tasks one sweep looks after; the rest waits for the next */
};

bool local_state_directory(struct arena *arena, const char *xdg_state_home, const char *home,
                           const char **ret, struct err *err)
{
    if (xdg_state_home && xdg_state_home[0] == '/')
        *ret = arena_print(arena, "%s/agenttask", xdg_state_home).at;
    else if (home && home[0] == '/')
        *ret = arena_print(arena, "%s/.local/state/agenttask", home).at;
    else
        return err_set(err, ERR_INVALID,
                       "no place for the state: set XDG_STATE_HOME or HOME to an absolute path");
    return true;
}

/* -- sweep ------------------------------------------------------------------ */

/* A run without its supervisor: the kernel has ended it together with its supervisor, and what is
 * left of it is the log. A finished one has nothing left at all. */
static struct local_run orphan_of(struct store *store, const char *state, struct arena *arena,
                                  const struct task *task, struct rundir dir)
{
    bool is_over = phase_is_terminal(task->status.phase);
    struct local_run run = {
        .arena = arena,
        .store = store,
        .state = state,
        .task = *task,
        .is_stored = true,
        .dir = dir,
        .run_state = is_over ? RUN_ABSENT : RUN_ENDED,
        .fault = is_over ? FAULT_NONE : FAULT_SUPERVISOR_LOST,
        .is_held = !is_over,
        .created_ms = task->status.created_ms,
        .started_ms = task->status.started_ms,
        .ended_ms = clock_now_ms(),
        .effective = task->status.effective,
        .wait_status = -1,
        .artifacts_bytes = -1,
    };

    return run;
}

static bool orphan_settle(struct local_run *run, struct err *err)
{
    struct driver driver = local_driver(run);
    struct reconcile_result result;

    for (unsigned i = 0; i < SETTLE_MAX; i++) {
        if (!reconcile_task(&driver, run->arena, &result, err))
            return false;
        if (result.is_gone || result.action_count == 0)
            return true;
    }
    return true;
}

/* With the lock in hand: no supervisor lives, and no other sweep does this at the same time. */
static bool orphan_sweep(struct store *store, const char *state, struct str name, struct err *err)
{
    struct arena arena = {0};
    struct rundir dir = {.fd = -1};
    int lock_fd = -1;
    struct task task;
    bool is_done = store_read(store, name, &arena, &task, err) &&
                   rundir_create(state, task.uid, &dir, err) && rundir_lock(&dir, &lock_fd, err) &&
                   store_read(store, name, &arena, &task, err);

    if (is_done) {
        struct local_run run = orphan_of(store, state, &arena, &task, dir);
        is_done = orphan_settle(&run, err);
    }
    fd_end(&lock_fd);
    rundir_close(&dir);
    arena_fini(&arena);
    return is_done;
}

struct due {
    struct arena *arena;
    const char *state;
    struct str *names;
    uint32_t count;
};

static bool due_add(void *ctx, const struct store_row *row)
{
    struct due *due = ctx;

    if (!phase_is_terminal(row->phase) && rundir_is_locked(due->state, row->uid))
        return true; /* its supervisor lives */
    if (due->count < DUE_MAX)
        due->names[due->count++] = arena_copy(due->arena, row->name);
    return due->count < DUE_MAX;
}

/* Somebody else swept it, or deleted it, meanwhile: that is what we wanted. */
static bool is_done_by_others(const struct err *err)
{
    return err->kind == ERR_ABSENT || err->kind == ERR_PRESENT || err->kind == ERR_STALE;
}

bool local_sweep(struct store *store, const char *state, struct err *err)
{
    struct arena arena = {0};
    struct due due = {.arena = &arena, .state = state};
    struct err first = {0};

    due.names = arena_array(&arena, DUE_MAX, sizeof(*due.names));
    if (!store_list_due(store, clock_now_ms(), due_add, &due, &first))
        due.count = 0;
    for (uint32_t i = 0; i < due.count; i++) {
        struct err failed = {0};
        if (!orphan_sweep(store, state, due.names[i], &failed) && !is_done_by_others(&failed) &&
            first.kind == ERR_NONE)
            first = failed;
    }
    arena_fini(&arena);
    if (first.kind != ERR_NONE)
        *err = first;
    return first.kind == ERR_NONE;
}

/* -- cancel and delete ------------------------------------------------------ */

bool local_cancel(struct store *store, const char *state, struct str name, struct err *err)
{
    struct arena arena = {0};
    struct task task;
    struct err nobody = {0}; /* no supervisor: the sweep will find the task */
    bool is_done = store_read(store, name, &arena, &task, err) && store_cancel(store, name, err);

    if (is_done)
        (void)!rundir_wake(state, task.uid, &nobody);
    arena_fini(&arena);
    return is_done;
}

/* Waits for the supervisor to record the ending and to go. */
static bool supervisor_await(const char *state, const struct task *task, struct err *err)
{
    int64_t until_ms = clock_monotonic_ms() + DELETE_WAIT_MS;

    while (rundir_is_locked(state, task->uid)) {
        if (clock_monotonic_ms() > until_ms)
            return err_set(err, ERR_RETRY, "task %.*s does not end; try again",
                           STR_ARG(task->name));
        (void)poll(NULL, 0, DELETE_LOOK_MS);
    }
    return true;
}

static bool task_stop(struct store *store, const char *state, const struct task *task,
                      struct err *err)
{
    struct err refused = {0};

    if (!phase_is_terminal(task->status.phase) &&
        !local_cancel(store, state, task->name, &refused) &&
        refused.kind != ERR_REFUSED) { /* refused: it ended by itself meanwhile */
        *err = refused;
        return false;
    }
    return supervisor_await(state, task, err);
}

struct uids {
    struct arena *arena;
    struct str *at;
    uint32_t count;
};

static bool uid_add(void *ctx, const struct store_row *row)
{
    struct uids *uids = ctx;

    uids->at[uids->count++] = arena_copy(uids->arena, row->uid);
    return uids->count < UIDS_MAX;
}

static int uid_order(const void *a, const void *b)
{
    return str_order(*(const struct str *)a, *(const struct str *)b);
}

static bool uid_is_known(void *ctx, struct str uid)
{
    const struct uids *uids = ctx;

    return uids->count == UIDS_MAX || /* too many to tell: leave all where they are */
           bsearch(&uid, uids->at, uids->count, sizeof(uid), uid_order) != NULL;
}

static void uid_forget(void *ctx, struct str uid)
{
    const struct uids *uids = ctx;
    const struct task never = {.uid = uid};

    sandbox_sweep(local_cgroup_name(uids->arena, &never));
}

/* A supervisor killed between making its directory and storing its task leaves that and its cgroups
 * behind. Rare, and finding them reads every directory: they are looked for at a deletion. */
static void directories_sweep(struct store *store, const char *state, struct arena *arena)
{
    struct uids uids = {.arena = arena, .at = arena_array(arena, UIDS_MAX, sizeof(*uids.at))};
    struct err ignored = {0}; /* the next deletion tries again */

    if (!store_list(store, uid_add, &uids, &ignored))
        return;
    qsort(uids.at, uids.count, sizeof(*uids.at), uid_order);
    (void)!rundir_sweep(state, uid_is_known, uid_forget, &uids, &ignored);
}

bool local_delete(struct store *store, const char *state, struct str name, struct err *err)
{
    struct arena arena = {0};
    struct task task;
    bool is_done = store_read(store, name, &arena, &task, err) &&
                   task_stop(store, state, &task, err) && rundir_remove(state, task.uid, err) &&
                   store_drop(store, task.uid, err);

    if (is_done) { /* a killed supervisor may have left cgroups */
        sandbox_sweep(local_cgroup_name(&arena, &task));
        directories_sweep(store, state, &arena);
    }
    arena_fini(&arena);
    return is_done;
}
