// SPDX-License-Identifier: Apache-2.0
#include "cli/local_place.h"

#include "cli/doctor_here.h"
#include "cli/extract.h"
#include "cli/listing.h"
#include "cli/profile_list.h"
#include "cli/run_here.h"
#include "driver/local.h"

enum {
    LOOK_FIRST_MS = 20, /* doubled after every look in vain */
    LOOK_MAX_MS = 250,
    LOG_LOOK_MS = 100,
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

static bool place_list(void *self, enum session_access access, const struct place_query *query,
                       bool (*visit)(void *ctx, const struct store_row *row), void *ctx,
                       struct err *err)
{
    struct store *store;

    (void)query; /* there is but one namespace, and the caller selects */
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
    if (ms > session->look_ms)
        ms = session->look_ms;
    session->look_ms = 2 * ms < LOOK_MAX_MS ? 2 * ms : LOOK_MAX_MS;
    return session->pause(ms);
}

struct follow {
    struct session *session;
    const struct listing *before;
    bool (*visit)(void *ctx, const struct task *task);
    void *ctx;
    bool has_stopped;
};

/* What is new, or has changed since the look before. One that went meanwhile is left out. */
static bool follow_row(struct follow *follow, const struct store_row *row, struct err *err)
{
    const struct store_row *old = listing_find(follow->before, row->uid);
    auto_end(arena_fini) struct arena arena = {0};
    struct task task;

    if (old && old->version == row->version)
        return true;
    if (place_read(follow->session, row, &arena, &task, err)) {
        follow->has_stopped = !follow->visit(follow->ctx, &task);
        return true;
    }
    if (err->kind != ERR_ABSENT)
        return false;
    *err = (struct err){0};
    return true;
}

static bool follow_look(struct follow *follow, struct arena *arena, struct listing *ret,
                        struct err *err)
{
    static const struct selector all = {0};
    static const struct place_query query = {0};

    if (!listing_read(follow->session->place, SESSION_WRITE, &query, &all, arena, ret, err))
        return false;
    for (uint32_t i = 0; i < ret->count && !follow->has_stopped; i++)
        if (!follow_row(follow, &ret->rows[i], err))
            return false;
    return true;
}

static bool place_follow(void *self, const struct place_query *query, const struct listing *shown,
                         bool (*visit)(void *ctx, const struct task *task), void *ctx,
                         struct err *err)
{
    struct follow follow = {.session = self, .before = shown, .visit = visit, .ctx = ctx};
    struct arena arenas[2] = {{0}, {0}}; /* of this look, and of the one before */
    struct listing listings[2];
    bool is_good = true;

    (void)query;
    for (uint32_t look = 0; is_good && place_pause(self, LOOK_MAX_MS); look++) {
        arena_fini(&arenas[look % 2]);
        is_good = follow_look(&follow, &arenas[look % 2], &listings[look % 2], err);
        if (follow.has_stopped)
            break;
        follow.before = &listings[look % 2];
    }
    arena_fini(&arenas[0]);
    arena_fini(&arenas[1]);
    return is_good;
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
        if (!log->shown(log->ctx) || ends || !place_pause(self, LOG_LOOK_MS))
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
    session->look_ms = LOOK_FIRST_MS;
    *ret = (struct place){
        .self = session,
        .title = "this machine",
        .space = "default",
        .find = place_find,
        .list = place_list,
        .follow = place_follow,
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
        .doctor = doctor_here,
        .close = place_close,
    };
}
