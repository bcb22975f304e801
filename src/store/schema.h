// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What the store's SQLite file holds, as SQL, and every statement that is ever run on it.
 *
 * `task` is all that `list` and the sweep look at, one short row per task, in order of name; the
 * documents (JSON, as api/agenttask.h has it) stand apart, so that a scan touches few pages and a
 * change of status never rewrites the code. The two mutable fields of a spec, ttl and canceled,
 * are columns, and stronger than the document. Times are milliseconds since 1970, 0: not (yet).
 * `due`: when a sweep must look at the task: 0 while it is not over, the time it expires, or NULL.
 * `id` counts tasks in the order they were acknowledged. */
enum {
    SCHEMA_VERSION = 1,                 /* PRAGMA user_version */
    SCHEMA_APPLICATION_ID = 0x41675461, /* PRAGMA application_id: "AgTa" */
};

extern const char schema_text[]; /* makes it all, in a transaction of the caller's */

enum statement {
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_APPLICATION_ID,
    STATEMENT_USER_VERSION,
    STATEMENT_IS_EMPTY,
    STATEMENT_ADD_SPEC,
    STATEMENT_ADD_TASK,
    STATEMENT_HOLDER,
    STATEMENT_READ_NAME,
    STATEMENT_READ_KEY,
    STATEMENT_READ_LATEST,
    STATEMENT_READ_MUTABLE,
    STATEMENT_LIST,
    STATEMENT_LIST_DUE,
    STATEMENT_FIND_NAME,
    STATEMENT_FIND_UID,
    STATEMENT_PUT_TASK,
    STATEMENT_PUT_STATUS,
    STATEMENT_CANCEL,
    STATEMENT_DROP_STATUS,
    STATEMENT_DROP_SPEC,
    STATEMENT_DROP_TASK,
    STATEMENT_COUNT,
};

const char *statement_text(enum statement statement);
