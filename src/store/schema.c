// SPDX-License-Identifier: Apache-2.0
#include "store/schema.h"

const char schema_text[] =
    "PRAGMA application_id = 1097290849;PRAGMA user_version = 1;"
    "CREATE TABLE task (name TEXT PRIMARY KEY NOT NULL, uid TEXT NOT NULL, key TEXT,"
    " id INTEGER NOT NULL, version INTEGER NOT NULL, generation INTEGER NOT NULL,"
    " created INTEGER NOT NULL, started INTEGER NOT NULL, finished INTEGER NOT NULL, due INTEGER,"
    " ttl INTEGER NOT NULL, canceled INTEGER NOT NULL, attempt INTEGER NOT NULL,"
    " phase TEXT NOT NULL, reason TEXT NOT NULL, exit INTEGER NOT NULL, profile TEXT NOT NULL,"
    " run TEXT NOT NULL, node TEXT NOT NULL, labels BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE UNIQUE INDEX task_uid ON task (uid);"
    "CREATE UNIQUE INDEX task_key ON task (key) WHERE key IS NOT NULL;"
    "CREATE INDEX task_due ON task (due) WHERE due IS NOT NULL;"
    "CREATE TABLE spec (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL,"
    " document TEXT NOT NULL) STRICT;"
    "CREATE TABLE status (id INTEGER PRIMARY KEY NOT NULL, document TEXT NOT NULL) STRICT;";

/* The columns of a struct store_row, and of a whole task. */
#define ROW                                                                                        \
    "SELECT name, uid, profile, run, node, labels, phase, reason, created, started, finished,"     \
    " due, exit, version, attempt FROM task "
#define WHOLE                                                                                      \
    "SELECT spec.document, status.document, version, generation, ttl, canceled FROM task"          \
    " JOIN spec USING (id) LEFT JOIN status USING (id) "

const char *statement_text(enum statement statement)
{
    static const char *const texts[] = {
        [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
        [STATEMENT_COMMIT] = "COMMIT",
        [STATEMENT_APPLICATION_ID] = "PRAGMA application_id",
        [STATEMENT_USER_VERSION] = "PRAGMA user_version",
        [STATEMENT_IS_EMPTY] = "SELECT count(*) = 0 FROM sqlite_schema",
        [STATEMENT_ADD_SPEC] = "INSERT INTO spec (name, document) VALUES (?, ?)",
        [STATEMENT_ADD_TASK] =
            "INSERT INTO task (id, version, name, uid, key, generation, created, ttl, canceled,"
            " profile, labels, started, finished, due, attempt, phase, reason, exit, run, node)"
            " VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
            " ?17, ?18, ?19)",
        [STATEMENT_HOLDER] = "SELECT name FROM task WHERE key = ?2"
                             " UNION ALL SELECT name FROM task WHERE name = ?1 OR uid = ?3 LIMIT 1",
        [STATEMENT_READ_NAME] = WHOLE "WHERE task.name = ?",
        [STATEMENT_READ_KEY] = WHOLE "WHERE key = ?",
        [STATEMENT_READ_LATEST] =
            WHOLE "WHERE task.name = (SELECT name FROM spec ORDER BY id DESC LIMIT 1)",
        [STATEMENT_READ_MUTABLE] = "SELECT version, ttl, canceled FROM task WHERE uid = ?",
        [STATEMENT_LIST] = ROW "ORDER BY name",
        [STATEMENT_LIST_DUE] = ROW "WHERE due <= ? ORDER BY due, name",
        [STATEMENT_FIND_NAME] = "SELECT uid, id, version, phase, finished FROM task WHERE name = ?",
        [STATEMENT_FIND_UID] = "SELECT uid, id, version, phase, finished FROM task WHERE uid = ?",
        [STATEMENT_PUT_TASK] =
            "UPDATE task SET version = version + 1, started = ?11, finished = ?12, due = ?13,"
            " attempt = ?14, phase = ?15, reason = ?16, exit = ?17, run = ?18, node = ?19"
            " WHERE name = ?2",
        [STATEMENT_PUT_STATUS] = "REPLACE INTO status (id, document) VALUES (?, ?)",
        [STATEMENT_CANCEL] = "UPDATE task SET canceled = 1, version = version + 1,"
                             " generation = generation + 1 WHERE name = ? AND NOT canceled",
        [STATEMENT_DROP_STATUS] = "DELETE FROM status WHERE id = ?",
        [STATEMENT_DROP_SPEC] = "DELETE FROM spec WHERE id = ?",
        [STATEMENT_DROP_TASK] = "DELETE FROM task WHERE uid = ?",
    };

    return texts[statement];
}
