// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Where local tasks live: one SQLite file (WAL) in the state directory, and one directory per run
 * beside it (store/rundir.h). Several processes share it: every write is one transaction, a change
 * of status is a compare-and-swap on the version. What create() and a durable put_status()
 * acknowledged survives a power cut; nothing is ever stored by halves. A missing state directory
 * is made (0700); an unreadable, read-only or full one is an error that says which and what to do.
 *
 * Errors: ERR_ABSENT no such task; ERR_PRESENT name or key taken; ERR_STALE the version moved on;
 * ERR_RETRY busy, disk full or I/O error; ERR_REFUSED not a store of ours, newer schema, no
 * permission. */
#include "base/arena.h"
#include "base/err.h"
#include "core/task.h"

struct store;

enum store_mode {
    STORE_READ,  /* never creates or changes anything; ERR_ABSENT if there is no store yet */
    STORE_WRITE, /* makes the directory and file if needed */
};

must_use bool store_open(const char *directory, enum store_mode mode, struct store **ret,
                         struct err *err);
struct store *store_close(struct store *store); /* NULL in, NULL out */

/* What `list` shows: a row without its documents. */
struct store_row {
    struct str space, name, uid, profile, run_name, node;
    struct pairs labels;
    enum phase phase;
    enum reason reason;
    int64_t created_ms, started_ms, finished_ms, expires_ms; /* 0: not (yet) */
    int32_t exit_code;
    int64_t version;
    uint32_t attempt;
};

/* Makes a task, durable when it returns true. `key`: idempotency key, empty for none. ERR_PRESENT
 * tells by `ret_name` (NUL-terminated, NAME_SIZE_MAX + 1) which task already holds the name or key.
 */
must_use bool store_create(struct store *store, const struct task *task, struct str key,
                           char *ret_name, struct err *err);

/* Whole task by name; "@latest" is the newest. task.version is its version as decimal text. */
must_use bool store_read(struct store *store, struct str name, struct arena *arena,
                         struct task *ret, struct err *err);
must_use bool store_read_key(struct store *store, struct str key, struct arena *arena,
                             struct task *ret, struct err *err);

/* What others may change under a supervisor, by uid, without the documents. */
struct store_mutable {
    int64_t version, ttl_ms;
    bool canceled;
};
must_use bool store_read_mutable(struct store *store, struct str uid, struct store_mutable *ret,
                                 struct err *err);

/* Rows in order of name; stops when `visit` returns false. Views are valid during the call only. */
must_use bool store_list(struct store *store, bool (*visit)(void *ctx, const struct store_row *row),
                         void *ctx, struct err *err);

/* As store_list, but only what a sweep must look at: tasks that are not terminal, and those that
 * expire at or before now_ms. Indexed: cheap in a store of many finished tasks. */
must_use bool store_list_due(struct store *store, int64_t now_ms,
                             bool (*visit)(void *ctx, const struct store_row *row), void *ctx,
                             struct err *err);

/* Compare-and-swap of the status: task.uid and task.version must still be what is stored; on
 * success `ret_version` is the new one. `is_durable`: synced before it returns (verdicts, intent).
 */
must_use bool store_put_status(struct store *store, const struct task *task, bool is_durable,
                               int64_t *ret_version, struct err *err);

/* false -> true only (promise A2). Terminal tasks are not canceled: ERR_REFUSED. */
must_use bool store_cancel(struct store *store, struct str name, struct err *err);

/* Removes the row (by uid). Its run directory is the caller's to remove first. */
must_use bool store_drop(struct store *store, struct str uid, struct err *err);
