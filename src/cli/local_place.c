// SPDX-License-Identifier: Apache-2.0
#include "cli/local_place.h"

#include "cli/extract.h"
#include "cli/profile_list.h"
#include "cli/run_here.h"
#include "driver/local.h"

enum {
    LOOK_MS = 100,
    SWEEP_MS = 1000, /* a lost supervisor is noticed after that long */
    /* Minified, a byte of the code may have become an escape of six. */
    SHOWN_SIZE_MAX = 6 * RESULT_SIZE_MAX,
};

/* -- tasks ------------------------------------------------------------------ */

static bool place_find(void *self, enum session_access access, struct str name, struct arena *arena,
                       struct task *ret, struct err *err)
{
    struct store *store;

    return session_store(self, access, &store, err) && store_read(store, name, arena, ret, err);
}

static bool place_list(void *self, enum session_access access, bool all_spaces,
                       bool (*visit)(void *ctx, const struct store_row *row), void *ctx,
                       struct err *err)
{
    struct store *store;

    (void)all_spaces; /* there is but one */
    return session_store(self, access, &store, err) && store_list(store, visit, ctx, err);
}

static bool place_read(void *self, const struct store_row *row, struct arena *arena,
                       struct task *ret, struct err *err)
{
    struct store *store;

    return session_store(self, SESSION_READ, &store, err) &&
           store_read(store, row->name, arena, ret, err);
}

static bool place_pause(void *self, int64_t ms)
{
    struct session *session = self;
    int64_t now_ms = session->monotonic_ms();

    if (session->store && now_ms >= session->sweep_at_ms) {
        if (session->sweep_at_ms != 0)
            session_sweep(session);
        session->sweep_at_ms = now_ms + SWEEP_MS;
    }
    return session->pause(ms);
}

static bool place_cancel(void *self, const struct task *task, struct err *err)
{
    struct session *session = self;

    return local_cancel(session->store, session->state, task->name, err);
}

static bool place_remove(void *self, const struct task *task, struct err *err)
{
    struct session *session = self;

    return local_delete(session->store, session->state, task->name, err);
}

/* -- what a run left -------------------------------------------------------- */

static bool run_read(struct session *session, const struct task *task, const char *file,
                     size_t size_max, struct arena *arena, struct str *ret, struct err *err)
{
    struct rundir dir;
    bool is_read;

    if (!rundir_open(session->state, task->uid, &dir, err))
        return false;
    is_read = rundir_read(&dir, file, arena, size_max, ret, err);
    rundir_close(&dir);
    return is_read;
}

/* Embedded in the status, or, if it is large, in the run's directory. */
static bool place_result(void *self, const struct task *task, struct arena *arena, struct str *ret,
                         struct err *err)
{
    *ret = task->status.result.json;
    return ret->size > 0 || run_read(self, task, "result", SHOWN_SIZE_MAX, arena, ret, err);
}

/* No run, or a run that left nothing: no files. */
static bool place_artifacts(void *self, const struct task *task, struct arena *arena,
                            struct str *ret, struct err *err)
{
    if (run_read(self, task, "artifacts", EXTRACT_FRAMES_MAX, arena, ret, err))
        return true;
    if (err->kind != ERR_ABSENT)
        return false;
    *err = (struct err){0};
    *ret = (struct str){0};
    return true;
}

/* A run that has not begun has no directory and no log yet. */
static bool log_read(struct session *session, const struct task *task, const struct place_log *log,
                     const struct runlog_filter *filter, int64_t *offset, struct err *err)
{
    struct rundir dir;
    bool is_read = rundir_open(session->state, task->uid, &dir, err);

    if (is_read) {
        is_read = runlog_read(&dir, filter, offset, log->visit, log->ctx, err);
        rundir_close(&dir);
    }
    if (is_read || err->kind != ERR_ABSENT)
        return is_read;
    *err = (struct err){0};
    return true;
}

static bool is_over(struct session *session, const struct task *task, bool *ret, struct err *err)
{
    struct arena arena = {0};
    struct task now;
    bool is_found = place_find(session, SESSION_READ, task->name, &arena, &now, err);

    if (is_found)
        *ret = phase_is_terminal(now.status.phase);
    arena_fini(&arena);
    return is_found;
}

/* The task is looked at before its log: what was written before it ended is then read for sure. An
 * offset stays good when the log is cut down to head and tail (store/runlog.h). */
static bool place_log_show(void *self, const struct task *task, const struct place_log *log,
                           struct err *err)
{
    struct runlog_filter filter = {.tail_lines = log->tail_lines, .since_ms = log->since_ms};
    bool ends = !log->follow || phase_is_terminal(task->status.phase);
    int64_t offset = 0;

    for (;;) {
        if (!log_read(self, task, log, &filter, &offset, err))
            return false;
        if (!log->shown(log->ctx) || ends || !place_pause(self, LOOK_MS))
            return true;
        if (!is_over(self, task, &ends, err))
            return false;
        filter = (struct runlog_filter){.tail_lines = -1};
    }
}

static bool place_profiles(void *self, const struct words *names, const char *output_word,
                           struct err *err)
{
    return profile_list_show(self, names, output_word, err);
}

static void place_close(void *self)
{
    (void)self; /* the session closes its store */
}

void local_place(struct session *session, struct place *ret)
{
    *ret = (struct place){
        .self = session,
        .space = "default",
        .find = place_find,
        .list = place_list,
        .read = place_read,
        .pause = place_pause,
        .cancel = place_cancel,
        .remove = place_remove,
        .result = place_result,
        .artifacts = place_artifacts,
        .log = place_log_show,
        .profiles = place_profiles,
        .prepare = run_here_prepare,
        .run = run_here,
        .close = place_close,
    };
}
