// SPDX-License-Identifier: Apache-2.0
#pragma once

/* SQLite behind one door: opening with the checks that the file is ours, transactions, statements
 * that are compiled once, and errors that name the file and what to do. Only store/ includes it.
 *
 * A connection must not be carried across fork(). Out of memory aborts. */
#include <sqlite3.h>

#include "base/err.h"
#include "base/str.h"
#include "store/schema.h"

struct database {
    sqlite3 *sqlite;
    const char *path;           /* of the file; the caller's, outlives the connection */
    bool is_read_only;          /* opened for reading */
    bool is_synced, is_relaxed; /* PRAGMA synchronous: FULL, NORMAL; neither: not set yet */
    int wal_pages;              /* after our last commit */
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

/* `*database` holds only `path` and `is_read_only`. Reading: ERR_ABSENT if there is no store;
 * writing makes the file and its directory. On failure database_close() is still the caller's. */
must_use bool database_open(struct database *database, const char *directory, struct err *err);
void database_close(struct database *database); /* safe on a half-opened one */

/* One write transaction. Durable: synced before database_commit returns. */
must_use bool database_begin(struct database *database, bool is_durable, struct err *err);
must_use bool database_commit(struct database *database, struct err *err);
void database_rollback(struct database *database);

/* Ready to bind and step; statement_end() lets its locks go. One use of an id at a time. */
must_use bool database_statement(struct database *database, enum statement id, sqlite3_stmt **ret,
                                 struct err *err);
void statement_end(sqlite3_stmt **statement); /* for auto_end */

enum step {
    STEP_ROW,
    STEP_DONE,
    STEP_TAKEN,  /* a UNIQUE constraint refuses it */
    STEP_FAILED, /* *err says why */
};
must_use enum step database_step(struct database *database, sqlite3_stmt *statement,
                                 struct err *err);
/* Steps a statement that returns no row. */
must_use bool database_run(struct database *database, sqlite3_stmt *statement, struct err *err);

/* The file holds what this program never wrote. */
bool database_damaged(const struct database *database, const char *what, struct err *err);

/* A view must stay until the step; an empty one is stored as ''. */
void bind_str(sqlite3_stmt *statement, int index, struct str s);
void bind_int(sqlite3_stmt *statement, int index, int64_t number);
struct str column_str(sqlite3_stmt *statement, int column); /* until the next step */
