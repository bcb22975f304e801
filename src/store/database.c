// SPDX-License-Identifier: Apache-2.0
#include "store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/file.h"

enum {
    BUSY_TIMEOUT_MS = 30 * 1000, /* a synced commit on a busy disk takes seconds */
    BUSY_SLEEP_MS = 5,
    PATH_SIZE_MAX = 480, /* SQLite's own is 512, with "-journal" behind it */
    /* When closing; the first to open reads all that is not yet checkpointed. */
    CHECKPOINT_PAGES = 128,
};

/* -- errors ---------------------------------------------------------------------------------- */

static bool fail_sys(const struct database *database, int errnum, struct err *err)
{
    const char *hint = errnum == EACCES || errnum == EPERM || errnum == EROFS
                           ? "; make it and its directory yours, or set XDG_STATE_HOME"
                       : errnum == ENOTDIR || errnum == EISDIR
                           ? "; set XDG_STATE_HOME to another directory"
                       : errnum == ENOSPC || errnum == EDQUOT ? "; free some space and try again"
                                                              : "";
    size_t size;

    err_sys(err, errnum, "store %s", database->path);
    size = strlen(err->text);
    snprintf(err->text + size, sizeof(err->text) - size, "%s", hint);
    return false;
}

bool database_damaged(const struct database *database, const char *what, struct err *err)
{
    return err_set(err, ERR_REFUSED, "store %s is damaged (%s); move it away or restore a copy",
                   database->path, what);
}

static bool fail_foreign(const struct database *database, const char *what, struct err *err)
{
    return err_set(err, ERR_REFUSED, "%s is %s, not a store of tasks; move it away", database->path,
                   what);
}

static bool fail_unopened(const struct database *database, int errnum, struct err *err)
{
    if (errnum == 0)
        return err_set(err, ERR_REFUSED, "store %s cannot be opened; set XDG_STATE_HOME",
                       database->path);
    return fail_sys(database, errnum, err);
}

/* What SQLite said last, in our words. */
static bool fail(const struct database *database, struct err *err)
{
    int code = sqlite3_extended_errcode(database->sqlite);
    int errnum = sqlite3_system_errno(database->sqlite);
    const char *path = database->path;

    switch (code & 0xff) {
    case SQLITE_NOMEM:
        abort();
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, ERR_RETRY, "store %s is busy; try again", path);
    case SQLITE_FULL:
        return fail_sys(database, ENOSPC, err);
    case SQLITE_IOERR:
        return err_set(err, ERR_RETRY, "store %s: %s; check the disk", path,
                       errnum ? strerror(errnum) : sqlite3_errmsg(database->sqlite));
    case SQLITE_CANTOPEN:
        return fail_unopened(database, errnum, err);
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return fail_sys(database, errnum ? errnum : EROFS, err);
    case SQLITE_NOTADB:
        return fail_foreign(database, "no SQLite file", err);
    case SQLITE_CORRUPT:
        return database_damaged(database, sqlite3_errmsg(database->sqlite), err);
    default:
        return err_set(err, ERR_REFUSED, "store %s: %s", path, sqlite3_errmsg(database->sqlite));
    }
}

/* -- statements ------------------------------------------------------------------------------ */

bool database_statement(struct database *database, enum statement id, sqlite3_stmt **ret,
                        struct err *err)
{
    sqlite3_stmt **made = &database->statements[id];

    if (!*made &&
        sqlite3_prepare_v2(database->sqlite, statement_text(id), -1, made, NULL) != SQLITE_OK)
        return fail(database, err);
    *ret = *made;
    return true;
}

void statement_end(sqlite3_stmt **statement)
{
    if (!*statement)
        return;
    sqlite3_reset(*statement); /* its error was told by the step */
    sqlite3_clear_bindings(*statement);
}

enum step database_step(struct database *database, sqlite3_stmt *statement, struct err *err)
{
    int code = sqlite3_step(statement);

    if (code == SQLITE_ROW)
        return STEP_ROW;
    if (code == SQLITE_DONE)
        return STEP_DONE;
    code = sqlite3_extended_errcode(database->sqlite);
    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY)
        return STEP_TAKEN;
    fail(database, err);
    return STEP_FAILED;
}

bool database_run(struct database *database, sqlite3_stmt *statement, struct err *err)
{
    enum step step = database_step(database, statement, err);

    if (step == STEP_TAKEN)
        return fail(database, err);
    return step != STEP_FAILED;
}

static bool run(struct database *database, enum statement id, struct err *err)
{
    auto_end(statement_end) sqlite3_stmt *statement = NULL;

    return database_statement(database, id, &statement, err) &&
           database_run(database, statement, err);
}

void bind_str(sqlite3_stmt *statement, int index, struct str s)
{
    sqlite3_bind_text64(statement, index, s.at ? s.at : "", s.size, SQLITE_STATIC, SQLITE_UTF8);
}

void bind_int(sqlite3_stmt *statement, int index, int64_t number)
{
    sqlite3_bind_int64(statement, index, number);
}

struct str column_str(sqlite3_stmt *statement, int column)
{
    const void *at = sqlite3_column_blob(statement, column);

    return (struct str){at, (size_t)sqlite3_column_bytes(statement, column)};
}

/* -- transactions ---------------------------------------------------------------------------- */

/* Compiling this pragma is what carries it out: it is never kept as a statement. */
static bool set_synchronous(struct database *database, bool is_durable, struct err *err)
{
    if (is_durable ? database->is_synced : database->is_relaxed)
        return true;
    if (sqlite3_exec(database->sqlite,
                     is_durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", NULL,
                     NULL, NULL) != SQLITE_OK)
        return fail(database, err);
    database->is_synced = is_durable;
    database->is_relaxed = !is_durable;
    return true;
}

bool database_begin(struct database *database, bool is_durable, struct err *err)
{
    return set_synchronous(database, is_durable, err) && run(database, STATEMENT_BEGIN, err);
}

bool database_commit(struct database *database, struct err *err)
{
    if (run(database, STATEMENT_COMMIT, err))
        return true;
    database_rollback(database);
    return false;
}

void database_rollback(struct database *database)
{
    if (!sqlite3_get_autocommit(database->sqlite)) /* SQLite may have rolled back by itself */
        sqlite3_exec(database->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

/* -- opening --------------------------------------------------------------------------------- */

/* Never checkpoints by itself: a checkpoint syncs twice, which a run should not wait for. */
static int note_wal(void *ctx, sqlite3 *sqlite, const char *name, int pages)
{
    struct database *database = ctx;

    (void)sqlite;
    (void)name;
    database->wal_pages = pages;
    return SQLITE_OK;
}

static int connect(struct database *database)
{
    int mode = database->is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;

    return sqlite3_open_v2(database->path, &database->sqlite, mode | SQLITE_OPEN_NOMUTEX, NULL);
}

/* What SQLite cannot open for writing, for whatever reason, it tries to open for reading. */
static bool is_downgraded(const struct database *database)
{
    return !database->is_read_only && sqlite3_db_readonly(database->sqlite, "main") != 0;
}

/* For its owner alone, whatever the umask; SQLite gives its other files the same mode. */
static bool make_file(const struct database *database, const char *directory, struct err *err)
{
    auto_end(fd_end) int fd = -1;

    if (!directory_make(directory, err))
        return err_wrap(err, "no place for the store; set XDG_STATE_HOME");
    fd = open(database->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return fd >= 0 || fail_sys(database, errno, err);
}

static bool connect_or_make(struct database *database, const char *directory, struct err *err)
{
    int code = connect(database);

    if (code == SQLITE_CANTOPEN && sqlite3_system_errno(database->sqlite) == ENOENT) {
        if (database->is_read_only)
            return err_set(err, ERR_ABSENT, "there is no store at %s yet", database->path);
        sqlite3_close(database->sqlite);
        database->sqlite = NULL;
        if (!make_file(database, directory, err))
            return false;
        code = connect(database);
    }
    if (code == SQLITE_OK && is_downgraded(database)) {
        sqlite3_close(database->sqlite); /* it may have been made just between the two attempts */
        code = connect(database);
    }
    if (code != SQLITE_OK)
        return fail(database, err);
    if (is_downgraded(database))
        return fail_sys(database, EROFS, err);
    sqlite3_busy_timeout(database->sqlite, BUSY_TIMEOUT_MS);
    sqlite3_db_config(database->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
    sqlite3_wal_hook(database->sqlite, note_wal, database);
    return true;
}

static bool read_int(struct database *database, enum statement id, int64_t *ret, struct err *err)
{
    auto_end(statement_end) sqlite3_stmt *statement = NULL;

    if (!database_statement(database, id, &statement, err))
        return false;
    if (database_step(database, statement, err) != STEP_ROW)
        return err->kind != ERR_NONE ? false : database_damaged(database, "no header", err);
    *ret = sqlite3_column_int64(statement, 0);
    return true;
}

static bool check_version(struct database *database, struct err *err)
{
    int64_t version = 0;

    if (!read_int(database, STATEMENT_USER_VERSION, &version, err))
        return false;
    if (version > SCHEMA_VERSION)
        return err_set(err, ERR_REFUSED,
                       "store %s was written by a newer version of this program (schema %lld, known"
                       " here: %d); use that one, or set XDG_STATE_HOME",
                       database->path, (long long)version, SCHEMA_VERSION);
    return version == SCHEMA_VERSION || database_damaged(database, "unknown schema", err);
}

/* *ret_is_ours false: it is empty, not made yet. Somebody may be making it just now: whoever sees
 * a table sees our mark too, so the mark is read again after them. */
static bool check_identity(struct database *database, bool *ret_is_ours, struct err *err)
{
    int64_t application = 0, is_empty = 0;

    if (!read_int(database, STATEMENT_APPLICATION_ID, &application, err))
        return false;
    if (application != SCHEMA_APPLICATION_ID &&
        (!read_int(database, STATEMENT_IS_EMPTY, &is_empty, err) ||
         !read_int(database, STATEMENT_APPLICATION_ID, &application, err)))
        return false;
    *ret_is_ours = application == SCHEMA_APPLICATION_ID;
    if (*ret_is_ours)
        return check_version(database, err);
    return (application == 0 && is_empty) ||
           fail_foreign(database, "a SQLite file of another program", err);
}

static int note_mode(void *ctx, int count, char **values, char **names)
{
    (void)names;
    *(bool *)ctx = count == 1 && values[0] && strcmp(values[0], "wal") == 0;
    return 0;
}

/* SQLite does not wait for the lock that this change needs: two that make a store at once do. */
static bool set_wal(struct database *database, struct err *err)
{
    bool is_wal = false;
    int code = SQLITE_BUSY;

    for (int waited = 0; code == SQLITE_BUSY && waited < BUSY_TIMEOUT_MS; waited += BUSY_SLEEP_MS) {
        code =
            sqlite3_exec(database->sqlite, "PRAGMA journal_mode = WAL", note_mode, &is_wal, NULL);
        if (code == SQLITE_BUSY)
            sqlite3_sleep(BUSY_SLEEP_MS);
    }
    if (code != SQLITE_OK)
        return fail(database, err);
    return is_wal || err_set(err, ERR_REFUSED,
                             "store %s: its file system has no shared memory; set XDG_STATE_HOME to"
                             " a local disk",
                             database->path);
}

static bool make_schema(struct database *database, struct err *err)
{
    bool is_ours;

    if (!set_synchronous(database, true, err) || !set_wal(database, err) ||
        !database_begin(database, true, err))
        return false;
    if (!check_identity(database, &is_ours, err)) {
        database_rollback(database);
        return false;
    }
    if (!is_ours && /* else somebody was faster */
        sqlite3_exec(database->sqlite, schema_text, NULL, NULL, NULL) != SQLITE_OK) {
        fail(database, err);
        database_rollback(database);
        return false;
    }
    return database_commit(database, err);
}

bool database_open(struct database *database, const char *directory, struct err *err)
{
    bool is_ours;

    if (strlen(database->path) > PATH_SIZE_MAX)
        return err_set(err, ERR_REFUSED,
                       "store %.100s...: the path is longer than %d bytes; set XDG_STATE_HOME",
                       database->path, PATH_SIZE_MAX);
    if (!connect_or_make(database, directory, err) || !check_identity(database, &is_ours, err))
        return false;
    if (is_ours)
        return true;
    if (database->is_read_only)
        return err_set(err, ERR_ABSENT, "there is no store at %s yet", database->path);
    return make_schema(database, err);
}

void database_close(struct database *database)
{
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(database->statements[i]);
    if (database->wal_pages >= CHECKPOINT_PAGES) {
        sqlite3_busy_timeout(database->sqlite, 0); /* another command will, if this one cannot */
        sqlite3_wal_checkpoint_v2(database->sqlite, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    }
    sqlite3_close(database->sqlite);
    database->sqlite = NULL;
}
